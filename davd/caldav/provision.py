"""What everybody gets: a home for calendars, and in it a calendar and a task list.

They are made together with the home, which stays for as long as its principal: who removes one of them has removed it.

Implements: RFC 4791, 4.2, 6.2.1
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from davd.caldav import names
from davd.caldav.properties.principal import HOMES
from davd.caldav.properties.supported import written
from davd.caldav.settings import CalDavSettings
from davd.dav.home import make_home
from davd.dav.title import titled
from davd.formats.xml.writer import element
from davd.interfaces.store import ITransaction
from davd.model.principal import INDIVIDUAL, ROOM
from davd.model.principal import RESOURCE as EQUIPMENT
from davd.model.resource import Resource

Provision = Callable[[ITransaction, str, float], Awaitable[None]]

_CALENDAR: Final = "calendar"
_TASKS: Final = "tasks"


def make_provision(settings: CalDavSettings) -> Provision:
    """The `Extension.provision` of calendars."""

    async def provision(transaction: ITransaction, name: str, now: float) -> None:
        """Make what is missing of the home of the principal called `name`."""
        home = await make_home(transaction, HOMES, name, now)
        if home is None:
            return
        account = await transaction.account(name)
        kind = INDIVIDUAL if account is None else account.kind
        if settings.calendar_name:
            await make_calendar(transaction, home, _CALENDAR, now, settings.calendar_name, (names.VEVENT,))
        # Nobody gives a room something to do.
        if settings.tasks_name and kind not in (ROOM, EQUIPMENT):
            await make_calendar(transaction, home, _TASKS, now, settings.tasks_name, (names.VTODO, names.VJOURNAL))

    return provision


async def make_calendar(
    transaction: ITransaction, home: Resource, name: str, now: float, title: str, components: tuple[str, ...] = ()
) -> Resource:
    """A calendar in `home` with a display name, for `components` alone when there are any."""
    calendar: Resource = await transaction.create(home, name, names.CALENDAR_TYPE, home.owner, now)
    changes = titled(title)
    if components:
        fragment = element(names.SUPPORTED_CALENDAR_COMPONENT_SET, written(components))
        changes.append((names.SUPPORTED_CALENDAR_COMPONENT_SET, fragment))
    return await transaction.set_properties(calendar, changes, now) if changes else calendar
