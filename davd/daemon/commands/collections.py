"""What the commands for calendars and address books have in common: one is made, listed, removed.

Implements: RFC 4791, 5.3.1; RFC 6352, 6.3.1
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from typing import Final

import click

from davd.application.acting import Acting
from davd.application.provision import provision
from davd.daemon.commands.outcomes import Collection, Place
from davd.daemon.commands.principals import registry_in_force
from davd.daemon.commands.telling import tell
from davd.daemon.importing.importer import home_of, reason
from davd.daemon.offline import Context
from davd.dav.title import title_in
from davd.formats.xml.writer import element
from davd.interfaces.store import IReadTransaction, IStore, ITransaction
from davd.model.errors import HTTPError
from davd.model.path import Path
from davd.model.principal import GROUP
from davd.model.resource import COLLECTION, Resource
from davd.stores.transactions import transact

_PAGE: Final = 500


async def acting_for(context: Context, store: IStore, user: str, now: float) -> Acting:
    """Who acts as `user`, whose homes are made when they are missing; a click error when nobody is called so."""
    registry = registry_in_force(context)

    async def work(transaction: ITransaction) -> None:
        account = await transaction.account(user)
        if account is None:
            raise click.ClickException(f"there is no account {user}")
        if account.kind == GROUP:
            raise click.ClickException(f"{user} is a group, and groups have no calendars and address books")
        await provision(transaction, user, now, registry.provisions, account.kind)

    await transact(store, work)
    return Acting(store, registry, context.settings.dav, user, now)


def split(name: str) -> tuple[str, ...]:
    """The names along the way to a collection below a home, which slashes separate; a click error for none."""
    parts = tuple([part for part in name.split("/") if part])
    if not parts:
        raise click.ClickException("a collection has to have a name")
    return parts


def named(name: str, text: str | None) -> list[bytes]:
    """The element of a property that is to have `text`; none without one."""
    if not text:
        return []
    try:
        return [element(name, text, declared=frozenset())]
    except ValueError:
        raise click.ClickException(f"{text!r} has characters that cannot be kept") from None


def _place(kind: str, user: str, name: str) -> Place:
    parts = split(name)
    return Place(user, "/".join(parts), Path((*home_of(kind, user), *parts), True).href)


def create(context: Context, kind: str, user: str, name: str, properties: Sequence[bytes], as_json: bool) -> None:
    """Make the collection `name` of `user`."""

    async def work(store: IStore) -> None:
        acting = await acting_for(context, store, user, time.time())
        segments = (*home_of(kind, user), *split(name))

        async def make(transaction: ITransaction) -> None:
            try:
                refused = await acting.make_collection(transaction, kind, segments, properties)
            except HTTPError as error:
                why = {405: f"there is a {name} already", 409: "there is nothing to make it in"}
                raise click.ClickException(f"{name} cannot be made: {why.get(error.status, reason(error))}") from None
            if refused:
                words = ", ".join([each.rpartition("}")[2] for each in refused])
                raise click.ClickException(f"{name} cannot be made: it cannot have this {words}")

        await transact(store, make)

    context.with_store(work)
    tell(as_json, _place(kind, user, name), [f"created {name}"])


async def collections(
    transaction: IReadTransaction, kind: str, user: str
) -> AsyncIterator[tuple[tuple[str, ...], Resource]]:
    """The collections of that kind in the home of `user`, each with its path from the root."""
    home = home_of(kind, user)
    chain = await transaction.resolve(home)
    ahead: list[tuple[tuple[str, ...], Resource]] = [(home, chain[-1])] if len(chain) == 3 else []
    while ahead:
        above, folder = ahead.pop(0)
        after = ""
        while members := await transaction.members(folder.id, after, _PAGE):
            after = members[-1].name
            for member in members:
                segments = (*above, member.name)
                if member.type == kind:
                    yield segments, member
                elif member.type == COLLECTION:
                    ahead.append((segments, member))


def show(context: Context, kind: str, user: str, as_json: bool) -> None:
    """List the collections of `user`: name, number of objects and display name, separated by tabs."""

    async def work(store: IStore) -> list[Collection]:
        found = []
        await acting_for(context, store, user, time.time())
        async with store.read() as view:
            async for segments, resource in collections(view, kind, user):
                stored = (await view.properties([resource.id])).get(resource.id, {})
                number = await _count(view, resource)
                name, path = "/".join(segments[2:]), Path(segments, True).href
                found.append(Collection(user, name, path, number, title_in(stored)))
        return found

    found = context.with_store(work)
    tell(as_json, found, [f"{each.name}\t{each.objects}\t{each.display_name}".rstrip("\t") for each in found])


async def _count(transaction: IReadTransaction, collection: Resource) -> int:
    number, after = 0, ""
    while members := await transaction.members(collection.id, after, _PAGE):
        number += len(members)
        after = members[-1].name
    return number


def remove(context: Context, kind: str, user: str, name: str, as_json: bool) -> None:
    """Remove the collection `name` of `user` with all that is in it."""

    async def work(store: IStore) -> None:
        acting = await acting_for(context, store, user, time.time())
        segments = (*home_of(kind, user), *split(name))

        async def drop(transaction: ITransaction) -> None:
            chain = await transaction.resolve(segments)
            if len(chain) <= len(segments) or chain[-1].type != kind:
                raise click.ClickException(f"{user} has no {name}")
            try:
                await acting.perform(transaction, "DELETE", segments)
            except HTTPError as error:
                raise click.ClickException(f"{name} cannot be removed: {reason(error)}") from None

        await transact(store, drop)

    context.with_store(work)
    tell(as_json, _place(kind, user, name), [f"removed {name}"])
