"""Reactors that go by the time that passes, not by the clock on the wall."""

from __future__ import annotations

import time
from typing import Any


def go_by_time_passed(reactor: Any) -> None:
    """Have the reactor's calls come when their time has passed, wherever the clock jumps meanwhile.

    Left to itself it goes by the clock: when that goes back by a year, nothing that was to be done later is done for a
    year, and when it goes forward everything is done at once. To be called before anything is to be done later;
    `reactor.seconds()` is no POSIX time from then on.
    """
    reactor.seconds = time.monotonic
