"""A server of one's own: `twistd davd-own` serves davd over a store and a tier that are not davd's.

It reads the same `davd.toml`, and makes neither accounts nor certificates: let `davctl` make the first one. It listens
on plain endpoints only, for use behind a proxy.
"""

import os
import time
from typing import Any

from davd_folder import Folder
from davd_journal import JournalStore
from twisted.application.service import Service
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread
from twisted.logger import Logger
from twisted.python import usage

from davd.caches.memory import Memory
from davd.caches.tiers import Tiers
from davd.config.load import load
from davd.daemon.assemble import admission_of, application_of, authenticator_of
from davd.interfaces.identity import IChecker
from davd.net.listeners import Listener, listen
from davd.net.site import Site
from davd.observe.chores import Chore, Chores
from davd.stores.sqlite.store import SQLiteStore

log = Logger(namespace="davd_own")

FOLDER_BYTES = 256 * 1024 * 1024
CHECKPOINT_SECONDS = 300.0
COLLECT_SECONDS = 86_400.0


class Options(usage.Options):
    """The options of `twistd davd-own`."""

    optParameters = [
        ["config", None, None, "TOML file with davd's settings."],
        ["journal", None, None, "File for the lines of the journal."],
        ["copies", None, None, "Folder for the copies of large contents."],
        ["cache", None, None, "Folder for finished answers, best on a tmpfs."],
    ]

    def postOptions(self) -> None:
        """All three places have to be named."""
        for name in ("journal", "copies", "cache"):
            if self[name] is None:
                raise usage.UsageError(f"--{name} is missing")
            self[name] = os.path.abspath(self[name])


class Own(Service):
    """Puts the parts together, in the order in which they need each other, and takes them apart again."""

    def __init__(self, options: Options, reactor: Any) -> None:
        settings = load(options["config"], os.environ)
        settings.data = os.path.abspath(settings.data)
        self._settings = settings
        self._reactor = reactor
        inner = SQLiteStore(settings.data, settings.store, deferToThread, reactor)
        self._store = JournalStore(inner, options["journal"], options["copies"], deferToThread)
        self._tiers = Tiers([Folder(options["cache"], FOLDER_BYTES, deferToThread)])
        self._chores = Chores(reactor, time.time)
        self._chores.add(Chore("checkpoint", CHECKPOINT_SECONDS, self._store.checkpoint))
        self._chores.add(Chore("blobs", COLLECT_SECONDS, lambda: self._store.collect(time.time()), 1.0))
        self._checkers: list[IChecker] = []
        self._listeners: list[Listener] = []
        self._site: Site | None = None

    def startService(self) -> None:
        """Called by twistd; the rest happens when the reactor runs."""
        super().startService()
        self._reactor.callWhenRunning(lambda: Deferred.fromCoroutine(self._start()).addErrback(self._failed))

    async def _start(self) -> None:
        settings, store, clock = self._settings, self._store, self._reactor
        await store.start()
        authenticator, self._checkers = authenticator_of(settings, store, deferToThread, time.time)
        for checker in self._checkers:
            await checker.start()
        await self._tiers.start()
        admission = admission_of(settings, clock)
        memory: Memory[Any] = Memory(settings.caches.memory_bytes, settings.caches.entry_bytes)
        application = application_of(
            settings, store, authenticator, admission, memory, self._tiers, time.time, deferToThread
        )
        self._site = Site(application, settings.net, clock)
        for endpoint in settings.net.listen:
            listener = await listen(clock, endpoint, self._site)
            self._listeners.append(listener)
            log.info("serving {text} at {host}", text=listener.text, host=listener.host)
        self._chores.start()

    def _failed(self, failure: Any) -> None:
        log.failure("davd-own could not start", failure)
        self._reactor.stop()

    def stopService(self) -> Deferred:
        """Take no more connections, answer what runs, and close the store."""
        super().stopService()
        return Deferred.fromCoroutine(self._stop())

    async def _stop(self) -> None:
        for listener in self._listeners:
            await listener.stop_listening()
        if self._site is not None:
            await self._site.drain()
        for checker in self._checkers:
            await checker.stop()
        await self._chores.stop()
        await self._tiers.stop()
        await self._store.stop()


def makeService(options: Options) -> Service:
    """What twistd asks for."""
    from twisted.internet import reactor

    return Own(options, reactor)
