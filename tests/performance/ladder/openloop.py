"""An open-loop load: requests are sent when their time has come, whatever became of those before.

`python -m tests.performance.ladder.openloop` takes one job as JSON on its standard input and prints its result. Latency
counts from the time for which a request was planned, so a server that stalls is charged for all who had to wait, and so
is this program when it is late itself. Every answer's status is checked, and every body that is known beforehand.
"""

import json
import random
import resource
import select
import socket
import sys
import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.performance.ladder.requests import Kind, Requests

# How long the last answers are waited for, and the longest sleep, in seconds.
_PATIENCE = 20.0
_NAP = 0.1
_FIRST_SOURCE = 1
_EACH_SOURCE = 40
_BUFFER = 262_144


class Line:
    """One connection, with the request it waits for (None: it is free)."""

    __slots__ = ("kind", "number", "planned", "received", "socket")

    def __init__(self, peer: tuple[str, int], number: int) -> None:
        source = number // _EACH_SOURCE + _FIRST_SOURCE
        self.socket = socket.create_connection(peer, _PATIENCE, (f"127.0.{source // 250}.{source % 250 + 1}", 0))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.kind: Kind | None = None
        self.number = 0
        self.planned = 0.0
        self.received = b""


def arrivals(phases: Sequence[Sequence[float]], seed: int) -> Iterator[float]:
    """The planned times of requests in seconds from the start: a Poisson process whose rate differs by phase.

    `phases` are pairs of seconds and requests a second.
    """
    generator = random.Random(seed)
    start = 0.0
    for seconds, rate in phases:
        at = start + generator.expovariate(rate)
        while at < start + seconds:
            yield at
            at += generator.expovariate(rate)
        start += seconds


class Load:
    """Drives `lines` by the plan, and keeps the latencies in milliseconds by the name of the kind."""

    def __init__(self, lines: Sequence[Line], requests: Requests, plan: Iterator[float]) -> None:
        self._lines = {line.socket.fileno(): line for line in lines}
        self._free = deque(lines)
        self._requests = requests
        self._plan = plan
        self._next = next(plan, None)
        self._waiting: deque[float] = deque()
        self._poll = select.epoll()
        self._under_way = 0
        for descriptor in self._lines:
            self._poll.register(descriptor, select.EPOLLIN)
        self.latencies: dict[str, list[float]] = {}
        self.late: list[float] = []
        self.faults: dict[str, int] = {}
        self.planned = 0

    def run(self) -> float:
        """Send all that is planned and wait for the answers; the seconds from the first request to the last answer."""
        started = time.monotonic()
        ended = started
        give_up = None
        while self._next is not None or self._waiting or self._under_way:
            now = time.monotonic()
            self._due(now - started)
            while self._waiting and self._free:
                self._send(self._waiting.popleft(), started)
            if self._next is None and give_up is None:
                give_up = now + _PATIENCE
            if not self._lines or (give_up is not None and now > give_up):
                self._fault("unanswered", self._under_way + len(self._waiting))
                break
            nap = _NAP if self._next is None else self._next - (time.monotonic() - started)
            for descriptor, _ in self._poll.poll(max(0.0, min(nap, _NAP)), 256):
                self._receive(self._lines[descriptor], started)
                ended = time.monotonic()
        return ended - started

    def _due(self, now: float) -> None:
        """Take from the plan what should have been sent by now."""
        while self._next is not None and self._next <= now:
            self._waiting.append(self._next)
            self.planned += 1
            self._next = next(self._plan, None)

    def _send(self, planned: float, started: float) -> None:
        line = self._free.popleft()
        line.planned = planned
        line.kind, line.number, data = self._requests.choose()
        self._under_way += 1
        try:
            # What a request has here always fits into the buffer of an idle connection.
            if line.socket.send(data) != len(data):
                self._lose(line, "cut")
                return
        except OSError as error:
            self._lose(line, f"send: {error.strerror}")
            return
        self.late.append(1000 * (time.monotonic() - started - planned))

    def _receive(self, line: Line, started: float) -> None:
        try:
            data = line.socket.recv(_BUFFER)
        except BlockingIOError:
            return
        except OSError as error:
            self._lose(line, f"receive: {error.strerror}")
            return
        if not data:
            self._lose(line, "closed")
            return
        line.received = data = line.received + data if line.received else data
        kind = line.kind
        if kind is None:
            self._lose(line, "unasked")
            return
        head = data.find(b"\r\n\r\n") + 4
        if head < 4:
            return
        size = _length(data, head)
        if len(data) < head + size:
            return
        line.received = b""
        took = 1000 * (time.monotonic() - started - line.planned)
        self.latencies.setdefault(kind.name, []).append(took)
        if len(data) > head + size:
            self._fault("too long", 1)
        elif fault := kind.fault(data[9:12], data[head:]):
            self._fault(f"{kind.name}: {fault}", 1)
        else:
            self._requests.answered(kind, line.number)
        line.kind = None
        self._under_way -= 1
        self._free.append(line)

    def _lose(self, line: Line, fault: str) -> None:
        self._fault(fault, 1)
        self._poll.unregister(line.socket.fileno())
        del self._lines[line.socket.fileno()]
        line.socket.close()
        if line.kind is not None:
            line.kind = None
            self._under_way -= 1
        elif line in self._free:
            self._free.remove(line)

    def _fault(self, words: str, count: int) -> None:
        if count:
            self.faults[words] = self.faults.get(words, 0) + count


def _length(data: bytes, head: int) -> int:
    """The length of the content behind a head, which is the field's or nothing."""
    if data[9:12] in (b"204", b"304"):
        return 0
    at = data.find(b"\r\nContent-Length: ", 0, head)
    if at < 0:
        return 0
    return int(data[at + 18 : data.index(b"\r\n", at + 18)])


def quantiles(values: list[float]) -> dict[str, float]:
    """p50, p95, p99, p99.9 and the largest of latencies, by nearest rank."""
    values.sort()
    size = len(values)
    parts = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "p99.9": 0.999, "max": 1.0}
    return {name: values[min(size - 1, int(part * size))] for name, part in parts.items()} if size else {}


def perform(job: Mapping[str, Any]) -> dict[str, Any]:
    """Do a job and tell what came of it."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    peer = (job["host"], job["port"])
    lines = [Line(peer, number) for number in range(job["connections"])]
    requests = Requests(job)
    load = Load(lines, requests, arrivals(job["phases"], job["seed"]))
    print("ready", flush=True)
    sys.stdin.readline()
    cpu = time.process_time()
    seconds = load.run()
    answered = sum(map(len, load.latencies.values()))
    result = {
        "planned": load.planned,
        "answered": answered,
        "seconds": seconds,
        "cpu": time.process_time() - cpu,
        "faults": load.faults,
        "late": quantiles(load.late),
        "kinds": {name: quantiles(values) | {"count": len(values)} for name, values in load.latencies.items()},
        "all": quantiles([value for values in load.latencies.values() for value in values]),
        "created": requests.created,
        "deleted": requests.deleted,
    }
    for line in lines:
        line.socket.close()
    return result


if __name__ == "__main__":
    print(json.dumps(perform(json.loads(sys.stdin.readline()))))
