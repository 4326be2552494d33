"""davctl bench on the command line.

Verifies: docs/operate/troubleshooting.md, How many users it carries
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from davd.daemon.davctl import main
from davd.daemon.sizing.mix import PER_MINUTE
from tests.conformance.daemon import Daemon, environment

QUICK = ["--seconds", "1", "--most", "20"]


def test_a_daemon_of_its_own(tmp_path: Path) -> None:
    """The data folder itself is not touched, nor does it have to be there."""
    words = ["--data", str(tmp_path / "data"), "bench", "--self", *QUICK]
    done = CliRunner(env={"PYTHONPATH": environment()["PYTHONPATH"]}).invoke(main, words)
    assert done.exit_code == 0, done.output
    assert "A user in a minute: 2 poll" in done.output
    assert re.search(r"^(Not even )?20 users at p95 < 200 ms", done.output, re.MULTILINE)
    assert list(tmp_path.iterdir()) == []


def test_a_server_elsewhere_as_json() -> None:
    with Daemon() as davd:
        words = ["bench", "--url", davd.url + "/", "--user", davd.user, "--insecure", "--json", *QUICK]
        done = CliRunner(env={"DAVCTL_PASSWORD": davd.password}).invoke(main, words)
        assert done.exit_code == 0, done.output
        told = json.loads(done.output)
        (rung,) = told["rungs"]
        assert (rung["users"], rung["errors"], rung["error"]) == (20, 0, "")
        assert told["per_minute"] == PER_MINUTE
        wrong = CliRunner(env={"DAVCTL_PASSWORD": "wrong"}).invoke(main, words)
        assert wrong.exit_code == 1
        assert "Error: The name and password are refused" in wrong.output


@pytest.mark.parametrize(
    "words", [[], ["--self", "--url", "https://a/", "--user", "a"], ["--url", "https://a/"], ["--self", "--user", "a"]]
)
def test_one_of_the_two(words: list[str]) -> None:
    assert CliRunner().invoke(main, ["bench", *words]).exit_code == 2
