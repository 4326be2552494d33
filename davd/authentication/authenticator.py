"""From a request to its principal.

Implements: RFC 9110, 11.6; RFC 7617, 2
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import Logger

from davd.authentication import basic
from davd.authentication.passwords import Passwords, too_many
from davd.authentication.remember import Proof, Remembered
from davd.authentication.settings import AuthenticationSettings
from davd.authentication.throttle import Throttle
from davd.http.request import Request
from davd.interfaces.identity import IChecker
from davd.model.errors import HTTPError
from davd.model.principal import Principal

log = Logger(namespace="davd.authentication")


class Authenticator:
    """Asks the checkers in order, remembers successes and slows down guessing.

    `clock` gives POSIX seconds.
    """

    def __init__(
        self,
        settings: AuthenticationSettings,
        checkers: Sequence[IChecker],
        throttle: Throttle,
        passwords: Passwords,
        clock: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._checkers = checkers
        self._throttle = throttle
        self._passwords = passwords
        self._clock = clock
        self._remembered = Remembered(settings.remember_entries)
        self._challenge = basic.challenge(settings.realm)
        self._under_way: dict[bytes, list[Deferred[None]]] = {}

    def generation(self) -> Hashable:
        """A value that changes when a remembered success may have become wrong."""
        return tuple([checker.generation() for checker in self._checkers])

    def reconfigure(self) -> None:
        """Go by what the settings say now that they have been changed in place; nobody has to log in anew for it."""
        settings = self._settings
        self._challenge = basic.challenge(settings.realm)
        self._passwords.reconfigure(settings)
        self._remembered.reconfigure(settings.remember_entries, self._clock() + settings.remember_seconds)

    def unauthorized(self, detail: str = "") -> HTTPError:
        """The 401 with the challenges on offer."""
        return HTTPError(401, headers={"WWW-Authenticate": self._challenge}, detail=detail)

    async def authenticate(self, request: Request) -> tuple[Principal, float]:
        """Who sends the request, and the POSIX time until which that may be remembered.

        Raises HTTPError 401 with a challenge, 403 over an unprotected connection, 429 when too many guesses failed.
        """
        if not request.secure:
            # A password must not travel in the clear, and a challenge would invite one.
            raise HTTPError(403, detail="credentials over an unprotected connection")
        value = request.headers.get("authorization")
        if value is None:
            raise self.unauthorized()
        now = self._clock()
        digest = self._remembered.digest(value)
        proof = self._remembered.get(digest, now)
        if proof is not None and await self._stands(digest, proof):
            return proof.principal, proof.until
        credentials = basic.parse(value)
        if credentials is None:
            raise self.unauthorized("malformed credentials")
        if digest in self._under_way:
            # The same credentials are being checked for another request: share its hash.
            turn: Deferred[None] = Deferred()
            self._under_way[digest].append(turn)
            await turn
            proof = self._remembered.get(digest, now)
            if proof is not None:
                return proof.principal, proof.until
        return await self._prove(digest, credentials, request.peer, now)

    async def _stands(self, digest: bytes, proof: Proof) -> bool:
        generation = proof.checker.generation()
        if generation == proof.generation:
            return True
        stamp = await proof.checker.stamp(proof.principal.name)
        if stamp is None or stamp != proof.stamp:
            self._remembered.drop(digest)
            return False
        proof.generation = generation
        return True

    async def _prove(
        self, digest: bytes, credentials: tuple[str, str], address: str, now: float
    ) -> tuple[Principal, float]:
        name, password = credentials
        keys = self._throttle.keys(name, address)
        # Others who guess, at this name or from this network, must not lock out a client that was let in before.
        stranger = not self._remembered.once_proven(digest)
        wait = await self._throttle.wait(keys, now) if stranger else 0.0
        if stranger and self._passwords.busy:
            raise too_many()
        if wait:
            raise HTTPError(429, headers={"Retry-After": str(math.ceil(wait))}, detail="too many failed log-ins")
        self._throttle.begin(keys)
        waiting = self._under_way.setdefault(digest, [])
        failed = False
        try:
            found = await self._ask(name, password)
            failed = found is None
            if found is None:
                log.info("log-in failed for {name!r} from {address}", name=name[:64], address=address)
                raise self.unauthorized("wrong credentials")
            proof = Proof(*found, until=now + self._settings.remember_seconds)
            self._remembered.put(digest, proof)
            return proof.principal, proof.until
        finally:
            if self._under_way.get(digest) is waiting:
                del self._under_way[digest]
            await self._throttle.finish(keys, failed, now)
            for turn in waiting:
                turn.callback(None)

    async def _ask(self, name: str, password: str) -> tuple[Principal, IChecker, Any, Any] | None:
        for checker in self._checkers:
            generation = checker.generation()
            try:
                account = await checker.check(name, password)
            except LookupError:
                continue
            if account is None:
                return None
            stamp = await checker.stamp(account)
            return (Principal(account), checker, stamp, generation) if stamp is not None else None
        # A name that nobody knows must take as long as a wrong password does.
        await self._passwords.verify(None, password)
        return None
