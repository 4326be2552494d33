"""Who proves identities."""

from __future__ import annotations

from collections.abc import Hashable

from zope.interface import Attribute, Interface


class IChecker(Interface):
    """Proves a name and a password.

    What has the form of an app password is never shown to a checker. Whether an account may log in by its app passwords
    is asked by `stamp`.
    """

    name = Attribute("The configuration section of the checker: a lower-case word.")

    async def start() -> None:
        """Get ready; raises CheckerError when the settings cannot work."""

    async def stop() -> None:
        """Release what `start` took."""

    async def check(name: str, password: str) -> str | None:
        """The canonical account name when the password is right, None when it is wrong.

        Raises LookupError when this checker does not know the name (the next one is then asked).
        """

    def generation() -> Hashable:
        """The cheapest value that changes when any password may have changed, or an account may be gone.

        None when the checker cannot tell: then a success is remembered for a minute at most, and not for
        `authentication.remember_seconds`.
        """

    async def stamp(name: str) -> Hashable:
        """What a remembered success for the account `name` rests on: it stands only while this is equal.

        None when the account is gone or may no longer log in; its app passwords are refused then too, unless another
        checker knows it.
        """


class ICheckerMaker(Interface):
    """A Twisted plugin that makes a checker from its configuration section."""

    name = Attribute("The configuration section: `[checkers.NAME]`.")
    description = Attribute("One line for `davctl`.")
    path = Attribute("Dotted path of a callable `(settings: dict, context: CheckerContext) -> IChecker`.")


class CheckerError(Exception):
    """A checker cannot work; the text is one sentence an administrator can act on."""
