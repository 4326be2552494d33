"""`python -m tests.performance.groupware`: the calendar and contact operations of davd and others on the same data."""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

from tests.performance.accounting import Meter
from tests.performance.client import Client, WrongAnswer
from tests.performance.figures import Cell, percentile, table
from tests.performance.groupware.load import Ask, run
from tests.performance.groupware.rows import ROWS, Row
from tests.performance.groupware.servers import SERVERS, Groupware, fill
from tests.performance.peers.peer import Missing
from tests.performance.peers.roster import write_certificate

CONNECTIONS = 16
OURS = ("davd",)
# What davd is to reach, in microseconds of CPU a request, and how much better than the better of the others.
MOST = {"poll": 60.0, "list": 60.0, "month": 60.0, "put": 500.0}
TIMES = 10.0


def _until(source: Iterator[Ask], most: int | None) -> Iterator[Ask]:
    for number, ask in enumerate(source):
        if most is not None and number >= most:
            return
        yield ask


def measure(row: Row, server: Groupware, seconds: float) -> Cell:
    """One cell: 16 connections, or one where a single request takes long."""
    source = row.requests(server)
    try:
        first = run(server.plain, server.authorization, _next(_until(source, 1)), 1, 60.0)
        slow = bool(first.times) and first.times[0] > seconds / 20
        connections = 1 if slow else CONNECTIONS
        meter = Meter(server.pids)
        out = run(server.plain, server.authorization, _next(source), connections, seconds)
        cost = meter.stop()
    except (WrongAnswer, RuntimeError, OSError, ValueError, EOFError, ExceptionGroup) as error:
        while isinstance(error, ExceptionGroup):
            error = error.exceptions[0]
        return Cell(row.name, server.name, fault=f"{type(error).__name__}: {error}"[:200])
    times = out.times
    return Cell(
        row.name,
        server.name,
        rate=len(times) / out.seconds,
        p50=percentile(times, 0.5) * 1000,
        p99=percentile(times, 0.99) * 1000,
        cpu=cost.cpu / len(times) * 1e6,
        peak=cost.peak / (1 << 20),
        extra={"connections": connections},
        fault="; ".join((*first.wrong, *out.wrong))[:300],
    )


def _next(source: Iterator[Ask]):  # type: ignore[no-untyped-def]
    return lambda: next(source, None)


def _verdicts(cells: Sequence[Cell]) -> list[str]:
    found = {(cell.row, cell.server): cell for cell in cells if not cell.fault and cell.cpu}
    lines = []
    for name in dict.fromkeys(cell.row for cell in cells):
        ours = found.get((name, "davd"))
        if ours is None or ours.cpu is None:
            continue
        others = [cell.cpu for (row, server), cell in found.items() if row == name and server != "davd" and cell.cpu]
        if others:
            times = min(others) / ours.cpu
            lines.append(f"  {'reached' if times >= TIMES else 'MISSED '}  {name}: {times:,.1f} x the better (10)")
        if name in MOST:
            reached = ours.cpu <= MOST[name]
            lines.append(f"  {'reached' if reached else 'MISSED '}  {name}: {ours.cpu:,.0f} us ({MOST[name]:,.0f})")
    return lines


def main(argv: Sequence[str]) -> int:
    """Run the rows, print their tables; status 1 when davd gave a wrong answer."""
    parser = argparse.ArgumentParser(prog="python -m tests.performance.groupware", description=__doc__)
    parser.add_argument("--only", default=",".join(ROWS), help="rows: " + ",".join(ROWS))
    parser.add_argument("--servers", default=",".join(SERVERS), help="servers: " + ",".join(SERVERS))
    parser.add_argument("--seconds", type=float, default=4.0)
    options = parser.parse_args(argv)
    cells: list[Cell] = []
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="davd-groupware-")))
        certificate, key = write_certificate(folder)
        servers = []
        for name in options.servers.split(","):
            try:
                server = stack.enter_context(SERVERS[name](folder, certificate, key))
                print(f"{name}: filling", file=sys.stderr)
                fill(server)
                with Client(server.plain, server.authorization) as client:
                    server.make_calendar(client, "written")
            except (Missing, RuntimeError, WrongAnswer, OSError) as error:
                print(f"{name} is left out: {error}", file=sys.stderr)
                if name in OURS:
                    raise
                continue
            servers.append(server)
        for row in (ROWS[name] for name in options.only.split(",")):
            found = [measure(row, server, options.seconds) for server in servers]
            print("\n" + table(row.title, found, OURS), flush=True)
            cells += found
    print("\nFigures to reach\n" + "\n".join(_verdicts(cells)))
    return int(any(cell.fault for cell in cells if cell.server in OURS))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
