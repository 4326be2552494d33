"""Rungs whose requests come by a plan, whatever becomes of those before."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.performance.accounting import Cost, Meter, busy_seconds
from tests.performance.client import Answer
from tests.performance.figures import MEBIBYTE
from tests.performance.ladder.data import (
    FIRST,
    LISTED,
    POLL,
    SMALL,
    THERE,
    WRITTEN,
    answers,
    fill,
    fill_written,
    written,
)
from tests.performance.ladder.farm import Farm
from tests.performance.ladder.requests import REPLACED, content, name_of
from tests.performance.ladder.result import Result
from tests.performance.ladder.rungs import Offered

ROOT = Path(__file__).resolve().parents[3]
SEED = 7877
WARM_UP_SECONDS = 1.0
# The part of what was offered that has to be answered within the time.
KEPT_UP = 0.98
_WRITING = {"put", "replace", "delete"}


class LoadFailed(Exception):
    """The load itself did not run to its end."""


def climb(rung: Offered, seconds: int) -> Result:
    """Measure it on a new server."""
    with Farm() as farm:
        with farm.client() as client:
            fill(client, farm.home)
            right = answers(client, farm.home)
            if _WRITING & set(rung.mix):
                fill_written(client, farm.home)
        _load(farm, _job(rung, farm, right, WARM_UP_SECONDS) | {"mix": {"get": 1.0}})
        outcome, cost, busy = _load(farm, _job(rung, farm, right, seconds))
        result = _result(rung, outcome, cost, busy, seconds)
        if _WRITING & set(rung.mix):
            with farm.client() as client:
                found, wanted = written(client, farm.home), REPLACED + THERE + outcome["created"] - outcome["deleted"]
                if found != wanted:
                    result.unmet.append(f"{wanted} resources were acknowledged, {found} are there")
                for number in (REPLACED + 1, REPLACED + outcome["created"] // 2):
                    path = farm.home + WRITTEN + name_of(number)
                    answer = client.ask("GET", path, want=(200, 404))
                    if answer.status == 200 and answer.body != content(number):
                        result.unmet.append(f"other octets in {path}")
            result.checked += "; afterwards the number of resources in the collections and two of them"
    return result


def _job(rung: Offered, farm: Farm, right: list[Answer], seconds: float) -> dict[str, Any]:
    asked = [
        ("get", "GET", farm.home + SMALL, "", ""),
        ("propfind0", "PROPFIND", farm.home + LISTED, "0", POLL),
        ("propfind1", "PROPFIND", farm.home + LISTED, "1", POLL),
    ]
    return {
        "host": farm.origin.host,
        "port": farm.origin.port,
        "authorization": farm.authorization,
        "connections": rung.connections,
        "phases": rung.phases(seconds),
        "mix": dict(rung.mix),
        "seed": SEED,
        "written": farm.home + WRITTEN,
        "there": list(range(FIRST, FIRST + THERE)),
        "asked": [
            (*request, answer.status, answer.body.decode("latin-1"))
            for request, answer in zip(asked, right, strict=True)
        ],
    }


def _load(farm: Farm, job: dict[str, Any]) -> tuple[dict[str, Any], Cost, float]:
    """Run the load in a process of its own; its result, the server's cost, the seconds that all processors spent."""
    argv = [sys.executable, "-m", "tests.performance.ladder.openloop"]
    with subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(json.dumps(job) + "\n")
        process.stdin.flush()
        if process.stdout.readline() != "ready\n":
            raise LoadFailed(f"the connections could not be made:\n{farm.log()[-2000:]}")
        meter, busy = Meter(farm.pids), busy_seconds()
        process.stdin.write("go\n")
        process.stdin.flush()
        line = process.stdout.readline()
        cost, busy = meter.stop(), busy_seconds() - busy
    if not line:
        raise LoadFailed("the load ended early")
    outcome: dict[str, Any] = json.loads(line)
    return outcome, cost, busy


def _result(rung: Offered, outcome: dict[str, Any], cost: Cost, busy: float, seconds: float) -> Result:
    memory, took = cost.peak / MEBIBYTE, outcome["seconds"]
    kinds = dict(sorted(outcome["kinds"].items())) | {"all": outcome["all"]}
    offered = outcome["planned"] / seconds
    # What was planned within the time may be answered a moment after it.
    achieved = outcome["answered"] / max(seconds, took)
    late = outcome["late"]
    result = Result(
        rung.name,
        rung.title,
        offered,
        achieved,
        kinds,
        1e6 * cost.cpu / max(1, outcome["answered"]),
        cost.cpu / took,
        outcome["cpu"] / took,
        max(0.0, busy - cost.cpu - outcome["cpu"]) / took,
        memory,
        f"status and body of {outcome['answered']:,} answers (of writes: the status)",
        notes=[f"of this the load was late itself: p99 {late['p99']:.2f} ms, at most {late['max']:.2f} ms"],
    )
    if achieved < offered * KEPT_UP:
        result.unmet.append(f"{achieved:,.0f}/s of {offered:,.0f}/s")
    result.unmet += [f"{count} {words}" for words, count in outcome["faults"].items()]
    for kind, bound in rung.bounds.items():
        if kind in kinds and kinds[kind]["p99"] >= bound:
            result.unmet.append(f"p99 of {kind} {kinds[kind]['p99']:.1f} ms, not below {bound:.0f}")
    if rung.memory is not None and memory > rung.memory:
        result.unmet.append(f"{memory:.0f} MiB, not {rung.memory:.0f}")
    return result
