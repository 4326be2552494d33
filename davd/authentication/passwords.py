"""Password hashes: argon2id, made and checked in a small pool of threads.

Implements: RFC 9106, 4
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError

from davd.authentication.settings import AuthenticationSettings
from davd.model.errors import HTTPError

Result = TypeVar("Result")
RunInThread = Callable[[Callable[[], Result]], Awaitable[Result]]

# No sign that a command line takes for an option or a URL for its end, and none that is easily misread.
PASSWORD_SIGNS: Final = "abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"
PASSWORD_LENGTH: Final = 20


def random_password() -> str:
    """A new password that nobody can guess, of signs that can be read out and typed anywhere."""
    return "".join(secrets.choice(PASSWORD_SIGNS) for _ in range(PASSWORD_LENGTH))


def hash_password(settings: AuthenticationSettings, password: str) -> str:
    """A new PHC string for `password`; takes tens of milliseconds."""
    return _hasher(settings).hash(password)


def _hasher(settings: AuthenticationSettings) -> PasswordHasher:
    return PasswordHasher(
        time_cost=settings.argon2_iterations,
        memory_cost=settings.argon2_memory_kib,
        parallelism=settings.argon2_lanes,
    )


def too_many() -> HTTPError:
    """The refusal of a log-in that would have to wait too long."""
    return HTTPError(503, headers={"Retry-After": "2"}, detail="too many password checks wait")


class Passwords:
    """Verifies PHC strings.

    `run_in_thread` runs a callable in the pool. A flood of guesses must not become a flood of work: the pool is `busy`
    with `hash_queue` verifications waiting, when only credentials that were right before should still be sent here, and
    with twice as many everything is refused with 503.
    """

    def __init__(self, settings: AuthenticationSettings, run_in_thread: RunInThread[bool]) -> None:
        self._hasher = _hasher(settings)
        self._run = run_in_thread
        self._queue = settings.hash_queue
        self._waiting = 0
        # Checked for unknown names, so that they cost what known ones cost.
        self._dummy = self._hasher.hash("no account has this password")

    def reconfigure(self, settings: AuthenticationSettings) -> None:
        """Let so many wait as the settings say now; what waits goes on."""
        self._queue = settings.hash_queue

    async def verify(self, phc: str | None, password: str) -> bool:
        """Whether `password` fits; None stands for an unknown account and is always False, in the same time."""
        right = await self.run(lambda: self._verify(phc or self._dummy, password))
        return right and phc is not None

    @property
    def busy(self) -> bool:
        """Whether so much waits that a stranger should come back later."""
        return self._waiting >= self._queue

    async def run(self, work: Callable[[], bool]) -> bool:
        """Do a check that takes long in the pool; HTTPError 503 when too many wait."""
        if self._waiting >= 2 * self._queue:
            raise too_many()
        self._waiting += 1
        try:
            return await self._run(work)
        finally:
            self._waiting -= 1

    def _verify(self, phc: str, password: str) -> bool:
        try:
            return self._hasher.verify(phc, password)
        except (Argon2Error, InvalidHashError):
            return False
