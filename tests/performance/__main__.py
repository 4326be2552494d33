"""`python -m tests.performance`: davd and its peers on the same data in one run, every answer checked."""

import argparse
import json
import os
import platform
import resource
import shutil
import signal
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

from tests.performance.client import WrongAnswer
from tests.performance.dataset import fill
from tests.performance.figures import Cell, table
from tests.performance.peers.peer import Missing, Peer
from tests.performance.peers.roster import OURS, PEERS, install, write_certificate
from tests.performance.rows.roster import ROWS
from tests.performance.rows.row import Row, Setting
from tests.performance.targets import verdicts
from tests.performance.wrk import WrkError

FILES = 16_000


def _names(text: str, known: Sequence[str]) -> list[str]:
    names = [name for name in text.split(",") if name]
    for name in names:
        if name not in known:
            raise argparse.ArgumentTypeError(f"{name}: not one of {', '.join(known)}")
    return names


def arguments(argv: Sequence[str]) -> argparse.Namespace:
    """The options of the command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.performance", description=__doc__)
    parser.add_argument(
        "--only",
        metavar="ROW,...",
        type=lambda text: _names(text, list(ROWS)),
        help="rows to run: " + ", ".join(ROWS),
    )
    parser.add_argument(
        "--servers",
        metavar="NAME,...",
        type=lambda text: _names(text, list(PEERS)),
        default=list(PEERS),
        help="servers to run: " + ", ".join(PEERS),
    )
    parser.add_argument("--seconds", type=int, default=5, help="length of each load (default 5)")
    parser.add_argument("--json", type=Path, default=Path("bench.json"), help="where the figures go (bench.json)")
    parser.add_argument("--huge", action="store_true", help="also a file of 4.5 GiB (row huge)")
    return parser.parse_args(argv)


def started(stack: ExitStack, names: Sequence[str], folder: Path) -> list[Peer]:
    """Start and fill the servers; one that is missing or will not start is told and left out."""
    certificate, key = write_certificate(folder)
    peers = []
    for name in names:
        try:
            peer = stack.enter_context(PEERS[name](folder, certificate, key))
            fill(peer)
        except (Missing, RuntimeError, WrongAnswer, OSError) as error:
            print(f"{name} is left out: {error}", file=sys.stderr)
            if name in OURS:
                raise
            continue
        peers.append(peer)
    return peers


def measured(row: Row, setting: Setting, peers: Sequence[Peer]) -> list[Cell]:
    """All cells of a row; a server that fails it gets a cell that says how."""
    cells = list(row.floor(setting)) if row.floor else []
    for peer in peers:
        print(f"  {row.name}: {peer.name}", file=sys.stderr)
        try:
            cells += row.measure(setting, peer)
        except (WrongAnswer, WrkError, RuntimeError, OSError) as error:
            cells.append(Cell(row.name, peer.name, fault=f"{type(error).__name__}: {error}"[:200]))
    return cells


def machine() -> dict[str, str | int | None]:
    """What the figures were taken on."""
    return {
        "taken": datetime.now(UTC).isoformat(timespec="seconds"),
        "cores": os.cpu_count(),
        "kernel": platform.release(),
        "python": platform.python_version(),
    }


def _stop(number: int, frame: FrameType | None) -> None:
    raise SystemExit(128 + number)


def main(argv: Sequence[str]) -> int:
    """Run the rows and print their tables; status 1 when one of our own answers was wrong."""
    options = arguments(argv)
    rows = [ROWS[name] for name in options.only] if options.only else [row for row in ROWS.values() if row.usual]
    if options.huge and ROWS["huge"] not in rows:
        rows.append(ROWS["huge"])
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _stop)
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard if hard != resource.RLIM_INFINITY else FILES, hard))
    install(PEERS[name] for name in options.servers)
    cells: list[Cell] = []
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="davd-bench-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        folder.chmod(0o755)
        peers = started(stack, options.servers, folder)
        for row in rows:
            found = measured(row, Setting(options.seconds, folder), peers)
            for name in dict.fromkeys(cell.row for cell in found):
                suffix = name.removeprefix(row.name).replace("-", ": ").upper()
                print("\n" + table(row.title + suffix, [cell for cell in found if cell.row == name], OURS), flush=True)
            cells += found
    lines = verdicts(cells, OURS)
    print("\n".join(["", "Figures to reach", *lines]) if lines else "")
    report = {"machine": machine(), "seconds": options.seconds, "cells": [cell.as_json() for cell in cells]}
    options.json.write_text(json.dumps(report, indent=1) + "\n")
    return int(any(cell.fault for cell in cells if cell.server in OURS))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
