"""The generation changes with each commit of each process.

Verifies: docs/architecture.md, Data
"""

import gc
import os
import time
from pathlib import Path

import apsw
from hypothesis import given, settings
from hypothesis import strategies as st

from davd.stores.settings import StoreSettings
from davd.stores.sqlite.connection import Connections
from davd.stores.sqlite.generation import Generation
from davd.stores.sqlite.store import SQLiteStore
from davd.testing.store_machine import drive
from tests.stores.life import add, opened, process

STEPS = st.lists(
    st.sampled_from(["here", "there", "nothing", "undone", "checkpoint", "checkpoint there", "look"]), max_size=30
)


async def undone(store: SQLiteStore) -> None:
    try:
        async with store.write() as transaction:
            await transaction.keep("k", b"v", 1.0)
            raise ZeroDivisionError
    except ZeroDivisionError:
        return


async def keep(store: SQLiteStore, value: int) -> None:
    async with store.write() as transaction:
        await transaction.keep("k", b"%d" % value, 1e12)


def test_it_differs_after_a_commit_of_any_process(tmp_path: Path) -> None:
    with (
        opened(tmp_path, StoreSettings(checkpoint_pages=3)) as store,
        process("tests.stores.sqlite.keeper", tmp_path) as other,
    ):
        witness = apsw.Connection(store.path)
        assert other.stdin and other.stdout
        stdin, stdout = other.stdin, other.stdout

        def take(step: str, number: int) -> None:
            if step == "here":
                drive(keep(store, number))
            elif step == "undone":
                drive(undone(store))
            elif step == "checkpoint":
                store.writer.connection.wal_checkpoint(None, apsw.SQLITE_CHECKPOINT_PASSIVE)
            elif step != "nothing":
                stdin.write(f"{step} {number}\n")
                stdin.flush()
                stdout.readline()

        @settings(max_examples=60, deadline=None)
        @given(steps=STEPS)
        def run(steps: list[str]) -> None:
            # The data_version of a connection that never writes is SQLite's own word for what others committed.
            version, seen = witness.pragma("data_version"), [store.generation()]
            for number, step in enumerate(steps):
                take(step, number)
                now, version_now = store.generation(), witness.pragma("data_version")
                assert version_now == version or now not in seen
                assert now != seen[-1] or version_now == version
                assert now == store.generation()
                version = version_now
                seen.append(now)

        run()
        stdin.close()
        assert other.wait(10) == 0
        witness.close()


def test_one_commit_is_told_from_none_and_from_several(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        generation = store._generation

        def pages() -> int:
            return store.writer._log_pages

        for number in range(8):
            start = generation.now()
            drive(undone(store))
            assert not generation.follows(start, generation.now(), pages())
            drive(keep(store, number))
            one, after_one = generation.now(), pages()
            assert generation.follows(start, one, after_one)
            assert not generation.follows(start, one, after_one + 1)
            assert not generation.follows(one, start, after_one)
            with opened(tmp_path) as other:
                drive(keep(other, 100 + number))
                assert not generation.follows(start, generation.now(), other.writer._log_pages)
                assert generation.follows(one, generation.now(), other.writer._log_pages)
            before = generation.now()
            # A log that is copied and begun anew is no commit.
            mode = apsw.SQLITE_CHECKPOINT_TRUNCATE if number % 2 else apsw.SQLITE_CHECKPOINT_PASSIVE
            store.writer.connection.wal_checkpoint(None, mode)
            assert not generation.follows(before, generation.now(), 0)
        assert not generation.follows(1, 2, pages())
        assert not generation.follows(None, None, pages())


def test_it_is_asked_in_no_time(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        began = time.process_time()
        for _ in range(10_000):
            store.generation()
        assert time.process_time() - began < 10_000 * 5e-6


def test_without_the_header_each_question_is_a_statement(tmp_path: Path) -> None:
    with opened(tmp_path) as store:
        mapped = Generation(store.path, lambda: Connections(store.path, store.settings).reader())
        asking = Generation(str(tmp_path / "elsewhere"), lambda: Connections(store.path, store.settings).reader())
        assert mapped.mapped and not asking.mapped
        seen = []
        for number in range(3):
            assert asking.now() == asking.now()
            assert asking.now() not in seen
            seen.append(asking.now())
            drive(add(store, f"{number}"))
        asking.close()
        mapped.close()


def test_two_stores_of_one_process_do_not_drop_each_others_locks(tmp_path: Path) -> None:
    with opened(tmp_path) as one:
        drive(add(one, "a"))
        one.writer.connection.execute("BEGIN IMMEDIATE")
        with opened(tmp_path) as two:
            assert two.generation() == one.generation()
        gc.collect()
        # Whether the write lock is still there is asked by another process, which POSIX locks are made for.
        with process("tests.stores.sqlite.keeper", tmp_path) as other:
            assert other.stdin and other.stdout
            other.stdin.write("locked\n")
            other.stdin.flush()
            assert other.stdout.readline() == "True\n"
            one.writer.connection.execute("ROLLBACK")
            other.stdin.write("locked\n")
            other.stdin.flush()
            assert other.stdout.readline() == "False\n"
            other.stdin.close()


def test_no_descriptor_stays(tmp_path: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        with opened(tmp_path) as store:
            drive(add(store, f"{time.monotonic_ns()}"))
    assert len(os.listdir("/proc/self/fd")) == before
