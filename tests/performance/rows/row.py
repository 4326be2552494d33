"""What a row of the table is, and what its function gets."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.performance.accounting import Meter
from tests.performance.client import Answer, Client
from tests.performance.dataset import SMALL, SMALL_OCTETS
from tests.performance.figures import Cell
from tests.performance.peers.peer import Peer
from tests.performance.wrk import run

WARM_UP_SECONDS = 1


@dataclass(frozen=True, slots=True)
class Setting:
    """The run: seconds of load for each cell, and a folder for large sources."""

    seconds: int
    folder: Path


@dataclass(frozen=True, slots=True)
class Row:
    """One row: its name on the command line, its title, what measures one server.

    `floor` measures what no server is (a bare database), once, before the servers. Rows that are not `usual` run only
    when they are named.
    """

    name: str
    title: str
    measure: Callable[[Setting, Peer], Sequence[Cell]]
    floor: Callable[[Setting], Sequence[Cell]] | None = None
    usual: bool = True


def checked_small(peer: Peer, tls: bool = False) -> Answer:
    """GET the 1 KiB file and compare its octets, before and after a load; also make sure strangers do not get it."""
    with Client(peer.secure if tls else peer.plain) as stranger:
        stranger.ask("GET", peer.path + SMALL, want=(401,))
    with peer.client(tls) as client:
        answer = client.ask("GET", peer.path + SMALL, want=(200,))
    if answer.body != SMALL_OCTETS:
        raise RuntimeError(f"{peer.name}: GET {SMALL}: {len(answer.body)} other octets")
    return answer


def load_small(row: str, setting: Setting, peer: Peer, connections: int, tls: bool = False) -> Cell:
    """GET of 1 KiB under load, after a second to warm up."""
    answer = checked_small(peer, tls)
    url = f"{peer.secure if tls else peer.plain}{peer.path}{SMALL}"
    run(url, peer.authorization, connections, WARM_UP_SECONDS)
    meter = Meter(peer.pids)
    load = run(url, peer.authorization, connections, setting.seconds)
    cell = Cell.of_load(row, peer.name, load, meter.stop(), answer.octets)
    checked_small(peer, tls)
    return cell
