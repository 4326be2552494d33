"""The threads of one process: a pool for what would hold up the reactor, single ones, and the hashes' share of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from twisted.internet.defer import Deferred, DeferredSemaphore
from twisted.internet.threads import deferToThreadPool
from twisted.python.threadpool import ThreadPool

from davd.authentication.passwords import hash_password
from davd.authentication.settings import AuthenticationSettings
from davd.stores.threads import OneThread

T = TypeVar("T")


class Threads:
    """At most `most` threads for all kinds of work, made when they are first needed, and single ones with a name.

    Of hashes no more than the settings' `hash_threads` are computed at once: each needs megabytes, and guesses come in
    floods.
    """

    def __init__(self, reactor: Any, most: int, settings: AuthenticationSettings) -> None:
        self._reactor = reactor
        self._most = most
        self._settings = settings
        self._hashing = DeferredSemaphore(settings.hash_threads)
        self._pool: ThreadPool | None = None
        self._single: list[OneThread] = []

    def run(self, work: Callable[[], T]) -> Deferred[T]:
        """Run what would hold up the reactor: scans, files."""
        if self._pool is None:
            self._pool = ThreadPool(0, self._most, "davd-work")
            self._pool.start()
        return deferToThreadPool(self._reactor, self._pool, work)

    def run_hash(self, work: Callable[[], T]) -> Deferred[T]:
        """Run what computes a hash."""
        return self._hashing.run(self.run, work)

    def hash(self, password: str) -> Deferred[str]:
        """The hash of a password, as the settings want it now."""
        return self.run_hash(lambda: hash_password(self._settings, password))

    def one(self, name: str) -> OneThread:
        """A thread of its own, so that its work never queues behind other work."""
        # Twisted's reactor on an asyncio loop goes through two of its turns where the loop itself needs one.
        loop = getattr(self._reactor, "_asyncioEventloop", None)
        thread = OneThread(f"davd-{name}", self._reactor.callFromThread if loop is None else loop.call_soon_threadsafe)
        self._single.append(thread)
        return thread

    def resize(self, most: int) -> None:
        """Have at most so many threads from now on."""
        self._most = most
        if self._pool is not None:
            self._pool.adjustPoolsize(0, most)

    def resize_hashing(self, threads: int) -> None:
        """Hash in so many threads; what is being hashed or waits goes on beside them."""
        self._hashing = DeferredSemaphore(threads)

    def stop(self) -> None:
        """End all threads when what they do has ended, and wait for that."""
        for thread in self._single:
            thread.stop()
        self._single.clear()
        if self._pool is not None:
            self._pool.stop()
            self._pool = None
