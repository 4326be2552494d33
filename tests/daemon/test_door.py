"""A listening UNIX socket at the limit of descriptors.

Verifies: docs/operate/operate.md, Commands to a running davd
"""

from __future__ import annotations

import os
import resource
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from twisted.internet.protocol import Factory
from twisted.internet.testing import MemoryReactorClock
from twisted.trial.unittest import SynchronousTestCase

from davd.daemon.door import Door


class _Reactor(MemoryReactorClock):
    """One that copies the descriptor of who is let in, as a true one does."""

    def adoptStreamConnection(self, fileDescriptor: int, addressFamily: int, factory: Factory) -> None:
        """Somebody is let in."""
        super().adoptStreamConnection(os.dup(fileDescriptor), addressFamily, factory)


@contextmanager
def _descriptors(more: int) -> Iterator[None]:
    """Within the block no more than so many can be opened (0 or 1)."""
    following = os.dup(0)
    os.close(following)
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (following + more, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class TestExhaustion(SynchronousTestCase):
    """Verifies: docs/operate/operate.md, Commands to a running davd"""

    def setUp(self) -> None:
        self.reactor = _Reactor()
        self.bound = socket.socket(socket.AF_UNIX)
        self.addCleanup(self.bound.close)
        self.bound.setblocking(False)
        self.path = str(Path(tempfile.mkdtemp()) / "door")
        self.bound.bind(self.path)
        self.bound.listen()
        self.door = Door(self.bound, Factory(), self.reactor)
        self.connect()

    def tearDown(self) -> None:
        for descriptor, *_ in self.reactor.adoptedStreamConnections:
            os.close(descriptor)

    def connect(self) -> None:
        """Somebody who wants to be let in."""
        client = socket.socket(socket.AF_UNIX)
        self.addCleanup(client.close)
        client.connect(self.path)

    def test_who_comes_when_no_descriptor_is_left_is_let_in_later(self) -> None:
        with _descriptors(0):
            self.door.doRead()
        self.assertEqual(self.reactor.getReaders(), [])
        self.reactor.advance(1)
        self.assertEqual(self.reactor.getReaders(), [self.door])
        self.door.doRead()
        self.assertEqual(len(self.reactor.adoptedStreamConnections), 1)

    def test_the_last_descriptor_is_too_few_and_the_next_one_is_let_in_later(self) -> None:
        with _descriptors(1):
            self.door.doRead()
        self.assertEqual((self.reactor.getReaders(), self.reactor.adoptedStreamConnections), ([], []))
        self.connect()
        self.reactor.advance(1)
        self.door.doRead()
        self.assertEqual(len(self.reactor.adoptedStreamConnections), 1)

    def test_one_that_is_shut_meanwhile_stays_shut(self) -> None:
        with _descriptors(0):
            self.door.doRead()
        self.door.stopListening()
        self.reactor.advance(1)
        self.assertEqual(self.reactor.getReaders(), [])
        self.assertEqual(self.reactor.getDelayedCalls(), [])
