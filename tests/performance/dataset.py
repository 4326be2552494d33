"""The data every server holds, written to it over HTTP: the same names and octets for all."""

import random
from pathlib import Path

from tests.performance.client import Client
from tests.performance.peers.peer import Peer

SMALL = "small.bin"
SMALL_OCTETS = random.Random(1024).randbytes(1024)
LISTED = "thousand/"
MEMBERS = 1000
MEMBER_OCTETS = 100
WRITTEN = (200, 201, 204)


def member(number: int) -> tuple[str, bytes]:
    """The name and the content of a member of the collection of 1,000."""
    return f"member-{number:04}.txt", f"{number:08}".encode().ljust(MEMBER_OCTETS, b".")


def fill(peer: Peer) -> None:
    """Put the small file and the collection of 1,000 onto a server, over one connection."""
    with peer.client() as client:
        client.ask("PUT", peer.path + SMALL, SMALL_OCTETS, want=WRITTEN)
        client.ask("MKCOL", peer.path + LISTED, want=(201,))
        for number in range(MEMBERS):
            name, content = member(number)
            client.ask("PUT", peer.path + LISTED + name, content, want=WRITTEN)


def write_large(path: Path, octets: int) -> None:
    """A file of random octets, no block of it like another."""
    generator = random.Random(octets)
    block = bytearray(generator.randbytes(1 << 20))
    with path.open("wb") as file:
        for number in range(octets >> 20):
            block[:8] = number.to_bytes(8, "big")
            file.write(block)


def write_sparse(path: Path, octets: int) -> None:
    """A file of zeros with marks at its start, on both sides of 4 GiB, and at its end; it takes no room on disk."""
    with path.open("wb") as file:
        for offset in (0, (1 << 32) - 8, (1 << 32) + 8, octets - 8):
            file.seek(offset)
            file.write(offset.to_bytes(8, "big"))


def remove(client: Client, path: str) -> None:
    """DELETE what a row left behind."""
    client.ask("DELETE", path, want=(200, 204))
