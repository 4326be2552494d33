"""What systemd is told about the state of the service, when it wants to know (sd_notify(3), sd_watchdog_enabled(3))."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Awaitable, Callable, Mapping

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import LoopingCall
from twisted.logger import Logger

log = Logger(namespace="davd")


class Notify:
    """Messages to the socket that `NOTIFY_SOCKET` names; without it nothing is sent.

    `watchdog` is the time in seconds within which the service manager wants to hear of us again, 0 for never.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._address = environment.get("NOTIFY_SOCKET", "")
        self.watchdog = _watchdog(environment) if self._address else 0.0

    def ready(self) -> None:
        """Everything that was asked for serves, after a start or a reload."""
        # twistd may have gone to the background since the service manager started it.
        self._send("READY=1", f"MAINPID={os.getpid()}")

    def reloading(self) -> None:
        """The settings are being read again; `ready` follows."""
        # MONOTONIC_USEC= "should be set to the current CLOCK_MONOTONIC time", which Type=notify-reload compares.
        self._send("RELOADING=1", f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def stopping(self, seconds: float) -> None:
        """The end has begun, and may take so many seconds."""
        self._send("STOPPING=1", f"EXTEND_TIMEOUT_USEC={int(seconds * 1e6)}")

    def status(self, sentence: str) -> None:
        """One line for `systemctl status`."""
        self._send(f"STATUS={sentence}")

    def alive(self) -> None:
        """The watchdog need not bite."""
        self._send("WATCHDOG=1")

    def _send(self, *lines: str) -> None:
        if not self._address:
            return
        # A first "@" stands for the NUL of an abstract name.
        address = "\0" + self._address[1:] if self._address.startswith("@") else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as out:
                out.setblocking(False)
                out.sendto("\n".join(lines).encode(), address)
        except OSError as error:
            log.warn("the service manager could not be told: {error}", error=error)


class Watchdog:
    """Feeds the service manager's watchdog for as long as `healthy` says that all is well.

    It is asked by the reactor, so a reactor that does not turn any more starves the watchdog as well.
    """

    def __init__(self, notify: Notify, healthy: Callable[[], Awaitable[bool]], clock: IReactorTime) -> None:
        self._notify = notify
        self._healthy = healthy
        self._loop = LoopingCall(self._turn)
        self._loop.clock = clock

    def start(self) -> None:
        """Begin, when a watchdog is set."""
        if self._notify.watchdog > 0:
            # "recommended that a daemon sends a keep-alive notification message to the service manager every half of
            # the time": a third leaves room for an answer that takes its time.
            self._loop.start(self._notify.watchdog / 3, now=True)

    def stop(self) -> None:
        """Feed it no more."""
        if self._loop.running:
            self._loop.stop()

    def _turn(self) -> Deferred[None]:
        return Deferred.fromCoroutine(self._feed())

    async def _feed(self) -> None:
        if await self._healthy():
            self._notify.alive()


def _watchdog(environment: Mapping[str, str]) -> float:
    """The watchdog's seconds, when it is meant for this process or for whatever it has become since."""
    try:
        return int(environment.get("WATCHDOG_USEC", "0")) / 1e6
    except ValueError:
        return 0.0
