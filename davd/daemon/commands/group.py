"""`davctl group`: groups and who is in them."""

from __future__ import annotations

from collections.abc import Callable

import click

from davd.daemon.commands import completing, principals
from davd.daemon.commands.command import Group
from davd.daemon.commands.outcomes import Members, Principal, Removed
from davd.daemon.commands.telling import tell
from davd.daemon.offline import Context
from davd.interfaces.store import IStore, ITransaction
from davd.model.principal import GROUP
from davd.stores.transactions import transact


@click.group(cls=Group)
def group() -> None:
    """Add, change, list and remove groups, and say who is in them."""


@group.command(tells=Principal, examples=("davctl group create staff --display-name Staff --email staff@example.org",))
@click.argument("name")
@click.option("--email", default="", help="The address of all its members.")
@click.option("--display-name", default="", help="The group's name as people write it.")
@click.pass_obj
def create(context: Context, name: str, email: str, display_name: str, as_json: bool) -> None:
    """Make the group NAME, with nobody in it.

    Groups have no calendars and do not log in; what is granted to one holds for all who are in it.
    """
    principals.create(context, GROUP, name, email, display_name, as_json)


@group.command(tells=Principal, examples=("davctl group change staff --email all@example.org",))
@click.argument("name", shell_complete=completing.groups)
@click.option("--email", help="The address of all its members.")
@click.option("--display-name", help="The group's name as people write it.")
@click.pass_obj
def change(context: Context, name: str, email: str | None, display_name: str | None, as_json: bool) -> None:
    """Give the group NAME another address or display name.

    What is not given stays; an empty text takes it away.
    """
    principals.change(context, GROUP, name, email, display_name, as_json)


@group.command("list", tells=list[Principal], examples=("davctl group list",))
@click.pass_obj
def list_(context: Context, as_json: bool) -> None:
    """List the groups.

    Each in a line: name, address and display name, separated by tabs.
    """
    principals.show(context, GROUP, as_json)


@group.command(tells=Removed, examples=("davctl group remove staff",))
@click.argument("name", shell_complete=completing.groups)
@click.pass_obj
def remove(context: Context, name: str, as_json: bool) -> None:
    """Remove the group NAME and what was granted to it.

    Its members stay, and keep what was granted to themselves.
    """
    principals.remove(context, GROUP, name, delete_data=True)
    tell(as_json, Removed(name, True), [f"removed {name}"])


@group.command(tells=Members, examples=("davctl group members staff",))
@click.argument("name", shell_complete=completing.groups)
@click.pass_obj
def members(context: Context, name: str, as_json: bool) -> None:
    """List who is in the group NAME.

    Only those who are in it directly, each in a line: of a group that is in it, not the members.
    """

    async def work(store: IStore) -> list[str]:
        async with store.read() as transaction:
            await principals.existing(transaction, name, GROUP)
            found: list[str] = await transaction.group_members(name)
            return found

    found = context.with_store(work)
    tell(as_json, Members(name, found), found)


@group.command(tells=Members, examples=("davctl group add staff alice bob hall",))
@click.argument("name", shell_complete=completing.groups)
@click.argument("members", nargs=-1, required=True, shell_complete=completing.everybody)
@click.pass_obj
def add(context: Context, name: str, members: tuple[str, ...], as_json: bool) -> None:
    """Put MEMBERS into the group NAME.

    They may be users, rooms, resources and other groups. What the group was granted is theirs from the next request on.
    """
    now = _set_members(context, name, members, lambda present: [*present, *members])
    tell(as_json, Members(name, now), [f"{', '.join(members)} {'is' if len(members) == 1 else 'are'} in {name}"])


@group.command("remove-member", tells=Members, examples=("davctl group remove-member staff bob",))
@click.argument("name", shell_complete=completing.groups)
@click.argument("members", nargs=-1, required=True, shell_complete=completing.everybody)
@click.pass_obj
def remove_member(context: Context, name: str, members: tuple[str, ...], as_json: bool) -> None:
    """Take MEMBERS out of the group NAME.

    What the group was granted is no longer theirs from the next request on.
    """
    now = _set_members(context, name, members, lambda present: [member for member in present if member not in members])
    tell(as_json, Members(name, now), [f"{', '.join(members)} {'is' if len(members) == 1 else 'are'} not in {name}"])


def _set_members(
    context: Context, name: str, named: tuple[str, ...], change: Callable[[list[str]], list[str]]
) -> list[str]:
    """Give the group other members, and tell which it has now; each of those `named` must exist."""

    async def work(store: IStore) -> list[str]:
        async def put(transaction: ITransaction) -> list[str]:
            await principals.existing(transaction, name, GROUP)
            for member in named:
                if member == name or await transaction.account(member) is None:
                    sentence = "a group cannot be in itself" if member == name else f"there is no account {member}"
                    raise click.ClickException(sentence)
            present: list[str] = await transaction.group_members(name)
            wanted = list(dict.fromkeys(change(present)))
            await transaction.set_group_members(name, wanted)
            return wanted

        return await transact(store, put)

    return context.with_store(work)
