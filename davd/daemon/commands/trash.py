"""`davctl trash`: what was deleted or overwritten, and the way back."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import click
import msgspec

from davd.daemon import trash as work_on
from davd.daemon.backup.manifest import parse_time
from davd.daemon.commands.telling import tell
from davd.daemon.offline import Context
from davd.interfaces.store import IStore, ITransaction
from davd.model.errors import HTTPError
from davd.model.path import Path
from davd.model.trash import NEWEST, Trashed
from davd.stores import emptying
from davd.stores.transactions import transact

_PAGE = 500
_JSON = click.option("--json", "as_json", is_flag=True, help="Tell it as JSON.")
_USER = click.option("--user", help="Only what was this account's.")
_PATH = click.option("--path", help="Only what was at this path or below, as it is in URLs.")


@click.group()
def trash() -> None:
    """Look at what was deleted or overwritten, bring it back, or remove it for good."""


def _time(text: str | None, otherwise: float) -> float:
    if text is None:
        return otherwise
    try:
        return parse_time(text)
    except ValueError:
        raise click.UsageError(
            f"{text!r} is no date and time; write 2026-11-23T11:30 or 2026-11-23T11:30:00Z"
        ) from None


def _segments(path: str | None) -> tuple[str, ...]:
    try:
        return () if path is None else Path.parse(path).segments
    except HTTPError:
        raise click.UsageError(f"{path!r} is no path of a resource, like /calendars/NAME/CALENDAR/") from None


@trash.command("list")
@_USER
@_PATH
@click.option("--since", help="Only what went at this date and time or later (ISO 8601).")
@_JSON
@click.pass_obj
def list_(context: Context, user: str | None, path: str | None, since: str | None, as_json: bool) -> None:
    """List the entries, the newest first: id, time, reason, owner, bytes and path, separated by tabs."""
    under, first = _segments(path), _time(since, 0.0)

    async def work(store: IStore) -> list[Trashed]:
        found: list[Trashed] = []
        last = NEWEST
        async with store.read() as view:
            while page := await view.trash(user, first, last, _PAGE):
                last = page[-1].id
                found += [each for each in page if each.path[: len(under)] == under]
        return found

    entries = context.with_store(work)
    tell(as_json, [msgspec.to_builtins(each) for each in entries], [_line(each) for each in entries])


def _line(entry: Trashed) -> str:
    when = datetime.fromtimestamp(entry.deleted, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    path = Path(entry.path).href + ("" if entry.type == "file" else "/")
    return f"{entry.id}\t{when}\t{entry.reason}\t{entry.owner}\t{entry.bytes}\t{path}"


@trash.command()
@click.argument("id", type=int, nargs=-1, required=True)
@click.option("--replace", is_flag=True, help="Take the place of what has the name, or the UID, now.")
@_JSON
@click.pass_obj
def restore(context: Context, id: tuple[int, ...], replace: bool, as_json: bool) -> None:
    """Put the entries ID... back where they were; exit status 1 when one of them cannot be.

    Where the name is taken an entry gets another one. What --replace takes the place of goes into the trash itself.
    """

    async def work(store: IStore) -> list[dict[str, Any]]:
        return [await _one(store, each, replace) for each in id]

    done = context.with_store(work)
    tell(as_json, done, [f"{each['id']}: {each.get('path') or each['problem']}" for each in done])
    if any("problem" in each for each in done):
        raise click.exceptions.Exit(1)


async def _one(store: IStore, id: int, replace: bool) -> dict[str, Any]:
    async def work(transaction: ITransaction) -> tuple[str, ...]:
        return await work_on.put_back(transaction, id, replace, time.time())

    try:
        return {"id": id, "path": Path(await transact(store, work)).href}
    except work_on.NotPutBack as error:
        return {"id": id, "problem": str(error)}


@trash.command()
@_USER
@_PATH
@click.option("--before", help="Only what went before this date and time (ISO 8601).")
@click.option("--yes", is_flag=True, help="Do not ask.")
@_JSON
@click.pass_obj
def empty(context: Context, user: str | None, path: str | None, before: str | None, yes: bool, as_json: bool) -> None:
    """Remove entries for good."""
    under, last = _segments(path), _time(before, float("inf"))
    if not yes:
        click.confirm("Remove it for good?", abort=True, err=True)
    work: Callable[[IStore], Any] = lambda store: emptying.empty(store, user, last, under)  # noqa: E731
    gone = context.with_store(work)
    tell(as_json, {"removed": gone}, [f"removed {gone} entries"])
