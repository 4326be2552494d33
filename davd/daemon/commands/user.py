"""`davctl user`: accounts."""

from __future__ import annotations

import sys
import time
import unicodedata

import click

from davd.application.provision import provision
from davd.authentication.passwords import hash_password
from davd.daemon.commands import principals
from davd.daemon.commands.names import address, checked, title
from davd.daemon.offline import Context
from davd.interfaces.store import IStore, ITransaction
from davd.model.principal import INDIVIDUAL, Account
from davd.stores.transactions import transact

SHORT_PASSWORD = 8


@click.group()
def user() -> None:
    """Add, change, list and remove accounts and set their passwords."""


@user.command()
@click.argument("name")
@click.option("--password-file", help="File whose first line is the password; - reads standard input.")
@click.option("--email", default="", help="The user's address.")
@click.option("--display-name", default="", help="The user's name as people write it.")
@click.pass_obj
def add(context: Context, name: str, password_file: str | None, email: str, display_name: str) -> None:
    """Add the account NAME and its homes."""
    name, email, display_name = checked(name), address(email), title(display_name)
    provisions = principals.provisions_of(context)
    password = _read_password(password_file)
    now = time.time()

    async def work(store: IStore) -> None:
        account = Account(
            name, hash_password(context.settings.authentication, password), email, display_name, created=now
        )

        async def make(transaction: ITransaction) -> None:
            await principals.refuse_taken(transaction, name, INDIVIDUAL)
            await transaction.add_account(account)
            await provision(transaction, name, now, provisions)

        await transact(store, make)

    context.with_store(work, make=True)
    click.echo(f"added {name}")


@user.command()
@click.argument("name")
@click.option("--email", help="The user's address.")
@click.option("--display-name", help="The user's name as people write it.")
@click.pass_obj
def change(context: Context, name: str, email: str | None, display_name: str | None) -> None:
    """Give the account NAME another address or display name; an empty one takes it away."""
    principals.change(context, INDIVIDUAL, name, email, display_name)


@user.command("list")
@click.pass_obj
def list_(context: Context) -> None:
    """List the accounts: name, address and display name, separated by tabs."""
    principals.show(context, INDIVIDUAL)


@user.command()
@click.argument("name")
@click.option("--password-file", help="File whose first line is the password; - reads standard input.")
@click.pass_obj
def passwd(context: Context, name: str, password_file: str | None) -> None:
    """Set the password of the account NAME; what is logged in with the old one must log in anew."""
    password = _read_password(password_file)

    async def work(store: IStore) -> None:
        # Computed before the transaction: it takes long, and everybody who writes would wait for it.
        password_hash = hash_password(context.settings.authentication, password)

        async def put(transaction: ITransaction) -> None:
            account = await principals.existing(transaction, name, INDIVIDUAL)
            account.password_hash = password_hash
            await transaction.update_account(account)

        await transact(store, put)

    context.with_store(work)
    click.echo(f"changed the password of {name}")


@user.command()
@click.argument("name")
@click.option("--delete-data", is_flag=True, help="Delete all that the account has as well; this cannot be undone.")
@click.pass_obj
def remove(context: Context, name: str, delete_data: bool) -> None:
    """Remove the account NAME. Its files stay in the store, out of reach, unless --delete-data is given."""
    principals.remove(context, INDIVIDUAL, name, delete_data)
    kept = "" if delete_data else "; the files stay, and a new account of that name would get them"
    click.echo(f"removed {name}{kept}")


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
        text = click.prompt("Password", hide_input=True, confirmation_prompt=True)
    else:
        raise click.UsageError("give --password-file FILE, or --password-file - to read standard input")
    password = unicodedata.normalize("NFC", text.rstrip("\r\n"))
    if not password:
        raise click.ClickException("the password is empty")
    if len(password) < SHORT_PASSWORD:
        click.echo(f"warning: a password of fewer than {SHORT_PASSWORD} characters is soon guessed", err=True)
    return password
