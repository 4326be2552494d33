"""Figures and the table they are printed in."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from tests.performance.accounting import Cost
from tests.performance.wrk import Load

MEBIBYTE = 1 << 20


@dataclass(slots=True)
class Cell:
    """What one server did in one row.

    `rate` counts requests a second (rows a second for a bare database), `p50` and `p99` are milliseconds, `cpu` is
    microseconds of user and system time of all its processes for each request, `peak` the sum of their largest resident
    memory in MiB. None: not measured. `extra` holds further figures by name; `fault` tells what was wrong with the
    answers: a cell with a fault counts for nothing.
    """

    row: str
    server: str
    rate: float | None = None
    p50: float | None = None
    p99: float | None = None
    cpu: float | None = None
    peak: float | None = None
    extra: dict[str, float] = field(default_factory=dict)
    fault: str = ""

    @classmethod
    def of_load(cls, row: str, server: str, load: Load, cost: Cost, octets_each: int | None = None) -> "Cell":
        """The cell of one run of wrk; the answers are held against the length of a right one."""
        return cls(
            row,
            server,
            rate=load.rate,
            p50=load.p50,
            p99=load.p99,
            cpu=cost.cpu / load.requests * 1e6 if load.requests else None,
            peak=cost.peak / MEBIBYTE,
            fault=load.faults(octets_each),
        )

    def as_json(self) -> dict[str, Any]:
        """The cell as a JSON object."""
        return asdict(self)


def percentile(values: Sequence[float], part: float) -> float:
    """The value below which `part` (0 to 1) of the values lie, by nearest rank."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))]


def best(cells: Iterable[Cell], ours: Sequence[str]) -> tuple[float | None, float | None]:
    """The highest rate and the lowest processor time of the servers that are not `ours` and answered rightly."""
    peers = [cell for cell in cells if cell.server not in ours and not cell.fault]
    rates = [cell.rate for cell in peers if cell.rate]
    costs = [cell.cpu for cell in peers if cell.cpu]
    return max(rates, default=None), min(costs, default=None)


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"


def _ratio(value: float | None, other: float | None) -> str:
    return f"{value / other:.2f}" if value and other else "-"


def table(title: str, cells: Sequence[Cell], ours: Sequence[str]) -> str:
    """One row of the measurement as a table of servers, with its ratios to the best peer."""
    rate, cost = best(cells, ours)
    extra = list(dict.fromkeys(name for cell in cells for name in cell.extra))
    lines = [["server", "req/s", "p50 ms", "p99 ms", "CPU us/req", "peak MiB", "rate/best", "CPU/best", *extra]]
    for cell in cells:
        figures = [cell.rate, cell.p50, cell.p99, cell.cpu, cell.peak]
        ratios = [_ratio(cell.rate, rate), _ratio(cell.cpu, cost)]
        lines.append([cell.server, *map(_number, figures), *ratios, *(_number(cell.extra.get(name)) for name in extra)])
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    text = [title]
    for line, cell_of_line in zip(lines, [None, *cells], strict=True):
        words = [
            line[0].ljust(widths[0]),
            *(word.rjust(width) for word, width in zip(line[1:], widths[1:], strict=True)),
        ]
        fault = f"   WRONG: {cell_of_line.fault}" if cell_of_line and cell_of_line.fault else ""
        text.append("  " + "  ".join(words) + fault)
    return "\n".join(text)
