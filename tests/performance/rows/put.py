"""PUT of new 4 KiB resources, and a bare SQLite writer to hold it against."""

import json
import secrets
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.performance.accounting import Meter
from tests.performance.dataset import remove
from tests.performance.figures import Cell
from tests.performance.floor import SIZE
from tests.performance.multistatus import hrefs
from tests.performance.peers.peer import Peer
from tests.performance.rows.row import WARM_UP_SECONDS, Row, Setting
from tests.performance.wrk import run

CONNECTIONS = 16
FIRST = 2  # wrk asks its script for one request that it never sends
FLOOR = "sqlite"
ROOT = Path(__file__).resolve().parents[3]


def put(setting: Setting, peer: Peer) -> Sequence[Cell]:
    """16 connections write new resources into one new collection; afterwards it must hold every one acknowledged.

    A disk's syncs swing from minute to minute, so beside a durable server the bare writer runs just before and after.
    """
    path = f"{peer.path}put-{secrets.token_hex(4)}/"
    warm = f"{peer.path}warm-{secrets.token_hex(4)}/"
    settings = {"WRK_SIZE": str(SIZE)}
    with peer.client() as client:
        client.ask("MKCOL", warm, want=(201,))
        client.ask("MKCOL", path, want=(201,))
    run(f"{peer.plain}{warm}", peer.authorization, CONNECTIONS, WARM_UP_SECONDS, "put", settings)
    halves = [_bare(setting.folder, setting.seconds / 2)] if peer.durable else []
    meter = Meter(peer.pids)
    load = run(f"{peer.plain}{path}", peer.authorization, CONNECTIONS, setting.seconds, "put", settings)
    cell = Cell.of_load("put", peer.name, load, meter.stop())
    cell.extra["durable"] = float(peer.durable)
    if peer.durable:
        halves.append(_bare(setting.folder, setting.seconds / 2))
        cell.extra["bare/s"] = sum(half["rows"] for half in halves) / sum(half["seconds"] for half in halves)
    with peer.client() as client:
        listing = client.ask("PROPFIND", path, fields={"Depth": "1"}, want=(207, 507))
        found = len(hrefs(listing.body)) - 1
        if listing.status == 207 and found < load.requests:
            cell.fault = cell.fault or f"{load.requests} acknowledged, {found} there"
        for number in (FIRST, max(FIRST, load.requests // 2), max(FIRST, load.requests - CONNECTIONS)):
            body = client.ask("GET", f"{path}{number}", want=(200,)).body
            if body != f"{number:08}\n".encode().ljust(SIZE, b"x"):
                cell.fault = cell.fault or f"other octets in {path}{number}"
        for name in (path, warm):
            remove(client, name)
    return [cell]


def _bare(folder: Path, seconds: float) -> dict[str, float]:
    """Rows, seconds and processor seconds of the bare writer, run in a process of its own."""
    argv = [sys.executable, "-m", "tests.performance.floor", str(folder), str(seconds)]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True, timeout=seconds + 60)
    result: dict[str, float] = json.loads(done.stdout)
    return result


def floor(setting: Setting) -> Sequence[Cell]:
    """The bare writer, on the same disk."""
    result = _bare(setting.folder, setting.seconds)
    rate, cpu = result["rows"] / result["seconds"], result["cpu"] / result["rows"] * 1e6
    return [Cell("put", FLOOR, rate=rate, cpu=cpu, extra={"durable": 1.0})]


PUT = Row(
    "put", f"PUT 4 KiB, new resources, {CONNECTIONS} connections ({FLOOR}: a bare writer, 16 a commit)", put, floor
)
