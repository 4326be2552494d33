"""`davctl backup`, `davctl verify-backup` and `davctl restore`: copies of the store, and the way back."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

import click

from davd.daemon.backup.backup import Made, back_up
from davd.daemon.backup.bring import Brought, bring, bring_accounts
from davd.daemon.backup.checked import Checked, note_checked
from davd.daemon.backup.last import LastBackup, note
from davd.daemon.backup.manifest import parse_time
from davd.daemon.backup.source import of_point
from davd.daemon.backup.target import Target
from davd.daemon.backup.verify import verify
from davd.daemon.backup.whole import Restored
from davd.daemon.backup.whole import restore as restore_whole
from davd.daemon.commands import completing
from davd.daemon.commands.command import Command
from davd.daemon.commands.outcomes import BackedUp, RestoredPart, RestoredStore, Verified
from davd.daemon.commands.telling import progress, tell
from davd.daemon.offline import Context
from davd.interfaces.store import IStore, StoreError
from davd.model.errors import HTTPError
from davd.model.path import Path
from davd.stores.sqlite.store import SQLiteStore

T = TypeVar("T")
_TARGET = click.argument("target", shell_complete=completing.folders)


def _done(work: Callable[[], T]) -> T:
    """What `work` gives; a click error of one sentence when it cannot be had."""
    try:
        return work()
    except StoreError as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"{error.filename or 'the disk'}: {error.strerror}") from None


@click.command(
    cls=Command,
    tells=BackedUp,
    long=True,
    examples=(
        "davctl backup /mnt/backup/davd",
        "davctl backup /mnt/backup/davd --keep 720  # once an hour: a month",
    ),
)
@_TARGET
@click.option("--keep", type=click.IntRange(min=1), help="Remove all but the newest so many restore points.")
@click.pass_obj
def backup(context: Context, target: str, keep: int | None, as_json: bool, bar: bool | None) -> None:
    """Make a restore point in the folder TARGET.

    The server may run, and clients may write meanwhile. Only what is new since the restore points that are there
    already is written. Exit status 1 when contents that the store refers to are lost: the restore point is made all the
    same, and says which.
    """

    def work() -> tuple[Made, tuple[int, int]]:
        folder = Target(target, make=True)
        with progress(as_json, bar) as told:
            made = back_up(SQLiteStore(context.settings.data, context.settings.store), folder, told)
        note(context.settings.data, LastBackup(made.manifest.time, folder.folder, made.manifest.name))
        with folder.locked(True):
            return made, folder.forget(keep, made.manifest.name) if keep is not None else (0, 0)

    made, (points, objects) = _done(work)
    manifest = made.manifest
    outcome = BackedUp(
        restore_point=manifest.name,
        objects=manifest.objects,
        bytes=manifest.object_bytes,
        new_pieces=made.new_objects,
        new_bytes=made.new_bytes,
        seconds=round(made.seconds, 3),
        forgotten=points,
        removed_pieces=objects,
        missing=manifest.missing,
    )
    had = f"{manifest.objects} objects, {manifest.accounts} accounts"
    lines = [f"restore point {manifest.name}: {had}; {made.new_bytes} new bytes in {made.seconds:.1f} s"]
    if points:
        lines.append(f"removed {points} restore points, and {objects} pieces that only they had")
    lines += [f"the content {digest} is lost in the store; see davctl fsck" for digest in manifest.missing]
    tell(as_json, outcome, lines)
    if manifest.missing:
        raise click.exceptions.Exit(1)


@click.command(
    "verify-backup",
    cls=Command,
    tells=Verified,
    long=True,
    examples=(
        "davctl verify-backup /mnt/backup/davd",
        "davctl verify-backup /mnt/backup/davd --at 2026-11-20T12:00",
    ),
)
@_TARGET
@click.option("--at", help="Only the newest restore point not later than this date and time (ISO 8601).")
@click.pass_obj
def verify_backup(context: Context, target: str, at: str | None, as_json: bool, bar: bool | None) -> None:
    """Prove that the backup in TARGET is whole.

    All that is in it is read and compared with its digests, the database of each restore point is put together and
    checked, and every content that it refers to is looked for. Exit status 1 when something is wrong.
    """

    def work() -> tuple[list[str], list[str]]:
        folder = Target(target)
        with progress(as_json, bar) as told:
            found = list(verify(folder, _time(at), told))
        note_checked(context.settings.data, Checked(time.time(), folder.folder, len(found)))
        return found, folder.names()

    wrong, names = _done(work)
    tell(as_json, Verified(names, wrong), wrong or [f"{len(names)} restore points are whole"])
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


@click.command(
    cls=Command,
    tells=(RestoredStore, RestoredPart),
    long=True,
    examples=(
        "davctl restore /mnt/backup/davd --to /var/lib/davd --replace  # with the server stopped",
        "davctl restore /mnt/backup/davd --to /tmp/davd-of-friday --at 2026-11-20T18:00",
        "davctl restore /mnt/backup/davd --account alice",
        "davctl restore /mnt/backup/davd --path /calendars/alice/work/ --at 2026-11-20T18:00",
    ),
)
@_TARGET
@click.option("--to", type=click.Path(), help="Data folder for the whole store; the server must not be running on it.")
@click.option("--at", help="The newest restore point not later than this date and time (ISO 8601).")
@click.option("--replace", is_flag=True, help="Let a store that is in the folder give way; it stays beside it.")
@click.option(
    "--newer/--no-newer",
    default=True,
    help="Bring forward what the store that gives way has and the restore point has not (default: yes). What was "
    "removed since then, accounts too, is there again either way.",
)
@click.option(
    "--account",
    shell_complete=completing.everybody,
    help="Only the homes of this account, into the store that is in use.",
)
@click.option(
    "--path",
    shell_complete=completing.paths,
    help="Only what is at this path and below, into the store that is in use.",
)
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
    bar: bool | None,
) -> None:
    """Bring back all or a part of the backup in TARGET.

    With --to the whole store is put into a data folder. With --account or --path the server may run: what is missing is
    made again, what has changed gets its content of then, and what it has now goes into the trash.
    """
    if (to is not None) + (account is not None) + (path is not None) != 1:
        raise click.UsageError("give one of --to, --account and --path")
    when = _time(at)
    if to is not None:
        _whole(context, target, to, when, replace, newer, (as_json, bar))
    else:
        _part(context, target, when, account, path, (as_json, bar))


def _whole(
    context: Context,
    target: str,
    to: str,
    at: float | None,
    replace: bool,
    newer: bool,
    telling: tuple[bool, bool | None],
) -> None:
    def work() -> Restored:
        with progress(*telling) as told:
            return restore_whole(Target(target), to, at, context.settings.store, replace, newer, told)

    done = _done(work)
    brought = done.newer
    outcome = RestoredStore(
        restore_point=done.manifest.name,
        former=done.former,
        newer_added=brought.added if brought else 0,
        newer_changed=brought.changed if brought else 0,
        lost=done.lost,
        app_passwords=done.app_passwords,
    )
    lines = [f"restored {done.manifest.name} to {os.path.abspath(to)}"]
    if done.former:
        lines.append(f"the former store is in {done.former}")
    if brought:
        lines.append(f"brought forward from it: {brought.added} new, {brought.changed} changed")
    elif not done.former:
        lines.append("what clients have that is newer than the restore point is not in it: see docs/operate/backup.md")
    if done.app_passwords:
        lines.append(
            f"{done.app_passwords} app passwords let devices in as they did then, even those that were revoked later:"
            " see davctl app-password list"
        )
    tell(telling[0], outcome, [*lines, *done.lost])
    if done.lost:
        raise click.exceptions.Exit(1)


def _part(
    context: Context,
    target: str,
    at: float | None,
    account: str | None,
    path: str | None,
    telling: tuple[bool, bool | None],
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
                with progress(*telling) as told:
                    for segments in places:
                        told(f"restoring /{'/'.join(segments)}", 0, 0)
                        await bring(store, source, segments, time.time(), brought)
        return manifest.name

    name = _done(lambda: context.with_store(work))
    outcome = RestoredPart(name, brought.added, brought.changed, brought.lost)
    line = f"restored from {name}: {brought.added} made again, {brought.changed} changed; what they had is in the trash"
    tell(telling[0], outcome, [line, *brought.lost])
    if brought.lost:
        raise click.exceptions.Exit(1)


def _segments(path: str) -> tuple[str, ...]:
    """The names along a path as URLs have it."""
    try:
        return Path.parse(path).segments
    except HTTPError:
        raise click.UsageError(f"{path!r} is no path of a resource, like /calendars/NAME/CALENDAR/") from None
