"""What signals do to a process, from its first moment to its last.

What a signal does by default is to end the process. So one that asks for something of a davd that serves must be caught
before it does: HUP is remembered, USR1 and USR2 ask for nothing that is not so in a process that starts.

Implements: docs/operate/operate.md, Signals
"""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from twisted.logger import Logger

log = Logger(namespace="davd")

# Whose meaning for a group of processes is for the supervisor to say.
WORKERS_WAIT: Final = (signal.SIGHUP, signal.SIGINT, signal.SIGUSR1, signal.SIGUSR2)

_early: set[int] = set()


def hold() -> None:
    """Until `obey`: remember HUP, and let none but the signals that mean it end the process."""
    _early.clear()
    signal.signal(signal.SIGHUP, lambda number, _: _early.add(number))
    for number in (signal.SIGUSR1, signal.SIGUSR2):
        signal.signal(number, signal.SIG_IGN)


def obey(reactor: Any, actions: Mapping[int, Callable[[], object]]) -> None:
    """Do from now on what `actions` say, on the reactor's thread, and now what was asked for while nothing was done."""
    for number, action in actions.items():
        signal.signal(number, _later(reactor, action))
        if number in _early:
            _early.discard(number)
            reactor.callFromThread(action)


def _later(reactor: Any, action: Callable[[], object]) -> Callable[..., None]:
    return lambda *_: reactor.callFromThread(action)


def end_once(reactor: Any) -> None:
    """Have TERM and INT stop a reactor that runs, as Twisted's own do; one that comes later is told in the log."""
    numbers = (signal.SIGTERM, signal.SIGINT)
    found: dict[int, Any] = {number: signal.getsignal(number) for number in numbers}
    once = _Once(reactor, {number: action for number, action in found.items() if callable(action)})
    for number in once.first:
        signal.signal(number, once)


class _Once:
    """Does what was done for a signal before, unless the end has begun."""

    def __init__(self, reactor: Any, first: Mapping[int, Callable[[int, Any], object]]) -> None:
        self.first = first
        self._reactor = reactor
        # The reactor stops in another turn, and one more signal may come before that.
        self._asked = False

    def __call__(self, number: int, frame: Any) -> None:
        # Twisted's would stop the reactor once more, which is a failure of its own.
        if self._asked or self._reactor._stopped:
            self._reactor.callFromThread(_ending_already, number)
        else:
            self._asked = True
            self.first[number](number, frame)


def _ending_already(number: int) -> None:
    log.warn(
        "{name}: davd is ending already, and answers what is under way first; KILL ends it at once",
        name=signal.Signals(number).name,
    )


@contextmanager
def blocked(numbers: Iterable[int] = WORKERS_WAIT) -> Iterator[None]:
    """Within the block signals wait; a process that is started in it has them wait until it calls `unblock`."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def unblock(numbers: Iterable[int] = WORKERS_WAIT) -> None:
    """Have signals delivered again that have waited since the start of this process."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, numbers)
