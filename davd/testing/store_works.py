"""Random work for stores: what may be done in a transaction, and how it is done.

Verifies: RFC 4918, 5, 6, 7, 9.6, 9.8, 9.9; RFC 4791, 9.9; RFC 3744, 4.3, 5.5
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from hypothesis import strategies as st

from davd.interfaces.store import IStore, ITransaction
from davd.model.acl import Ace, write
from davd.model.index import FOREVER, IndexQuery, ObjectIndex, Span, Term
from davd.model.lock import Lock
from davd.model.principal import Account
from davd.model.resource import COLLECTION, FILE, NewContent, Resource
from davd.model.trash import NEWEST
from davd.testing.store_life import new_content

# Whose accounts and groups there may be.
ACCOUNTS = ("ann", "bob", "staff", "all")

names = st.sampled_from(["a", "b", "é"])
paths = st.lists(names, min_size=0, max_size=2).map(lambda names: ("files", *names))
_owners = st.sampled_from(["ann", "bob"])
times = st.integers(1, 1000).map(float)
_bytes = st.binary(max_size=40)
_properties = st.lists(
    st.tuples(st.sampled_from(["{x}p", "{x}q"]), st.none() | st.binary(min_size=1, max_size=5)), max_size=3
)
_members = st.lists(st.sampled_from([*ACCOUNTS, *ACCOUNTS, "nobody"]), max_size=3).map(tuple)
_entries = st.lists(
    st.builds(Ace, st.sampled_from(["name:ann", "name:staff", "owner"]), st.just(("{DAV:}read",))), max_size=2
).map(lambda entries: write(tuple(entries)))

_moments = st.builds(lambda days, seconds: days * 86_400 + seconds, st.integers(-20, 20), st.sampled_from([0, 1, 3600]))
_lengths = st.sampled_from([0, 1, 3600, 86_400, 131_072, 131_073, 500_000, 3_000_000])
_spans = (
    st.builds(lambda start, length, exact: Span(start, start + length, exact), _moments, _lengths, st.booleans())
    | st.builds(Span, st.just(-FOREVER), _moments | st.just(FOREVER), st.booleans())
    | st.builds(Span, _moments, st.just(FOREVER), st.booleans())
)
# More than have a row each in a store that puts many together.
_series = st.builds(
    lambda start, step, count: tuple(Span(start + n * step, start + n * step + 3600, n % 3 > 0) for n in range(count)),
    _moments,
    st.sampled_from([3600, 50_000, 90_000]),
    st.integers(30, 80),
)
_texts = st.text("aé%", max_size=3)
_terms = st.tuples(st.sampled_from(["FN", "EMAIL"]), _texts)
_components = st.sampled_from(["VEVENT", "VTODO", "VCARD"])
_uids = st.sampled_from(["1", "2"])
_indexes = st.builds(
    ObjectIndex,
    _uids,
    _components,
    st.lists(_spans, max_size=3).map(tuple) | _series,
    st.lists(_terms, max_size=3).map(tuple),
)
queries = st.builds(
    IndexQuery,
    st.none() | st.frozensets(_components, max_size=2),
    st.none() | _moments,
    st.none() | _moments,
    st.none() | st.lists(_uids, max_size=2).map(tuple),
    st.lists(
        st.builds(
            Term,
            st.sampled_from(["FN", "EMAIL"]),
            st.sampled_from(["equals", "starts-with", "ends-with", "contains"]),
            _texts,
        ),
        max_size=2,
    ).map(tuple),
    st.booleans(),
    st.lists(_uids, max_size=2).map(tuple),
)


@dataclass(frozen=True)
class Work:
    """One operation: its name, the place, another place, and what it needs."""

    verb: str
    path: tuple[str, ...]
    other: tuple[str, ...]
    name: str
    owner: str
    now: float
    data: bytes
    large: bool
    properties: tuple[tuple[str, bytes | None], ...]
    index: ObjectIndex | None = None
    acl: str = ""
    members: tuple[str, ...] = ()


_VERBS = (
    "folder", "folder", "file", "file", "file", "replace", "delete", "copy", "move", "properties", "times", "lock",
    "unlock", "refresh", "keep", "account", "sweep", "index", "acl", "group", "account gone",
    "untrash", "untrash", "drop trash", "expire trash",
)  # fmt: skip
works = st.builds(
    Work,
    st.sampled_from(_VERBS),
    paths,
    paths,
    names,
    _owners,
    times,
    _bytes,
    st.booleans(),
    _properties.map(tuple),
    st.none() | _indexes,
    _entries,
    _members,
)


@dataclass(frozen=True)
class Part:
    """A savepoint: what is done in it, other savepoints among that, and whether it is undone."""

    steps: tuple[Work | Part, ...]
    undone: bool


_flat_parts = st.builds(Part, st.lists(works, max_size=3).map(tuple), st.booleans())
parts = st.lists(
    st.recursive(
        _flat_parts, lambda inner: st.builds(Part, st.lists(works | inner, max_size=3).map(tuple), st.booleans()),
        max_leaves=4,
    ),
    min_size=1,
    max_size=2,
)  # fmt: skip


async def _content(work: Work, store: IStore) -> NewContent:
    if not work.large:
        return replace(new_content(work.data), index=work.index)
    writer = store.blobs.create([])
    await writer.write(work.data)
    return NewContent(len(work.data), hashlib.sha256(work.data).hexdigest(), None, await writer.finish(), work.index)


async def apply(work: Work, transaction: ITransaction, store: IStore) -> object:
    """Do one operation; the result must be the same in every store. Errors of the caller are results too."""
    found = await transaction.resolve(work.path)
    if len(found) != len(work.path) + 1:
        return "unmapped"
    try:
        return await _on_mapped(work, found[-1], transaction, store)
    except (ValueError, KeyError) as error:
        return type(error).__name__


async def _on_mapped(work: Work, place: Resource, transaction: ITransaction, store: IStore) -> object:
    now = work.now
    if work.verb == "folder":
        return await transaction.create(place, work.name, COLLECTION, work.owner, now)
    if work.verb == "file":
        content = await _content(work, store)
        return await transaction.create(place, work.name, FILE, work.owner, now, content, "text/plain")
    if work.verb == "replace":
        content = await _content(work, store) if place.type == FILE else new_content(b"")
        return await transaction.replace(place, content, "text/css", now, now / 2)
    if work.verb == "delete":
        if len(work.path) > 1:
            await transaction.delete(place, now)
        return None
    if work.verb in ("copy", "move"):
        return await _transfer(work, place, transaction)
    if work.verb == "properties":
        return await transaction.set_properties(place, work.properties, now)
    if work.verb == "times":
        return await transaction.set_times(place, now if work.large else None, now * 2, now)
    if work.verb == "index":
        await transaction.set_index(place, work.index)
        return await transaction.index([place.id])
    if work.verb == "acl":
        return await transaction.set_acl(place, work.acl, now)
    if work.verb.endswith("trash"):
        return await _with_trash(work, place, transaction)
    return await _beside(work, place, transaction)


async def _with_trash(work: Work, place: Resource, transaction: ITransaction) -> object:
    """Operations on the trash; the entry meant is one of the newest."""
    if work.verb == "expire trash":
        return await transaction.expire_trash(work.now, len(work.data))
    entries = await transaction.trash(work.owner if work.large else None, 0.0, NEWEST, 5)
    if not entries:
        return "empty"
    entry = entries[int(work.now) % len(entries)]
    content = None
    if entry.type == FILE:
        found, kind = await transaction.trashed_content(entry.id)
        content = found.length, found.sha256, found.data, found.blob is None, found.index is None, kind
    if work.verb == "drop trash":
        return content, await transaction.drop_trash([entry.id, entry.id, 1])
    return content, await transaction.untrash(entry.id, place, work.name, work.owner, work.now)


async def _transfer(work: Work, source: Resource, transaction: ITransaction) -> object:
    found = await transaction.resolve(work.other)
    if len(found) != len(work.other) + 1 or len(work.path) == 1:
        return "unmapped"
    if work.verb == "move":
        return await transaction.move(source, found[-1], work.name, work.owner, work.now)
    return await transaction.copy(source, found[-1], work.name, work.large, work.owner, work.now)


async def _beside(work: Work, place: Resource, transaction: ITransaction) -> object:
    """Operations on what stands beside the tree."""
    token = f"urn:uuid:{work.name}"
    if work.verb == "lock":
        await transaction.add_lock(Lock(token, place.id, "shared", work.large, work.owner, work.data, 60, work.now))
    elif work.verb == "unlock":
        await transaction.remove_lock(token)
    elif work.verb == "refresh":
        await transaction.refresh_lock(token, 30, work.now)
    elif work.verb == "keep":
        await transaction.keep(work.name, work.data, work.now)
    elif work.verb == "account":
        name = work.members[0] if work.members else work.owner
        known = await transaction.account(name)
        account = Account(name, quota=int(work.now), kind=f"kind {work.name}")
        await (transaction.update_account(account) if known else transaction.add_account(account))
    elif work.verb == "group":
        await transaction.set_group_members("staff" if work.large else "all", work.members)
    elif work.verb == "account gone":
        await transaction.remove_account(work.members[0] if work.members else work.owner)
    else:
        return await transaction.sweep(work.now, work.now)
    return await transaction.lock(token, 0.0), await transaction.kept(work.name, work.now / 2)
