"""`python -m tests.performance.ladder`: climb the rungs one after the other, each on a new server; tell which hold."""

import argparse
import json
import os
import resource
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from tests.performance.__main__ import machine
from tests.performance.ladder import closed, opened
from tests.performance.ladder.result import Result
from tests.performance.ladder.rungs import RUNGS, Closed, Offered

# How long each rung is to hold, in seconds; the environment may say less for a quick look.
SECONDS = 30
VARIABLE = "LADDER_SECONDS"


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.performance.ladder", description=__doc__)
    parser.add_argument("--only", metavar="RUNG,...", default=",".join(RUNGS), help="rungs: " + ", ".join(RUNGS))
    seconds = int(os.environ.get(VARIABLE, SECONDS))
    parser.add_argument("--seconds", type=int, default=seconds, help=f"length of a rung ({VARIABLE}, {SECONDS})")
    parser.add_argument("--json", type=Path, default=Path("ladder.json"), help="where the figures go (ladder.json)")
    options = parser.parse_args(argv)
    options.rungs = options.only.split(",")
    for name in options.rungs:
        if name not in RUNGS:
            parser.error(f"{name}: not one of {', '.join(RUNGS)}")
    return options


def climb(rung: Closed | Offered, seconds: int) -> Result:
    """Measure one rung."""
    return closed.climb(rung, seconds) if isinstance(rung, Closed) else opened.climb(rung, seconds)


def _stop(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def main(argv: Sequence[str]) -> int:
    """Climb, and print as it goes; status 0 when every rung was measured, whether it holds or not."""
    options = arguments(argv)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    results = []
    for name in options.rungs:
        result = climb(RUNGS[name], options.seconds)
        print(result.text() + "\n", flush=True)
        results.append(result)
    print(f"Rungs held for {options.seconds} s")
    for result in results:
        print(f"  {'holds         ' if result.holds else 'DOES NOT HOLD '}  {result.name}: {result.title}")
    report = {"machine": machine(), "seconds": options.seconds, "rungs": [result.as_json() for result in results]}
    options.json.write_text(json.dumps(report, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
