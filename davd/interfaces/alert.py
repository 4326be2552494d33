"""How alerts reach people."""

from __future__ import annotations

from zope.interface import Attribute, Interface

from davd.model.alert import Alert


class IAlert(Interface):
    """A way by which alerts go out."""

    name = Attribute("The word in `[alerts] deliver`: lower case.")

    async def start() -> None:
        """Get ready; AlertError with one sentence when the settings cannot work."""

    async def stop() -> None:
        """Release what `start` took."""

    async def deliver(alert: Alert) -> None:
        """Tell of an alert that has begun, goes on or is over; AlertError when it could not be told.

        It may take its time; it is broken off after a minute. An alert that could not be told is told again later, so
        it has to do no harm to be told twice.
        """


class IAlertMaker(Interface):
    """A Twisted plugin that brings a way; it is in use when `[alerts] deliver` names it."""

    name = Attribute("The word in `[alerts] deliver`, and the section `[alerts.delivery.NAME]`.")
    description = Attribute("One line for `davctl`.")
    path = Attribute("Dotted path of a callable `(settings: dict) -> IAlert`; ValueError for wrong settings.")


class AlertError(Exception):
    """An alert could not be delivered; the text is one sentence."""
