"""`davctl user`: accounts."""

from __future__ import annotations

import sys
import time
import unicodedata

import click

from davd.application.provision import provision
from davd.authentication.app_passwords import named_in
from davd.authentication.passwords import hash_password
from davd.daemon.commands import completing, principals
from davd.daemon.commands.command import Group
from davd.daemon.commands.names import address, checked, title
from davd.daemon.commands.outcomes import Principal, Removed
from davd.daemon.commands.telling import tell
from davd.daemon.offline import Context
from davd.interfaces.store import IStore, ITransaction
from davd.model.principal import INDIVIDUAL, Account
from davd.stores.transactions import transact

SHORT_PASSWORD = 8


@click.group(cls=Group)
def user() -> None:
    """Add, change, list and remove accounts and set their passwords."""


@user.command(
    tells=Principal,
    examples=(
        'davctl user add alice --display-name "Alice L." --email alice@example.org  # asks for the password',
        "davctl user add alice --password-file - < password.txt",
    ),
)
@click.argument("name")
@click.option(
    "--password-file", type=click.Path(), help="File whose first line is the password; - reads standard input."
)
@click.option("--email", default="", help="The user's address.")
@click.option("--display-name", default="", help="The user's name as people write it.")
@click.pass_obj
def add(context: Context, name: str, password_file: str | None, email: str, display_name: str, as_json: bool) -> None:
    """Add the account NAME and its homes.

    The account has a folder for files, a calendar, a task list and an address book at once, and can log in with the
    next request. Without --password-file the password is asked for on the terminal.
    """
    name, email, display_name = checked(name), address(email), title(display_name)
    provisions = principals.provisions_of(context)
    password = _read_password(password_file)
    now = time.time()
    # Computed before the transaction: it takes long, and everybody who writes would wait for it.
    password_hash = hash_password(context.settings.authentication, password)
    account = Account(name, password_hash, email, display_name, created=now)

    async def work(store: IStore) -> None:
        async def make(transaction: ITransaction) -> None:
            await principals.refuse_taken(transaction, name, INDIVIDUAL)
            await transaction.add_account(account)
            await provision(transaction, name, now, provisions)

        await transact(store, make)

    context.with_store(work, make=True)
    tell(as_json, principals.told(account), [f"added {name}"])


@user.command(
    tells=Principal,
    examples=(
        "davctl user change alice --email alice@example.net",
        'davctl user change alice --display-name ""  # takes it away',
    ),
)
@click.argument("name", shell_complete=completing.users)
@click.option("--email", help="The user's address.")
@click.option("--display-name", help="The user's name as people write it.")
@click.pass_obj
def change(context: Context, name: str, email: str | None, display_name: str | None, as_json: bool) -> None:
    """Give the account NAME another address or display name.

    What is not given stays; an empty text takes it away. Clients see it with their next request.
    """
    principals.change(context, INDIVIDUAL, name, email, display_name, as_json)


@user.command("list", tells=list[Principal], examples=("davctl user list", "davctl user list --json"))
@click.pass_obj
def list_(context: Context, as_json: bool) -> None:
    """List the accounts.

    Each in a line: name, address and display name, separated by tabs.
    """
    principals.show(context, INDIVIDUAL, as_json)


@user.command(
    tells=Principal,
    examples=("davctl user passwd alice", "davctl user passwd alice --password-file - < password.txt"),
)
@click.argument("name", shell_complete=completing.users)
@click.option(
    "--password-file", type=click.Path(), help="File whose first line is the password; - reads standard input."
)
@click.pass_obj
def passwd(context: Context, name: str, password_file: str | None, as_json: bool) -> None:
    """Set the password of the account NAME.

    What is logged in with the old one must log in anew. Without --password-file the password is asked for on the
    terminal.
    """
    password = _read_password(password_file)

    async def work(store: IStore) -> Account:
        # Computed before the transaction: it takes long, and everybody who writes would wait for it.
        password_hash = hash_password(context.settings.authentication, password)

        async def put(transaction: ITransaction) -> Account:
            account = await principals.existing(transaction, name, INDIVIDUAL)
            account.password_hash = password_hash
            await transaction.update_account(account)
            return account

        return await transact(store, put)

    tell(as_json, principals.told(context.with_store(work)), [f"changed the password of {name}"])


@user.command(
    tells=Removed,
    examples=("davctl user remove alice", "davctl user remove alice --delete-data  # this cannot be undone"),
)
@click.argument("name", shell_complete=completing.users)
@click.option("--delete-data", is_flag=True, help="Delete all that the account has as well; this cannot be undone.")
@click.pass_obj
def remove(context: Context, name: str, delete_data: bool, as_json: bool) -> None:
    """Remove the account NAME.

    Nobody can log in as NAME any more, and what was granted to it goes with it. Its files stay in the store, out of
    reach, unless --delete-data is given; a new account of that name would get them.
    """
    principals.remove(context, INDIVIDUAL, name, delete_data)
    kept = "" if delete_data else "; the files stay, and a new account of that name would get them"
    tell(as_json, Removed(name, delete_data), [f"removed {name}{kept}"])


def _read_password(file: str | None) -> str:
    if file == "-":
        text = sys.stdin.readline()
    elif file is not None:
        try:
            with open(file, encoding="utf-8") as stream:
                text = stream.readline()
        except (OSError, UnicodeDecodeError) as error:
            raise click.ClickException(f"cannot read the password file {file}: {error}") from None
    elif sys.stdin.isatty():
        text = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        raise click.UsageError("give --password-file FILE, or --password-file - to read standard input")
    password = unicodedata.normalize("NFC", text.rstrip("\r\n"))
    if not password:
        raise click.ClickException("the password is empty")
    if named_in(password) is not None:
        raise click.ClickException("an app password is never taken for the account's own; choose another one")
    if len(password) < SHORT_PASSWORD:
        click.echo(f"warning: a password of fewer than {SHORT_PASSWORD} characters is soon guessed", err=True)
    return password
