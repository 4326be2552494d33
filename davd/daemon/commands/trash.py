"""`davctl trash`: what was deleted or overwritten, and the way back."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import click
import msgspec

from davd.admin.trash import MOST, TrashBin
from davd.application.putting_back import PuttingBack
from davd.daemon.backup.manifest import parse_time
from davd.daemon.commands import completing
from davd.daemon.commands.command import Group
from davd.daemon.commands.outcomes import Emptied, PutBack
from davd.daemon.commands.principals import registry_in_force
from davd.daemon.commands.telling import progress, tell
from davd.daemon.offline import Context
from davd.interfaces.store import IStore
from davd.model.errors import HTTPError
from davd.model.path import Path
from davd.model.trash import NEWEST, Trashed
from davd.stores import emptying

_PAGE = 500
_USER = click.option("--user", shell_complete=completing.everybody, help="Only what was this account's.")
_PATH = click.option(
    "--path", shell_complete=completing.paths, help="Only what was at this path or below, as it is in URLs."
)


@click.group(cls=Group)
def trash() -> None:
    """Bring back what was deleted or overwritten, or remove it."""


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


@trash.command(
    "list",
    tells=list[Trashed],
    examples=(
        "davctl trash list --user alice",
        "davctl trash list --path /calendars/alice/work/ --since 2026-11-20T08:00",
    ),
)
@_USER
@_PATH
@click.option("--since", help="Only what went at this date and time or later (ISO 8601).")
@click.pass_obj
def list_(context: Context, user: str | None, path: str | None, since: str | None, as_json: bool) -> None:
    """List the entries, the newest first.

    Each in a line: id, time, reason (deleted, overwritten), owner, bytes and path, separated by tabs.
    """
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


@trash.command(
    tells=list[PutBack],
    examples=("davctl trash restore 4711 4712", "davctl trash restore 4711 --replace"),
)
@click.argument("id", type=int, nargs=-1, required=True)
@click.option("--replace", is_flag=True, help="Take the place of what has the name, or the UID, now.")
@click.pass_obj
def restore(context: Context, id: tuple[int, ...], replace: bool, as_json: bool) -> None:
    """Put the entries ID... back where they were.

    `davctl trash list` tells their ids. Exit status 1 when one of them cannot be put back. Where the name is taken an
    entry gets another one. What --replace takes the place of goes into the trash itself.
    """

    async def work(store: IStore) -> list[PutBack]:
        putting_back = PuttingBack(store, registry_in_force(context), context.settings.dav)
        trash_bin = TrashBin(store, putting_back, time.time)
        possible = [each for each in id if 0 < each < NEWEST]
        told = [PutBack(each, None, f"there is no entry {each} in the trash") for each in id if not 0 < each < NEWEST]
        for start in range(0, len(possible), MOST):
            told += msgspec.convert(await trash_bin.restore(possible[start : start + MOST], replace), list[PutBack])
        return told

    done = context.with_store(work)
    tell(as_json, done, [f"{each.id}: {each.path or _problem(each)}" for each in done])
    if any(each.problem is not None for each in done):
        raise click.exceptions.Exit(1)


def _problem(told: PutBack) -> str:
    advice = "; say --replace to put it in the place of that" if told.taken else ""
    return f"{told.problem}{advice}"


@trash.command(
    tells=Emptied,
    long=True,
    examples=(
        "davctl trash empty --before 2026-11-01",
        "davctl trash empty --user alice --yes  # without being asked",
    ),
)
@_USER
@_PATH
@click.option("--before", help="Only what went before this date and time (ISO 8601).")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.pass_obj
def empty(
    context: Context,
    user: str | None,
    path: str | None,
    before: str | None,
    yes: bool,
    as_json: bool,
    bar: bool | None,
) -> None:
    """Remove entries for good.

    All of them, or those that the options choose. It cannot be undone.
    """
    under, last = _segments(path), _time(before, float("inf"))
    if not yes:
        click.confirm("Remove it for good?", abort=True, err=True)

    async def work(store: IStore) -> int:
        with progress(as_json, bar) as told:
            return await emptying.empty(store, user, last, under, lambda gone: told("emptying the trash", gone, 0))

    gone = context.with_store(work)
    tell(as_json, Emptied(gone), [f"removed {gone} {'entry' if gone == 1 else 'entries'}"])
