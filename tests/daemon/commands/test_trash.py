"""`davctl trash`.

Verifies: docs/operate/backup.md, The trash
"""

import json
from pathlib import Path

import pytest

from davd.admin.trash import MOST
from tests.daemon.backup.stores import delete, drive, fill, opened, put, texts
from tests.daemon.commands.davctl import Davctl

CALENDAR = ["calendars", "ann", "c"]


@pytest.fixture
def davctl(tmp_path: Path) -> Davctl:
    davctl = Davctl(tmp_path)
    with opened(davctl.folder) as store:
        drive(fill(store, 5, 0))
        drive(delete(store, [*CALENDAR, "1.ics"]))
        drive(put(store, [*CALENDAR, "2.ics"], b"changed", "uid-2"))
        drive(put(store, [*CALENDAR, "again.ics"], b"again", "uid-1"))
    return davctl


def test_entries_are_listed(davctl: Davctl) -> None:
    lines = [line.split("\t") for line in davctl.done("trash", "list").splitlines()]
    assert [(line[2], line[3], line[5]) for line in lines] == [
        ("overwritten", "ann", "/calendars/ann/c/2.ics"),
        ("deleted", "ann", "/calendars/ann/c/1.ics"),
    ]
    assert lines[1][1] == "1970-01-01T00:01:00Z"
    assert davctl.done("trash", "list", "--user", "bob") == ""
    assert davctl.done("trash", "list", "--path", "/files/") == ""
    assert davctl.done("trash", "list", "--since", "1970-01-01T00:02:00Z") == ""
    told = json.loads(davctl.done("trash", "list", "--json", "--path", "/calendars/ann/c/1.ics"))
    assert [(each["name"], each["uid"], each["reason"]) for each in told] == [("1.ics", "uid-1", "deleted")]


def test_entries_come_back(davctl: Davctl) -> None:
    second, first = [line.split("\t")[0] for line in davctl.done("trash", "list").splitlines()]
    result = davctl("trash", "restore", first, "999999")
    assert result.exit_code == 1
    assert f"{first}: again.ics has the same UID" in result.output and "999999: there is no entry" in result.output
    told = json.loads(davctl.done("trash", "restore", first, second, "--replace", "--json"))
    assert [each["path"] for each in told] == ["/calendars/ann/c/again.ics", "/calendars/ann/c/2.ics"]
    with opened(davctl.folder) as store:
        found = drive(texts(store, CALENDAR))
    assert (found["again.ics"], found["2.ics"]) == (b"event 1", b"event 2")
    assert davctl.done("fsck") == "the store is sound\n"


def test_ids_of_no_entry_are_told_of(davctl: Davctl) -> None:
    second = davctl.done("trash", "list").split("\t")[0]
    result = davctl("trash", "restore", "0", second, str(1 << 63), "--replace")
    assert result.exit_code == 1
    assert result.output.splitlines() == [
        "0: there is no entry 0 in the trash",
        f"{1 << 63}: there is no entry {1 << 63} in the trash",
        f"{second}: /calendars/ann/c/2.ics",
    ]


def test_more_come_back_than_go_together(davctl: Davctl) -> None:
    second = davctl.done("trash", "list").split("\t")[0]
    unknown = [str(id) for id in range(900_000, 900_000 + MOST)]
    result = davctl("trash", "restore", *unknown, second, "--replace")
    assert result.exit_code == 1
    lines = result.output.splitlines()
    assert len(lines) == MOST + 1 and lines[-1] == f"{second}: /calendars/ann/c/2.ics"


def test_the_trash_is_emptied(davctl: Davctl) -> None:
    assert davctl("trash", "empty", input="n\n").exit_code == 1
    assert davctl.done("trash", "empty", "--yes", "--user", "bob") == "removed 0 entries\n"
    assert json.loads(davctl.done("trash", "empty", "--yes", "--before", "1970-01-02T00:00:00Z", "--json")) == {
        "removed": 2
    }
    assert davctl.done("trash", "list") == ""
