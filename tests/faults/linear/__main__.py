"""`python -m tests.faults.linear [HISTORIES [SEED]]`: make and check histories (200) and say how it went."""

from __future__ import annotations

import itertools
import os
import sys
import tempfile
import time
from pathlib import Path

from tests.faults.linear.run import make, plan, verify
from tests.faults.linear.servers import Servers


def main(histories: int, seed: int) -> int:
    """Print a line for each history; the number of those without an order."""
    failed = 0
    for setup, runs in itertools.groupby(plan(histories, seed), lambda run: run.setup):
        with tempfile.TemporaryDirectory(prefix="davd-linear-") as folder, Servers(setup, Path(folder)) as servers:
            for run in runs:
                since = time.monotonic()
                history = make(servers, run)
                made = time.monotonic()
                verdict = "has an order"
                try:
                    verify(run, history)
                except AssertionError as error:
                    failed += 1
                    verdict = str(error)
                lost = sum(event.result is None for event in history)
                took = f"{made - since:.1f} s, checked in {time.monotonic() - made:.2f} s"
                sys.stdout.write(f"{run}: {len(history)} operations, {lost} lost, {took}: {verdict}\n")
                sys.stdout.flush()
    sys.stdout.write(f"{histories} histories, {failed} without an order\n")
    return failed


if __name__ == "__main__":
    words = sys.argv[1:]
    told_seed = int(words[1]) if len(words) > 1 else int.from_bytes(os.urandom(3))
    sys.exit(1 if main(int(words[0]) if words else 200, told_seed) else 0)
