"""`davctl import`: from other programs' files into calendars and address books."""

from __future__ import annotations

import time
from typing import Final

import click

from davd.application.acting import Acting
from davd.caldav import names as caldav
from davd.daemon.commands import completing
from davd.daemon.commands.collections import acting_for
from davd.daemon.commands.command import Command
from davd.daemon.commands.outcomes import Imported
from davd.daemon.commands.telling import Told, progress, tell
from davd.daemon.importing.importer import (
    ADDED,
    KEPT,
    REFUSED,
    REPLACED,
    UNCHANGED,
    Importer,
    ImportFailure,
    Report,
    collection_name,
    home_of,
)
from davd.daemon.importing.item import Item, Source
from davd.daemon.importing.sources import SourceError, sources
from davd.daemon.offline import Context
from davd.interfaces.store import IStore

# Where objects of a file go when nobody says: the collections that everybody has.
_CALENDAR: Final = "calendar"
_TASKS: Final = "tasks"
_CONTACTS: Final = "contacts"
_OF_TASKS: Final = frozenset((caldav.VTODO, caldav.VJOURNAL))

_TOLD: Final = {
    ADDED: "added",
    REPLACED: "replaced",
    UNCHANGED: "there already",
    KEPT: "there already in another form, and left as they are",
    REFUSED: "refused",
}


@click.command(
    "import",
    cls=Command,
    tells=Imported,
    long=True,
    examples=(
        "davctl import holidays.ics --user alice",
        "davctl import contacts.vcf --user alice --collection family",
        "davctl import /var/lib/radicale/collections/collection-root/alice --user alice",
    ),
)
@click.argument("path", type=click.Path(exists=True))
@click.option("--user", required=True, shell_complete=completing.owners, help="Whose collections are filled.")
@click.option(
    "--collection",
    shell_complete=completing.both,
    help="Name of the calendar or address book; it is made when there is none.",
)
@click.option("--replace", is_flag=True, help="Replace objects that are there already in another form.")
@click.pass_obj
def import_(
    context: Context,
    path: str,
    user: str,
    collection: str | None,
    replace: bool,
    as_json: bool,
    bar: bool | None,
) -> None:
    """Import calendars and contacts from files.

    PATH is an ICS or VCF file, a vdir tree, or a folder of Radicale.

    Each folder with such files becomes a calendar or an address book of its name. A single file goes into the one that
    every user has, unless --collection names another. What cannot be stored is told, and does not keep the rest from
    it: the exit status is 1 then. An import that is run twice changes nothing the second time.
    """
    try:
        found = sources(path)
    except (SourceError, OSError) as error:
        raise click.ClickException(f"{path}: {error}") from None
    kinds = {source.kind for source in found}
    if collection is not None and len(found) > 1 and len(kinds) < len(found):
        raise click.UsageError("--collection is for one calendar and one address book, and there are more")
    report = Report()

    async def work(store: IStore) -> None:
        acting = await acting_for(context, store, user, time.time())
        importer = Importer(acting, replace)
        with progress(as_json, bar) as told:
            for source in found:
                told(source.name, 0, source.count)
                await _import(importer, acting, source, collection, report, told)

    try:
        context.with_store(work)
    except ImportFailure as error:
        raise click.ClickException(str(error)) from None
    _tell(report, as_json)


async def _import(
    importer: Importer,
    acting: Acting,
    source: Source,
    collection: str | None,
    report: Report,
    told: Told,
) -> None:
    done = 0
    home = home_of(source.kind, acting.user)
    made: set[tuple[str, ...]] = set()
    for batch in importer.batches(source):
        for name, items in _sorted(batch, source, collection).items():
            segments = (*home, *name.split("/"))
            if segments not in made:
                await importer.target(source, segments)
                made.add(segments)
            await importer.store(items, source.kind, segments, report)
        done += len(batch)
        # The count of a source is made before it is read, from what looks like an object.
        told(source.name, done, max(source.count, done))
    if not made and not source.loose:
        # A calendar without events is a calendar too.
        await importer.target(source, (*home, *(collection or _named(source)).split("/")))


def _sorted(batch: list[Item], source: Source, collection: str | None) -> dict[str, list[Item]]:
    """The objects by the name of the collection they go to."""
    if collection is not None:
        return {collection: batch}
    if not source.loose:
        return {_named(source): batch}
    if source.kind != caldav.CALENDAR_TYPE:
        return {_CONTACTS: batch}
    found: dict[str, list[Item]] = {}
    for item in batch:
        found.setdefault(_TASKS if item.component in _OF_TASKS else _CALENDAR, []).append(item)
    return found


def _named(source: Source) -> str:
    name = collection_name(source.name)
    if not name:
        raise ImportFailure(f"{source.path}: a collection cannot be called so; give --collection")
    return name


def _tell(report: Report, as_json: bool) -> None:
    counts = {outcome: report.counts.get(outcome, 0) for outcome in (ADDED, REPLACED, UNCHANGED, KEPT)}
    parts = [f"{report.counts[outcome]} {text}" for outcome, text in _TOLD.items() if outcome in report.counts]
    lines = [f"refused: {refusal}" for refusal in report.refusals]
    lines.append(", ".join(parts) or "there was nothing to import")
    tell(as_json, Imported(**counts, refused=report.refusals), lines)
    if report.refusals:
        raise click.exceptions.Exit(1)
