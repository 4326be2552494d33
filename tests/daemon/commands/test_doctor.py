"""davctl doctor on the command line: where the password comes from, what is printed, the exit status.

Verifies: docs/operate/troubleshooting.md, What a client would meet
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from davd.daemon.davctl import main
from davd.daemon.doctor.clients import CLIENTS
from tests.conformance.daemon import Daemon


@pytest.fixture(scope="module")
def davd() -> Iterator[Daemon]:
    """A daemon, at whose root nothing is wrong."""
    with Daemon(reactor="epoll", config='[dav]\nhostnames = ["localhost"]\n') as daemon:
        yield daemon


def ask(davd: Daemon, *words: str, input: str | None = None, variable: str | None = None) -> Result:
    """Run the command on the root of the TLS listener."""
    url = davd.url.replace("127.0.0.1", "localhost") + "/"
    argv = ["doctor", url, "--user", davd.user, *words]
    result = CliRunner(env={"DAVCTL_PASSWORD": variable}).invoke(main, argv, input=input)
    assert "Traceback" not in result.output
    return result


class TestPassword:
    """Verifies: docs/operate/troubleshooting.md, What a client would meet"""

    def test_ways_to_give_it(self, davd: Daemon) -> None:
        words = ["--client", "rclone", "--ca", str(davd.certificate)]
        typed = ask(davd, *words, input=davd.password + "\n")
        assert typed.exit_code == 0, typed.output
        assert davd.password not in typed.output
        assert ask(davd, *words, "--password-stdin", input=davd.password + "\n").exit_code == 0
        assert ask(davd, *words, variable=davd.password).exit_code == 0
        wrong = ask(davd, *words, variable="wrong")
        assert wrong.exit_code == 1
        assert "The name and password are refused" in wrong.output

    def test_the_command_line_takes_none(self, davd: Daemon) -> None:
        assert ask(davd, "--password", davd.password).exit_code == 2


class TestOutput:
    """Verifies: docs/operate/troubleshooting.md, What a client would meet"""

    def test_all_clients(self, davd: Daemon) -> None:
        told = ask(davd, "--ca", str(davd.certificate), "--write", variable=davd.password)
        assert told.exit_code == 0, told.output
        assert all(client.title in told.output for client in CLIENTS.values())
        last = told.output.splitlines()[-1]
        assert last.startswith("apple, davx5, thunderbird, windows, rclone: nothing is wrong; ")
        assert last.endswith(" steps were not tried.")

    def test_a_fault_in_words_with_its_remedy(self, davd: Daemon) -> None:
        told = ask(davd, "--client", "apple", "--client", "davx5", variable=davd.password)
        assert told.exit_code == 1
        assert "1. fault: The certificate of localhost is self-signed, so nobody knows it." in told.output
        assert "--ca FILE" in told.output
        assert "seen by apple, davx5 at OPTIONS /: 200" in told.output
        assert "since the password is not sent to a server that cannot prove who it is" in told.output
        assert "apple, davx5: 1 fault; " in told.output

    def test_json(self, davd: Daemon) -> None:
        told = ask(davd, "--client", "windows", "--insecure", "--json", variable=davd.password)
        assert told.exit_code == 0, told.output
        document = json.loads(told.output)
        assert document["healthy"]
        (client,) = document["clients"]
        assert client["client"] == "windows"
        assert client["steps"][0] == {
            "title": "connects",
            "method": "OPTIONS",
            "target": "/",
            "status": 200,
            "not_tried": None,
            "findings": ["windows-size"],
        }
        assert client["steps"][-1]["not_tried"] == "only --write lets it write"
        (hint,) = document["findings"]
        assert (hint["key"], hint["severity"], hint["clients"]) == ("windows-size", "hint", ["windows"])

    @pytest.mark.parametrize("url", ["localhost", "ftp://localhost/", "https://user:word@localhost/"])
    def test_what_is_no_url(self, url: str) -> None:
        result = CliRunner().invoke(main, ["doctor", url, "--user", "a"], input="b\n")
        assert result.exit_code == 2

    def test_what_is_no_certificate(self, davd: Daemon, tmp_path: Path) -> None:
        (tmp_path / "root.pem").write_text("nothing")
        assert ask(davd, "--ca", str(tmp_path / "root.pem"), variable="word").exit_code == 2
