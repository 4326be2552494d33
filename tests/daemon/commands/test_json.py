"""What every command tells with `--json`: one document of the shape that is written down, and nothing else.

Verifies: docs/operate/davctl.md, What holds for all commands, Shapes
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import CliRunner

from davd.daemon.commands.command import Command
from davd.daemon.davctl import main
from tests.conformance.daemon import Daemon
from tests.daemon.commands.test_inventory import LEAVES

EVENT = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\nBEGIN:VEVENT\r\nUID:1\r\nDTSTAMP:20240101T000000Z\r\n"
    "DTSTART:20240102T100000Z\r\nSUMMARY:One\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
# What speaks to a server, and so is tried with one.
OF_SERVERS = {("bench",), ("doctor",), ("reload",), ("restart",)}


class Told:
    """Runs commands with `--json` on a data folder, and knows which have been run."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.seen: set[tuple[str, ...]] = set()

    def __call__(self, *words: str, text: str | None = None, status: int = 0) -> Any:
        """The document that a command tells; its shape is one of those that the command has."""
        done = CliRunner().invoke(main, ["--data", str(self.data), *words, "--json"], input=text)
        assert done.exit_code == status, done.output
        command = next(name for name in LEAVES if tuple(words[: len(name)]) == name)
        self.seen.add(command)
        return checked(command, done.stdout)


def checked(words: tuple[str, ...], stdout: str) -> Any:
    """The one document on standard output, of a shape that the command has."""
    (line,) = stdout.splitlines()
    told = json.loads(line)
    command = LEAVES[words]
    assert isinstance(command, Command)
    assert any(_has(told, shape) for shape in command.tells), told
    return told


def _has(told: Any, shape: Any) -> bool:
    """Whether a document is of a shape, with no field that the shape does not know."""
    try:
        value = msgspec.convert(told, shape)
    except msgspec.ValidationError:
        return False
    return bool(json.loads(msgspec.json.encode(value)) == told)


@pytest.fixture
def told(tmp_path: Path) -> Told:
    return Told(tmp_path / "data")


def test_every_command_tells_one_document(told: Told, tmp_path: Path) -> None:
    """All of them on one store, in an order in which each has something to tell."""
    events, target = tmp_path / "events.ics", str(tmp_path / "backup")
    events.write_text(EVENT)
    assert told("migrate")["schema"] > 4
    alice = told("user", "add", "alice", "--password-file", "-", "--email", "a@example.org", text="wonderland\n")
    assert alice == {"name": "alice", "kind": "individual", "email": "a@example.org", "display_name": ""}
    told("user", "add", "bob", "--password-file", "-", text="builder1\n")
    assert told("user", "change", "alice", "--display-name", "Alice L.")["display_name"] == "Alice L."
    told("user", "passwd", "alice", "--password-file", "-", text="looking-glass\n")
    assert [each["name"] for each in told("user", "list")] == ["alice", "bob"]
    told("group", "create", "staff")
    told("group", "change", "staff", "--display-name", "Staff")
    assert told("group", "add", "staff", "alice", "bob") == {"name": "staff", "members": ["alice", "bob"]}
    assert told("group", "remove-member", "staff", "bob")["members"] == ["alice"]
    assert told("group", "members", "staff")["members"] == ["alice"]
    assert told("group", "list")[0]["kind"] == "group"
    for kind in ("room", "resource"):
        told(kind, "create", f"one-{kind}")
        told(kind, "change", f"one-{kind}", "--email", "x@example.org")
        assert told(kind, "list")[0]["email"] == "x@example.org"
        assert told(kind, "remove", f"one-{kind}", "--delete-data")["data_deleted"] is True
    place = {"user": "alice", "name": "work", "path": "/calendars/alice/work/"}
    assert told("calendar", "create", "work", "--user", "alice") == place
    assert told("import", str(events), "--user", "alice", "--collection", "work")["added"] == 1
    assert {"objects": 1, "display_name": "", **place} in told("calendar", "list", "--user", "alice")
    told("book", "create", "clients", "--user", "alice")
    assert {each["name"] for each in told("book", "list", "--user", "alice")} == {"clients", "contacts"}
    told("book", "remove", "clients", "--user", "alice", "--yes")
    assert told("grant", "/calendars/alice/work/", "bob", "write")["effective"] is False
    assert told("grants", "/calendars/alice/work/")[0]["principal"] == "bob"
    assert told("revoke", "/calendars/alice/work/", "bob")["privileges"] == ["all"]
    assert told("export", "--user", "alice", "--output", str(tmp_path / "out"))["collections"] == 4
    assert told("backup", target, "--keep", "3")["missing"] == []
    assert told("verify-backup", target)["wrong"] == []
    assert told("restore", target, "--account", "alice")["lost"] == []
    assert told("restore", target, "--to", str(tmp_path / "new"))["former"] is None
    told("calendar", "remove", "work", "--user", "alice", "--yes")
    entry = told("trash", "list", "--path", "/calendars/alice/work/")[0]
    assert told("trash", "restore", str(entry["id"])) == [{"id": entry["id"], "path": "/calendars/alice/work"}]
    assert "problem" in told("trash", "restore", "4711", status=1)[0]
    assert told("trash", "empty", "--yes")["removed"] > 0
    assert told("fsck") == {"sound": True, "findings": []}
    assert told("check-config") == {"valid": True, "running": False, "applied": [], "restart": []}
    assert {"key": "pool.batch_size", "value": 10, "origin": "default", "hot": True} in told("config", "show")
    assert told("admin-token", "--renew")["token"] == told("admin-token")["token"]
    assert "_davctl_completion" in told("completion", "bash")["script"]
    secret = told("app-password", "create", "alice", "--label", "phone")
    assert told("app-password", "list", "alice")[0]["label"] == "phone"
    told("app-password", "revoke", "alice", str(secret["id"]))
    assert told("status", status=1)["running"] is False
    assert told("group", "remove", "staff")["name"] == "staff"
    assert told("user", "remove", "bob") == {"name": "bob", "data_deleted": False}
    assert told.seen | OF_SERVERS == set(LEAVES)


def test_what_is_found_to_be_wrong_is_told_with_the_exit_status(told: Told, tmp_path: Path) -> None:
    told("migrate")
    target = tmp_path / "backup"
    told("backup", str(target))
    next(path for path in target.joinpath("objects").rglob("*") if path.is_file()).write_bytes(b"x")
    assert told("verify-backup", str(target), status=1)["wrong"]


@pytest.mark.parametrize(
    "words",
    [
        ["user", "remove", "nobody"],
        ["group", "add", "nobody", "x"],
        ["grants", "/nothing/"],
        ["import", "{file}", "--user", "nobody"],
        ["restore", "{file}", "--account", "x"],
        ["reload"],
        ["restart"],
        ["config", "show", "--running"],
    ],
)
def test_what_could_not_be_done_is_told_on_standard_error_alone(told: Told, tmp_path: Path, words: list[str]) -> None:
    told("migrate")
    (tmp_path / "file").write_text(EVENT)
    line = [word.replace("{file}", str(tmp_path / "file")) for word in words]
    done = CliRunner().invoke(main, ["--data", str(told.data), *line, "--json"])
    assert (done.exit_code, done.stdout) == (1, "")
    (sentence,) = done.stderr.splitlines()
    assert sentence.startswith("Error: ")


def test_questions_and_warnings_are_not_on_standard_output(told: Told) -> None:
    told("user", "add", "alice", "--password-file", "-", text="abc\n")
    done = CliRunner().invoke(
        main, ["--data", str(told.data), "book", "remove", "contacts", "--user", "alice", "--json"], input="y\n"
    )
    assert done.exit_code == 0 and "Remove the address book" in done.stderr
    checked(("book", "remove"), done.stdout)
    done = CliRunner().invoke(
        main, ["--data", str(told.data), "grant", "/files/alice/", "DAV:authenticated", "bind", "--json"]
    )
    assert "warning: " in done.stderr
    checked(("grant",), done.stdout)


def test_export_has_one_use_of_standard_output(told: Told) -> None:
    told("user", "add", "alice", "--password-file", "-", text="wonderland\n")
    words = ["--data", str(told.data), "export", "--user", "alice", "--collection", "calendar"]
    assert CliRunner().invoke(main, words).stdout.startswith("BEGIN:VCALENDAR")
    assert CliRunner().invoke(main, [*words, "--json"]).exit_code == 2


def test_commands_that_ask_a_server(tmp_path: Path) -> None:
    with Daemon() as davd:
        runner = CliRunner(env={"DAVCTL_PASSWORD": davd.password})
        words = [davd.url + "/", "--user", davd.user, "--insecure", "--client", "davx5", "--json"]
        done = runner.invoke(main, ["doctor", *words])
        assert checked(("doctor",), done.stdout)["clients"][0]["client"] == "davx5"
        words = ["--url", davd.url + "/", "--user", davd.user, "--insecure", "--json", "--seconds", "1", "--most", "20"]
        assert checked(("bench",), runner.invoke(main, ["bench", *words]).stdout)["rungs"][0]["users"] == 20
