"""The figures davd is to reach, held against a run."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tests.performance.figures import Cell

Cells = Mapping[tuple[str, str], Cell]


@dataclass(frozen=True, slots=True)
class Target:
    """One figure: what it says, how it follows from the cells (None: not measured), its bound, its good side."""

    text: str
    value: Callable[[Cells, str], float | None]
    bound: float
    at_least: bool = False

    def verdict(self, cells: Cells, server: str) -> str | None:
        """One line on the server, or None where the cells do not tell."""
        value = self.value(cells, server)
        if value is None:
            return None
        reached = value >= self.bound if self.at_least else value <= self.bound
        return f"  {'reached' if reached else 'MISSED '}  {server}: {self.text}: {value:,.2f}"


def _figure(cells: Cells, row: str, server: str, name: str) -> float | None:
    cell = cells.get((row, server))
    if cell is None or cell.fault:
        return None
    value: float | None = cell.extra[name] if name in cell.extra else getattr(cell, name, None)
    return value


def _over(row: str, name: str, peer: str, invert: bool = False) -> Callable[[Cells, str], float | None]:
    """davd's figure over the peer's, or (inverted) the peer's over davd's."""

    def value(cells: Cells, server: str) -> float | None:
        ours, theirs = _figure(cells, row, server, name), _figure(cells, row, peer, name)
        if not ours or not theirs:
            return None
        return theirs / ours if invert else ours / theirs

    return value


def _own(row: str, name: str) -> Callable[[Cells, str], float | None]:
    return lambda cells, server: _figure(cells, row, server, name)


def _slower_beside_idle(cells: Cells, server: str) -> float | None:
    after, before = _figure(cells, "idle", server, "p99"), _figure(cells, "idle", server, "p99 without")
    return after / before if after and before else None


def _writes(cells: Cells, server: str) -> float | None:
    puts, bare = _figure(cells, "put", server, "rate"), _figure(cells, "put", server, "bare/s")
    return puts / bare if puts and bare else None


TARGETS = (
    Target("CPU of GET over nginx's, at most 1.5", _over("get", "cpu", "nginx"), 1.5),
    Target("CPU of GET on TLS over nginx's, at most 2", _over("get-tls", "cpu", "nginx"), 2.0),
    Target("GET/s on 1,000 connections, at least 20,000", _own("get-1000", "rate"), 20_000, at_least=True),
    Target("p99 beside 10,000 idle over without, at most 2", _slower_beside_idle, 2.0),
    Target("KiB for an idle connection, at most 30", _own("idle", "KiB each"), 30.0),
    Target("PUT/s over the bare writer's, at least 0.5", _writes, 0.5, at_least=True),
    Target("wsgidav's CPU of PROPFIND over ours, at least 10", _over("propfind", "cpu", "wsgidav", True), 10.0, True),
    Target("Apache's CPU of PROPFIND over ours, at least 2", _over("propfind", "cpu", "apache", True), 2.0, True),
    Target(
        "wsgidav's CPU of PROPFIND after a change over ours, at least 10",
        _over("propfind-changed", "cpu", "wsgidav", True),
        10.0,
        True,
    ),
    Target(
        "Apache's CPU of PROPFIND after a change over ours, at least 2",
        _over("propfind-changed", "cpu", "apache", True),
        2.0,
        True,
    ),
    Target("1 GiB PUT, MB/s over nginx's, at least 0.5", _over("1g-put", "MB/s", "nginx"), 0.5, at_least=True),
    Target("1 GiB GET, MB/s over nginx's, at least 0.5", _over("1g-get", "MB/s", "nginx"), 0.5, at_least=True),
    Target("1 GiB PUT, RSS growth in MiB, at most 32", _own("1g-put", "RSS growth MiB"), 32.0),
    Target("1 GiB GET, RSS growth in MiB, at most 32", _own("1g-get", "RSS growth MiB"), 32.0),
)


def verdicts(cells: Sequence[Cell], ours: Sequence[str]) -> list[str]:
    """A line for each figure and each of our servers that the cells tell about."""
    found = {(cell.row, cell.server): cell for cell in cells}
    return [line for target in TARGETS for server in ours if (line := target.verdict(found, server)) is not None]
