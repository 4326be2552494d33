"""From a request to its principal.

Implements: RFC 9110, 11.6; RFC 7617, 2
"""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from davd.authentication import basic
from davd.authentication.app_passwords import AppPasswords, named_in
from davd.authentication.passwords import Passwords, too_many
from davd.authentication.remember import UNWATCHED_SECONDS, Proof, Remembered
from davd.authentication.settings import AuthenticationSettings
from davd.authentication.throttle import Throttle
from davd.http.request import Request
from davd.interfaces.identity import IChecker
from davd.interfaces.store import StoreError
from davd.model.errors import HTTPError
from davd.model.principal import Principal

log = Logger(namespace="davd.authentication")

# So often is a password checked whose account is changed meanwhile.
CHECKS = 3


class Authenticator:
    """Asks the checkers in order, remembers successes and slows down guessing.

    What has the form of an app password is looked up in `app_passwords` and never shown to a checker. `clock` gives
    POSIX seconds.
    """

    def __init__(
        self,
        settings: AuthenticationSettings,
        checkers: Sequence[IChecker],
        throttle: Throttle,
        passwords: Passwords,
        app_passwords: AppPasswords,
        clock: Callable[[], float],
    ) -> None:
        self._settings = settings
        self._checkers = checkers
        self._throttle = throttle
        self._passwords = passwords
        self._app_passwords = app_passwords
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
        """Who sends the request, and the POSIX time until which an answer may rest on that, a minute at most.

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
            return proof.principal, min(proof.until, now + UNWATCHED_SECONDS)
        credentials = basic.parse(value)
        if credentials is None:
            raise self.unauthorized("malformed credentials")
        id = named_in(credentials[1])
        if id is not None:
            # Before the throttle: nobody can guess one, so who guesses at the account locks out none that has one.
            proof = await self._by_app_password(id, *credentials, now)
            if proof is not None:
                self._remembered.put(digest, proof)
                return proof.principal, min(proof.until, now + UNWATCHED_SECONDS)
        if digest in self._under_way:
            # The same credentials are being checked for another request: share its hash.
            turn: Deferred[None] = Deferred()
            self._under_way[digest].append(turn)
            await turn
            proof = self._remembered.get(digest, now)
            if proof is not None:
                return proof.principal, min(proof.until, now + UNWATCHED_SECONDS)
        return await self._prove(digest, credentials, request.peer, now)

    async def _stands(self, digest: bytes, proof: Proof) -> bool:
        generation = proof.grounds.generation()
        if generation == proof.generation:
            return True
        stamp = await proof.grounds.stamp(proof.principal.name)
        if stamp is None or stamp != proof.stamp:
            self._remembered.drop(digest)
            return False
        proof.generation = generation
        return True

    async def _by_app_password(self, id: str, name: str, password: str, now: float) -> Proof | None:
        """The log-in by an app password; None when it is none of the account's."""
        proven = await self._app_passwords.check(id, name, password, now)
        if proven is None:
            return None
        found, grounds, generation = proven
        # Nobody waits for the note: it costs a commit, once an hour.
        Deferred.fromCoroutine(self._app_passwords.note(found, now)).addErrback(_not_noted)
        # To look it up again costs next to nothing.
        until = now + min(self._settings.remember_seconds, UNWATCHED_SECONDS)
        if found.expires is not None:
            until = min(until, found.expires)
        return Proof(Principal(found.account), grounds, found.hash, generation, until)

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
                # What was right once and is wrong now is a stranger's from here on.
                self._remembered.drop(digest)
                log.info("log-in failed for {name!r} from {address}", name=name[:64], address=address)
                raise self.unauthorized("wrong credentials")
            seconds = float(self._settings.remember_seconds)
            if found[3] is None:
                # The checker cannot tell of changes, so that nothing but time ends it.
                seconds = min(seconds, UNWATCHED_SECONDS)
            proof = Proof(*found, until=now + seconds)
            self._remembered.put(digest, proof)
            return proof.principal, min(proof.until, now + UNWATCHED_SECONDS)
        finally:
            if self._under_way.get(digest) is waiting:
                del self._under_way[digest]
            await self._throttle.finish(keys, failed, now)
            for turn in waiting:
                turn.callback(None)

    async def _ask(self, name: str, password: str) -> tuple[Principal, IChecker, Any, Any] | None:
        # A device whose app password was revoked goes on trying; that must lock nobody out of a directory.
        for checker in self._checkers if named_in(password) is None else ():
            try:
                return await _proven(checker, name, password)
            except LookupError:
                continue
        # A name that nobody knows must take as long as a wrong password does.
        await self._passwords.verify(None, password)
        return None


async def _proven(checker: IChecker, name: str, password: str) -> tuple[Principal, IChecker, Any, Any] | None:
    """Who the checker says it is, with the stamp and the generation this rests on; LookupError for unknown names.

    A hash takes its time. What was changed meanwhile is checked again: the stamp of the new password must never vouch
    for the old one.
    """
    account = name
    for _ in range(CHECKS):
        generation = checker.generation()
        before = await checker.stamp(account)
        found = await checker.check(name, password)
        if found is None:
            return None
        stamp = await checker.stamp(found)
        if stamp is None:
            return None
        if generation == checker.generation() or (found == account and stamp == before):
            return Principal(found), checker, stamp, generation
        account = found
    return None


def _not_noted(failure: Failure) -> None:
    """A log-in is right even where the disk is full and nothing can be noted."""
    failure.trap(StoreError)
    log.info("a log-in by an app password is not noted: {error}", error=failure.value)
