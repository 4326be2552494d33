"""How far long work is: a bar on a terminal, nothing in pipes, lines when they are asked for.

Verifies: docs/operate/davctl.md, What holds for all commands
"""

from __future__ import annotations

import errno
import os
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from davd.daemon.davctl import main
from tests.conformance.daemon import environment, script
from tests.daemon.commands.davctl import Davctl

EVENT = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\n{}END:VCALENDAR\r\n",
    "BEGIN:VEVENT\r\nUID:{0}\r\nDTSTAMP:20240101T000000Z\r\nDTSTART:20240102T100000Z\r\nEND:VEVENT\r\n",
)


@pytest.fixture
def davctl(tmp_path: Path) -> Davctl:
    davctl = Davctl(tmp_path)
    davctl.user("alice")
    (tmp_path / "events.ics").write_text(EVENT[0].format("".join(EVENT[1].format(number) for number in range(120))))
    davctl.done("import", str(tmp_path / "events.ics"), "--user", "alice")
    davctl.done("backup", str(tmp_path / "backup"))
    return davctl


# What each of them says it is doing.
LONG = [
    (["migrate"], "bringing the store up to date"),
    (["fsck"], "looking through the store"),
    (["import", "{0}/events.ics", "--user", "alice"], "events: 0 of 120 0 %"),
    (["export", "--user", "alice", "--output", "{0}/out"], "calendar: 0 of 2"),
    (["backup", "{0}/backup"], "pieces: "),
    (["verify-backup", "{0}/backup"], "objects of "),
    (["restore", "{0}/backup", "--account", "alice"], "restoring /calendars/alice"),
    (["restore", "{0}/backup", "--to", "{0}/new"], "database: "),
    (["trash", "empty", "--yes"], "emptying the trash: "),
]


@pytest.mark.parametrize(("words", "said"), LONG)
def test_lines_when_they_are_asked_for_and_else_nothing(
    davctl: Davctl, tmp_path: Path, words: list[str], said: str
) -> None:
    davctl.done("calendar", "remove", "tasks", "--user", "alice", "--yes")
    line = ["--data", str(davctl.folder), *[word.replace("{0}", str(tmp_path)) for word in words]]
    asked = CliRunner().invoke(main, [*line, "--progress"])
    assert asked.exit_code == 0, asked.output
    assert said in asked.stderr
    assert said not in asked.stdout
    again = [word.replace("/out", "/out2").replace("/new", "/new2") for word in line]
    quiet = CliRunner().invoke(main, again)
    assert (quiet.exit_code, quiet.stderr) == (0, ""), quiet.output


def on_a_terminal(davctl: Davctl, *words: str) -> tuple[str, str]:
    """What a command writes to standard output, which is a pipe, and to standard error, which is a terminal."""
    master, slave = os.openpty()
    try:
        process = subprocess.Popen(
            [script("davctl"), "--data", str(davctl.folder), *words],
            stdout=subprocess.PIPE,
            stderr=slave,
            stdin=subprocess.DEVNULL,
            text=True,
            env=environment() | {"TERM": "xterm", "COLUMNS": "120"},
        )
    finally:
        os.close(slave)
    seen = b""
    while True:
        try:
            more = os.read(master, 65_536)
        except OSError as error:
            assert error.errno == errno.EIO
            break
        if not more:
            break
        seen += more
    os.close(master)
    stdout, _ = process.communicate()
    assert process.returncode == 0, seen
    return stdout, seen.decode()


def test_a_bar_on_a_terminal(davctl: Davctl, tmp_path: Path) -> None:
    stdout, terminal = on_a_terminal(davctl, "verify-backup", str(tmp_path / "backup"))
    assert stdout == "1 restore points are whole\n"
    assert "objects of " in terminal and "%" in terminal
    # It is gone when the work is done.
    assert "\x1b[2K" in terminal


@pytest.mark.parametrize("more", [["--json"], ["--no-progress"]])
def test_no_bar_on_a_terminal(davctl: Davctl, tmp_path: Path, more: list[str]) -> None:
    assert on_a_terminal(davctl, "verify-backup", str(tmp_path / "backup"), *more)[1] == ""
