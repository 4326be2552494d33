"""Restore points: what is written for them, what they hold, and what happens meanwhile.

Verifies: docs/operate/backup.md, Restore points
"""

import os
from pathlib import Path
from threading import Event, Thread

import pytest

from davd.daemon.backup.backup import Made, back_up
from davd.daemon.backup.target import Target
from davd.daemon.backup.verify import verify
from davd.interfaces.store import StoreError
from davd.stores.sqlite.store import SQLiteStore
from davd.testing.store_life import empty_trash
from davd.testing.store_machine import drive
from tests.daemon.backup.stores import SETTINGS, add_blob, delete, fill, opened, put, silent, target_in


def made(folder: Path, target: Target) -> Made:
    return back_up(SQLiteStore(folder / "data", SETTINGS), target, silent)


def wrong(target: Target) -> list[str]:
    return list(verify(target, None, silent))


def test_a_second_run_writes_what_is_new(tmp_path: Path) -> None:
    target = target_in(tmp_path)
    with opened(tmp_path / "data") as store:
        drive(fill(store, 2000))
        first = made(tmp_path, target)
        second = made(tmp_path, target)
        drive(put(store, ["calendars", "ann", "c", "7.ics"], b"changed", "uid-7"))
        drive(add_blob(store, "another", os.urandom(100_000)))
        third = made(tmp_path, target)
    assert (first.manifest.accounts, first.manifest.objects, first.manifest.blob_count) == (2, 2003, 3)
    assert second.new_objects == 0
    assert third.manifest.blob_count == 4
    assert 100_000 < third.new_bytes < first.new_bytes * 0.7
    assert wrong(target) == []
    assert target.names() == [each.manifest.name for each in (first, second, third)]


def test_a_store_that_is_written_to_is_copied_whole(tmp_path: Path) -> None:
    """While large files come and go, every restore point has the content of all that its database refers to."""
    target = target_in(tmp_path)
    with opened(tmp_path / "data") as store:
        drive(fill(store, 500, 20))
    begun, over = Event(), Event()

    def write() -> None:
        with opened(tmp_path / "data") as store:
            number = 0
            while not over.is_set():
                drive(add_blob(store, f"n{number}", os.urandom(40_000)))
                drive(delete(store, ["files", "ann", f"n{number}"]))
                drive(empty_trash(store))
                drive(add_blob(store, f"kept{number}", os.urandom(40_000)))
                number += 1
                begun.set()

    writing = Thread(target=write)
    writing.start()
    try:
        assert begun.wait(60)
        points = [made(tmp_path, target) for _ in range(8)]
    finally:
        over.set()
        writing.join()
    assert all(point.manifest.missing == [] for point in points)
    assert points[-1].manifest.blob_count > points[0].manifest.blob_count
    assert wrong(target) == []


def test_content_that_the_store_has_lost_is_named(tmp_path: Path) -> None:
    target = target_in(tmp_path)
    with opened(tmp_path / "data") as store:
        drive(fill(store))
        lost = drive(add_blob(store, "lost", b"z" * 70_000))
        os.unlink(store.blobs._path(lost))
    point = made(tmp_path, target).manifest
    assert len(point.missing) == 1 and point.blob_count == 3
    assert [line for line in wrong(target) if point.missing[0] in line]


@pytest.mark.parametrize("what", ["pieces", "blobs"])
@pytest.mark.parametrize("gone", [False, True])
def test_damage_is_found(tmp_path: Path, what: str, gone: bool) -> None:
    target = target_in(tmp_path)
    with opened(tmp_path / "data") as store:
        drive(fill(store))
    point = made(tmp_path, target).manifest
    digest = target.listed(point.name, what, getattr(point, what))[0]
    path = Path(target.path(digest))
    if gone:
        path.unlink()
    else:
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)
    assert [line for line in wrong(target) if digest in line]


def test_a_changed_manifest_is_found(tmp_path: Path) -> None:
    target = target_in(tmp_path)
    with opened(tmp_path / "data") as store:
        drive(fill(store))
    point = made(tmp_path, target).manifest
    path = Path(target.folder, "points", point.name, "manifest.json")
    path.write_text(path.read_text().replace('"accounts": 2', '"accounts": 3'))
    (line,) = wrong(target)
    assert "the manifest is not what was written" in line


def test_old_restore_points_go_with_what_only_they_had(tmp_path: Path) -> None:
    target = target_in(tmp_path)
    with opened(tmp_path / "data") as store:
        drive(fill(store))
        made(tmp_path, target)
        drive(delete(store, ["files", "ann", "blob-0"]))
        drive(empty_trash(store))
        newest = made(tmp_path, target).manifest
    assert newest.blob_count == 2
    points, objects = target.forget(1)
    assert points == 1 and objects >= 1
    assert target.names() == [newest.name]
    assert wrong(target) == []
    assert set(target.objects()) == set(target.needed(newest.name))


def test_what_was_made_just_now_stays_though_the_clock_was_set_back(tmp_path: Path) -> None:
    target = target_in(tmp_path)
    with opened(tmp_path / "data") as store:
        drive(fill(store))
        first, second, third = [made(tmp_path, target).manifest.name for _ in range(3)]
    assert target.forget(2, first)[0] == 1
    assert target.names() == [first, third]
    assert wrong(target) == []


def test_what_is_no_store_and_what_is_no_target_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="there is no store"):
        made(tmp_path, target_in(tmp_path))
    with pytest.raises(StoreError, match="there is no backup"):
        Target(str(tmp_path / "none"))
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "letter.txt").write_text("dear")
    with pytest.raises(StoreError, match="other things"):
        Target(str(tmp_path / "other"), make=True)
    with pytest.raises(StoreError, match="no restore point"):
        list(verify(target_in(tmp_path), None, silent))


def test_only_one_writes_to_a_target(tmp_path: Path) -> None:
    target = target_in(tmp_path)
    with opened(tmp_path / "data") as store:
        drive(fill(store))
    with target.locked(False), pytest.raises(StoreError, match="in use by another davctl"):
        made(tmp_path, target)
