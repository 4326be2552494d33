"""What the commands for groups, rooms and resources have in common: one comes into being, is listed, is removed."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

import click

from davd.application.names import KINDS, obstacle
from davd.application.provision import Provision, homes_of, principal_of, provision
from davd.daemon.assemble import registry_of
from davd.daemon.commands import completing
from davd.daemon.commands.command import Group
from davd.daemon.commands.names import address, checked, title
from davd.daemon.commands.outcomes import Principal, Removed
from davd.daemon.commands.telling import tell
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


def told(account: Account) -> Principal:
    """An account as the commands tell of it."""
    return Principal(account.name, account.kind, account.email, account.display_name)


def create(context: Context, kind: str, name: str, email: str, display_name: str, as_json: bool) -> None:
    """Make the principal `name` with its homes."""
    name, email, display_name = checked(name, KINDS[kind]), address(email), title(display_name)
    provisions = provisions_of(context)
    now = time.time()
    account = Account(name, email=email, display_name=display_name, created=now, kind=kind)

    async def work(store: IStore) -> None:
        async def make(transaction: ITransaction) -> None:
            await refuse_taken(transaction, name, kind)
            await transaction.add_account(account)
            await provision(transaction, name, now, provisions, kind)

        await transact(store, make)

    context.with_store(work, make=True)
    tell(as_json, told(account), [f"created {name}"])


def change(context: Context, kind: str, name: str, email: str | None, display_name: str | None, as_json: bool) -> None:
    """Give the principal `name` another address and display name; None leaves what there is, empty text takes it away.

    A usage error when there is nothing to change.
    """
    if email is None and display_name is None:
        raise click.UsageError("give --email, --display-name or both")
    email = None if email is None else address(email)
    display_name = None if display_name is None else title(display_name)

    async def work(store: IStore) -> Account:
        async def put(transaction: ITransaction) -> Account:
            account = await existing(transaction, name, kind)
            if email is not None:
                account.email = email
            if display_name is not None:
                account.display_name = display_name
            await transaction.update_account(account)
            return account

        return await transact(store, put)

    tell(as_json, told(context.with_store(work)), [f"changed {name}"])


def show(context: Context, kind: str, as_json: bool) -> None:
    """List the principals of a kind: name, address and display name, separated by tabs."""

    async def work(store: IStore) -> list[Account]:
        async with store.read() as transaction:
            accounts: list[Account] = await transaction.accounts()
            return [account for account in accounts if account.kind == kind]

    found = context.with_store(work)
    lines = [f"{account.name}\t{account.email}\t{account.display_name}".rstrip("\t") for account in found]
    tell(as_json, [told(account) for account in found], lines)


def remove(context: Context, kind: str, name: str, delete_data: bool) -> None:
    """Remove the principal `name`, what was granted to it, and with `delete_data` all it has."""

    async def work(store: IStore) -> None:
        now = time.time()

        async def drop(transaction: ITransaction) -> None:
            await existing(transaction, name, kind)
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


def commands(kind: str, what: str, named: str, titled: str) -> click.Group:
    """`create`, `change`, `list` and `remove` for principals of a kind that is called `what`.

    In examples one of them has the name `named` and the display name `titled`.
    """
    names = completing.principals(kind)

    @click.group(what, cls=Group, help=f"Add, change, list and remove {what}s, which have calendars and do not log in.")
    def group() -> None:
        pass

    def examples(*words: str) -> Sequence[str]:
        return [f"davctl {what} {each}" for each in words]

    @group.command(
        "create",
        help=f"Make the {what} NAME and its calendars.\n\nIt is invited by its address. Nobody may see or book it "
        "until that is granted: see `davctl grant`.",
        tells=Principal,
        examples=examples(f'create {named} --display-name "{titled}" --email {named}@example.org'),
    )
    @click.argument("name")
    @click.option("--email", default="", help="The address at which it is invited.")
    @click.option("--display-name", default="", help="Its name as people write it.")
    @click.pass_obj
    def create_one(context: Context, name: str, email: str, display_name: str, as_json: bool) -> None:
        create(context, kind, name, email, display_name, as_json)

    @group.command(
        "change",
        help=f"Give the {what} NAME another address or name.\n\nWhat is not given stays; an empty text takes it away. "
        "Clients see it with their next request.",
        tells=Principal,
        examples=examples(f"change {named} --email {named}2@example.org", f'change {named} --display-name ""'),
    )
    @click.argument("name", shell_complete=names)
    @click.option("--email", help="The address at which it is invited.")
    @click.option("--display-name", help="Its name as people write it.")
    @click.pass_obj
    def change_one(context: Context, name: str, email: str | None, display_name: str | None, as_json: bool) -> None:
        change(context, kind, name, email, display_name, as_json)

    @group.command(
        "list",
        help=f"List the {what}s.\n\nEach in a line: name, address and display name, separated by tabs.",
        tells=list[Principal],
        examples=examples("list"),
    )
    @click.pass_obj
    def list_all(context: Context, as_json: bool) -> None:
        show(context, kind, as_json)

    @group.command(
        "remove",
        help=f"Remove the {what} NAME.\n\nWhat was granted to it goes with it. Its calendars stay, out of reach, "
        f"unless --delete-data is given; a new {what} of that name would get them.",
        tells=Removed,
        examples=examples(f"remove {named}", f"remove {named} --delete-data"),
    )
    @click.argument("name", shell_complete=names)
    @click.option("--delete-data", is_flag=True, help="Delete its calendars as well; this cannot be undone.")
    @click.pass_obj
    def remove_one(context: Context, name: str, delete_data: bool, as_json: bool) -> None:
        remove(context, kind, name, delete_data)
        kept = "" if delete_data else f"; its calendars stay, and a new {what} of that name would get them"
        tell(as_json, Removed(name, delete_data), [f"removed {name}{kept}"])

    return group
