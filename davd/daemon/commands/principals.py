"""What the commands for groups, rooms and resources have in common: one comes into being, is listed, is removed."""

from __future__ import annotations

import math
import time

import click

from davd.application.grants import granted_to, withdraw
from davd.application.names import KINDS, obstacle
from davd.application.provision import Provision, homes_of, principal_of, provision
from davd.daemon.assemble import registry_of
from davd.daemon.commands.names import address, checked, title
from davd.daemon.offline import Context
from davd.dav.registry import Registry
from davd.interfaces.store import IReadTransaction, IStore, ITransaction
from davd.model.principal import GROUP, Account
from davd.stores.emptying import empty
from davd.stores.transactions import transact


def registry_in_force(context: Context) -> Registry:
    """The rows of the extensions in force; a click error when one of them is not to be had."""
    try:
        return registry_of(context.settings)
    except ValueError as error:
        raise click.ClickException(str(error)) from None


def provisions_of(context: Context) -> list[Provision]:
    """What the extensions in force give to everybody; a click error when one of them is not to be had."""
    return registry_in_force(context).provisions


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
    name, email, display_name = checked(name, KINDS[kind]), address(email), title(display_name)
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


def change(context: Context, kind: str, name: str, email: str | None, display_name: str | None) -> None:
    """Give the principal `name` another address and display name; None leaves what there is, empty text takes it away.

    A usage error when there is nothing to change.
    """
    if email is None and display_name is None:
        raise click.UsageError("give --email, --display-name or both")
    email = None if email is None else address(email)
    display_name = None if display_name is None else title(display_name)

    async def work(store: IStore) -> None:
        async def put(transaction: ITransaction) -> None:
            account = await existing(transaction, name, kind)
            if email is not None:
                account.email = email
            if display_name is not None:
                account.display_name = display_name
            await transaction.update_account(account)

        await transact(store, put)

    context.with_store(work)
    click.echo(f"changed {name}")


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
        if delete_data:
            # It cannot be undone, as the command says: nothing of it stays in the trash, nor what was there before.
            await empty(store, name, math.inf)

    context.with_store(work)


def commands(kind: str, what: str) -> click.Group:
    """`create`, `change`, `list` and `remove` for principals of a kind that is called `what`."""

    @click.group(what, help=f"Add, change, list and remove {what}s, which have calendars and do not log in.")
    def group() -> None:
        pass

    @group.command("create", help=f"Make the {what} NAME and its calendars.")
    @click.argument("name")
    @click.option("--email", default="", help="The address at which it is invited.")
    @click.option("--display-name", default="", help="Its name as people write it.")
    @click.pass_obj
    def create_one(context: Context, name: str, email: str, display_name: str) -> None:
        create(context, kind, name, email, display_name)

    @group.command("change", help=f"Give the {what} NAME another address or display name; an empty one takes it away.")
    @click.argument("name")
    @click.option("--email", help="The address at which it is invited.")
    @click.option("--display-name", help="Its name as people write it.")
    @click.pass_obj
    def change_one(context: Context, name: str, email: str | None, display_name: str | None) -> None:
        change(context, kind, name, email, display_name)

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
