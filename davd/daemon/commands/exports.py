"""`davctl export`: calendars and address books as files."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import IO, Final

import click

from davd.caldav import names as caldav
from davd.caldav.properties.supported import supported
from davd.carddav import names as carddav
from davd.daemon.commands import completing
from davd.daemon.commands.collections import acting_for, collections, split
from davd.daemon.commands.command import Command
from davd.daemon.commands.outcomes import Exported
from davd.daemon.commands.telling import Told, progress, tell
from davd.daemon.importing.importer import home_of
from davd.daemon.importing.sources import PROPS
from davd.daemon.offline import Context
from davd.dav.contents import PAGE, contents_of
from davd.dav.title import DISPLAYNAME
from davd.formats.xml.fragment import stored_text
from davd.http.response import Response
from davd.interfaces.store import IReadTransaction, IStore
from davd.model.resource import FILE, Resource

_KINDS: Final = {caldav.CALENDAR_TYPE: "VCALENDAR", carddav.ADDRESSBOOK_TYPE: "VADDRESSBOOK"}
# What is kept of a collection's properties, by the name that Radicale has for it.
_KEPT: Final = {
    DISPLAYNAME: "D:displayname",
    caldav.CALENDAR_DESCRIPTION: "C:calendar-description",
    carddav.ADDRESSBOOK_DESCRIPTION: "CR:addressbook-description",
    caldav.CALENDAR_COLOR: "ICAL:calendar-color",
    caldav.CALENDAR_ORDER: "ICAL:calendar-order",
    caldav.CALENDAR_TIMEZONE: "C:calendar-timezone",
}


@click.command(
    "export",
    cls=Command,
    tells=Exported,
    long=True,
    examples=(
        "davctl export --user alice --output alice",
        "davctl export --user alice --collection work > work.ics",
        "davctl export --user alice --collection contacts --output contacts.vcf",
    ),
)
@click.option(
    "--user", required=True, shell_complete=completing.owners, help="Whose calendars and address books are exported."
)
@click.option(
    "--collection",
    shell_complete=completing.both,
    help="The one calendar or address book to export; without it all of them.",
)
@click.option("--output", type=click.Path(), help="The file, or the new folder for all; - is standard output.")
@click.pass_obj
def export(
    context: Context,
    user: str,
    collection: str | None,
    output: str | None,
    as_json: bool,
    bar: bool | None,
) -> None:
    """Export calendars and address books as files.

    One calendar becomes an ICS file, one address book a VCF file, all that a user has a folder. The folder has
    `calendars` and `addressbooks`, with a folder for each collection and a file for each object, which `davctl import`,
    vdirsyncer and Radicale read.
    """
    if collection is None and output in (None, "-"):
        raise click.UsageError("give --output, a folder that does not exist yet")
    if as_json and output in (None, "-"):
        raise click.UsageError("give --output: with --json standard output has the JSON alone")

    async def work(store: IStore) -> int:
        if collection is None:
            with progress(as_json, bar) as told:
                return await _everything(context, store, user, Path(str(output)), told)
        await _one(context, store, user, collection, output)
        return 1

    try:
        number = context.with_store(work)
    except OSError as error:
        raise click.ClickException(f"cannot write {error.filename or output}: {error.strerror}") from None
    if output not in (None, "-"):
        line = f"exported {number} {'collection' if number == 1 else 'collections'} to {output}"
        tell(as_json, Exported(number, str(output)), [line])


async def _one(context: Context, store: IStore, user: str, name: str, output: str | None) -> None:
    acting = await acting_for(context, store, user, time.time())
    parts = split(name)
    async with store.read() as view:
        found = []
        for kind in _KINDS:
            chain = await view.resolve((*home_of(kind, user), *parts))
            if len(chain) == len(parts) + 3 and chain[-1].type == kind:
                found.append((*home_of(kind, user), *parts))
        if not found:
            raise click.ClickException(f"{user} has no calendar or address book {name}")
        # Who has both means the calendar.
        response = await acting.perform(view, "GET", found[0], {"accept": "text/calendar, text/vcard"})
    if output in (None, "-"):
        await _write(response, sys.stdout.buffer)
        return
    with open(str(output), "xb") as file:
        await _write(response, file)


async def _write(response: Response, file: IO[bytes]) -> None:
    body = response.body
    if isinstance(body, bytes):
        file.write(body)
    elif isinstance(body, AsyncIterator):
        async for piece in body:
            file.write(piece)
    else:
        assert isinstance(body, list)
        for piece in body:
            assert isinstance(piece, bytes)
            file.write(piece)
    file.flush()


async def _everything(context: Context, store: IStore, user: str, folder: Path, told: Told) -> int:
    await acting_for(context, store, user, time.time())
    folder.mkdir()
    async with store.read() as view:
        found = [(tag, each) for kind, tag in _KINDS.items() async for each in collections(view, kind, user)]
        for number, (tag, (segments, resource)) in enumerate(found):
            told("/".join(segments[2:]), number, len(found))
            place = folder.joinpath(segments[0], *segments[2:])
            place.mkdir(parents=True)
            await _properties(view, resource, tag, place)
            await _objects(view, store, resource, place)
    return len(found)


async def _properties(view: IReadTransaction, resource: Resource, tag: str, place: Path) -> None:
    stored = (await view.properties([resource.id])).get(resource.id, {})
    props = {"tag": tag}
    props |= {key: stored_text(stored[name]) for name, key in _KEPT.items() if name in stored}
    if resource.type == caldav.CALENDAR_TYPE:
        props["C:supported-calendar-component-set"] = ",".join(sorted(await supported(view, resource)))
    (place / PROPS).write_text(json.dumps(props, ensure_ascii=False, indent=1), "utf-8")
    for name, file in ((DISPLAYNAME, "displayname"), (caldav.CALENDAR_COLOR, "color")):
        if name in stored:
            (place / file).write_text(stored_text(stored[name]), "utf-8")


async def _objects(view: IReadTransaction, store: IStore, resource: Resource, place: Path) -> None:
    ending = ".ics" if resource.type == caldav.CALENDAR_TYPE else ".vcf"
    after = ""
    while members := await view.members(resource.id, after, PAGE):
        after = members[-1].name
        files = [member for member in members if member.type == FILE]
        for member, data in zip(files, await contents_of(view, store.blobs, files), strict=True):
            name = member.name if member.name.lower().endswith(ending) else member.name + ending
            # Names that begin with a dot are passed over by those who read such folders.
            (place / (f"_{name}" if name.startswith(".") else name)).write_bytes(data)
