"""Two commands at a time, and commands beside a server that serves: what was acknowledged is there.

Verifies: docs/operate/davctl.md, What holds for all commands
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import pytest

from davd.daemon.davctl import main
from tests.daemon.commands.davctl import Davctl

EVENT = (
    "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//y//EN\r\nBEGIN:VEVENT\r\nUID:{0}\r\nDTSTAMP:20240101T000000Z\r\n"
    "DTSTART:20240102T100000Z\r\nSUMMARY:{0}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
)
ROUNDS = 5


class Done:
    """How a command has ended: its exit status, and the document that it told, None when it could not be done."""

    def __init__(self, status: int, told: Any) -> None:
        self.status = status
        self.told = told


def run(words: Sequence[str]) -> int:
    """Run a command in this process; its exit status."""
    try:
        return int(main(list(words), standalone_mode=False) or 0)
    except click.ClickException as error:
        error.show()
        return error.exit_code


def together(folder: Path, *lines: Sequence[str]) -> list[Done]:
    """Run commands with `--json` at the same time, each in a process of its own; how they have ended."""
    reader, writer = os.pipe()
    children = []
    for number, words in enumerate(lines):
        child = os.fork()
        if child == 0:
            status = 70
            try:
                os.close(writer)
                sys.stdout = open(folder / f"out-{number}", "w", buffering=1)
                # All begin when nobody holds the other end of the pipe any more.
                os.read(reader, 1)
                status = run(["--data", str(folder / "data"), *words, "--json"])
            finally:
                os._exit(status)
        children.append(child)
    os.close(reader)
    os.close(writer)
    done = []
    for number, child in enumerate(children):
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        text = (folder / f"out-{number}").read_text()
        done.append(Done(status, json.loads(text) if text else None))
    return done


@pytest.fixture
def davctl(tmp_path: Path) -> Davctl:
    davctl = Davctl(tmp_path)
    for name in ("alice", "bob", "carol"):
        davctl.user(name)
    davctl.done("group", "create", "staff")
    return davctl


def told(davctl: Davctl, *words: str) -> Any:
    return json.loads(davctl.done(*words, "--json"))


def sound(davctl: Davctl) -> None:
    """The store is whole."""
    assert told(davctl, "fsck") == {"sound": True, "findings": []}


def statuses(done: Sequence[Done]) -> list[int]:
    return sorted(each.status for each in done)


def test_a_store_is_made_once(tmp_path: Path) -> None:
    done = together(tmp_path, ["migrate"], ["migrate"], ["migrate"])
    assert statuses(done) == [0, 0, 0]
    sound(Davctl(tmp_path))


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (["room", "create", "hall"], ["room", "create", "hall"]),
        (["room", "create", "hall"], ["resource", "create", "hall"]),
        (["group", "create", "hall"], ["room", "create", "hall"]),
        (["user", "add", "hall", "--password-file", "{password}"], ["group", "create", "hall"]),
        (["calendar", "create", "x", "--user", "alice"], ["calendar", "create", "x", "--user", "alice"]),
        (["book", "create", "x", "--user", "alice"], ["book", "create", "x", "--user", "alice"]),
        (["user", "remove", "carol"], ["user", "remove", "carol"]),
        (["group", "remove", "staff"], ["group", "remove", "staff"]),
        (["calendar", "remove", "tasks", "--user", "alice", "--yes"],) * 2,
        (["book", "remove", "contacts", "--user", "alice", "--yes"],) * 2,
    ],
)
def test_one_of_two_is_told_that_it_came_late(
    davctl: Davctl, tmp_path: Path, first: list[str], second: list[str]
) -> None:
    (tmp_path / "password").write_text("wonderland\n")
    lines = [[word.replace("{password}", str(tmp_path / "password")) for word in line] for line in (first, second)]
    assert statuses(together(tmp_path, *lines)) == [0, 1]
    sound(davctl)


def test_changes_of_one_account_do_not_undo_each_other(davctl: Davctl, tmp_path: Path) -> None:
    password = tmp_path / "password"
    for number in range(ROUNDS):
        password.write_text(f"password-{number}\n")
        before = davctl.ask(lambda transaction: transaction.account("alice")).password_hash
        done = together(
            tmp_path,
            ["user", "change", "alice", "--email", f"a{number}@example.org"],
            ["user", "change", "alice", "--display-name", f"Alice {number}"],
            ["user", "passwd", "alice", "--password-file", str(password)],
        )
        assert statuses(done) == [0, 0, 0]
        alice = davctl.ask(lambda transaction: transaction.account("alice"))
        assert (alice.email, alice.display_name) == (f"a{number}@example.org", f"Alice {number}")
        assert alice.password_hash != before


def test_everybody_who_was_put_into_a_group_is_in_it(davctl: Davctl, tmp_path: Path) -> None:
    for _ in range(ROUNDS):
        names = ("alice", "bob", "carol")
        assert statuses(together(tmp_path, *[["group", "add", "staff", name] for name in names])) == [0, 0, 0]
        assert set(told(davctl, "group", "members", "staff")["members"]) == set(names)
        gone = together(tmp_path, *[["group", "remove-member", "staff", name] for name in names])
        assert statuses(gone) == [0, 0, 0]
        assert told(davctl, "group", "members", "staff")["members"] == []


def test_nobody_is_in_a_group_who_is_no_more(davctl: Davctl, tmp_path: Path) -> None:
    for number in range(ROUNDS):
        davctl.done("room", "create", f"room-{number}")
        done = together(tmp_path, ["group", "add", "staff", f"room-{number}"], ["room", "remove", f"room-{number}"])
        assert done[1].status == 0
        assert told(davctl, "group", "members", "staff")["members"] == []
    sound(davctl)


def test_all_that_was_granted_is_and_what_was_revoked_is_not(davctl: Davctl, tmp_path: Path) -> None:
    path = "/calendars/alice/calendar/"
    for _ in range(ROUNDS):
        done = together(tmp_path, *[["grant", path, name, "read"] for name in ("bob", "carol", "staff")])
        assert statuses(done) == [0, 0, 0]
        assert {each["principal"] for each in told(davctl, "grants", path)} == {"bob", "carol", "staff"}
        done = together(tmp_path, ["revoke", path, "bob"], ["revoke", path, "carol"], ["grant", path, "staff", "write"])
        assert statuses(done) == [0, 0, 0]
        (left,) = told(davctl, "grants", path)
        assert (left["principal"], set(left["privileges"])) == ("staff", {"read", "write"})
        davctl.done("revoke", path, "staff")


def test_nothing_stays_granted_to_who_is_removed_meanwhile(davctl: Davctl, tmp_path: Path) -> None:
    """Or who is given the name next would have it."""
    path = "/calendars/alice/calendar/"
    for number in range(4 * ROUNDS):
        davctl.done("room", "create", "hall")
        done = together(tmp_path, ["grant", path, "hall", "read"], ["room", "remove", "hall", "--delete-data"])
        assert done[1].status == 0, number
        assert told(davctl, "grants", path) == []


def test_imports_into_one_calendar(davctl: Davctl, tmp_path: Path) -> None:
    for name, uids in (("one", ("a", "b", "c")), ("two", ("c", "d", "e"))):
        (tmp_path / name).mkdir()
        for uid in uids:
            (tmp_path / name / f"{uid}.ics").write_text(EVENT.format(uid))
    words = ["--user", "alice", "--collection", "both"]
    lines = [["import", str(tmp_path / name), *words] for name in ("one", "two", "one")]
    done = together(tmp_path, *lines)
    assert statuses(done) == [0, 0, 0]
    assert sum(each.told["added"] for each in done) == 5
    calendars = {each["name"]: each["objects"] for each in told(davctl, "calendar", "list", "--user", "alice")}
    assert calendars["both"] == 5
    sound(davctl)


def test_the_trash_gives_each_entry_once(davctl: Davctl, tmp_path: Path) -> None:
    (tmp_path / "x.ics").write_text(EVENT.format("x"))
    for _ in range(ROUNDS):
        davctl.done("import", str(tmp_path / "x.ics"), "--user", "alice", "--collection", "x")
        davctl.done("calendar", "remove", "x", "--user", "alice", "--yes")
        (entry,) = told(davctl, "trash", "list")
        done = together(tmp_path, *[["trash", "restore", str(entry["id"])]] * 2)
        assert statuses(done) == [0, 1]
        davctl.done("calendar", "remove", "x", "--user", "alice", "--yes")
        (entry,) = told(davctl, "trash", "list")
        done = together(tmp_path, ["trash", "empty", "--yes"], ["trash", "restore", str(entry["id"])])
        emptied, restored = done
        assert emptied.told["removed"] == (0 if restored.status == 0 else 1)
        names = {each["name"] for each in told(davctl, "calendar", "list", "--user", "alice")}
        assert ("x" in names) == (restored.status == 0)
        if restored.status == 0:
            davctl.done("calendar", "remove", "x", "--user", "alice", "--yes")
            davctl.done("trash", "empty", "--yes")
    sound(davctl)


def test_backups_and_restores_of_a_part(davctl: Davctl, tmp_path: Path) -> None:
    target = str(tmp_path / "backup")
    done = together(tmp_path, ["backup", target], ["backup", target], ["calendar", "create", "new", "--user", "bob"])
    # One may find the folder in use by the other, and says so.
    assert 0 in statuses(done[:2]) and done[2].status == 0
    made = [each.told["restore_point"] for each in done[:2] if each.status == 0]
    verified = told(davctl, "verify-backup", target)
    assert verified["restore_points"] == sorted(made) and verified["wrong"] == []
    davctl.done("calendar", "remove", "calendar", "--user", "alice", "--yes")
    done = together(tmp_path, *[["restore", target, "--path", "/calendars/alice/calendar/"]] * 2)
    assert statuses(done) == [0, 0] and sum(each.told["added"] for each in done) == 1
    sound(davctl)


def test_a_new_token_is_one_of_those_that_were_told(davctl: Davctl, tmp_path: Path) -> None:
    done = together(tmp_path, *[["admin-token", "--renew"]] * 3)
    assert statuses(done) == [0, 0, 0]
    assert told(davctl, "admin-token")["token"] in {each.told["token"] for each in done}


def test_a_restore_of_the_whole_store_is_done_once(davctl: Davctl, tmp_path: Path) -> None:
    target, new = str(tmp_path / "backup"), str(tmp_path / "new")
    davctl.done("backup", target)
    done = together(tmp_path, *[["restore", target, "--to", new]] * 3)
    assert statuses(done) == [0, 1, 1]
    sound_there = Davctl(tmp_path)
    sound_there.folder = Path(new)
    sound(sound_there)
    assert not (tmp_path / "new.restoring").exists()
