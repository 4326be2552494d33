"""`davctl book`: address books."""

from __future__ import annotations

import click

from davd.carddav import names
from davd.daemon.commands import collections
from davd.daemon.commands.collections import named
from davd.daemon.offline import Context
from davd.dav.title import DISPLAYNAME


@click.group()
def book() -> None:
    """Make, list and remove address books."""


@book.command()
@click.argument("name")
@click.option("--user", required=True, help="Whose address book it is.")
@click.option("--display-name", help="What people call it.")
@click.option("--description", help="What it is for.")
@click.pass_obj
def create(context: Context, name: str, user: str, display_name: str | None, description: str | None) -> None:
    """Make the address book NAME, which is the last part of its URL."""
    properties = [*named(DISPLAYNAME, display_name), *named(names.ADDRESSBOOK_DESCRIPTION, description)]
    collections.create(context, names.ADDRESSBOOK_TYPE, user, name, properties)


@book.command("list")
@click.option("--user", required=True, help="Whose address books are listed.")
@click.pass_obj
def list_(context: Context, user: str) -> None:
    """List the address books of a user: name, number of cards, display name, separated by tabs."""
    collections.show(context, names.ADDRESSBOOK_TYPE, user)


@book.command()
@click.argument("name")
@click.option("--user", required=True, help="Whose address book it is.")
@click.confirmation_option(prompt="Remove the address book and all that is in it?")
@click.pass_obj
def remove(context: Context, name: str, user: str) -> None:
    """Remove the address book NAME with all that is in it."""
    collections.remove(context, names.ADDRESSBOOK_TYPE, user, name)
