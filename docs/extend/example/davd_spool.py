"""A way of delivering alerts: each becomes a file in a folder, for another program to pick up."""

import os
from typing import Any

from zope.interface import implementer

from davd.interfaces.alert import AlertError, IAlert
from davd.model.alert import Alert


@implementer(IAlert)
class Spool:
    """Writes alerts into `folder`; their names are numbers, so that they sort by the time of telling."""

    name = "spool"

    def __init__(self, folder: str) -> None:
        self._folder = folder
        self._number = 0

    async def start(self) -> None:
        """The folder may come later."""

    async def stop(self) -> None:
        """No file stays open."""

    async def deliver(self, alert: Alert) -> None:
        """The file has its name when it is whole."""
        self._number += 1
        path = os.path.join(self._folder, f"{alert.at:015.3f}-{self._number:06}")
        try:
            with open(path + ".part", "w", encoding="utf-8") as file:
                file.write(alert.sentence() + "\n")
            os.rename(path + ".part", path)
        except OSError as error:
            raise AlertError(f"{self._folder}: {error.strerror}") from error


def way(settings: dict[str, Any]) -> Spool:
    """The way of `[alerts.delivery.spool]`: `folder`, a text."""
    folder = settings.get("folder")
    if not isinstance(folder, str) or set(settings) != {"folder"}:
        raise ValueError("expected a folder")
    return Spool(folder)
