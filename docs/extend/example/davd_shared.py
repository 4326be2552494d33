"""A checker for names that share one password, such as those of the screens in a hall."""

import hmac
from collections.abc import Hashable
from typing import Any

from zope.interface import implementer

from davd.interfaces.identity import CheckerError, IChecker


@implementer(IChecker)
class SharedPassword:
    """Proves each of `names` by `password`."""

    name = "shared"

    def __init__(self, names: frozenset[str], password: str) -> None:
        self._names = names
        self._password = password.encode()

    async def start(self) -> None:
        """Nothing to get ready."""

    async def stop(self) -> None:
        """Nothing to release."""

    async def check(self, name: str, password: str) -> str | None:
        """The name when the password fits; LookupError for names that are not ours: the next checker is asked then."""
        if name not in self._names:
            raise LookupError(name)
        return name if hmac.compare_digest(password.encode(), self._password) else None

    def generation(self) -> Hashable:
        """Always the same: nothing changes while the server runs. None would say that we cannot tell."""
        return 0

    async def stamp(self, name: str) -> Hashable:
        """A success stands while the name is ours."""
        return name in self._names or None


def checker(settings: dict[str, Any], context: Any) -> SharedPassword:
    """The checker of `[checkers.shared]`: `names`, a list of texts, and `password`, a text."""
    names, password = settings.get("names"), settings.get("password")
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise CheckerError("checkers.shared.names: expected a list of texts")
    if not isinstance(password, str) or not password:
        raise CheckerError("checkers.shared.password: expected a text")
    return SharedPassword(frozenset(names), password)
