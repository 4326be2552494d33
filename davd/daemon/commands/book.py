"""`davctl book`: address books."""

from __future__ import annotations

import click

from davd.carddav import names
from davd.daemon.commands import collections, completing
from davd.daemon.commands.collections import named
from davd.daemon.commands.command import Group, asked
from davd.daemon.commands.outcomes import Collection, Place
from davd.daemon.offline import Context
from davd.dav.title import DISPLAYNAME


@click.group(cls=Group)
def book() -> None:
    """Make, list and remove address books."""


@book.command(
    tells=Place,
    examples=("davctl book create clients --user alice --display-name Clients",),
)
@click.argument("name")
@click.option("--user", required=True, shell_complete=completing.owners, help="Whose address book it is.")
@click.option("--display-name", help="What people call it.")
@click.option("--description", help="What it is for.")
@click.pass_obj
def create(
    context: Context, name: str, user: str, display_name: str | None, description: str | None, as_json: bool
) -> None:
    """Make the address book NAME.

    NAME is the last part of its URL. Clients find it with their next look for address books.
    """
    properties = [*named(DISPLAYNAME, display_name), *named(names.ADDRESSBOOK_DESCRIPTION, description)]
    collections.create(context, names.ADDRESSBOOK_TYPE, user, name, properties, as_json)


@book.command("list", tells=list[Collection], examples=("davctl book list --user alice",))
@click.option("--user", required=True, shell_complete=completing.owners, help="Whose address books are listed.")
@click.pass_obj
def list_(context: Context, user: str, as_json: bool) -> None:
    """List the address books of a user.

    Each in a line: name, number of cards and display name, separated by tabs.
    """
    collections.show(context, names.ADDRESSBOOK_TYPE, user, as_json)


@book.command(
    tells=Place,
    examples=(
        "davctl book remove clients --user alice",
        "davctl book remove clients --user alice --yes  # without being asked",
    ),
)
@click.argument("name", shell_complete=completing.books)
@click.option("--user", required=True, shell_complete=completing.owners, help="Whose address book it is.")
@asked("Remove the address book and all that is in it?")
@click.pass_obj
def remove(context: Context, name: str, user: str, as_json: bool) -> None:
    """Remove the address book NAME with all that is in it.

    It stays in the trash for a while: see `davctl trash`.
    """
    collections.remove(context, names.ADDRESSBOOK_TYPE, user, name, as_json)
