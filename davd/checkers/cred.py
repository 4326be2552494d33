"""Any twisted.cred checker of user names and passwords, named as for strcred."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from twisted.cred.credentials import UsernamePassword
from twisted.cred.error import UnauthorizedLogin
from twisted.cred.strcred import InvalidAuthArgumentString, InvalidAuthType, makeChecker
from twisted.internet.defer import maybeDeferred
from zope.interface import implementer

from davd.interfaces.identity import CheckerError, IChecker


@implementer(IChecker)
class CredChecker:
    """Proves by a `twisted.cred` checker.

    `checker` provides `twisted.cred.checkers.ICredentialsChecker` for `IUsernamePassword`. Such a checker does not tell
    an unknown name from a wrong password, so it should stand last in the list of checkers.
    """

    name = "cred"

    def __init__(self, checker: Any) -> None:
        self._checker = checker

    @classmethod
    def from_description(cls, description: str) -> CredChecker:
        """The checker that a strcred text such as `file:/etc/davd/users` or `unix` names; CheckerError otherwise."""
        try:
            return cls(makeChecker(description))
        except (InvalidAuthType, InvalidAuthArgumentString, ValueError, OSError) as error:
            raise CheckerError(f"no such twisted.cred checker: {description.partition(':')[0]} ({error})") from None

    async def start(self) -> None:
        """Nothing to get ready."""

    async def stop(self) -> None:
        """Nothing to release."""

    async def check(self, name: str, password: str) -> str | None:
        """The avatar's name when the credentials are right."""
        credentials = UsernamePassword(name.encode(), password.encode())
        try:
            avatar = await maybeDeferred(self._checker.requestAvatarId, credentials)
        except UnauthorizedLogin:
            return None
        if avatar == b"" or avatar == ():
            # twisted.cred's ANONYMOUS: proven, but nobody.
            return None
        return avatar.decode() if isinstance(avatar, bytes) else str(avatar)

    def generation(self) -> Hashable:
        """These checkers do not tell when a password changes: a minute later what was remembered ends."""
        return None

    async def stamp(self, name: str) -> Hashable:
        """A success stands until its time is over."""
        return "proven"
