"""More requests than a server can answer, and what a client that asks little sees meanwhile.

As a program, `python -m tests.faults.overload`: reads a `Plan` as JSON from the first line of its input, writes a line
when its connections stand, waits for another line, works, and prints its `Figures` as JSON.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
import subprocess
import sys
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from itertools import cycle
from typing import Self

from tests.conformance.daemon import ROOT, end_with_parent
from tests.faults.raw import address_of, basic, head

_HEAD_END = b"\r\n\r\n"
_LAST_CHUNK = b"\r\n0\r\n\r\n"
_TAIL = 64
_TURN = 0.005
_PATIENCE = 0.1
_WHOLE = b"</D:multistatus>"
# The whole of what a single file holds: each PUT has a number of its own.
_SINGLE = re.compile(rb"\Acontent [0-9]+\Z")
_PROPS = "<prop><getetag/><getcontentlength/><getlastmodified/><resourcetype/></prop>"
_SYNC = f'<sync-collection xmlns="DAV:"><sync-token/><sync-level>1</sync-level>{_PROPS}</sync-collection>'
_FIND = f'<propfind xmlns="DAV:">{_PROPS}</propfind>'


@dataclass(frozen=True, slots=True)
class Plan:
    """What one process is to do for `seconds`.

    `kind` is `"sync"` (first synchronisations: sync-collection and PROPFIND in turn, no two the same), `"tree"`
    (PROPFIND with Depth infinity), `"put"` (uploads of `size` bytes of which the last never comes) or `"single"` (GET
    and PUT of one small file in turn). `rate` is how many are begun in a second, whatever became of those before; 0
    begins one whenever one has ended, and a moment after a refusal. `connections` of them stand all the time, from
    `sources` in turn, for `logins` (name and password) in turn; `depth` requests are on the way on each at most.
    Nothing is counted in the first `warming` seconds.
    """

    origin: str
    kind: str
    logins: list[tuple[str, str]]
    sources: list[str]
    seconds: float
    rate: float = 0.0
    connections: int = 1
    depth: int = 1
    size: int = 0
    warming: float = 0.0


@dataclass(slots=True)
class Figures:
    """What became of the requests.

    `offered` were to be sent, `unsent` could not because all connections were busy. `whole` were answered as wanted to
    the last byte, `refused` with 503 or 429 and a Retry-After, `late` with 504; `wrong` lists everything else.
    `broken` are connections that ended on the way. `times` are milliseconds from request to answer of those that are
    whole: the median, the 99th percentile, the longest.
    """

    seconds: float = 0.0
    offered: int = 0
    unsent: int = 0
    whole: int = 0
    refused: int = 0
    late: int = 0
    broken: int = 0
    waiting: int = 0
    wrong: list[str] = field(default_factory=list)
    times: tuple[float, float, float] = (math.inf, math.inf, math.inf)

    @property
    def rate(self) -> float:
        """How many were whole in a second."""
        return self.whole / self.seconds

    def __str__(self) -> str:
        median, p99, longest = self.times
        return (
            f"offered {self.offered / self.seconds:.0f}/s, whole {self.rate:.0f}/s, refused {self.refused}, "
            f"late {self.late}, unsent {self.unsent}, waiting {self.waiting}, broken {self.broken}, "
            f"wrong {self.wrong[:3]}, p50 {median:.1f} ms, p99 {p99:.1f} ms, longest {longest:.1f} ms"
        )


class Overload:
    """A process with a plan, as a context manager: entered when its connections stand; `end` gives its figures."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.figures = Figures()

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.overload"],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=end_with_parent,
        )
        self._tell(json.dumps(asdict(self._plan)))
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"
        return self

    def begin(self) -> None:
        """Let it work."""
        self._tell("begin")

    def _tell(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def end(self) -> Figures:
        """Wait until it has worked."""
        told, _ = self._process.communicate(timeout=self._plan.seconds + 60)
        made = json.loads(told)
        self.figures = Figures(**made | {"times": tuple(made["times"])})
        return self.figures

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            self._process.kill()
            self._process.communicate()


def run(plan: Plan) -> Figures:
    """Carry out one plan."""
    with Overload(plan) as work:
        work.begin()
        return work.end()


class _Caller(asyncio.Protocol):
    """A connection that asks, and reads each answer to its end."""

    def __init__(self, work: _Work, login: tuple[str, str]) -> None:
        self._work = work
        self._fields = {"Authorization": basic(*login), "Content-Type": "application/xml"}
        self.user = login[0]
        self.sent: deque[float] = deque()
        self.open = False
        self._begin()

    def _begin(self) -> None:
        self._head = b""
        self._tail = b""
        self._status = 0
        self._left: int | None = None
        self._retry = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self.open = True
        self._work.free(self)

    def ask(self) -> None:
        """Send the next request."""
        self.sent.append(time.perf_counter())
        self._transport.write(self._work.request(self.user, self._fields))  # type: ignore[attr-defined]

    def data_received(self, data: bytes) -> None:
        if self._status == 0:
            data = self._head + data
            end = data.find(_HEAD_END)
            if end < 0:
                self._head = data
                return
            self._read_head(data[:end].decode("latin-1").lower())
            data = data[end + len(_HEAD_END) :]
        if self._left is None:
            # Contents are XML without an empty line, so the last chunk cannot be mistaken.
            data = self._tail + data
            end = data.find(_LAST_CHUNK)
            if end < 0:
                self._tail = data[-_TAIL:]
                return
            self._tail, rest = data[:end][-_TAIL:], data[end + len(_LAST_CHUNK) :]
        else:
            rest = data[self._left :]
            self._left -= len(data) - len(rest)
            self._tail = (self._tail + data[: len(data) - len(rest)])[-_TAIL:]
            if self._left:
                return
        self._end()
        if rest:
            self.data_received(rest)

    def _read_head(self, text: str) -> None:
        self._status = int(text[9:12])
        lines = text.split("\r\n")[1:]
        fields = dict(line.split(": ", 1) for line in lines if ": " in line)
        self._retry = fields.get("retry-after", "").isdigit()
        length = fields.get("content-length")
        self._left = int(length) if length is not None else None if "transfer-encoding" in fields else 0

    def _end(self) -> None:
        whole = self._work.whole(self._status, self._tail)
        status, retry = self._status, self._retry
        self._begin()
        self._work.answered(status, whole, retry, time.perf_counter() - self.sent.popleft())
        self._work.free(self, status in (429, 503))

    def connection_lost(self, error: Exception | None) -> None:
        self.open = False
        self._work.lost(self)


class _Work:
    """The plan being carried out."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.figures = Figures()
        self._times: list[float] = []
        self._free: deque[_Caller] = deque()
        self._callers: list[_Caller] = []
        self._number = 0
        self._counting = False
        self._running = False

    def request(self, user: str, fields: dict[str, str]) -> bytes:
        """The bytes of the next request."""
        plan = self._plan
        self._number += 1
        number = f"<!-- {self._number} {id(self)} -->"
        folder = f"/files/{user}/many/"
        if plan.kind == "tree":
            return self._with(f"/files/{user}/", "PROPFIND", {**fields, "Depth": "infinity"}, _FIND + number)
        if plan.kind == "put":
            told = {**fields, "Content-Length": str(plan.size)}
            return head("PUT", f"/files/{user}/upload{self._number}", told) + b"x" * (plan.size - 1)
        if plan.kind == "single":
            if self._number % 2:
                return self._with(f"/files/{user}/single", "PUT", fields, f"content {self._number}")
            return head("GET", f"/files/{user}/single", fields)
        if self._number % 2:
            return self._with(folder, "REPORT", {**fields, "Depth": "0"}, _SYNC + number)
        return self._with(folder, "PROPFIND", {**fields, "Depth": "1"}, _FIND + number)

    @staticmethod
    def _with(path: str, method: str, fields: dict[str, str], content: str) -> bytes:
        data = content.encode()
        return head(method, path, {**fields, "Content-Length": str(len(data))}) + data

    def free(self, caller: _Caller, refused: bool = False) -> None:
        """A connection may be asked on, again after a refusal."""
        if not self._running or self._plan.rate:
            self._free.append(caller)
        elif refused:
            asyncio.get_running_loop().call_later(_PATIENCE, self._ask, caller)
        else:
            self._ask(caller)

    def lost(self, caller: _Caller) -> None:
        """A connection has ended."""
        if self._running:
            self.figures.broken += 1

    def whole(self, status: int, end: bytes) -> bool:
        """Whether an answer that ends so is what was asked for."""
        if status == 207:
            return _WHOLE in end
        return status != 200 or self._plan.kind != "single" or _SINGLE.search(end) is not None

    def answered(self, status: int, whole: bool, retry: bool, took: float) -> None:
        """An answer has come to its end."""
        if not (self._counting and self._running):
            return
        figures = self.figures
        if status in (200, 201, 204, 207) and whole:
            figures.whole += 1
            self._times.append(took)
        elif status in (429, 503) and retry:
            figures.refused += 1
        elif status == 504:
            figures.late += 1
        else:
            figures.wrong.append(f"{status}{'' if whole else ' cut short'}{'' if retry else ' without Retry-After'}")

    def _ask(self, caller: _Caller) -> None:
        if self._counting:
            self.figures.offered += 1
        if caller.open:
            caller.ask()

    async def connect(self) -> None:
        """Make all connections; each login proves itself once, so that passwords are not what is measured."""
        plan = self._plan
        loop = asyncio.get_running_loop()
        host, port = address_of(plan.origin)
        sources, logins = cycle(plan.sources), cycle(plan.logins)
        for _ in range(plan.connections):
            caller = _Caller(self, next(logins))
            await loop.create_connection(lambda made=caller: made, host, port, local_addr=(next(sources), 0))
            self._callers.append(caller)
        first = [caller for caller, _ in zip(self._callers, plan.logins, strict=False)]
        if plan.kind != "put":
            for caller in first:
                self._free.remove(caller)
                caller.ask()
                while caller.sent:
                    await asyncio.sleep(0.001)

    async def work(self) -> None:
        """Ask as long as the plan says."""
        plan = self._plan
        self._running = True
        self._counting = not plan.warming
        began = time.perf_counter()
        if not plan.rate:
            waiting, self._free = self._free, deque()
            for caller in waiting:
                for _ in range(plan.depth):
                    self._ask(caller)
        due = self._due(began)
        while (past := time.perf_counter() - began) < plan.seconds:
            if not self._counting and past >= plan.warming:
                self._counting = True
            for _ in range(next(due)):
                self._begin_one()
            await asyncio.sleep(_TURN)
        self._running = False
        figures = self.figures
        figures.seconds = plan.seconds - plan.warming
        figures.waiting = sum(len(caller.sent) for caller in self._callers if caller.open)
        if self._times:
            self._times.sort()
            count = len(self._times)
            at = (count // 2, count * 99 // 100, count - 1)
            figures.times = tuple(self._times[index] * 1000 for index in at)  # type: ignore[assignment]

    def _due(self, began: float) -> Iterator[int]:
        """How many requests are to be begun now."""
        begun = 0
        while True:
            due = int((time.perf_counter() - began) * self._plan.rate) - begun
            begun += due
            yield due

    def _begin_one(self) -> None:
        free = self._free
        while free and not free[0].open:
            free.popleft()
        if free:
            self._ask(free.popleft())
        elif self._counting:
            self.figures.offered += 1
            self.figures.unsent += 1


async def _main() -> None:
    made = json.loads(sys.stdin.readline())
    work = _Work(Plan(**made | {"logins": [tuple(login) for login in made["logins"]]}))
    await work.connect()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.readline)
    await work.work()
    sys.stdout.write(json.dumps(asdict(work.figures)) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(_main())
