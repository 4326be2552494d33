"""10,000 idle connections held while 64 work."""

import select
import socket
import ssl
from collections.abc import Sequence

from tests.performance.accounting import process_tree, resident
from tests.performance.client import Origin
from tests.performance.dataset import SMALL, SMALL_OCTETS
from tests.performance.figures import Cell
from tests.performance.peers.peer import Peer
from tests.performance.rows.row import Row, Setting, load_small

CONNECTIONS = 10_000
EACH_ADDRESS = 2_500
PATIENCE = 5.0


class Idle:
    """Connections that each made one request and then stay open and silent.

    They come from several addresses of 127.0.0.0/8, so that wrk keeps enough ports of 127.0.0.1 to itself.
    """

    def __init__(self, origin: Origin, request: bytes, body: bytes) -> None:
        self._origin = origin
        self._context = ssl._create_unverified_context() if origin.tls else None
        self._request = request
        self._body = body
        self._sockets: list[socket.socket] = []

    def open(self, count: int) -> int:
        """Open `count` more connections and return how many got the right answer; the others are closed again."""
        right = 0
        for number in range(count):
            source = (f"127.0.1.{1 + number // EACH_ADDRESS}", 0)
            try:
                sock = socket.create_connection((self._origin.host, self._origin.port), PATIENCE, source)
            except OSError:
                continue
            try:
                if self._context:
                    sock = self._context.wrap_socket(sock)
                sock.sendall(self._request)
                answer = b""
                while not answer.endswith(self._body):
                    octets = sock.recv(65536)
                    if not octets:
                        break
                    answer += octets
            except OSError:
                answer = b""
            if answer.startswith(b"HTTP/1.1 200 ") and answer.endswith(self._body):
                right += 1
                self._sockets.append(sock)
            else:
                sock.close()
        return right

    def held(self) -> int:
        """How many the server has not closed."""
        poll = select.poll()
        for sock in self._sockets:
            poll.register(sock, select.POLLIN | select.POLLRDHUP)
        return len(self._sockets) - len(poll.poll(0))

    def close(self) -> None:
        """Close them all."""
        for sock in self._sockets:
            sock.close()
        self._sockets.clear()


def _beside_idle(row: str, setting: Setting, peer: Peer, tls: bool) -> Sequence[Cell]:
    """64 at work without and with the idle ones; RSS is taken before and after these open."""
    origin = peer.secure if tls else peer.plain
    without = load_small(row, setting, peer, 64, tls)
    request = (
        f"GET {peer.path}{SMALL} HTTP/1.1\r\nHost: {origin.host}:{origin.port}\r\n"
        f"Authorization: {peer.authorization}\r\n\r\n"
    ).encode()
    connections = Idle(origin, request, SMALL_OCTETS)
    before = resident(process_tree(peer.pids))
    try:
        answered = connections.open(CONNECTIONS)
        each = (resident(process_tree(peer.pids)) - before) / max(1, answered) / 1024
        cell = load_small(row, setting, peer, 64, tls)
        held = connections.held()
    finally:
        connections.close()
    if without.fault:
        cell.fault = cell.fault or without.fault
    if held < CONNECTIONS:
        cell.fault = cell.fault or f"{answered} of {CONNECTIONS} answered, {held} still held"
    if without.p99 is not None:
        cell.extra["p99 without"] = without.p99
    cell.extra |= {"held": held, "KiB each": each}
    return [cell]


def plain(setting: Setting, peer: Peer) -> Sequence[Cell]:
    """All on plain TCP."""
    return _beside_idle("idle", setting, peer, tls=False)


def tls(setting: Setting, peer: Peer) -> Sequence[Cell]:
    """All on TLS, where each connection keeps the state of its cipher too."""
    return _beside_idle("idle-tls", setting, peer, tls=True)


PLAIN = Row("idle", "GET 1 KiB, 64 connections beside 10,000 idle ones", plain)
TLS = Row("idle-tls", "GET 1 KiB, 64 connections beside 10,000 idle ones, TLS", tls, usual=False)
