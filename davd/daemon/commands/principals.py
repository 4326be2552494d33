"""What the commands for groups, rooms and resources have in common: one comes into being, is listed, is removed."""

from __future__ import annotations

import time

import click

from davd.application.grants import granted_to, withdraw
from davd.application.names import KINDS, obstacle
from davd.application.provision import Provision, homes_of, principal_of, provision
from davd.daemon.assemble import registry_of
from davd.daemon.commands.names import checked
from davd.daemon.offline import Context
from davd.interfaces.store import IReadTransaction, IStore, ITransaction
from davd.model.principal import GROUP, Account
from davd.stores.transactions import transact


def provisions_of(context: Context) -> list[Provision]:
    """What the extensions in force give to everybody; a click error when one of them is not to be had."""
    try:
        return registry_of(context.settings).provisions
    except ValueError as error:
        raise click.ClickException(str(error)) from None


async def refuse_taken(transaction: ITransaction, name: str, kind: str) -> None:
    """A click error of one sentence when no principal of that kind can be called `name`."""
    sentence = await obstacle(transaction, name, kind)
    if sentence is not None:
        raise click.ClickException(sentence)


async def existing(transaction: IReadTransaction, name: str, kind: str) -> Account:
    """The account of a principal of that kind; a click error of one sentence without one."""
    account = await transaction.account(name)
    if account is None or account.kind != kind:
        raise click.ClickException(f"there is no {KINDS[kind].partition(' ')[2]} {name}")
    return account


def create(context: Context, kind: str, name: str, email: str, display_name: str) -> None:
    """Make the principal `name` with its homes."""
    name = checked(name, KINDS[kind])
    provisions = provisions_of(context)
    now = time.time()

    async def work(store: IStore) -> None:
        async def make(transaction: ITransaction) -> None:
            await refuse_taken(transaction, name, kind)
            account = Account(name, email=email, display_name=display_name, created=now, kind=kind)
            await transaction.add_account(account)
            await provision(transaction, name, now, provisions, kind)

        await transact(store, make)

    context.with_store(work, make=True)
    click.echo(f"created {name}")


def show(context: Context, kind: str) -> None:
    """List the principals of a kind: name, address and display name, separated by tabs."""

    async def work(store: IStore) -> list[Account]:
        async with store.read() as transaction:
            accounts: list[Account] = await transaction.accounts()
            return accounts

    for account in context.with_store(work):
        if account.kind == kind:
            click.echo(f"{account.name}\t{account.email}\t{account.display_name}".rstrip("\t"))


def remove(context: Context, kind: str, name: str, delete_data: bool) -> None:
    """Remove the principal `name`, what was granted to it, and with `delete_data` all it has."""

    async def work(store: IStore) -> None:
        now = time.time()
        async with store.read() as view:
            ids = await granted_to(view, name)

        async def drop(transaction: ITransaction) -> None:
            await existing(transaction, name, kind)
            await withdraw(transaction, name, ids, now)
            await transaction.remove_account(name)
            if delete_data or kind == GROUP:
                for resource in [await principal_of(transaction, name, kind), *await homes_of(transaction, name)]:
                    if resource is not None and resource.owner == name:
                        await transaction.delete(resource, now)

        await transact(store, drop)

    context.with_store(work)


def commands(kind: str, what: str) -> click.Group:
    """`create`, `list` and `remove` for principals of a kind that is called `what`."""

    @click.group(what, help=f"Add, list and remove {what}s, which have calendars and do not log in.")
    def group() -> None:
        pass

    @group.command("create", help=f"Make the {what} NAME and its calendars.")
    @click.argument("name")
    @click.option("--email", default="", help="The address at which it is invited.")
    @click.option("--display-name", default="", help="Its name as people write it.")
    @click.pass_obj
    def create_one(context: Context, name: str, email: str, display_name: str) -> None:
        create(context, kind, name, email, display_name)

    @group.command("list", help=f"List the {what}s: name, address and display name, separated by tabs.")
    @click.pass_obj
    def list_all(context: Context) -> None:
        show(context, kind)

    @group.command("remove", help=f"Remove the {what} NAME. Its calendars stay, out of reach, unless told otherwise.")
    @click.argument("name")
    @click.option("--delete-data", is_flag=True, help="Delete its calendars as well; this cannot be undone.")
    @click.pass_obj
    def remove_one(context: Context, name: str, delete_data: bool) -> None:
        remove(context, kind, name, delete_data)
        kept = "" if delete_data else f"; its calendars stay, and a new {what} of that name would get them"
        click.echo(f"removed {name}{kept}")

    return group
