"""Large files: 1 GiB up and down, and one beyond 4 GiB."""

import time
from collections.abc import Sequence
from pathlib import Path

from tests.performance.accounting import Meter
from tests.performance.client import WrongAnswer
from tests.performance.dataset import remove, write_large, write_sparse
from tests.performance.figures import MEBIBYTE, Cell
from tests.performance.peers.peer import Peer
from tests.performance.rows.row import Row, Setting

LARGE = 1 << 30
HUGE = (1 << 32) + (1 << 29)


def _up_and_down(row: str, peer: Peer, source: Path, tls: bool) -> Sequence[Cell]:
    """PUT the file, GET it and compare every octet, remove it: a cell for each direction."""
    size = source.stat().st_size
    path = f"{peer.path}large-{row}.bin"
    cells = []
    with peer.client(tls) as client:
        for direction in ("PUT", "GET"):
            cell = Cell(f"{row}-{direction.lower()}", peer.name)
            cells.append(cell)
            meter = Meter(peer.pids)
            begun = time.perf_counter()
            try:
                if direction == "PUT":
                    client.upload(path, source)
                elif client.compare(path, source) != size:
                    raise WrongAnswer("another length")
            except (WrongAnswer, OSError) as error:
                cell.fault = str(error)
                break
            took = time.perf_counter() - begun
            cost = meter.stop()
            cell.p50 = took * 1000
            cell.cpu = cost.cpu * 1e6
            cell.peak = cost.peak / MEBIBYTE
            cell.extra = {"MB/s": size / took / 1e6, "RSS growth MiB": cost.growth / MEBIBYTE}
    with peer.client(tls) as client:
        if not cells[0].fault:
            remove(client, path)
    return cells


def _source(setting: Setting, name: str, octets: int) -> Path:
    path = setting.folder / name
    if not path.exists():
        (write_sparse if octets == HUGE else write_large)(path, octets)
    return path


def plain(setting: Setting, peer: Peer) -> Sequence[Cell]:
    """1 GiB on plain TCP."""
    return _up_and_down("1g", peer, _source(setting, "large.bin", LARGE), tls=False)


def tls(setting: Setting, peer: Peer) -> Sequence[Cell]:
    """1 GiB on TLS."""
    return _up_and_down("1g-tls", peer, _source(setting, "large.bin", LARGE), tls=True)


def huge(setting: Setting, peer: Peer) -> Sequence[Cell]:
    """4.5 GiB, sparse at the source, on plain TCP."""
    return _up_and_down("huge", peer, _source(setting, "huge.bin", HUGE), tls=False)


PLAIN = Row("1g", "1 GiB, plain TCP", plain)
TLS = Row("1g-tls", "1 GiB, TLS", tls)
BEYOND_4_GIB = Row("huge", "4.5 GiB, plain TCP", huge, usual=False)
