"""Calendars, address books and folders of accounts, as the admin plane lists and changes them.

What is changed is changed in the owner's name by the verbs of WebDAV, so all that a client has to pass is passed.

Implements: RFC 4791, 4.2, 5.3.1; RFC 6352, 5.2, 6.3.1; RFC 4918, 9.2, 9.6; docs/operate/monitoring.md, JSON API
"""

from __future__ import annotations

import re
import secrets
import unicodedata
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any, Final

from davd.application.acting import Acting
from davd.application.places import member
from davd.application.provision import homes_of, provision
from davd.caldav import names as caldav
from davd.caldav.properties.supported import supported, written
from davd.dav.registry import Registry
from davd.dav.settings import DavSettings
from davd.dav.title import DISPLAYNAME, title_in
from davd.formats.xml.writer import document, element
from davd.interfaces.store import IReadTransaction, IStore, ITransaction
from davd.model.acl import AUTHENTICATED, NAME, OWNER, SELF, parse
from davd.model.errors import HTTPError
from davd.model.path import Path
from davd.model.principal import INDIVIDUAL
from davd.model.resource import PRINCIPAL, Resource
from davd.model.trash import NEWEST
from davd.stores.transactions import transact

PAGE: Final = 50
# Of what is in one collection no more is counted.
MOST_COUNTED: Final = 20_000
_LONGEST_NAME: Final = 60
_WORDS: Final = {AUTHENTICATED: "DAV:authenticated", OWNER: "DAV:owner", SELF: "DAV:self"}
_REASONS: Final = {
    405: "there is something of that name already",
    409: "there is nothing to make it in",
    423: "a client has locked it, or something in it",
    507: "there is no room for it",
}

Placed = tuple[tuple[str, ...], Resource]


class Collections:
    """The collections of a store. `registry` has their types, `now` gives POSIX seconds.

    What cannot be done is an HTTPError whose detail is a sentence.
    """

    def __init__(self, store: IStore, registry: Registry, settings: DavSettings, now: Callable[[], float]) -> None:
        self._store = store
        self._registry = registry
        self._settings = settings
        self._now = now

    def reconfigure(self, registry: Registry, settings: DavSettings) -> None:
        """Go by other rows and settings from now on."""
        self._registry = registry
        self._settings = settings

    async def page(self, owner: str, after: str = "", limit: int = PAGE) -> dict[str, Any]:
        """At most `limit` of the `collections` of an account after the path `after`, homes among them; HTTPError 404.

        Each home is followed by what is in it, in the order of names, whatever the depth. `next` is the path to go on
        after, None at the end.
        """
        last = _segments(after) if after else ()
        found: list[Placed] = []
        async with self._store.read() as view:
            await _account(view, owner)
            async for placed in _after(view, owner, last):
                found.append(placed)
                if len(found) > limit:
                    break
        told = [await self._told(segments, resource) for segments, resource in found[:limit]]
        return {"collections": told, "next": told[-1]["path"] if len(found) > limit else None}

    async def show(self, owner: str, id: int) -> dict[str, Any]:
        """One collection; HTTPError 404."""
        async with self._store.read() as view:
            segments, resource = await _place(view, owner, id)
        return await self._told(segments, resource)

    async def create(
        self, owner: str, kind: str, name: str, display_name: str, components: Sequence[str] = ()
    ) -> dict[str, Any]:
        """Make a collection of the type `kind` in its home, a calendar for `components` alone if there are any.

        Without a `name`, the last part of the URL, there will be one like the display name. HTTPError 404, 409, 422.
        """
        types = {row.name: row.within for row in self._registry.collection_types.values() if row.within}
        if kind not in types:
            raise HTTPError(422, detail=f"kind: expected one of {', '.join(sorted(types))}")
        if components and kind != caldav.CALENDAR_TYPE:
            raise HTTPError(422, detail="components: only calendars have some")
        properties = [] if not display_name else [_title(display_name)]
        if components:
            properties.append(_taken(components))
        acting = self._acting(owner)

        async def make(transaction: ITransaction) -> int:
            await _account(transaction, owner)
            await provision(transaction, owner, acting.now, self._registry.provisions)
            home = (types[kind], owner)
            segments = (*home, await _name(transaction, home, name, display_name, kind))
            try:
                refused = await acting.make_collection(transaction, kind, segments, properties)
            except HTTPError as error:
                raise _told_why(error) from None
            if refused:
                words = ", ".join([each.rpartition("}")[2] for each in refused])
                raise HTTPError(422, detail=f"it cannot have this {words}")
            made: Resource = (await transaction.resolve(segments))[-1]
            return made.id

        return await self.show(owner, await transact(self._store, make))

    async def rename(self, owner: str, id: int, display_name: str) -> dict[str, Any]:
        """Give a collection another display name, none when it is empty; its URL stays. HTTPError 404, 409, 422."""
        if display_name:
            change = element("{DAV:}set", element("{DAV:}prop", _title(display_name)))
        else:
            change = element("{DAV:}remove", element("{DAV:}prop", element(DISPLAYNAME)))
        headers = {"content-type": "application/xml; charset=utf-8", "prefer": "return=minimal"}
        acting = self._acting(owner)

        async def put(transaction: ITransaction) -> None:
            segments, _ = await _place(transaction, owner, id)
            body = document("{DAV:}propertyupdate", change)
            try:
                response = await acting.perform(transaction, "PROPPATCH", segments, headers, body)
            except HTTPError as error:
                raise _told_why(error) from None
            if response.status != 200:
                raise HTTPError(422, detail="it cannot have this display name")

        await transact(self._store, put)
        return await self.show(owner, id)

    async def remove(self, owner: str, id: int) -> int | None:
        """Remove a collection with all that is in it; HTTPError 404, 409.

        The id of its entry in the trash; None when it was not kept, because it is larger than a trash may be, or
        nothing is kept at all.
        """
        acting = self._acting(owner)

        async def drop(transaction: ITransaction) -> int | None:
            segments, resource = await _place(transaction, owner, id)
            if len(segments) == 2:
                raise HTTPError(409, detail="a home stays for as long as its account")
            try:
                await acting.perform(transaction, "DELETE", segments)
            except HTTPError as error:
                raise _told_why(error) from None
            newest = await transaction.trash(owner, 0.0, NEWEST, 1)
            kept = newest and (newest[0].collection, newest[0].name) == (resource.parent_id, resource.name)
            return newest[0].id if kept and newest[0].deleted == acting.now else None

        return await transact(self._store, drop)

    def _acting(self, owner: str) -> Acting:
        return Acting(self._store, self._registry, self._settings, owner, self._now())

    async def _told(self, segments: tuple[str, ...], resource: Resource) -> dict[str, Any]:
        async with self._store.read() as view:
            stored = (await view.properties([resource.id])).get(resource.id, {})
            # One more than is told of, to know whether there are more.
            count, length, modified = await view.extent(resource.id, MOST_COUNTED + 1)
            is_calendar = resource.type == caldav.CALENDAR_TYPE
            components = sorted(await supported(view, resource)) if is_calendar else []
        return {
            "id": resource.id,
            "path": Path(segments, True).href,
            "type": resource.type,
            "home": len(segments) == 2,
            "display_name": title_in(stored),
            "components": components,
            "members": min(count, MOST_COUNTED),
            "bytes": length,
            "complete": count <= MOST_COUNTED,
            "created": resource.created,
            "modified": max(resource.modified, modified),
            "grants": [
                {
                    "principal": _WORDS.get(entry.principal) or entry.principal.removeprefix(NAME),
                    "privileges": [privilege.rpartition("}")[2] for privilege in entry.privileges],
                }
                for entry in parse(resource.acl)
            ],
        }


async def _account(view: IReadTransaction, name: str) -> None:
    account = await view.account(name)
    if account is None or account.kind != INDIVIDUAL:
        raise HTTPError(404, detail=f"there is no account {name}")


async def _place(view: IReadTransaction, owner: str, id: int) -> Placed:
    """A collection of an account with its path."""
    resource = await view.resource(id)
    segments = await view.segments(id)
    if (
        resource is None
        or segments is None
        or len(segments) < 2
        or resource.owner != owner
        or not resource.is_collection
        or resource.type == PRINCIPAL
    ):
        raise HTTPError(404, detail=f"there is no collection {id} of {owner}")
    return segments, resource


async def _after(view: IReadTransaction, owner: str, last: tuple[str, ...]) -> AsyncIterator[Placed]:
    """The homes of an account and all collections in them whose paths come after `last`."""
    homes = [(await view.segments(home.id) or (), home) for home in await homes_of(view, owner)]
    for segments, home in sorted(homes, key=lambda placed: placed[0]):
        if segments > last:
            yield segments, home
        if segments >= last[:2]:
            rest = last[2:] if segments == last[:2] else ()
            async for placed in _inside(view, segments, home, rest):
                yield placed


async def _inside(
    view: IReadTransaction, path: tuple[str, ...], collection: Resource, last: tuple[str, ...]
) -> AsyncIterator[Placed]:
    """All collections in one, each followed by those in it, after the relative path `last`."""
    after = ""
    if last:
        first = await member(view, collection.id, last[0])
        if first is not None and first.is_collection:
            async for placed in _inside(view, (*path, first.name), first, last[1:]):
                yield placed
        after = last[0]
    while found := await view.collections(collection.id, after, PAGE):
        after = found[-1].name
        for each in found:
            yield (*path, each.name), each
            async for placed in _inside(view, (*path, each.name), each, ()):
                yield placed


async def _name(transaction: IReadTransaction, home: tuple[str, ...], name: str, display_name: str, kind: str) -> str:
    """The name that a new collection gets; HTTPError 422 when it is to have one that cannot be."""
    name = unicodedata.normalize("NFC", name)
    if name:
        if len(_segments(Path((name,)).href)) != 1:
            raise HTTPError(422, detail="name: expected one part of a path")
        return name
    plain = unicodedata.normalize("NFKD", display_name).encode("ascii", "ignore").decode().lower()
    name = re.sub("[^a-z0-9]+", "-", plain)[:_LONGEST_NAME].strip("-") or kind
    chain = await transaction.resolve(home)
    taken = len(chain) == 3 and await member(transaction, chain[-1].id, name) is not None
    return f"{name}-{secrets.token_hex(3)}" if taken else name


def _segments(path: str) -> tuple[str, ...]:
    try:
        return Path.parse(path).segments
    except HTTPError as error:
        raise HTTPError(422, detail=f"{path} is no path: {error.detail}") from None


def _title(text: str) -> bytes:
    try:
        return element(DISPLAYNAME, text, declared=frozenset())
    except ValueError:
        raise HTTPError(422, detail="the display name has characters that cannot be kept") from None


def _taken(components: Sequence[str]) -> bytes:
    try:
        taken = written([component.upper() for component in components])
    except ValueError:
        raise HTTPError(422, detail="components: they have characters that cannot be kept") from None
    return element(caldav.SUPPORTED_CALENDAR_COMPONENT_SET, taken, declared=frozenset())


def _told_why(error: HTTPError) -> HTTPError:
    """The same for people; what clients may not do is told of as what cannot be done."""
    condition = (error.condition or "").rpartition("}")[2].replace("-", " ")
    sentence = _REASONS.get(error.status) or error.detail or condition or "it is not allowed there"
    return HTTPError(error.status if error.status in (404, 409, 422, 507) else 409, detail=sentence)
