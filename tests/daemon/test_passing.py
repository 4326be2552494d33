"""What is to be done later is done later, although the clock goes back or forward.

Verifies: docs/operate/backup.md, The trash
"""

from __future__ import annotations

import subprocess
import sys

import pytest

# A clock that can be set, for all that is imported after it.
PROGRAM = """
import time
ahead, real = [0.0], time.time
time.time = lambda: real() + ahead[0]
from twisted.application.reactors import installReactor
installReactor({reactor!r})
from twisted.internet import reactor
from davd.daemon.passing import go_by_time_passed
go_by_time_passed(reactor)
order = []
reactor.callLater(0.0, ahead.__setitem__, 0, {jump})
reactor.callLater(0.3, lambda: (order.append("later"), reactor.stop()))
reactor.callLater(0.1, order.append, "sooner")
reactor.callLater(3600.0, order.append, "never")
reactor.run()
print(*order)
"""


@pytest.mark.parametrize("reactor", ["epoll", "uvloop"])
@pytest.mark.parametrize("jump", [1e9, -1e9])
def test_calls_come_when_their_time_has_passed(reactor: str, jump: float) -> None:
    program = PROGRAM.format(reactor=reactor, jump=jump)
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("sooner later\n", "")
