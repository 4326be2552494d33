"""PROPFIND Depth 1 of a collection with 1,000 members."""

import time
from collections.abc import Sequence

from tests.performance.accounting import Meter
from tests.performance.client import Client
from tests.performance.dataset import LISTED, WRITTEN, member
from tests.performance.figures import MEBIBYTE, Cell, percentile
from tests.performance.multistatus import PROPFIND, faults
from tests.performance.peers.peer import Peer
from tests.performance.rows.row import WARM_UP_SECONDS, Row, Setting
from tests.performance.wrk import run

CONNECTIONS = 4
FIELDS = {"Depth": "1", "Content-Type": "application/xml"}


def repeated(setting: Setting, peer: Peer) -> Sequence[Cell]:
    """The same listing again and again on 4 connections, nothing changing: a server may have kept its answer."""
    path = peer.path + LISTED
    with peer.client() as client:
        answer = client.ask("PROPFIND", path, PROPFIND.encode(), FIELDS)
        wrong = faults(answer, path)
        answer = client.ask("PROPFIND", path, PROPFIND.encode(), FIELDS)
        wrong = wrong or faults(answer, path)
    settings = {"WRK_BODY": PROPFIND}
    run(f"{peer.plain}{path}", peer.authorization, CONNECTIONS, WARM_UP_SECONDS, "propfind", settings)
    meter = Meter(peer.pids)
    load = run(f"{peer.plain}{path}", peer.authorization, CONNECTIONS, setting.seconds, "propfind", settings)
    octets = None if "Transfer-Encoding" in answer.fields else answer.octets
    cell = Cell.of_load("propfind", peer.name, load, meter.stop(), octets)
    cell.fault = wrong or cell.fault
    return [cell]


def _alternate(client: Client, path: str, times: int | None, seconds: float, listing: bool) -> tuple[list[float], str]:
    """PUT a member and (when `listing`) list the collection, `times` times or for `seconds`.

    Returns the milliseconds of each listing (of each PUT without listings) and what was wrong.
    """
    name, content = member(0)
    took: list[float] = []
    wrong = ""
    begun = time.monotonic()
    while len(took) < times if times is not None else time.monotonic() - begun < seconds:
        changed = time.perf_counter()
        client.ask("PUT", path + name, content, want=WRITTEN)
        asked = time.perf_counter()
        if listing:
            answer = client.ask("PROPFIND", path, PROPFIND.encode(), FIELDS)
            took.append((time.perf_counter() - asked) * 1000)
            if len(took) == 1 or answer.status != 207:
                wrong = wrong or faults(answer, path)
        else:
            took.append((asked - changed) * 1000)
    return took, wrong


def after_change(setting: Setting, peer: Peer) -> Sequence[Cell]:
    """One member is written before each listing, so that no kept answer holds; one connection.

    The processor time of a listing is that of the pairs less that of as many PUTs alone.
    """
    path = peer.path + LISTED
    with peer.client() as client:
        _alternate(client, path, 3, 0, listing=True)
        meter = Meter(peer.pids)
        took, wrong = _alternate(client, path, None, setting.seconds, listing=True)
        pairs = meter.stop()
        meter = Meter(peer.pids)
        _alternate(client, path, len(took), 0, listing=False)
        puts = meter.stop()
    return [
        Cell(
            "propfind-changed",
            peer.name,
            rate=1000 * len(took) / sum(took),
            p50=percentile(took, 0.50),
            p99=percentile(took, 0.99),
            cpu=max(0.0, pairs.cpu - puts.cpu) / len(took) * 1e6,
            peak=pairs.peak / MEBIBYTE,
            fault=wrong,
        )
    ]


REPEATED = Row("propfind", f"PROPFIND 1 x1000, {CONNECTIONS} connections", repeated)
CHANGED = Row("propfind-changed", "PROPFIND 1 x1000, after a change, 1 connection", after_change)
