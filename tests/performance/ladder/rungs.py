"""The rungs: what is to be held, and by how many processes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.performance.ladder.farm import cores

# Milliseconds below which the 99th percentile of a kind has to stay.
BOUNDS: Mapping[str, float] = {
    "get": 10.0,
    "propfind0": 50.0,
    "propfind1": 50.0,
    "put": 100.0,
    "replace": 100.0,
    "delete": 30.0,
}
READS: Mapping[str, float] = {"get": 60, "propfind0": 25, "propfind1": 15}
WRITES: Mapping[str, float] = {"put": 60, "replace": 20, "delete": 20}
MIXED: Mapping[str, float] = {"get": 45, "propfind0": 15, "propfind1": 10, "put": 15, "replace": 5, "delete": 10}


@dataclass(frozen=True, slots=True)
class Closed:
    """As many requests a second as wrk gets answered on `connections`, `depth` of them sent at a time; `rate` at least.

    Half of them are GETs of 1 KiB, a quarter each PROPFIND Depth 0 and Depth 1 of a collection of ten.
    """

    name: str
    rate: int
    connections: int
    depth: int
    processes: int = 1


@dataclass(frozen=True, slots=True)
class Offered:
    """Requests that come by a plan: `cycle` are pairs of seconds and requests a second, repeated for the whole time.

    `mix` has the parts of each kind, `bounds` the milliseconds below which their 99th percentiles have to stay,
    `memory` how many MiB the server may have resident.
    """

    name: str
    title: str
    cycle: Sequence[tuple[float, float]]
    mix: Mapping[str, float]
    connections: int = 200
    bounds: Mapping[str, float] = field(default_factory=lambda: BOUNDS)
    memory: float | None = None

    def phases(self, seconds: float) -> list[tuple[float, float]]:
        """The plan for so many seconds."""
        found: list[tuple[float, float]] = []
        left = seconds
        while left > 0:
            for length, rate in self.cycle:
                if left > 0:
                    found.append((min(left, length), rate))
                    left -= length
        return found


RUNGS: dict[str, Closed | Offered] = {
    rung.name: rung
    for rung in (
        Closed("7877", 7_877, 1000, 1),
        Closed("20000", 20_000, 64, 1),
        Closed("50000", 50_000, 64, 4),
        Closed("100000", 100_000, 64, 16, cores()),
        Offered("reads", "2,000 reads/s", [(30, 2_000)], READS),
        Offered("writes", "1,000 durable writes/s", [(30, 1_000)], WRITES),
        Offered("mixed", "1,500 reads and writes/s", [(30, 1_500)], MIXED),
        Offered("bursts", "3,000 reads and writes/s for 1 s in 3, else 1,500/s", [(2, 1_500), (1, 3_000)], MIXED),
        Offered(
            "active",
            "10,000 connections, one request a second each",
            [(30, 10_000)],
            {"get": 1, "propfind0": 1},
            connections=10_000,
            bounds={},
            memory=300.0,
        ),
    )
}
