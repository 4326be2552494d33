"""Blobs as files: durable, never half there, and removed when nobody can want them.

Verifies: docs/architecture.md, Data; RFC 4918, 11.5
"""

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from davd.interfaces.store import StoreError
from davd.stores.blobs import FileBlobs
from davd.stores.blobwriter import PIECE
from davd.stores.threads import run_here
from davd.testing.store_machine import drive
from tests.stores.life import opened, process


def ignore(reason: str) -> None:
    raise AssertionError(reason)


@pytest.fixture(params=[True, False], ids=["unnamed", "named"])
def blobs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[FileBlobs]:
    blobs = FileBlobs(str(tmp_path / "blobs"), run_here, ignore, unnamed=request.param)
    blobs.start(list, 0.0)
    yield blobs
    blobs.stop()


def held(blobs: FileBlobs) -> list[str]:
    """The files of the folder that this process has open, but for its lock."""
    links = [os.readlink(entry.path) for entry in os.scandir("/proc/self/fd") if os.path.islink(entry.path)]
    return [link for link in links if link.startswith(os.path.realpath(blobs.folder) + "/") and "lock" not in link]


def files(blobs: FileBlobs) -> set[str]:
    """All that lies in the folder."""
    return {path.name for path in Path(blobs.folder).rglob("*") if path.is_file()} - {"lock", "hold"}


def test_a_blob_is_there_when_it_is_finished(blobs: FileBlobs) -> None:
    data = os.urandom(PIECE * 2 + 17)
    writer = blobs.create(["md5"])
    for start in range(0, len(data), 100_000):
        drive(writer.write(data[start : start + 100_000]))
    assert blobs.names() == []
    name = drive(writer.finish())
    assert drive(writer.finish()) == name
    assert files(blobs) == {name} == set(blobs.names())
    path = Path(blobs.folder, name[0], name[1], name)
    assert path.read_bytes() == data
    assert path.stat().st_mode & 0o777 == 0o600


def test_an_aborted_blob_leaves_nothing(blobs: FileBlobs) -> None:
    for size in (0, 10, PIECE, PIECE * 3):
        writer = blobs.create([])
        drive(writer.write(b"x" * size))
        drive(writer.write(b"y"))
        writer.abort()
        with pytest.raises(ValueError, match="aborted"):
            drive(writer.write(b"z"))
        with pytest.raises(ValueError, match="aborted"):
            drive(writer.finish())
    assert files(blobs) == set()
    assert held(blobs) == []


def test_what_a_crash_left_is_collected_at_the_start(blobs: FileBlobs) -> None:
    writers = [blobs.create([]) for _ in range(3)]
    names = [drive(writer.finish()) for writer in writers]
    blobs.stop()
    Path(blobs.folder, "tmp", "left").write_bytes(b"half")
    again = FileBlobs(blobs.folder, run_here, ignore)
    assert again.start(lambda: names[:1], 0.0) == 3
    assert files(again) == {names[0]}
    again.stop()


def test_a_name_that_is_none_is_not_looked_for(blobs: FileBlobs) -> None:
    for name in ("", "x", "../../etc/passwd", "A" * 32, "0" * 31, "0" * 33, "0" * 32 + "\n"):
        with pytest.raises(KeyError):
            blobs.open(name)


def test_a_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    blobs = FileBlobs(str(tmp_path / "file" / "blobs"), run_here, ignore)
    with pytest.raises(StoreError, match="cannot be used"):
        blobs.start(list, 0.0)


def test_lost_blobs_are_found_fast(blobs: FileBlobs) -> None:
    for number in range(5_000):
        name = f"{number:032x}"[::-1]
        os.close(os.open(Path(blobs.folder, name[0], name[1], name), os.O_CREAT | os.O_WRONLY))
    blobs.stop()
    began = time.process_time()
    assert FileBlobs(blobs.folder, run_here, ignore).start(list, 0.0) == 5_000
    # 2 s for 100,000, and as much again for a busy machine.
    assert time.process_time() - began < 0.2


def test_a_disk_without_room_is_full_and_leaves_nothing(tmp_path: Path) -> None:
    # A limit on the size of files stands for the end of the disk.
    with process("tests.stores.sqlite.starved", tmp_path, "blobs") as other:
        output, errors = other.communicate(timeout=60)
    assert (output.split(), errors) == (["written", "written", "StoreFull", "written", "failed", "0"], "")
    with opened(tmp_path) as store:
        assert store.blobs.names() == []
        assert list(Path(store.blobs.folder, "tmp").iterdir()) == []


class TestWithThreads(TestCase):
    """Verifies: docs/architecture.md, Data"""

    def setUp(self) -> None:
        self.gate = threading.Event()
        self.failures: list[str] = []
        self.running: list[Deferred[object]] = []
        self.blobs = FileBlobs(self.mktemp(), self.run_in_thread, self.failures.append)
        self.blobs.start(list, 0.0)
        self.addCleanup(self.blobs.stop)
        self.addCleanup(self.gate.set)

    def run_in_thread(self, call):  # type: ignore[no-untyped-def]
        def gated() -> object:
            self.gate.wait(10)
            return call()

        self.running.append(deferToThread(gated))
        return self.running[-1]

    async def test_writing_waits_only_while_the_thread_is_a_piece_behind(self) -> None:
        writer = self.blobs.create([])
        first = Deferred.fromCoroutine(writer.write(b"a" * PIECE))
        self.successResultOf(first)
        self.successResultOf(Deferred.fromCoroutine(writer.write(b"b" * (PIECE - 1))))
        third = Deferred.fromCoroutine(writer.write(b"c"))
        self.assertNoResult(third)
        self.gate.set()
        await third
        name = await writer.finish()
        descriptor, length = self.blobs.open(name)
        os.close(descriptor)
        self.assertEqual(length, 2 * PIECE)

    async def test_aborting_does_not_touch_what_the_thread_is_working_on(self) -> None:
        writer = self.blobs.create([])
        await writer.write(b"a" * PIECE)
        self.gate.set()
        writer.abort()
        await DeferredList(self.running)
        self.assertEqual((self.blobs.names(), held(self.blobs)), ([], []))

    async def test_a_write_that_fails_is_told_and_remembered(self) -> None:
        self.gate.set()
        writer = self.blobs.create([])
        Path(self.blobs.folder).rename(self.blobs.folder + "-gone")
        await writer.write(b"a" * PIECE)
        with self.assertRaises(StoreError):
            await writer.finish()
        self.assertEqual(len(self.failures), 1)
        with self.assertRaises(ValueError):
            await writer.write(b"")
        Path(self.blobs.folder + "-gone").rename(self.blobs.folder)


def test_nothing_is_removed_while_blobs_are_held(blobs: FileBlobs) -> None:
    """Neither by this process nor by one that starts; what was left is collected by the next."""
    names = []
    for data in (b"one", b"two"):
        writer = blobs.create([])
        drive(writer.write(data))
        names.append(drive(writer.finish()))
    with FileBlobs(blobs.folder, run_here, ignore).held():
        blobs.delete(names[0])
        blobs.stop()
        assert blobs.start(list, time.time()) == 0
        assert sorted(blobs.names()) == sorted(names)
    blobs.delete(names[0])
    assert blobs.names() == names[1:]
    blobs.stop()
    assert blobs.start(list, time.time()) == 1
    assert blobs.names() == []
