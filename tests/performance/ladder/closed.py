"""Rungs that wrk climbs: each connection sends its next requests when the last ones were answered."""

import resource
import tempfile
from pathlib import Path
from threading import Thread

from tests.performance.accounting import Cost, Meter, busy_seconds
from tests.performance.figures import MEBIBYTE
from tests.performance.ladder.data import LISTED, POLL, SMALL, answers, fill
from tests.performance.ladder.farm import Farm
from tests.performance.ladder.result import Result
from tests.performance.ladder.rungs import Closed
from tests.performance.wrk import Load, run

WARM_UP_SECONDS = 1
# A second wrk holds every body against the right one while the first makes the load: so many connections, milliseconds.
CHECKERS = 2
PAUSE = 5


def _spent() -> float:
    """Processor seconds of the programs that were run so far and have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def climb(rung: Closed, seconds: int) -> Result:
    """Measure it on a new server."""
    with Farm(rung.processes) as farm, tempfile.TemporaryDirectory() as folder:
        with farm.client() as client:
            fill(client, farm.home)
            right = answers(client, farm.home)
        lines = []
        for number, answer in enumerate(right):
            path = Path(folder, str(number))
            path.write_bytes(answer.body)
            lines.append(f"{answer.status} {path}\n")
        expected = Path(folder, "answers")
        expected.write_text("".join(lines))
        get, level0, level1 = (answer.octets for answer in right)
        settings = {
            "WRK_DEPTH": str(rung.depth),
            "WRK_GET": farm.home + SMALL,
            "WRK_LIST": farm.home + LISTED,
            "WRK_BODY": POLL,
        }
        url = farm.url(SMALL)
        run(url, farm.authorization, rung.connections, WARM_UP_SECONDS, "mix", settings, rung.processes)
        checks: list[Load] = []

        def check() -> None:
            own = settings | {"WRK_ANSWERS": str(expected), "WRK_PAUSE": str(PAUSE)}
            checks.append(run(url, farm.authorization, CHECKERS, seconds, "mix", own))

        spent, busy = _spent(), busy_seconds()
        meter = Meter(farm.pids)
        checker = Thread(target=check)
        checker.start()
        load = run(url, farm.authorization, rung.connections, seconds, "mix", settings, rung.processes)
        checker.join()
        cost = meter.stop()
        spent, busy = _spent() - spent, busy_seconds() - busy
    return _result(rung, load, checks, cost, (spent, busy), (2 * get + level0 + level1) / 4)


def _result(
    rung: Closed, load: Load, checks: list[Load], cost: Cost, others: tuple[float, float], octets: float
) -> Result:
    spent, busy = others
    checked = sum(check.requests for check in checks)
    result = Result(
        rung.name,
        f"{rung.rate:,}/s on {rung.connections:,} connections, {rung.depth} at a time, {rung.processes} process"
        + ("es" if rung.processes > 1 else ""),
        None,
        load.rate,
        {"at a time": {"p50": load.p50, "p95": load.p95, "p99": load.p99, "p99.9": load.p999}},
        1e6 * cost.cpu / max(1, load.requests + checked),
        cost.cpu / load.seconds,
        spent / load.seconds,
        max(0.0, busy - cost.cpu - spent) / load.seconds,
        cost.peak / MEBIBYTE,
        f"every status, the mean length, and the whole body of {checked:,} answers given meanwhile",
    )
    if load.rate < rung.rate:
        result.unmet.append(f"{load.rate:,.0f}/s, not {rung.rate:,}")
    if fault := load.faults(round(octets)):
        result.unmet.append(fault)
    if len(checks) != 1 or (fault := checks[0].faults()):
        result.unmet.append(f"on the side: {fault or 'no check'}")
    return result
