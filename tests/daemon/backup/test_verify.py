"""Whatever is done to a file of a backup is found, wherever it is.

Verifies: docs/operate/backup.md, Restore points
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from davd.daemon.backup.backup import back_up
from davd.daemon.backup.target import Target
from davd.daemon.backup.verify import verify
from davd.interfaces.store import StoreError
from davd.stores.sqlite.store import SQLiteStore
from davd.testing.store_machine import drive
from tests.daemon.backup.stores import SETTINGS, add_blob, fill, opened, silent, target_in


def _changed(place: float) -> Callable[[Path], object]:
    def change(path: Path) -> None:
        data = bytearray(path.read_bytes())
        data[min(int(len(data) * place), len(data) - 1)] ^= 0x10
        path.write_bytes(data)

    return change


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


DAMAGES: dict[str, Callable[[Path], object]] = {
    "gone": lambda path: path.unlink(),
    "empty": lambda path: path.write_bytes(b""),
    "cut off": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "longer": lambda path: path.write_bytes(path.read_bytes() + b"\0"),
    "first byte": _changed(0.0),
    "in the middle": _changed(0.5),
    "last byte": _changed(1.0),
    "a folder in its place": _folder,
    "another's content": lambda path: path.write_bytes(b"another"),
}


@pytest.fixture
def backup(tmp_path: Path) -> Path:
    """The folder of two restore points."""
    target = target_in(tmp_path)
    with opened(tmp_path / "data") as store:
        drive(fill(store, 5, 2))
    back_up(SQLiteStore(tmp_path / "data", SETTINGS), target, silent)
    with opened(tmp_path / "data") as store:
        drive(add_blob(store, "blob-new", os.urandom(70_000)))
    back_up(SQLiteStore(tmp_path / "data", SETTINGS), target, silent)
    return tmp_path / "backup"


def _wrong(backup: Path) -> list[str]:
    return list(verify(Target(str(backup)), None, silent))


@pytest.mark.parametrize("damage", DAMAGES)
def test_each_file(backup: Path, damage: str) -> None:
    files = [path for part in ("objects", "points") for path in (backup / part).rglob("*") if path.is_file()]
    assert len(files) > 15
    assert _wrong(backup) == []
    for path in files:
        before = path.read_bytes()
        DAMAGES[damage](path)
        found = _wrong(backup)
        name = path.name if path.parent.parent.name == "objects" else path.parent.name
        assert [line for line in found if name in line], (path, found)
        if path.is_dir():
            path.rmdir()
        path.write_bytes(before)
    assert _wrong(backup) == []


def test_a_restore_point_under_the_name_of_another(backup: Path) -> None:
    """Its time decides which one a restore takes."""
    early, late = sorted((backup / "points").iterdir())
    shutil.rmtree(late)
    early.rename(late)
    assert [line for line in _wrong(backup) if late.name in line]


def test_what_is_no_restore_point_among_them(backup: Path) -> None:
    (backup / "points" / "20200101T000000.000000Z").mkdir()
    assert [line for line in _wrong(backup) if "20200101T000000.000000Z" in line]
    with pytest.raises(StoreError, match="20200101T000000"):
        Target(str(backup)).at(0.0)
