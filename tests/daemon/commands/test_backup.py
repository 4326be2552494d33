"""`davctl backup`, `verify-backup` and `restore`, as an administrator types them.

Verifies: docs/operate/backup.md, Restore points, Bringing back the whole store, Bringing back a part
"""

import json
from pathlib import Path

import pytest

from tests.daemon.backup.stores import delete, drive, fill, opened, put, texts
from tests.daemon.commands.davctl import Davctl

CALENDAR = ["calendars", "ann", "c"]


@pytest.fixture
def davctl(tmp_path: Path) -> Davctl:
    davctl = Davctl(tmp_path)
    with opened(davctl.folder) as store:
        drive(fill(store))
    return davctl


@pytest.fixture
def target(davctl: Davctl, tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tmp_path_factory.mktemp("target") / "backup")


def test_a_backup_is_made_verified_and_told_as_json(davctl: Davctl, target: str) -> None:
    assert "23 objects, 2 accounts" in davctl.done("backup", target)
    second = json.loads(davctl.done("backup", target, "--json", "--keep", "1"))
    assert (second["new_pieces"], second["forgotten"], second["missing"]) == (0, 1, [])
    assert davctl.done("verify-backup", target) == "1 restore points are whole\n"
    told = json.loads(davctl.done("verify-backup", target, "--json"))
    assert told == {"restore_points": [second["restore_point"]], "wrong": []}


def test_damage_is_told_with_the_exit_status(davctl: Davctl, target: str) -> None:
    davctl.done("backup", target)
    next(path for path in Path(target, "objects").rglob("*") if path.is_file()).write_bytes(b"x")
    result = davctl("verify-backup", target)
    assert result.exit_code == 1 and "is not what was written" in result.output


def test_a_part_comes_back_while_the_store_is_in_use(davctl: Davctl, target: str) -> None:
    davctl.done("backup", target)
    with opened(davctl.folder) as store:
        drive(delete(store, [*CALENDAR, "1.ics"]))
        drive(put(store, [*CALENDAR, "2.ics"], b"changed", "uid-2"))
        assert "1 made again, 1 changed" in davctl.done("restore", target, "--path", "/calendars/ann/c/")
        assert drive(texts(store, CALENDAR))["2.ics"] == b"event 2"
        drive(delete(store, CALENDAR))
        assert "21 made again, 0 changed" in davctl.done("restore", target, "--account", "ann")
        assert len(drive(texts(store, CALENDAR))) == 20


def test_the_whole_store_comes_back(davctl: Davctl, target: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    davctl.done("backup", target)
    data = tmp_path_factory.mktemp("data") / "new"
    told = json.loads(davctl.done("restore", target, "--to", str(data), "--json"))
    assert told["former"] is None and told["lost"] == []
    with opened(data) as store:
        assert len(drive(texts(store, CALENDAR))) == 20


def test_errors_are_sentences(davctl: Davctl, target: str) -> None:
    assert davctl.refused("verify-backup", target) == f"there is no backup in {target}"
    davctl.done("backup", target)
    assert davctl("restore", target).exit_code == 2
    assert davctl("restore", target, "--to", "x", "--account", "ann").exit_code == 2
    assert davctl("restore", target, "--to", "x", "--at", "yesterday").exit_code == 2
    assert davctl.refused("restore", target, "--account", "eve") == "the restore point has nothing of eve"
    assert davctl.refused("restore", target, "--path", "/calendars/eve/") == "it has nothing at /calendars/eve"
    sentence = davctl.refused("restore", target, "--to", str(davctl.folder))
    assert sentence.endswith("say --replace to let it give way")
