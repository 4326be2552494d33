"""`davctl group`: groups and who is in them."""

from __future__ import annotations

from collections.abc import Callable

import click

from davd.daemon.commands import principals
from davd.daemon.offline import Context
from davd.interfaces.store import IStore, ITransaction
from davd.model.principal import GROUP
from davd.stores.transactions import transact


@click.group()
def group() -> None:
    """Add, change, list and remove groups, and say who is in them; a group can be in others."""


@group.command()
@click.argument("name")
@click.option("--email", default="", help="The address of all its members.")
@click.option("--display-name", default="", help="The group's name as people write it.")
@click.pass_obj
def create(context: Context, name: str, email: str, display_name: str) -> None:
    """Make the group NAME, with nobody in it."""
    principals.create(context, GROUP, name, email, display_name)


@group.command()
@click.argument("name")
@click.option("--email", help="The address of all its members.")
@click.option("--display-name", help="The group's name as people write it.")
@click.pass_obj
def change(context: Context, name: str, email: str | None, display_name: str | None) -> None:
    """Give the group NAME another address or display name; an empty one takes it away."""
    principals.change(context, GROUP, name, email, display_name)


@group.command("list")
@click.pass_obj
def list_(context: Context) -> None:
    """List the groups: name, address and display name, separated by tabs."""
    principals.show(context, GROUP)


@group.command()
@click.argument("name")
@click.pass_obj
def remove(context: Context, name: str) -> None:
    """Remove the group NAME and what was granted to it; its members stay."""
    principals.remove(context, GROUP, name, delete_data=True)
    click.echo(f"removed {name}")


@group.command()
@click.argument("name")
@click.pass_obj
def members(context: Context, name: str) -> None:
    """List who is directly in the group NAME."""

    async def work(store: IStore) -> list[str]:
        async with store.read() as transaction:
            await principals.existing(transaction, name, GROUP)
            found: list[str] = await transaction.group_members(name)
            return found

    for member in context.with_store(work):
        click.echo(member)


@group.command()
@click.argument("name")
@click.argument("members", nargs=-1, required=True)
@click.pass_obj
def add(context: Context, name: str, members: tuple[str, ...]) -> None:
    """Put MEMBERS, which may be groups, rooms and resources too, into the group NAME."""
    _set_members(context, name, members, lambda present: [*present, *members])
    click.echo(f"{', '.join(members)} {'is' if len(members) == 1 else 'are'} in {name}")


@group.command("remove-member")
@click.argument("name")
@click.argument("members", nargs=-1, required=True)
@click.pass_obj
def remove_member(context: Context, name: str, members: tuple[str, ...]) -> None:
    """Take MEMBERS out of the group NAME."""
    _set_members(context, name, members, lambda present: [member for member in present if member not in members])
    click.echo(f"{', '.join(members)} {'is' if len(members) == 1 else 'are'} not in {name}")


def _set_members(context: Context, name: str, named: tuple[str, ...], change: Callable[[list[str]], list[str]]) -> None:
    """Give the group other members; each of those `named` must exist."""

    async def work(store: IStore) -> None:
        async def put(transaction: ITransaction) -> None:
            await principals.existing(transaction, name, GROUP)
            for member in named:
                if member == name or await transaction.account(member) is None:
                    sentence = "a group cannot be in itself" if member == name else f"there is no account {member}"
                    raise click.ClickException(sentence)
            present: list[str] = await transaction.group_members(name)
            await transaction.set_group_members(name, list(dict.fromkeys(change(present))))

        await transact(store, put)

    context.with_store(work)
