"""Bringing a whole store back from a restore point.

The store is put together beside its place and takes it in one step at the end; until then nothing has changed, whatever
happens. It begins a new life: with another epoch no sync token, and without its locks no lock token, of the life that
it had after the restore point is believed.

Implements: RFC 6578, 3.2; RFC 4918, 6.5, 10.4
"""

from __future__ import annotations

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import apsw

from davd.daemon.backup.backup import BLOBS, Progress
from davd.daemon.backup.bring import Brought, bring, bring_accounts, bring_app_passwords
from davd.daemon.backup.durable import exchange, flush
from davd.daemon.backup.manifest import Manifest
from davd.daemon.backup.source import APP_PASSWORDS_SCHEMA, of_folder
from davd.daemon.backup.target import Target
from davd.daemon.backup.verify import assemble
from davd.daemon.offline import drive
from davd.interfaces.store import StoreError
from davd.stores.blobs import make_folders
from davd.stores.settings import StoreSettings
from davd.stores.sqlite.store import SQLiteStore

# Ids and ETags go on from a number that no life of the store after the restore point can have come to.
_LEAP: Final = 1 << 32


@dataclass(frozen=True, slots=True)
class Restored:
    """What was done: the restore point, where the former store is now, and what of it was brought forward.

    `lost` are sentences about what could not be had. `app_passwords` is how many let devices in again as they did at
    the restore point, since it is not known which of them were revoked later.
    """

    manifest: Manifest
    former: str | None
    newer: Brought | None
    lost: list[str]
    app_passwords: int = 0


def restore(
    target: Target, data: str, at: float | None, settings: StoreSettings, replace: bool, newer: bool, progress: Progress
) -> Restored:
    """Put the store of the newest restore point, or of the newest not later than `at`, into the folder `data`.

    With `replace` a store that is there already gives way, and stays beside it under another name; what it has that is
    newer than the restore point is brought forward if `newer`. StoreError when a server is running on it, when
    something is there without `replace`, and when the restore point is not whole.
    """
    data = os.path.abspath(data)
    there = os.path.isdir(data) and bool(os.listdir(data))
    if there and not replace:
        raise StoreError(f"there is something in {data} already; say --replace to let it give way")
    staged = f"{data}.restoring"
    with target.locked(False), _unused(data), _staging(staged):
        manifest = target.at(at)
        lost = _put_together(target, manifest, staged, progress)
        now = time.time()
        _begin_anew(os.path.join(staged, "davd.sqlite"), now)
        brought = None
        if there and newer:
            progress("what is newer", 0, 0)
            store = SQLiteStore(staged, settings)
            brought = drive(_bring_newer(store, data, manifest.epoch, now))
            lost += brought.lost
        settled = brought is not None and brought.app_passwords
        doubtful = 0 if settled else _app_passwords(os.path.join(staged, "davd.sqlite"))
        flush(staged)
        former = _take_place(staged, data, there, now)
    return Restored(manifest, former, brought, lost, doubtful)


async def _bring_newer(store: SQLiteStore, former: str, epoch: str, now: float) -> Brought:
    """Bring into `store` what the store that gives way has and the restore point has not."""
    brought = Brought()
    await store.start()
    try:
        try:
            with of_folder(former) as source:
                if source.epoch != epoch:
                    brought.lost.append(f"{former} was another store: nothing of it was brought forward")
                    return brought
                await bring_accounts(store, source, None)
                brought.app_passwords = await bring_app_passwords(store, source)
                await bring(store, source, (), now, brought)
        except (StoreError, apsw.Error) as error:
            brought.lost.append(f"{former} could not be read to its end: {error}")
    finally:
        await store.stop()
    return brought


@contextmanager
def _staging(folder: str) -> Iterator[None]:
    """An empty folder for one restore alone; what one that was broken off has left goes. StoreError when one runs."""
    descriptor = _taken(folder)
    try:
        if os.listdir(folder):
            shutil.rmtree(folder)
            os.close(descriptor)
            descriptor = _taken(folder)
        yield
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    finally:
        os.close(descriptor)


def _taken(folder: str) -> int:
    """A descriptor of a folder, made if there is none, that nobody else has taken; StoreError when somebody has."""
    os.makedirs(folder, mode=0o700, exist_ok=True)
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Whoever had it before may have removed or renamed it meanwhile.
        if not os.path.samestat(os.fstat(descriptor), os.stat(folder)):
            raise BlockingIOError
    except (BlockingIOError, FileNotFoundError):
        os.close(descriptor)
        raise StoreError(f"another davctl restore is putting something into {folder}; wait for its end") from None
    return descriptor


@contextmanager
def _unused(data: str) -> Iterator[None]:
    """See that no server and no other command has the store open, and keep them away; StoreError."""
    path = os.path.join(data, "blobs", "lock")
    if not os.path.exists(path):
        yield
        return
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreError(f"a server or another command uses {data}; stop it first") from None
        yield
    finally:
        os.close(descriptor)


def _put_together(target: Target, manifest: Manifest, folder: str, progress: Progress) -> list[str]:
    """Make a data folder of a restore point; gives sentences about contents that are lost."""
    database = os.path.join(folder, "davd.sqlite")
    progress("database", 0, 0)
    assemble(target, manifest, target.listed(manifest.name, "pieces", manifest.pieces), database)
    blobs = os.path.join(folder, "blobs")
    make_folders(blobs)
    lost = []
    connection = apsw.Connection(database)
    try:
        if connection.execute("PRAGMA quick_check(1)").get != "ok":
            raise StoreError("the database of the restore point is damaged; see davctl verify-backup")
        rows: list[Any] = connection.execute(BLOBS).fetchall()
    finally:
        connection.close()
    for done, (name, digest, _) in enumerate(rows):
        progress("contents", done, len(rows))
        reason = target.wrong(digest)
        if reason:
            lost.append(f"the content {digest} of the blob {name} {reason}")
            continue
        shutil.copyfile(target.path(digest), os.path.join(blobs, name[0], name[1], name))
    for name, digest in manifest.files.items():
        path = os.path.join(folder, os.path.basename(name))
        shutil.copyfile(target.path(digest), path)
        os.chmod(path, 0o600)
    os.chmod(database, 0o600)
    return lost


def _begin_anew(database: str, now: float) -> None:
    """Let the store begin a new life."""
    connection = apsw.Connection(database)
    try:
        connection.execute("BEGIN IMMEDIATE")
        # RFC 6578, 3.2: a token of the former life must not be taken for a valid one; it carries the former epoch.
        connection.execute(
            "UPDATE store SET epoch = lower(hex(randomblob(8))), number = number + ?, restored = ?", (_LEAP, now)
        )
        # RFC 4918, 6.5: their holders have met another state since, so that these locks protect nothing any more.
        connection.execute("DELETE FROM lock")
        connection.execute("COMMIT")
        connection.wal_checkpoint(None, apsw.SQLITE_CHECKPOINT_TRUNCATE)
    finally:
        connection.close()


def _app_passwords(database: str) -> int:
    """How many app passwords a database has; none when it is older than they are."""
    with closing(apsw.Connection(database, apsw.SQLITE_OPEN_READWRITE)) as connection:
        if connection.pragma("user_version") < APP_PASSWORDS_SCHEMA:
            return 0
        count: int = connection.execute("SELECT count(*) FROM app_password").get
        return count


def _take_place(staged: str, data: str, there: bool, now: float) -> str | None:
    """Let the restored store take its place; gives where the former one is now, if there was one."""
    parent = os.path.dirname(data)
    if not there:
        with suppress(FileNotFoundError):
            os.rmdir(data)
        os.rename(staged, data)
        flush(parent)
        return None
    # Under this name it is kept by whoever comes later, whichever of the two it is when this is broken off.
    former = wanted = f"{data}.before-{datetime.fromtimestamp(now, UTC).strftime('%Y%m%dT%H%M%SZ')}"
    number = 1
    while os.path.lexists(former):
        # Whoever is quick, or has a clock that was set back, loses none of those that gave way before.
        number += 1
        former = f"{wanted}-{number}"
    os.rename(staged, former)
    exchange(former, data)
    flush(parent)
    return former
