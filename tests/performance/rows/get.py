"""GET of 1 KiB, authenticated, on kept-alive connections."""

from collections.abc import Sequence

from tests.performance.figures import Cell
from tests.performance.peers.peer import Peer
from tests.performance.rows.row import Row, Setting, load_small


def plain(setting: Setting, peer: Peer) -> Sequence[Cell]:
    """64 connections on plain TCP."""
    return [load_small("get", setting, peer, 64)]


def tls(setting: Setting, peer: Peer) -> Sequence[Cell]:
    """64 connections on TLS."""
    return [load_small("get-tls", setting, peer, 64, tls=True)]


def thousand(setting: Setting, peer: Peer) -> Sequence[Cell]:
    """1,000 connections on plain TCP."""
    return [load_small("get-1000", setting, peer, 1000)]


PLAIN = Row("get", "GET 1 KiB, 64 connections", plain)
TLS = Row("get-tls", "GET 1 KiB, 64 connections, TLS", tls)
THOUSAND = Row("get-1000", "GET 1 KiB, 1,000 connections", thousand)
