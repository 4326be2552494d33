"""The store of a process that has to outlive its failures: the supervisor's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger

from davd.daemon.backoff import Backoff
from davd.daemon.soundness import Soundness
from davd.daemon.threads import Threads
from davd.interfaces.store import StoreError
from davd.stores.settings import StoreSettings
from davd.stores.sqlite.snapshots import ReadTransaction
from davd.stores.sqlite.store import SQLiteStore

log = Logger(namespace="davd")

_CLOSED = "the store is not open"


class EnduringStore(SQLiteStore):
    """A store whose failure ends nothing: what is asked of it meanwhile is refused, and it is opened again.

    It is opened by `open`, which fails never; then again after waits that double up to half a minute. `failure` is the
    sentence that tells why it is not open, empty when it is.
    """

    def __init__(self, folder: str, settings: StoreSettings, threads: Threads, reactor: Any) -> None:
        super().__init__(
            folder,
            settings,
            threads.run,
            reactor,
            commit_in_thread=threads.one("commit"),
            on_failure=self._broken,
        )
        self.failure = _CLOSED
        self._reactor = reactor
        self._backoff = Backoff()
        self._opened = reactor.seconds()
        self._soundness: Soundness | None = None
        self._again: IDelayedCall | None = None
        self._opening: Deferred[None] | None = None
        self._closing = False

    def open(self) -> Deferred[None]:
        """Open it, or see to it that this is tried again; fires when that is decided, and never fails."""
        self._opening = Deferred.fromCoroutine(self._open())
        return self._opening

    async def _open(self) -> None:
        self._again = None
        try:
            await self.stop()
            await self.start()
            self._soundness = Soundness(self)
        except Exception as error:
            if not isinstance(error, StoreError | OSError):
                log.failure("the store could not be opened")
            self._broken(str(error) or type(error).__name__)
            return
        if self.failure and self.failure != _CLOSED:
            log.info("the supervisor's store is open again")
        self.failure = ""
        self._opened = self._reactor.seconds()

    def _broken(self, reason: str) -> None:
        self.failure = reason
        if self._closing or self._again is not None:
            return
        wait = self._backoff.wait(self._reactor.seconds() - self._opened)
        self._opened = self._reactor.seconds()
        log.error(
            "the supervisor cannot use the store, the workers go on: {reason}; it is opened again in {wait:.1f} s",
            reason=reason,
            wait=wait,
        )
        self._again = self._reactor.callLater(wait, self.open)

    async def close(self) -> None:
        """Finish what is being written, and open it no more."""
        self._closing = True
        if self._again is not None:
            self._again.cancel()
            self._again = None
        if self._opening is not None and not self._opening.called:
            await self._opening
        try:
            await self.stop()
        except Exception as error:
            log.error("the supervisor's store could not be closed well: {error}", error=error)

    async def healthy(self) -> bool:
        """Whether it is open, answers, and its file is still the one that was opened."""
        return not self.failure and self._soundness is not None and await self._soundness.healthy()

    def _require_open(self) -> None:
        if not self.running or self.failure:
            raise StoreError(self.failure or _CLOSED)

    def read(self) -> ReadTransaction:
        """As SQLiteStore; StoreError while it is not open."""
        self._require_open()
        return super().read()

    def statistics(self) -> Mapping[str, float]:
        """As SQLiteStore; nothing while it is not open."""
        return super().statistics() if self.running else {}

    def reconfigure(self) -> None:
        """As SQLiteStore; one that is not open is opened with the settings as they are then."""
        if self.running:
            super().reconfigure()

    async def checkpoint(self) -> int:
        """As SQLiteStore; StoreError while it is not open."""
        self._require_open()
        return await super().checkpoint()

    async def refresh(self) -> None:
        """As SQLiteStore; StoreError while it is not open."""
        self._require_open()
        await super().refresh()

    async def collect(self, now: float) -> int:
        """As SQLiteStore; StoreError while it is not open."""
        self._require_open()
        return await super().collect(now)
