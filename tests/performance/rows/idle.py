"""10,000 idle connections held while 64 work."""

import select
import socket
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


def idle(setting: Setting, peer: Peer) -> Sequence[Cell]:
    """The 64 of the row `get` without and with the idle ones; RSS is taken before and after these open."""
    without = load_small("idle", setting, peer, 64)
    request = (
        f"GET {peer.path}{SMALL} HTTP/1.1\r\nHost: {peer.plain.host}:{peer.plain.port}\r\n"
        f"Authorization: {peer.authorization}\r\n\r\n"
    ).encode()
    connections = Idle(peer.plain, request, SMALL_OCTETS)
    before = resident(process_tree(peer.pids))
    try:
        answered = connections.open(CONNECTIONS)
        each = (resident(process_tree(peer.pids)) - before) / max(1, answered) / 1024
        cell = load_small("idle", setting, peer, 64)
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


IDLE = Row("idle", "GET 1 KiB, 64 connections beside 10,000 idle ones", idle)
