"""Puts what was found into collections, object by object, and keeps account of what became of each.

An object whose UID the collection has already is left as it is there, or replaced when that is wished; so whoever runs
an import twice has everything once.

Implements: RFC 4791, 4.1, 5.3.2; RFC 6352, 5.1, 6.3.2
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from itertools import islice
from typing import Final

from davd.application.acting import Acting
from davd.caldav import names as caldav
from davd.caldav.properties.principal import HOMES as CALENDARS
from davd.caldav.properties.supported import written
from davd.carddav import names as carddav
from davd.carddav.properties.principal import HOMES as BOOKS
from davd.daemon.importing.item import Item, Source
from davd.dav.contents import contents_of
from davd.formats.xml.writer import element, escape
from davd.interfaces.store import ITransaction
from davd.model.errors import HTTPError
from davd.model.index import IndexQuery
from davd.model.path import Path
from davd.model.resource import Resource
from davd.stores.transactions import transact

# So many objects are stored by one transaction, for which all others who write wait.
BATCH: Final = 50

ADDED: Final = "added"
REPLACED: Final = "replaced"
UNCHANGED: Final = "unchanged"
KEPT: Final = "kept"
REFUSED: Final = "refused"

_PLAIN: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@{}-]{0,200}")
_HOMES: Final = {caldav.CALENDAR_TYPE: CALENDARS, carddav.ADDRESSBOOK_TYPE: BOOKS}
_MEDIA_TYPES: Final = {caldav.CALENDAR_TYPE: caldav.TEXT_CALENDAR, carddav.ADDRESSBOOK_TYPE: carddav.TEXT_VCARD}
_ENDINGS: Final = {caldav.CALENDAR_TYPE: ".ics", carddav.ADDRESSBOOK_TYPE: ".vcf"}


class ImportFailure(Exception):
    """A collection that cannot be filled; the text is one sentence."""


@dataclass(slots=True)
class Report:
    """How many objects were `ADDED`, `REPLACED`, `UNCHANGED`, `KEPT` (they differ) and `REFUSED`, and why."""

    counts: dict[str, int] = field(default_factory=dict)
    refusals: list[str] = field(default_factory=list)

    def note(self, outcome: str, item: Item, reason: str = "") -> None:
        """Count an object; a refused one with its reason."""
        self.counts[outcome] = self.counts.get(outcome, 0) + 1
        if outcome == REFUSED:
            name = f"{item.component} {item.uid}".strip()
            self.refusals.append(f"{item.where}: {name + ': ' if name else ''}{reason}")


class Importer:
    """Fills collections of the user of `acting`; `replace` lets objects be replaced that differ."""

    def __init__(self, acting: Acting, replace: bool) -> None:
        self._acting = acting
        self._replace = replace

    async def target(self, source: Source, segments: Sequence[str]) -> None:
        """See that there is a collection for `source` at `segments`, or make one; ImportFailure when that cannot be."""
        path = Path(tuple(segments), True)

        async def work(transaction: ITransaction) -> None:
            chain = await transaction.resolve(path.segments)
            if len(chain) == len(path.segments) + 1:
                if chain[-1].type != source.kind:
                    raise ImportFailure(f"{path.href} is no {source.kind}")
                return
            wanted = _properties(source)
            try:
                refused = await self._acting.make_collection(transaction, source.kind, segments, list(wanted.values()))
                if refused:
                    # A colour or a time zone that makes no sense is no reason to leave the events behind.
                    kept = [fragment for name, fragment in wanted.items() if name not in refused]
                    refused = await self._acting.make_collection(transaction, source.kind, segments, kept)
            except HTTPError as error:
                raise ImportFailure(f"{path.href} cannot be made: {reason(error)}") from None
            if refused:
                raise ImportFailure(f"{path.href} cannot be made: {', '.join(refused)}")

        await transact(self._acting.store, work)

    def batches(self, source: Source) -> Iterator[list[Item]]:
        """The objects of a source, as many at a time as one transaction takes."""
        items = source.items()
        while batch := list(islice(items, BATCH)):
            yield batch

    async def store(self, batch: Sequence[Item], kind: str, segments: Sequence[str], report: Report) -> None:
        """Put objects into the collection of that kind at `segments`."""

        async def work(transaction: ITransaction) -> list[tuple[str, str]]:
            collection = (await transaction.resolve(segments))[-1]
            return [await self._one(transaction, collection, kind, tuple(segments), item) for item in batch]

        for item, (outcome, reason) in zip(batch, await transact(self._acting.store, work), strict=True):
            report.note(outcome, item, reason)

    async def _one(
        self, transaction: ITransaction, collection: Resource, kind: str, segments: tuple[str, ...], item: Item
    ) -> tuple[str, str]:
        if item.problem:
            return REFUSED, item.problem
        there = await transaction.find(collection.id, IndexQuery(uids=(item.uid,)), 1)
        if there:
            (resource,) = await transaction.resources([there[0].id])
            (known,) = await contents_of(transaction, self._acting.store.blobs, [resource])
            if known == item.data:
                return UNCHANGED, ""
            if not self._replace:
                return KEPT, ""
        name = there[0].name if there else await self._free_name(transaction, segments, kind, item)
        headers = {"content-type": f"{_MEDIA_TYPES[kind]}; charset=utf-8"}
        try:
            async with transaction.savepoint():
                await self._acting.perform(transaction, "PUT", (*segments, name), headers, item.data)
        except HTTPError as error:
            return REFUSED, reason(error)
        return (REPLACED if there else ADDED), ""

    async def _free_name(self, transaction: ITransaction, segments: tuple[str, ...], kind: str, item: Item) -> str:
        """What a new member is called: as its file was, else after its UID."""
        ending = _ENDINGS[kind]
        wanted = [item.name] if item.name else []
        if _PLAIN.fullmatch(item.uid):
            wanted.append(item.uid + ending)
        wanted.append(sha256(item.uid.encode()).hexdigest()[:40] + ending)
        for name in wanted:
            if _is_name(name) and len(await transaction.resolve((*segments, name))) == len(segments) + 1:
                return name
        return sha256(os.urandom(32)).hexdigest()[:40] + ending


def _properties(source: Source) -> dict[str, bytes]:
    """The properties of a new collection for `source`, by name."""
    found = {name: element(name, text, declared=frozenset()) for name, text in source.properties.items() if _fits(text)}
    if source.components and source.kind == caldav.CALENDAR_TYPE:
        name = caldav.SUPPORTED_CALENDAR_COMPONENT_SET
        found[name] = element(name, written(source.components), declared=frozenset())
    return found


def _fits(text: str) -> bool:
    """Whether XML can hold a text."""
    try:
        escape(text)
    except ValueError:
        return False
    return True


def home_of(kind: str, user: str) -> tuple[str, str]:
    """The home for collections of that kind."""
    return (_HOMES[kind], user)


def collection_name(text: str) -> str:
    """What of a text can be the name of a collection; empty when nothing can."""
    name = re.sub(r"[/\\\x00-\x1f\x7f]+", "-", text).strip(" .-")
    return name if name and _is_name(name) else ""


def _is_name(text: str) -> bool:
    try:
        return Path.parse(Path((text,)).href).segments == (text,)
    except HTTPError:
        return False


def reason(error: HTTPError) -> str:
    """Why something was refused, for people."""
    condition = (error.condition or "").rpartition("}")[2]
    if error.detail:
        return f"{error.detail} ({condition})" if condition else error.detail
    return condition or f"status {error.status}"
