"""`davctl app-password`: a password for each device or program beside that of the account.

Implements: docs/operate/operate.md, App passwords
"""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime
from typing import Final

import click

from davd.authentication import app_passwords
from davd.daemon.backup.manifest import parse_time
from davd.daemon.commands import completing
from davd.daemon.commands.command import Group
from davd.daemon.commands.outcomes import IssuedAppPassword, KeptAppPassword, RevokedAppPasswords
from davd.daemon.commands.principals import existing
from davd.daemon.commands.telling import tell
from davd.daemon.offline import Context
from davd.interfaces.store import IStore, ITransaction
from davd.model.principal import INDIVIDUAL, AppPassword
from davd.stores.transactions import transact

_SPAN: Final = re.compile(r"([1-9]\d{0,3})([hdw])")
_SECONDS: Final = {"h": 3600.0, "d": 86400.0, "w": 7 * 86400.0}
_NAME = click.argument("name", shell_complete=completing.users)


@click.group("app-password", cls=Group)
def app_password() -> None:
    """Make, list and revoke passwords for the devices of an account."""


@app_password.command(
    tells=IssuedAppPassword,
    examples=(
        'davctl app-password create alice --label "phone"',
        'davctl app-password create alice --label "guest laptop" --expires 30d',
        "davctl app-password create alice --label vdirsyncer --expires 2027-01-01 --json",
    ),
)
@_NAME
@click.option("--label", default="", help="What the password is for, so that one knows later which one to revoke.")
@click.option("--expires", help="When it ends: 12h, 90d, 52w from now, or a date and time (ISO 8601).")
@click.pass_obj
def create(context: Context, name: str, label: str, expires: str | None, as_json: bool) -> None:
    """Make an app password of the account NAME and print it.

    It is good from the next request on, wherever the account's own password is. It is shown this once: only a digest
    is kept.
    """
    now = time.time()
    end = None if expires is None else _end(expires, now)
    limits = context.settings.authentication

    async def work(store: IStore) -> tuple[AppPassword, str]:
        async def make(transaction: ITransaction) -> tuple[AppPassword, str]:
            await existing(transaction, name, INDIVIDUAL)
            return await app_passwords.issue(transaction, name, label, end, limits, now)

        return await transact(store, make)

    try:
        made, password = context.with_store(work)
    except app_passwords.AppPasswordError as error:
        raise click.ClickException(str(error)) from None
    tell(
        as_json,
        IssuedAppPassword(made.id, made.account, made.label, made.created, made.expires, password),
        [password],
    )


@app_password.command(
    "list",
    tells=list[KeptAppPassword],
    examples=("davctl app-password list alice", "davctl app-password list alice --json"),
)
@_NAME
@click.pass_obj
def list_(context: Context, name: str, as_json: bool) -> None:
    """List the app passwords of the account NAME, the oldest first.

    Each in a line: id, when it was made, the last log-in by it (to the hour), when it ends, and label, separated by
    tabs. The id is what the password has behind `app-`.
    """
    now = time.time()

    async def work(store: IStore) -> list[AppPassword]:
        async with store.read() as view:
            await existing(view, name, INDIVIDUAL)
            found: list[AppPassword] = await view.app_passwords(name)
            return found

    found = context.with_store(work)
    kept = [
        KeptAppPassword(one.id, name, one.label, one.created, one.last_used, one.expires, one.expired(now))
        for one in found
    ]
    tell(as_json, kept, [_line(one, now) for one in found])


@app_password.command(
    tells=RevokedAppPasswords,
    examples=("davctl app-password revoke alice Kf7wQ2", "davctl app-password revoke alice --all"),
)
@_NAME
@click.argument("id", required=False)
@click.option("--all", "everything", is_flag=True, help="Revoke all that the account has.")
@click.pass_obj
def revoke(context: Context, name: str, id: str | None, everything: bool, as_json: bool) -> None:
    """Revoke the app password ID of the account NAME, or all of them.

    Who uses it is refused from the next request on, also on connections that are open.
    """
    if (id is not None) == everything:
        raise click.UsageError("give the ID of an app password, or --all")
    wanted = None if id is None else id.removeprefix("app-")

    async def work(store: IStore) -> list[AppPassword]:
        async def end(transaction: ITransaction) -> list[AppPassword]:
            await existing(transaction, name, INDIVIDUAL)
            return await app_passwords.revoke(transaction, name, wanted)

        return await transact(store, end)

    try:
        gone = context.with_store(work)
    except KeyError:
        raise click.ClickException(f"{name} has no app password {wanted}") from None
    lines = [f"revoked {one.id}{f' ({one.label})' if one.label else ''}" for one in gone]
    tell(as_json, RevokedAppPasswords(name, [one.id for one in gone]), lines or [f"{name} has no app passwords"])


def _end(text: str, now: float) -> float:
    """The POSIX time that is meant; a usage error when none is, or when it is over."""
    span = _SPAN.fullmatch(text)
    if span is not None:
        return now + int(span.group(1)) * _SECONDS[span.group(2)]
    try:
        end = parse_time(text)
    except ValueError:
        raise click.UsageError(f"{text!r} is neither a time from now, like 90d, nor a date, like 2027-01-31") from None
    if end <= now:
        raise click.UsageError(f"{text} is over already")
    return end


def _line(one: AppPassword, now: float) -> str:
    used = "never" if one.last_used is None else _written(one.last_used)
    end = "-" if one.expires is None else "expired" if one.expired(now) else _written(one.expires)
    return f"{one.id}\t{_written(one.created)}\t{used}\t{end}\t{one.label}".rstrip("\t")


def _written(when: float) -> str:
    return datetime.fromtimestamp(when, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
