"""`davctl backup`, `davctl verify-backup` and `davctl restore`: copies of the store, and the way back."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import click
import msgspec

from davd.daemon.backup.backup import back_up
from davd.daemon.backup.bring import Brought, bring, bring_accounts
from davd.daemon.backup.manifest import parse_time
from davd.daemon.backup.source import of_point
from davd.daemon.backup.target import Target
from davd.daemon.backup.verify import verify
from davd.daemon.backup.whole import Restored
from davd.daemon.backup.whole import restore as restore_whole
from davd.daemon.commands.telling import progress, tell
from davd.daemon.offline import Context
from davd.interfaces.store import IStore, StoreError
from davd.model.errors import HTTPError
from davd.model.path import Path
from davd.stores.sqlite.store import SQLiteStore

T = TypeVar("T")
_JSON = click.option("--json", "as_json", is_flag=True, help="Tell the outcome as JSON.")


def _done(work: Callable[[], T]) -> T:
    """What `work` gives; a click error of one sentence when it cannot be had."""
    try:
        return work()
    except StoreError as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"{error.filename or 'the disk'}: {error.strerror}") from None


@click.command()
@click.argument("target")
@click.option("--keep", type=click.IntRange(min=1), help="Remove all but the newest so many restore points.")
@_JSON
@click.pass_obj
def backup(context: Context, target: str, keep: int | None, as_json: bool) -> None:
    """Make a restore point of the store in the folder TARGET, while the server runs.

    Only what is new since the restore points that are there already is written. Exit status 1 when contents that the
    store refers to are lost: the restore point is made all the same, and says which.
    """

    def work() -> tuple[Any, tuple[int, int]]:
        folder = Target(target, make=True)
        with progress(as_json) as told:
            made = back_up(SQLiteStore(context.settings.data, context.settings.store), folder, told)
        with folder.locked(True):
            return made, folder.forget(keep) if keep is not None else (0, 0)

    made, (points, objects) = _done(work)
    manifest = made.manifest
    outcome = {
        "restore_point": manifest.name,
        "objects": manifest.objects,
        "bytes": manifest.object_bytes,
        "new_pieces": made.new_objects,
        "new_bytes": made.new_bytes,
        "seconds": round(made.seconds, 3),
        "forgotten": points,
        "removed_pieces": objects,
        "missing": manifest.missing,
    }
    had = f"{manifest.objects} objects, {manifest.accounts} accounts"
    lines = [f"restore point {manifest.name}: {had}; {made.new_bytes} new bytes in {made.seconds:.1f} s"]
    if points:
        lines.append(f"removed {points} restore points, and {objects} pieces that only they had")
    lines += [f"the content {digest} is lost in the store; see davctl fsck" for digest in manifest.missing]
    tell(as_json, outcome, lines)
    if manifest.missing:
        raise click.exceptions.Exit(1)


@click.command("verify-backup")
@click.argument("target")
@click.option("--at", help="Only the newest restore point not later than this date and time (ISO 8601).")
@_JSON
def verify_backup(target: str, at: str | None, as_json: bool) -> None:
    """Read all that is in TARGET and compare it with its digests; exit status 1 when something is wrong.

    The database of each restore point is put together and checked, and every content that it refers to is looked for.
    """

    def work() -> tuple[list[str], list[str]]:
        folder = Target(target)
        with progress(as_json) as told:
            return list(verify(folder, _time(at), told)), folder.names()

    wrong, names = _done(work)
    tell(as_json, {"restore_points": names, "wrong": wrong}, wrong or [f"{len(names)} restore points are whole"])
    if wrong:
        raise click.exceptions.Exit(1)


def _time(text: str | None) -> float | None:
    if text is None:
        return None
    try:
        return parse_time(text)
    except ValueError:
        raise click.UsageError(
            f"{text!r} is no date and time; write 2026-11-23T11:30 or 2026-11-23T11:30:00Z"
        ) from None


@click.command()
@click.argument("target")
@click.option("--to", help="Data folder for the whole store; the server must not be running on it.")
@click.option("--at", help="The newest restore point not later than this date and time (ISO 8601).")
@click.option("--replace", is_flag=True, help="Let a store that is in the folder give way; it stays beside it.")
@click.option(
    "--newer/--no-newer",
    default=True,
    help="Bring forward what the store that gives way has and the restore point has not (default: yes).",
)
@click.option("--account", help="Only the homes of this account, into the store that is in use.")
@click.option("--path", help="Only what is at this path and below, into the store that is in use.")
@_JSON
@click.pass_obj
def restore(
    context: Context,
    target: str,
    to: str | None,
    at: str | None,
    replace: bool,
    newer: bool,
    account: str | None,
    path: str | None,
    as_json: bool,
) -> None:
    """Bring back the whole store, one account, or what is at one path from the backup in TARGET.

    With --to the whole store is put into a data folder. With --account or --path the server may run: what is missing is
    made again, what has changed gets its content of then, and what it has now goes into the trash.
    """
    if (to is not None) + (account is not None) + (path is not None) != 1:
        raise click.UsageError("give one of --to, --account and --path")
    when = _time(at)
    if to is not None:
        _whole(context, target, to, when, replace, newer, as_json)
    else:
        _part(context, target, when, account, path, as_json)


def _whole(context: Context, target: str, to: str, at: float | None, replace: bool, newer: bool, as_json: bool) -> None:
    def work() -> Restored:
        with progress(as_json) as told:
            return restore_whole(Target(target), to, at, context.settings.store, replace, newer, told)

    done = _done(work)
    brought = done.newer
    outcome = {
        "restore_point": done.manifest.name,
        "former": done.former,
        "newer_added": brought.added if brought else 0,
        "newer_changed": brought.changed if brought else 0,
        "lost": done.lost,
    }
    lines = [f"restored {done.manifest.name} to {os.path.abspath(to)}"]
    if done.former:
        lines.append(f"the former store is in {done.former}")
    if brought:
        lines.append(f"brought forward from it: {brought.added} new, {brought.changed} changed")
    elif not done.former:
        lines.append("what clients have that is newer than the restore point is not in it: see docs/operate/backup.md")
    tell(as_json, outcome, [*lines, *done.lost])
    if done.lost:
        raise click.exceptions.Exit(1)


def _part(
    context: Context, target: str, at: float | None, account: str | None, path: str | None, as_json: bool
) -> None:
    brought = Brought()

    async def work(store: IStore) -> str:
        folder = Target(target)
        with folder.locked(False):
            manifest = folder.at(at)
            with of_point(folder, manifest) as source:
                if account is not None:
                    await bring_accounts(store, source, account)
                places: Sequence[tuple[str, ...]]
                places = source.homes(str(account)) if path is None else [_segments(path)]
                if not places:
                    raise StoreError(f"the restore point has nothing of {account}")
                for segments in places:
                    await bring(store, source, segments, time.time(), brought)
        return manifest.name

    name = _done(lambda: context.with_store(work))
    outcome = {"restore_point": name, **msgspec.to_builtins(brought)}
    line = f"restored from {name}: {brought.added} made again, {brought.changed} changed; what they had is in the trash"
    tell(as_json, outcome, [line, *brought.lost])
    if brought.lost:
        raise click.exceptions.Exit(1)


def _segments(path: str) -> tuple[str, ...]:
    """The names along a path as URLs have it."""
    try:
        return Path.parse(path).segments
    except HTTPError:
        raise click.UsageError(f"{path!r} is no path of a resource, like /calendars/NAME/CALENDAR/") from None
