"""A backup, a restore and the removal of old restore points are killed at one step or another: all stays whole.

A step is whatever changes a folder; the process ends before it without a word, as by kill -9.

Verifies: docs/operate/backup.md, Restore points, Bringing back the whole store
"""

import os
import random
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from davd.daemon.backup.backup import back_up
from davd.daemon.backup.target import Target
from davd.daemon.backup.verify import verify
from davd.daemon.backup.whole import restore
from davd.stores.sqlite.store import SQLiteStore
from davd.testing.store_machine import drive
from tests.daemon.backup.stores import SETTINGS, add_blob, fill, findings, opened, put, silent, texts

CALENDAR = ["calendars", "ann", "c"]
KILLED = 137
# So many runs come by all steps; DAVD_KILL_STRIDE=1 has one run do so.
STRIDE = int(os.environ.get("DAVD_KILL_STRIDE", 4))
SEED = int(os.environ.get("DAVD_KILL_SEED", random.randrange(1 << 32)))
# Folders that are made one beside the other: to end at each of them shows no more than to end at some.
_FEW_FOLDERS = 3
_CHANGES = ("os.rename", "os.remove", "os.rmdir", "os.chmod", "os.truncate", "shutil.rmtree", "shutil.copyfile")


def _ending_at(step: int) -> Callable[[str, tuple[object, ...]], None]:
    """A hook that ends the process before its change number `step`."""
    changes = folders = 0

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        nonlocal changes, folders
        if event == "os.mkdir":
            folders += 1
            if folders > _FEW_FOLDERS:
                return
        elif event == "open":
            # Files that are written, and folders that are flushed.
            flags = arguments[2]
            if not isinstance(flags, int) or not flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_DIRECTORY):
                return
        elif event not in _CHANGES:
            return
        changes += 1
        if changes == step:
            os._exit(KILLED)

    return hook


def _killed(step: int, work: Callable[[], object]) -> bool:
    """Do `work` in a process of its own that ends at its change number `step`; whether it came to that."""
    child = os.fork()
    if not child:
        try:
            sys.addaudithook(_ending_at(step))
            work()
        except BaseException as error:
            print(repr(error), file=sys.__stderr__)
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    code = os.waitstatus_to_exitcode(status)
    assert code in (0, KILLED)
    return code == KILLED


def _steps(work: Callable[[], object], before: Callable[[], object]) -> Iterator[int]:
    """Steps of `work`, when it has been killed there, one in STRIDE; `before` is done before each."""
    print(f"DAVD_KILL_SEED={SEED}")  # noqa: T201
    step = 1 + SEED % STRIDE
    before()
    while _killed(step, work):
        yield step
        step += STRIDE
        before()


@pytest.fixture
def first(tmp_path: Path) -> Path:
    """A folder with a store in `data`, and in `backup` a restore point that is older than some of it."""
    with opened(tmp_path / "data") as store:
        drive(fill(store, 5, 2))
    back_up(SQLiteStore(tmp_path / "data", SETTINGS), Target(str(tmp_path / "backup"), make=True), silent)
    with opened(tmp_path / "data") as store:
        drive(add_blob(store, "blob-new", os.urandom(70_000)))
        drive(put(store, [*CALENDAR, "new.ics"], b"new", "uid-new"))
    shutil.copytree(tmp_path, tmp_path / "kept")
    return tmp_path


def _anew(folder: Path, *names: str) -> None:
    """Have some things of the folder as they were at first, and nothing beside them."""
    for entry in os.listdir(folder):
        if entry != "kept" and (entry in names or entry not in os.listdir(folder / "kept")):
            shutil.rmtree(folder / entry)
    for name in names:
        shutil.copytree(folder / "kept" / name, folder / name)


def test_a_backup(first: Path) -> None:
    def work() -> None:
        back_up(SQLiteStore(first / "data", SETTINGS), Target(str(first / "backup")), silent)

    count = 0
    for step in _steps(work, lambda: _anew(first, "backup")):
        count += 1
        target = Target(str(first / "backup"))
        assert list(verify(target, None, silent)) == [], step
        names = target.names()
        assert len(names) in (1, 2)
        work()
        assert len(target.names()) == len(names) + 1
        assert list(verify(target, None, silent)) == [], step
        assert os.listdir(target.temporary) == []
    assert count > 10 / STRIDE
    assert len(Target(str(first / "backup")).names()) == 2


def test_the_first_backup(first: Path) -> None:
    """A folder in which the first one was begun is no backup, or one that has no restore point, or whole."""

    def work() -> None:
        back_up(SQLiteStore(first / "data", SETTINGS), Target(str(first / "other"), make=True), silent)

    count = 0
    for step in _steps(work, lambda: shutil.rmtree(first / "other", ignore_errors=True)):
        count += 1
        work()
        target = Target(str(first / "other"))
        assert list(verify(target, None, silent)) == [], step
        assert len(target.names()) in (1, 2)
    assert count > 10 / STRIDE


def test_old_restore_points_are_removed(first: Path) -> None:
    data, kept = SQLiteStore(first / "data", SETTINGS), first / "kept" / "backup"
    back_up(data, Target(str(kept)), silent)
    newest = Target(str(kept)).names()[-1]

    def work() -> None:
        target = Target(str(first / "backup"))
        with target.locked(True):
            target.forget(1)

    count = 0
    for step in _steps(work, lambda: _anew(first, "backup")):
        count += 1
        target = Target(str(first / "backup"))
        assert newest in target.names()
        assert list(verify(target, None, silent)) == [], step
        back_up(data, target, silent)
        work()
        assert list(verify(target, None, silent)) == [], step
        needed = set(target.needed(target.names()[-1]))
        # What was left when it was killed goes with the next one.
        assert set(target.objects()) == needed, step
    assert count > 5 / STRIDE


@pytest.mark.parametrize("newer", [True, False])
def test_a_restore_that_replaces(first: Path, newer: bool) -> None:
    def work() -> None:
        restore(Target(str(first / "backup")), str(first / "data"), None, SETTINGS, True, newer, silent)

    count = 0
    lives = set()
    for step in _steps(work, lambda: _anew(first, "data")):
        count += 1
        with opened(first / "data") as store:
            assert drive(findings(store)) == [], step
            found = drive(texts(store, CALENDAR))
            lives.add(store.epoch)
        if newer:
            assert len(found) == 6 and found["new.ics"] == b"new", step
        else:
            assert len(found) in (5, 6), step
        work()
        with opened(first / "data") as store:
            assert drive(findings(store)) == [], step
    assert count > 10 / STRIDE
    assert STRIDE > 1 or len(lives) >= 2


def test_a_restore_into_an_empty_place(first: Path) -> None:
    def work() -> None:
        restore(Target(str(first / "backup")), str(first / "elsewhere"), None, SETTINGS, False, False, silent)

    count = 0
    for step in _steps(work, lambda: _anew(first)):
        count += 1
        if (first / "elsewhere").exists():
            with opened(first / "elsewhere") as store:
                assert drive(findings(store)) == [], step
        else:
            work()
    assert count > 10 / STRIDE
