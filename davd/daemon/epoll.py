"""The reactor of the supervisor, whatever twistd was told: the workers run on that one."""

from __future__ import annotations

import sys
from typing import Any

from twisted.internet import epollreactor

from davd.daemon.passing import go_by_time_passed


def on_epoll() -> str:
    """Make an epoll reactor the process's reactor; the word behind `twistd -r` for the one that it was.

    For a process whose reactor has not run, and with which nothing has been registered: one of asyncio's on uvloop
    never sees the end of a child.
    """
    present: Any = sys.modules["twisted.internet.reactor"]
    if isinstance(present, epollreactor.EPollReactor):
        return "epoll"
    loop = getattr(present, "_asyncioEventloop", None)
    word = "asyncio" if type(loop).__module__.partition(".")[0] != "uvloop" else "uvloop"
    if loop is not None:
        loop.close()
    del sys.modules["twisted.internet.reactor"]
    epollreactor.install()
    go_by_time_passed(sys.modules["twisted.internet.reactor"])
    return word
