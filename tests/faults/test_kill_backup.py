"""davctl is killed while it makes a backup or brings one back: what is there stays whole.

Verifies: docs/operate/backup.md, Restore points, Bringing back the whole store
"""

import os
import random
import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from davd.daemon.backup.backup import back_up
from davd.daemon.backup.target import Target
from davd.daemon.backup.verify import verify
from davd.stores.sqlite.store import SQLiteStore
from davd.testing.store_machine import drive
from tests.conformance.daemon import environment, script
from tests.daemon.backup.stores import SETTINGS, add_blob, fill, findings, opened, put, silent, texts

ROUNDS = 10
SEED = int(os.environ.get("DAVD_KILL_SEED", random.randrange(1 << 32)))
CALENDAR = ["calendars", "ann", "c"]


def killed(folder: Path, sign: Path, chance: random.Random, *words: str) -> bool:
    """Run davctl, and kill it a random time after it has begun to write at `sign`; whether it was still running."""
    process = subprocess.Popen(
        [script("davctl"), "--data", str(folder / "data"), *words],
        env=environment(),
        cwd=folder,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    while not sign.exists() and process.poll() is None:
        time.sleep(0.001)
    try:
        process.wait(chance.uniform(0.0, 0.12))
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
    return process.wait(60) == -signal.SIGKILL


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A folder with a store in `data`."""
    print(f"DAVD_KILL_SEED={SEED}")  # noqa: T201
    with opened(tmp_path / "data") as store:
        drive(fill(store, 3000, 60))
    return tmp_path


def test_a_backup_that_is_killed_leaves_whole_restore_points(store: Path) -> None:
    chance = random.Random(SEED)
    count = 0
    target = Target(str(store / "backup"), make=True)
    for round in range(ROUNDS):
        count += killed(store, store / "backup" / "tmp" / "database", chance, "backup", str(store / "backup"))
        if target.names():
            assert list(verify(target, None, silent)) == [], f"seed {SEED}, round {round}"
        with opened(store / "data") as opened_store:
            drive(add_blob(opened_store, f"{round}", os.urandom(300_000)))
            drive(put(opened_store, [*CALENDAR, "new.ics"], b"%d" % round, "uid-new"))
    assert count >= 2
    before = len(target.names())
    back_up(SQLiteStore(store / "data", SETTINGS), target, silent)
    assert len(target.names()) == before + 1
    assert list(verify(target, None, silent)) == []
    assert os.listdir(target.temporary) == []


def test_a_restore_that_is_killed_leaves_one_of_the_two_stores(store: Path) -> None:
    chance = random.Random(SEED)
    target = Target(str(store / "backup"), make=True)
    back_up(SQLiteStore(store / "data", SETTINGS), target, silent)
    with opened(store / "data") as opened_store:
        drive(put(opened_store, [*CALENDAR, "new.ics"], b"new", "uid-new"))
        epochs = {opened_store.epoch}
    count = 0
    words = ("restore", str(store / "backup"), "--to", str(store / "data"), "--replace")
    for round in range(ROUNDS):
        shutil.rmtree(store / "data.restoring", ignore_errors=True)
        count += killed(store, store / "data.restoring", chance, *words)
        with opened(store / "data") as opened_store:
            assert drive(findings(opened_store)) == [], f"seed {SEED}, round {round}"
            found = drive(texts(opened_store, CALENDAR))
            # The former store has it, and so has the restored one, into which it was brought forward.
            assert found["new.ics"] == b"new" and len(found) == 3001
            epochs.add(opened_store.epoch)
    assert count >= 2
    assert list(verify(target, None, silent)) == []
