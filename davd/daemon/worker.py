"""A worker: the process that the supervisor starts to serve, on sockets that it is given."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from typing import Any

import msgspec
from twisted.application.reactors import installReactor
from twisted.internet.defer import Deferred
from twisted.logger import Logger, globalLogBeginner, textFileLogObserver
from twisted.python import usage

from davd.config.origin import Loaded
from davd.daemon import logfiles, signalling
from davd.daemon.control import LINE, SOCKETS, TABLE, Line, Message, adopt, first_message, unpacked_settings
from davd.daemon.passing import go_by_time_passed
from davd.daemon.post import Post
from davd.daemon.prepare import inherit_prepared
from davd.daemon.reload import ReloadOutcome
from davd.daemon.server import Server
from davd.net.certificates import CertificateError
from davd.net.endpoints import ListenError
from davd.observe.shared import Table

log = Logger(namespace="davd")

# How long the last words to the supervisor may take.
FAREWELL_SECONDS = 1.0


class WorkerOptions(usage.Options):
    """What the supervisor tells a worker on its command line; the settings come by the line."""

    optParameters = [
        ["number", None, 0, "Which of the workers this is.", int],
        ["count", None, 1, "How many workers there are.", int],
        ["column", None, 0, "The column of the shared table to write.", int],
        ["columns", None, 1, "How many columns the table has.", int],
        ["reactor", None, "epoll", "The reactor to run on."],
        ["logfile", None, None, "The file to log to, standard output without it."],
    ]


class Worker:
    """Brings the supervisor's words to the server, and the server's back."""

    def __init__(self, reactor: Any, options: WorkerOptions, loaded: Loaded) -> None:
        self._reactor = reactor
        self._line = Line(self._heard, self._line_gone)
        self._ending = False
        # Fires when the supervisor has all that was said to it.
        self._parted: Deferred[None] = Deferred()
        # What was given last. It is read by the server's own way of reading settings again.
        self._given = loaded
        settings = loaded.settings
        post = Post(
            workers=options["count"],
            shared=Table(options["columns"], TABLE).column(options["column"]),
            ready=lambda: self._line.say("ready"),
        )
        descriptors = range(SOCKETS, SOCKETS + len(settings.net.listen))
        prepared = inherit_prepared(settings, descriptors)
        self._server = Server(loaded, prepared, reactor, lambda: self._given, post)

    def begin(self) -> None:
        """Serve as soon as the reactor runs, until it is stopped."""
        adopt(self._reactor, LINE, self._line)
        os.close(LINE)
        self._server.startService()
        self._reactor.addSystemEventTrigger("before", "shutdown", self._stop)

    def end(self) -> None:
        """Answer what is under way, and end."""
        if not self._ending:
            self._ending = True
            self._reactor.stop()

    def _stop(self) -> Deferred[None]:
        return Deferred.fromCoroutine(self._part())

    async def _part(self) -> None:
        await self._server.stopService()
        # All is answered: what was counted is told to the end, since nobody can ask any more.
        self._tell_counted(0)
        if self._line.transport is not None:
            self._line.transport.loseConnection()
            await self._parted.addTimeout(FAREWELL_SECONDS, self._reactor, lambda *_: None)

    def _line_gone(self) -> None:
        """Without a supervisor nobody would end this process, or start it again."""
        if not self._parted.called:
            self._parted.callback(None)
        if not self._ending:
            log.critical("the supervisor has gone: stopping")
            self.end()

    def _heard(self, message: Message) -> None:
        kind = message["kind"]
        if kind == "drain":
            if message.get("gently"):
                Deferred.fromCoroutine(self._server.wind_down()).addBoth(lambda _: self.end())
            else:
                self.end()
        elif kind == "reload":
            self._line.say("outcome", outcome=msgspec.to_builtins(self._reload(message["loaded"])))
        elif kind == "certificates":
            self._server.reload_certificates()
        elif kind == "share":
            self._server.share(message["count"])
        elif kind == "reopen":
            logfiles.reopen()
        elif kind == "health":
            Deferred.fromCoroutine(self._tell_health())
        elif kind == "snapshot":
            self._tell_counted(message["id"])

    def _reload(self, given: bytes | None) -> ReloadOutcome:
        if given is None:
            self._server.reload_certificates()
            return ReloadOutcome(True, "the settings stay as they were")
        self._given = unpacked_settings(given)
        return self._server.reload()

    def _tell_counted(self, id: int) -> None:
        self._line.say("snapshot", id=id, statistics=self._counted(), metrics=self._metrics())

    def _counted(self) -> Mapping[str, Any]:
        try:
            return self._server.statistics()
        except Exception:
            # What cannot be shown is no reason to serve nobody.
            log.failure("the counters cannot be told")
            return {}

    def _metrics(self) -> bytes:
        try:
            return self._server.measuring.metrics.snapshot()
        except Exception:
            log.failure("the metrics cannot be told")
            return b""

    async def _tell_health(self) -> None:
        self._line.say("health", ok=await self._server.healthy())


def main() -> None:
    """Serve until the supervisor says that it is enough, or is no more."""
    options = WorkerOptions()
    try:
        options.parseOptions(sys.argv[1:])
    except usage.UsageError as error:
        sys.exit(f"davd: {error}")
    os.umask(0o077)
    installReactor(options["reactor"])
    reactor: Any
    from twisted.internet import reactor

    go_by_time_passed(reactor)
    output: Any = logfiles.begin(options["logfile"])
    globalLogBeginner.beginLoggingTo(
        [textFileLogObserver(output)],
        redirectStandardIO=options["logfile"] is not None,
    )
    # Keys on a terminal reach all processes in its group: what they mean is for the supervisor to say.
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGUSR2):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGUSR1, lambda *_: reactor.callFromThread(logfiles.reopen))
    # Until here all of them have waited: by default they would have ended this process.
    signalling.unblock()
    try:
        worker = Worker(reactor, options, unpacked_settings(first_message(LINE)["loaded"]))
    except (CertificateError, ListenError, EOFError, ValueError) as error:
        log.critical("{error}", error=error)
        sys.exit(1)
    signal.signal(signal.SIGTERM, lambda *_: reactor.callFromThread(worker.end))
    worker.begin()
    reactor.run(installSignalHandlers=False)


if __name__ == "__main__":
    main()
