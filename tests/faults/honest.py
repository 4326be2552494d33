"""A well-behaved client in a process of its own: what it sees while others misbehave.

As a program: `python -m tests.faults.honest ORIGIN SOURCE USER`, with the password on the first line of its input; it
asks RATE requests a second until its input ends, then prints its figures as JSON.
"""

from __future__ import annotations

import http.client
import json
import math
import select
import ssl
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from typing import Self

from tests.conformance.daemon import ROOT, end_with_parent
from tests.faults.raw import address_of, basic

RATE = 20
_FIND = b'<propfind xmlns="DAV:"><prop><getetag/><getcontentlength/></prop></propfind>'


@dataclass(frozen=True, slots=True)
class Seen:
    """How many requests were made, what went wrong, and the seconds from request to answer."""

    requests: int
    errors: list[str]
    median: float
    p99: float
    longest: float

    def __str__(self) -> str:
        times = f"p50 {self.median * 1000:.1f} ms, p99 {self.p99 * 1000:.1f} ms, longest {self.longest * 1000:.1f} ms"
        return f"{self.requests} requests, {len(self.errors)} errors, {times}"


class Honest:
    """The client as a context manager; `seen` is there after its end."""

    def __init__(self, origin: str, source: str, user: str, password: str) -> None:
        self._argv = [sys.executable, "-m", "tests.faults.honest", origin, source, user]
        self._password = password
        self.seen = Seen(0, [], 0.0, 0.0, 0.0)

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._argv,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
            preexec_fn=end_with_parent,
        )
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(self._password + "\n")
        assert self._process.stdout.readline() == "working\n"
        return self

    def __exit__(self, *_: object) -> None:
        told, _error = self._process.communicate(timeout=60)
        self.seen = Seen(**json.loads(told))


def _work(origin: str, source: str, user: str, password: str) -> Seen:
    login = {"Authorization": basic(user, password)}
    here = f"/files/{user}/honest"
    requests = (
        ("PUT", here, b"honest content", {201, 204}),
        ("GET", here, None, {200}),
        ("PROPFIND", here, _FIND, {207}),
    )
    made = (
        http.client.HTTPSConnection(
            *address_of(origin),
            timeout=30,
            source_address=(source, 0),
            context=ssl._create_unverified_context(),
        )
        if origin.startswith("https")
        else http.client.HTTPConnection(*address_of(origin), timeout=30, source_address=(source, 0))
    )
    times: list[float] = []
    errors: list[str] = []
    number = 0
    while True:
        since = time.monotonic()
        method, path, body, wanted = requests[number % len(requests)]
        try:
            made.request(method, path, body, login)
            response = made.getresponse()
            response.read()
            if response.status not in wanted:
                errors.append(f"{method}: {response.status}")
        except (OSError, http.client.HTTPException) as error:
            errors.append(f"{method}: {error!r}")
            made.close()
        took = time.monotonic() - since
        # The first ones prove the password and make the file.
        if number >= len(requests):
            times.append(took)
        elif number == len(requests) - 1:
            sys.stdout.write("working\n")
            sys.stdout.flush()
        number += 1
        if select.select([sys.stdin], [], [], max(0.0, 1 / RATE - took))[0]:
            break
    made.close()
    times.sort()
    if not times:
        return Seen(number, errors, math.inf, math.inf, math.inf)
    return Seen(number, errors, times[len(times) // 2], times[len(times) * 99 // 100], times[-1])


if __name__ == "__main__":
    told_origin, told_source, told_user = sys.argv[1:]
    figures = _work(told_origin, told_source, told_user, sys.stdin.readline().rstrip("\n"))
    sys.stdout.write(json.dumps(asdict(figures)) + "\n")
