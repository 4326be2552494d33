"""`davctl calendar`: calendars and task lists."""

from __future__ import annotations

import re
from typing import Final

import click

from davd.caldav import names
from davd.caldav.properties.supported import written
from davd.daemon.commands import collections, completing
from davd.daemon.commands.collections import named
from davd.daemon.commands.command import Group, asked
from davd.daemon.commands.outcomes import Collection, Place
from davd.daemon.offline import Context
from davd.dav.title import DISPLAYNAME
from davd.formats.xml.writer import element

# What clients write and read; the last two digits tell how opaque it is.
_COLOR: Final = re.compile("#[0-9A-Fa-f]{6}(?:[0-9A-Fa-f]{2})?")


@click.group(cls=Group)
def calendar() -> None:
    """Make, list and remove calendars."""


@calendar.command(
    tells=Place,
    examples=(
        "davctl calendar create work --user alice --display-name Work --color '#336699'",
        "davctl calendar create todo --user alice --components VTODO",
    ),
)
@click.argument("name")
@click.option("--user", required=True, shell_complete=completing.owners, help="Whose calendar it is.")
@click.option("--display-name", help="What people call it.")
@click.option("--description", help="What it is for.")
@click.option("--color", help="Its colour, as #RRGGBB.")
@click.option("--time-zone", help="The zone (Europe/Berlin) of times that name none.")
@click.option("--components", help="What it is for alone, as in VEVENT or VTODO,VJOURNAL.")
@click.pass_obj
def create(
    context: Context,
    name: str,
    user: str,
    display_name: str | None,
    description: str | None,
    color: str | None,
    time_zone: str | None,
    components: str | None,
    as_json: bool,
) -> None:
    """Make the calendar NAME.

    NAME is the last part of its URL. Clients find it with their next look for calendars.
    """
    if color and _COLOR.fullmatch(color) is None:
        raise click.ClickException(f"{color!r} is no colour such as #336699")
    properties = [
        *named(DISPLAYNAME, display_name),
        *named(names.CALENDAR_DESCRIPTION, description),
        *named(names.CALENDAR_COLOR, color),
        *named(names.CALENDAR_TIMEZONE_ID, time_zone),
    ]
    if components:
        kinds = written(components.replace(",", " ").upper().split())
        properties.append(element(names.SUPPORTED_CALENDAR_COMPONENT_SET, kinds, declared=frozenset()))
    collections.create(context, names.CALENDAR_TYPE, user, name, properties, as_json)


@calendar.command("list", tells=list[Collection], examples=("davctl calendar list --user alice",))
@click.option("--user", required=True, shell_complete=completing.owners, help="Whose calendars are listed.")
@click.pass_obj
def list_(context: Context, user: str, as_json: bool) -> None:
    """List the calendars of a user.

    Each in a line: name, number of objects and display name, separated by tabs.
    """
    collections.show(context, names.CALENDAR_TYPE, user, as_json)


@calendar.command(
    tells=Place,
    examples=(
        "davctl calendar remove work --user alice",
        "davctl calendar remove work --user alice --yes  # without being asked",
    ),
)
@click.argument("name", shell_complete=completing.calendars)
@click.option("--user", required=True, shell_complete=completing.owners, help="Whose calendar it is.")
@asked("Remove the calendar and all that is in it?")
@click.pass_obj
def remove(context: Context, name: str, user: str, as_json: bool) -> None:
    """Remove the calendar NAME with all that is in it.

    It stays in the trash for a while: see `davctl trash`.
    """
    collections.remove(context, names.CALENDAR_TYPE, user, name, as_json)
