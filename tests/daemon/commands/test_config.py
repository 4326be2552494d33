"""`davctl config show`.

Verifies: docs/architecture.md, Configuration
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from davd.config.keys import keys
from davd.daemon.davctl import main


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A configuration file."""
    path = tmp_path / "davd.toml"
    path.write_text(
        "[net]\nserver = 'one'\n[caches]\nredis = 'redis://davd:hidden@host'\n[checkers.x]\nkey = 'hidden'\n"
    )
    return path


def _show(*words: str, **environment: str) -> tuple[int, str]:
    done = CliRunner().invoke(main, [*words], env=environment)
    return done.exit_code, done.output


class TestShow:
    """Verifies: docs/architecture.md, Configuration."""

    def test_every_setting_with_its_origin(self, file: Path) -> None:
        code, text = _show("--config", str(file), "config", "show", DAVD_POOL__BATCH_SIZE="5")
        assert code == 0
        lines = {line.partition(" = ")[0]: line.partition("  # ")[2] for line in text.splitlines()}
        assert set(lines) == {*keys(), "checkers.x.key"}
        assert lines["net.server"] == f"file {file}, hot"
        assert lines["pool.batch_size"] == "environment DAVD_POOL__BATCH_SIZE, hot"
        assert lines["data"] == "default"
        assert "hidden" not in text
        assert "redis://davd:***@host" in text

    def test_only_what_has_changed_as_json(self, file: Path) -> None:
        code, text = _show("--config", str(file), "config", "show", "--changed", "--json")
        assert code == 0
        assert json.loads(text)[0] == {"key": "net.server", "value": "one", "origin": f"file {file}", "hot": True}
        assert [row["key"] for row in json.loads(text)] == ["net.server", "caches.redis", "checkers.x.key"]

    def test_one_section_and_one_key(self) -> None:
        code, text = _show("config", "show", "daemon")
        assert code == 0
        assert all(line.startswith("daemon.") for line in text.splitlines())
        assert _show("config", "show", "pool.batch_size")[1].startswith("pool.batch_size = 10 ")
        sentence = "there is no setting called pool.batch; davctl config show lists them all"
        assert _show("config", "show", "pool.batch") == (1, f"Error: {sentence}\n")

    def test_the_command_line_is_an_origin(self, tmp_path: Path) -> None:
        code, text = _show("--data", str(tmp_path), "config", "show", "--changed")
        assert code == 0
        assert text.endswith("# command line\n")

    def test_what_is_wrong_is_told_line_by_line(self, file: Path) -> None:
        file.write_text("[net]\nbody_rate = 0\nx = 1\n")
        code, text = _show("--config", str(file), "config", "show")
        assert code == 1
        assert len(text.splitlines()) == 2
