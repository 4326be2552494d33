"""Accounts in a file that Apache's htpasswd keeps."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from collections.abc import Callable, Hashable

import bcrypt
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from zope.interface import implementer

from davd.authentication.passwords import Passwords
from davd.interfaces.identity import CheckerError, IChecker

_ITOA64 = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
LOOK_EVERY_SECONDS = 1.0


def verify(stored: str, password: str) -> bool:
    """Whether `password` fits one stored hash: bcrypt, {SHA}, $apr1$ or argon2; any other form is refused."""
    octets = password.encode()
    if stored.startswith(("$2a$", "$2b$", "$2y$")):
        # htpasswd hashes no more than the first 72 bytes; bcrypt refuses longer ones.
        try:
            return bcrypt.checkpw(octets[:72], stored.encode())
        except ValueError:
            return False
    if stored.startswith("{SHA}"):
        digest = base64.b64encode(hashlib.sha1(octets, usedforsecurity=False).digest()).decode()
        return hmac.compare_digest(stored[5:], digest)
    if stored.startswith("$apr1$"):
        salt = stored[6:].partition("$")[0]
        return hmac.compare_digest(stored, apr1(octets, salt[:8]))
    if stored.startswith("$argon2"):
        try:
            return PasswordHasher().verify(stored, password)
        except (Argon2Error, InvalidHashError):
            return False
    return False


def apr1(password: bytes, salt: str) -> str:
    """Apache's variant of the MD5 crypt: 1,000 rounds."""
    salt_octets = salt.encode()
    inner = hashlib.md5(password + salt_octets + password, usedforsecurity=False).digest()
    text = password + b"$apr1$" + salt_octets
    text += (inner * (len(password) // 16 + 1))[: len(password)]
    bits = len(password)
    while bits:
        text += b"\0" if bits & 1 else password[:1]
        bits >>= 1
    final = hashlib.md5(text, usedforsecurity=False).digest()
    for turn in range(1000):
        piece = password if turn & 1 else final
        if turn % 3:
            piece += salt_octets
        if turn % 7:
            piece += password
        piece += final if turn & 1 else password
        final = hashlib.md5(piece, usedforsecurity=False).digest()
    encoded = ""
    for first, second, third in ((0, 6, 12), (1, 7, 13), (2, 8, 14), (3, 9, 15), (4, 10, 5)):
        encoded += _to64(final[first] << 16 | final[second] << 8 | final[third], 4)
    return f"$apr1${salt}${encoded}{_to64(final[11], 2)}"


def _to64(value: int, length: int) -> str:
    text = ""
    for _ in range(length):
        text += _ITOA64[value & 0x3F]
        value >>= 6
    return text


@implementer(IChecker)
class HtpasswdChecker:
    """Proves the names in an htpasswd file, read anew when it changes.

    `file` is the path; `passwords` is the pool in which hashes are computed; `clock` gives seconds.
    """

    name = "htpasswd"

    def __init__(self, file: str, passwords: Passwords, clock: Callable[[], float]) -> None:
        # twistd may leave the folder that a relative path counts from.
        self._file = os.path.abspath(file)
        self._passwords = passwords
        self._clock = clock
        self._entries: dict[str, str] = {}
        self._seen: tuple[int, int, int] | None = None
        self._looked = float("-inf")

    async def start(self) -> None:
        """Read the file; CheckerError when that fails."""
        try:
            self._read()
        except OSError as error:
            raise CheckerError(f"cannot read the htpasswd file {self._file}: {error.strerror}") from None

    async def stop(self) -> None:
        """Nothing to release."""

    async def check(self, name: str, password: str) -> str | None:
        """The name when the password fits; LookupError for names that are not in the file."""
        self.generation()
        stored = self._entries[name]
        return name if await self._passwords.run(lambda: verify(stored, password)) else None

    def generation(self) -> Hashable:
        """Which file was read; looked at once a second at most."""
        now = self._clock()
        if now - self._looked >= LOOK_EVERY_SECONDS:
            self._looked = now
            try:
                self._read()
            except OSError:
                # A file being replaced may be away for a moment; the entries read last stay in force.
                pass
        return self._seen

    async def stamp(self, name: str) -> Hashable:
        """The stored hash."""
        return self._entries.get(name)

    def _read(self) -> None:
        with open(self._file, encoding="utf-8") as lines:
            status = os.fstat(lines.fileno())
            seen = (status.st_ino, status.st_mtime_ns, status.st_size)
            if seen == self._seen:
                return
            entries = {}
            for line in lines:
                name, colon, stored = line.strip().partition(":")
                if colon and name and not name.startswith("#"):
                    entries[name] = stored.partition(":")[0]
        self._entries, self._seen = entries, seen
