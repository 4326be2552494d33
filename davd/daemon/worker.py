"""A worker: the process that the supervisor starts to serve, on sockets that it is given."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from typing import Any

from twisted.application.reactors import installReactor
from twisted.internet.defer import Deferred
from twisted.logger import Logger, globalLogBeginner, textFileLogObserver
from twisted.python import usage

from davd.config.load import ConfigError
from davd.daemon import logfiles
from davd.daemon.control import LINE, SOCKETS, TABLE, Line, Message, adopt
from davd.daemon.options import Options
from davd.daemon.post import Post
from davd.daemon.prepare import inherit_prepared
from davd.daemon.server import Server
from davd.daemon.service import loaded_of
from davd.net.certificates import CertificateError
from davd.net.endpoints import ListenError
from davd.observe.shared import Table

log = Logger(namespace="davd")


class WorkerOptions(Options):
    """What the supervisor tells a worker, beside the options it was started with itself."""

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

    def __init__(self, reactor: Any, options: WorkerOptions) -> None:
        self._reactor = reactor
        self._line = Line(self._heard, self._alone)
        self._ending = False
        loaded = loaded_of(options)
        settings = loaded.settings
        post = Post(
            workers=options["count"],
            leads=options["number"] == 0,
            shared=Table(options["columns"], TABLE).column(options["column"]),
            ready=lambda: self._line.say("ready"),
        )
        descriptors = range(SOCKETS, SOCKETS + len(settings.net.listen))
        prepared = inherit_prepared(settings, descriptors)
        self._server = Server(loaded, prepared, reactor, lambda: loaded_of(options), post)

    def begin(self) -> None:
        """Serve as soon as the reactor runs, until it is stopped."""
        adopt(self._reactor, LINE, self._line)
        os.close(LINE)
        self._server.startService()
        self._reactor.addSystemEventTrigger("before", "shutdown", self._server.stopService)

    def end(self) -> None:
        """Answer what is under way, and end."""
        if not self._ending:
            self._ending = True
            self._reactor.stop()

    def _alone(self) -> None:
        """Without a supervisor nobody would end this process, or start it again."""
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
            outcome = self._server.reload()
            self._line.say("outcome", ok=outcome.ok, sentence=outcome.sentence)
        elif kind == "share":
            self._server.share(message["count"])
        elif kind == "reopen":
            logfiles.reopen()
        elif kind == "health":
            Deferred.fromCoroutine(self._tell_health())
        elif kind == "snapshot":
            self._line.say("snapshot", id=message.get("id"), statistics=self._counted(), metrics=self._metrics())

    def _counted(self) -> Mapping[str, Any]:
        try:
            return self._server.statistics()
        except Exception:
            # What cannot be shown is no reason to serve nobody.
            log.failure("the counters cannot be told")
            return {}

    def _metrics(self) -> bytes:
        try:
            return self._server.observing.metrics.snapshot()
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

    output: Any = logfiles.begin(options["logfile"])
    globalLogBeginner.beginLoggingTo(
        [textFileLogObserver(output)],
        redirectStandardIO=options["logfile"] is not None,
    )
    try:
        worker = Worker(reactor, options)
    except (ConfigError, CertificateError, ListenError, ValueError) as error:
        log.critical("{error}", error=error)
        sys.exit(1)
    # Keys on a terminal reach all processes in its group: what they mean is for the supervisor to say.
    for number in (signal.SIGINT, signal.SIGHUP, signal.SIGUSR2):
        signal.signal(number, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, lambda *_: reactor.callFromThread(worker.end))
    signal.signal(signal.SIGUSR1, lambda *_: reactor.callFromThread(logfiles.reopen))
    worker.begin()
    reactor.run(installSignalHandlers=False)


if __name__ == "__main__":
    main()
