"""The third tier: a file of derived data that the processes of one machine share and that outlives them.

Small entries are read on the reactor's thread, which takes microseconds; large ones, and all writing, go to a thread.
Whatever is wrong with the file, it is thrown away and made anew.

Implements: docs/architecture.md, Caches
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping
from threading import Lock
from time import time
from typing import Final, Protocol, TypeVar

import apsw
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure
from zope.interface import implementer

from davd.caches.calls import Call, Deadlines
from davd.caches.derived_file import UNUSABLE, DerivedFile, ForeignFile, open_file, remove
from davd.caches.frame import Framing
from davd.caches.settings import CacheSettings
from davd.interfaces.cache import ICache

T = TypeVar("T")

NAME: Final = "derived.sqlite"

# Bytes up to which a frame is read on the reactor's thread, and that are gathered or written at once at most.
_SMALL: Final = 16 * 1024
_GATHERED: Final = 8 * 1024**2
_BATCH: Final = 1024**2
# Seconds that writes are gathered, that pass until the next try after the file could not be used, and by which uses are
# told apart.
_GATHER: Final = 0.25
_REST: Final = 30.0
_PERIOD: Final = 600
# Seconds that a look-up waits for a thread to read a large frame; small ones take no thread.
_PATIENCE: Final = 0.04


class RunInThread(Protocol):
    """Runs a call in another thread, as `davd.stores.threads` has it."""

    def __call__(self, call: Callable[[], T], /) -> Awaitable[T]: ...


@implementer(ICache)
class Derived:
    """Entries in `derived.sqlite` in `folder`, which `settings.derived_bytes` bounds, the least used going first.

    `run_in_thread` must not be the thread that commits. `clock` is the reactor's time, `now` gives POSIX seconds, which
    processes agree on. `secret` is as for `Redis`. The file may be deleted at any time.
    """

    name = "derived"
    _log = Logger()

    def __init__(
        self,
        settings: CacheSettings,
        folder: str | os.PathLike[str],
        run_in_thread: RunInThread,
        clock: IReactorTime,
        secret: bytes = b"",
        now: Callable[[], float] = time,
    ) -> None:
        self._path = os.path.join(folder, NAME)
        self._max_bytes = settings.derived_bytes
        self._max_entry = 0
        self.reconfigure(settings.derived_entry_bytes)
        self._run_in_thread = run_in_thread
        self._clock = clock
        self._now = now
        self._framing = Framing(secret)
        self._reads = Deadlines(clock, _PATIENCE, self._late)
        self._file: DerivedFile | None = None
        # One that has failed, to be closed, and whether it is to be thrown away.
        self._failed: tuple[DerivedFile, bool] | None = None
        self._thrown_away = -_REST
        self._started = False
        # The file's second connection is for one thread at a time.
        self._lock = Lock()
        self._gathered: dict[int, bytes] = {}
        self._leaving: dict[int, bytes] = {}
        self._gathered_bytes = 0
        self._used: set[int] = set()
        self._timer: IDelayedCall | None = None
        # Who waits for the batch that is being written; None when none is.
        self._writing: list[Deferred[None]] | None = None
        self._rest_until = 0.0
        self._puts = self._failures = self._timeouts = 0
        self._dropped = self._evictions = self._renewals = 0

    def reconfigure(self, max_entry: int) -> None:
        """Keep entries of so many bytes from now on, but none that takes an eighth of the file."""
        self._max_entry = min(max_entry, self._max_bytes // 8)

    async def start(self) -> None:
        """Open the file, or make it; when that cannot be, it is tried again later."""
        self._started = True
        await self._open()

    async def stop(self) -> None:
        """Write what is gathered, and close the file."""
        self._started = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._writing is not None:
            ended: Deferred[None] = Deferred()
            self._writing.append(ended)
            await ended
        if self._file is not None and (self._gathered or self._used):
            await self._write()
        file, self._file = self._file, None
        failed, self._failed = self._failed, None
        self._reads.stop()
        if file is not None:
            await self._run_in_thread(lambda: self._locked(file.close))
        if failed is not None:
            path = self._path
            await self._run_in_thread(lambda: self._locked(lambda: _abandon(path, *failed)))

    async def get(self, key: bytes) -> bytes | None:
        """What was kept under `key`, by any process; None when there is nothing or it cannot be read in time."""
        number = self._number(key)
        frame = self._gathered.get(number) or self._leaving.get(number)
        if frame is None:
            frame = await self._find(number)
        return self._framing.take(key, frame)

    def put(self, key: bytes, value: bytes) -> None:
        """Keep a value with the next batch, unless it is too large or too much is waiting."""
        size = len(value)
        if (
            size > self._max_entry
            or not self._started
            or self._gathered_bytes + size > _GATHERED
            or (self._file is None and self._clock.seconds() < self._rest_until)
        ):
            self._dropped += 1
            return
        number = self._number(key)
        frame = self._framing.wrap(key, value)
        self._gathered_bytes += len(frame) - len(self._gathered.get(number, b""))
        self._gathered[number] = frame
        self._puts += 1
        self._write_soon(0.0 if self._gathered_bytes >= _BATCH else _GATHER)

    def statistics(self) -> Mapping[str, float]:
        """Counters since the start; `timeouts` are look-ups given up, `dropped` values were not written.

        `evictions` are rows that made room, `unusable` entries were damaged or not davd's; `renewals` is how often the
        file was thrown away or was gone. `connected` is 0 while the file cannot be opened.
        """
        return {
            "hits": self._framing.hits,
            "misses": self._framing.misses,
            "puts": self._puts,
            "failures": self._failures,
            "timeouts": self._timeouts,
            "dropped": self._dropped,
            "unusable": self._framing.unusable,
            "evictions": self._evictions,
            "renewals": self._renewals,
            "gathered": len(self._gathered),
            "connected": int(self._file is not None or self._clock.seconds() >= self._rest_until),
        }

    def _number(self, key: bytes) -> int:
        return int.from_bytes(self._framing.name(key, 8), "big", signed=True)

    async def _find(self, number: int) -> bytes | None:
        file = self._file
        if file is None:
            return None
        try:
            row = file.peek(number, self._period(), _SMALL)
            if row is None:
                return None
            long_unused, frame = row
            if frame is None:
                frame = await self._fetch(file, number)
        except apsw.BusyError:
            self._failures += 1
            return None
        except apsw.Error as error:
            self._give_up(file, error)
            return None
        if long_unused and len(self._used) < 10_000:
            self._used.add(number)
            self._write_soon(_GATHER)
        return frame

    async def _fetch(self, file: DerivedFile, number: int) -> bytes | None:
        """A frame that is read in a thread, None when that is not done in time."""
        answer: Deferred[bytes | None] = Deferred()
        call = self._reads.add(answer)

        async def read() -> None:
            try:
                call.end(await self._run_in_thread(lambda: self._read(file, number, call)))
            except apsw.BusyError:
                self._failures += 1
            except apsw.Error as error:
                self._give_up(file, error)
            finally:
                call.end(None)

        Deferred.fromCoroutine(read()).addErrback(self._astonished)
        return await answer

    def _read(self, file: DerivedFile, number: int, call: Call) -> bytes | None:
        # In a thread, which is not to wait for the one that writes for longer than anybody waits for the frame.
        if call.over or not self._lock.acquire(timeout=_PATIENCE):
            return None
        try:
            return file.read(number)
        finally:
            self._lock.release()

    def _late(self, call: Call) -> None:
        self._timeouts += 1
        call.end(None)

    def _locked(self, call: Callable[[], T]) -> T:
        with self._lock:
            return call()

    def _write_soon(self, delay: float) -> None:
        if self._timer is None and self._writing is None and self._started:
            self._timer = self._clock.callLater(delay, self._begin)

    def _begin(self) -> None:
        self._timer = None
        self._writing = []
        Deferred.fromCoroutine(self._write()).addErrback(self._astonished).addBoth(self._end)

    def _astonished(self, failure: Failure) -> None:
        self._failures += 1
        self._log.failure("a call about derived data has failed", failure=failure)

    def _end(self, _: object) -> None:
        waiting, self._writing = self._writing or [], None
        if self._gathered:
            self._write_soon(_GATHER)
        for ended in waiting:
            ended.callback(None)

    async def _write(self) -> None:
        file = self._file
        if file is not None and not file.in_place():
            self._file, self._failed = None, (file, False)
            self._renewals += 1
        if self._file is None and not await self._open():
            self._gathered.clear()
            self._gathered_bytes = 0
            self._used.clear()
            return
        file = self._file
        if file is None:
            return
        frames, self._gathered, self._gathered_bytes = self._gathered, {}, 0
        used, self._used = self._used, set()
        self._leaving = frames
        period = self._period()
        try:
            self._evictions += await self._run_in_thread(lambda: self._locked(lambda: file.write(frames, used, period)))
        except apsw.BusyError:
            self._failures += 1
        except apsw.Error as error:
            self._give_up(file, error)
        finally:
            self._leaving = {}

    async def _open(self) -> bool:
        if self._clock.seconds() < self._rest_until:
            return False
        failed, self._failed = self._failed, None
        path, max_bytes = self._path, self._max_bytes
        try:
            self._file = await self._run_in_thread(lambda: self._locked(lambda: _reopen(path, max_bytes, failed)))
        except (OSError, apsw.Error, ForeignFile) as error:
            self._failures += 1
            self._rest(f"{type(error).__name__}: {error}")
            return False
        return True

    def _give_up(self, file: DerivedFile, error: apsw.Error) -> None:
        """A call has failed in another way than by finding the file in use."""
        self._failures += 1
        if file is not self._file:
            return
        useless = isinstance(error, UNUSABLE)
        self._file, self._failed = None, (file, useless)
        now = self._clock.seconds()
        why = f"{type(error).__name__}: {error}"
        if not useless or now < self._thrown_away + _REST:
            self._rest(why)
        if useless:
            self._thrown_away = now
            self._renewals += 1
            self._log.warn("{path} is thrown away: {why}", path=self._path, why=why)
        self._write_soon(_GATHER)

    def _period(self) -> int:
        return int(self._now()) // _PERIOD

    def _rest(self, why: str) -> None:
        self._rest_until = self._clock.seconds() + _REST
        self._log.warn("{path} is not used for now: {why}", path=self._path, why=why)


def _reopen(path: str, max_bytes: int, failed: tuple[DerivedFile, bool] | None) -> DerivedFile:
    if failed is not None:
        _abandon(path, *failed)
    return open_file(path, max_bytes)


def _abandon(path: str, file: DerivedFile, useless: bool) -> None:
    """Close a file that has failed, and throw it away when it is useless."""
    # Another process may have put a good one in its place.
    useless = useless and file.in_place()
    file.close()
    if useless:
        remove(path)
