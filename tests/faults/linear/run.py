"""One history: made on running servers, killed or not, and checked; one without an order is kept in tests/seeds."""

from __future__ import annotations

import http.client
import random
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from davd.testing.file_history import Event, State, check_files, dump
from davd.testing.linearizability import Undecided, Violation
from tests.conformance.daemon import ROOT
from tests.faults.linear.clients import Crowd
from tests.faults.linear.servers import Servers, Setup
from tests.testing.simulated import NAMES

CLIENTS = 8
REQUESTS = 300
SEEDS = ROOT / "tests/seeds"
_SHOWN = 20


@dataclass(frozen=True, slots=True)
class Run:
    """One history to make: the seed of all that is left to chance here, and how often a process is killed."""

    setup: Setup
    seed: int
    kills: int

    def __str__(self) -> str:
        return f"{self.setup}, {self.kills} kills, seed {self.seed}"


def plan(histories: int, seed: int) -> list[Run]:
    """Runs for so many histories, those of one setup one after the other; in each fourth one processes are killed."""
    weights = {
        Setup("caches", 2): 9,
        Setup("caches", 1): 4,
        Setup("no caches", 2): 4,
        Setup("no caches", 1): 3,
    }
    runs: list[Run] = []
    total = sum(weights.values())
    done = 0
    for setup, weight in weights.items():
        done += weight
        first = len(runs)
        while len(runs) < histories * done // total:
            kills = 1 + (len(runs) // 4) % 3 if (len(runs) - first) % 4 == 2 else 0
            runs.append(Run(setup, seed + len(runs), kills))
    return runs


def make(servers: Servers, run: Run) -> list[Event]:
    """Let clients work in a new folder, kill processes meanwhile, and give the history."""
    chance = random.Random(run.seed)
    folder = f"{servers.home}{run.seed}-{time.monotonic_ns()}/"
    connection = http.client.HTTPConnection("127.0.0.1", servers.ports[0], timeout=30)
    connection.request("MKCOL", folder, headers=servers.login)
    assert connection.getresponse().status == 201
    connection.close()
    crowd = Crowd(servers.ports, folder, servers.login, chance, CLIENTS, REQUESTS)
    crowd.start()
    starts: list[tuple[int, int]] = []
    for moment in sorted(chance.randrange(CLIENTS * REQUESTS) for _ in range(run.kills)):
        while not crowd.reached(moment):
            time.sleep(0.001)
        # One of them, or sometimes all at once.
        number = chance.randrange(len(servers.ports) + 1)
        killed = [number] if number < len(servers.ports) else list(range(len(servers.ports)))
        for each in killed:
            servers.kill(each)
        if chance.random() < 0.5:
            servers.forget()
        for each in killed:
            servers.start(each)
            starts.append((servers.ports[each], time.monotonic_ns()))
    return crowd.finish(starts)


def verify(run: Run, history: list[Event]) -> None:
    """AssertionError, with the part that has no order, when a history is not linearizable.

    It is kept then, up to where no order was left; and wholly when the search has taken too long.
    """
    try:
        violation = check_files(NAMES, history)
    except Undecided:
        # It is no failure that a later run would see again.
        raise AssertionError(f"{run}: {keep(run, history, 'undecided')}: too many orders to try") from None
    if violation is not None:
        end = violation.operation.return_ns or 0
        path = keep(run, (event for event in history if event.invoke_ns <= end))
        raise AssertionError(f"{run}: {path}\n{told(violation, history)}")


def keep(run: Run, history: Iterable[Event], kind: str = "jsonl") -> Path:
    """Write a history where failing ones are kept, each in a file whose name ends with `kind`."""
    SEEDS.mkdir(exist_ok=True)
    path = SEEDS / f"{str(run).replace(', ', '-').replace(' ', '-')}-{time.time_ns()}.{kind}"
    path.write_bytes(dump(history))
    return path


def told(violation: Violation[State, Event], history: Iterable[Event]) -> str:
    """A violation for people: the files before, the part without an order, and what else spoke of its contents."""
    files = dict(zip(NAMES, violation.before, strict=True))
    named = {word for event in violation.part for word in _words(event)}
    end = violation.operation.return_ns or 0
    others = [
        event for event in history if event not in violation.part and event.invoke_ns <= end and named & _words(event)
    ]
    lines = [f"the files are {files}; then these have no order:", *(f"  {event}" for event in violation.part)]
    return "\n".join([*lines, "what spoke of the same content last:", *(f"  {event}" for event in others[-_SHOWN:])])


def _words(event: Event) -> set[str]:
    result = event.result
    words = {event.op.content, event.op.if_match}
    if result is not None:
        words |= {result.content, result.etag, *(result.etags or {}).values()}
    return {word for word in words if word}
