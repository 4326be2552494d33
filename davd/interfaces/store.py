"""What keeps the tree: stores, transactions and blobs.

The memory store (`davd.stores.memory`) is the reference of meaning; `davd.testing.store_conformance` is the suite every
store passes. All coroutines may be driven without a reactor by a store that never waits.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

from zope.interface import Attribute, Interface

from davd.model.index import Found, IndexQuery, ObjectIndex
from davd.model.lock import Lock
from davd.model.principal import Account, AppPassword, Quota
from davd.model.resource import Change, NewContent, Resource
from davd.model.trash import Trashed

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


class IReadTransaction(Interface):
    """One consistent view of the store.

    Names are NFC text; members come in the order of their names' UTF-8 bytes. Locks that have expired at `now` are
    never returned.
    """

    async def resolve(segments: Sequence[str]) -> list[Resource]:
        """The resources along a path, the root first, as deep as they exist.

        The path is mapped when the result is one longer than `segments`.
        """

    async def resolve_members(
        collection: Sequence[str], names: Sequence[str]
    ) -> tuple[list[Resource], dict[str, Resource]]:
        """What `resolve(collection)` gives, and by name those of its members that exist.

        There are no members when the path is unmapped. One question, however many names there are.
        """

    async def version(chain: Sequence[Resource], members: bool) -> Hashable:
        """What an answer about the last resource of `chain`, which this transaction resolved, rests on.

        Equal values, in any process and after any restart, mean that the resource's row and dead properties are the
        same, and that the path leads along the same resources with the same owners and access control entries. With
        `members` they also mean the same members with the same rows and dead properties, the same change log, and the
        same change numbers of the members that are collections themselves. Commits elsewhere in the tree do not change
        it, but for new dead properties, entries, times or places of the collections along the path.

        It does not cover locks, quotas, accounts, groups, indexes, what lies deeper than the members, and nothing of
        another store: put the `epoch` beside it where several stores share a cache. It is a tuple of int and str, made
        without looking at each member but those that are collections; None when there are more than a thousand of
        these.
        """

    async def inside(id: int) -> Hashable:
        """What the change numbers of all collections below a collection, at whatever depth, come to.

        Equal values for a collection that has not changed itself mean that none of them has got another member, or
        lost or changed one, files and their dead properties included. It is a tuple of int, made without looking at
        files; None when there are more than a thousand collections.
        """

    async def resource(id: int) -> Resource | None:
        """The resource of that id; None when it is gone."""

    async def segments(id: int) -> tuple[str, ...] | None:
        """The path of a resource from the root; None when it is gone."""

    async def members(id: int, after: str, limit: int) -> list[Resource]:
        """At most `limit` members of the collection `id` whose names come after `after` (`""`: from the first)."""

    async def collections(id: int, after: str, limit: int) -> list[Resource]:
        """What `members` gives, without files, of which there may be very many beside collections."""

    async def extent(id: int, limit: int) -> tuple[int, int, float]:
        """How many resources are below a collection, at whatever depth, their bytes, and their last modification.

        It is told of `limit` of them at most, whichever; the modification is a POSIX time, 0.0 when there are none.
        """

    async def descendants(id: int, limit: int) -> list[tuple[tuple[str, ...], Resource]]:
        """At most `limit` resources below `id`, each with its path relative to `id`, parents before members."""

    async def content(resource: Resource) -> bytes:
        """The content of a file whose `blob` is None."""

    async def contents(resources: Sequence[Resource]) -> dict[int, bytes]:
        """The content of those files whose `blob` is None, by resource id; one question, however many they are.

        What has no content, though it should, is left out.
        """

    async def resources(ids: Sequence[int]) -> list[Resource]:
        """Those resources that exist, in the order of `ids`; one question, however many they are."""

    async def find(collection: int, query: IndexQuery, limit: int) -> list[Found]:
        """At most `limit` members of a collection that may answer `query`, by what the store knows of objects.

        They come in the order of their names. All that answer are among them; those that are there needlessly are so
        only for inexact spans. A range whose end is not after its start has nothing in it. The cost grows with what is
        found, not with what the collection holds, but for terms that are sought in the middle of texts. Members without
        an index are never found.
        """

    async def index(ids: Sequence[int]) -> dict[int, ObjectIndex]:
        """What the store knows of objects, without their spans and terms, by resource id."""

    async def group_members(group: str) -> list[str]:
        """The names of the direct members of a group in their order; groups may be members too."""

    async def groups_of(name: str) -> frozenset[str]:
        """The names of all groups that a principal is in, directly or by other groups."""

    async def direct_groups(names: Sequence[str]) -> dict[str, list[str]]:
        """The names of the groups, in their order, that each of the principals `names` is a direct member of.

        A principal in no group has no entry. One question, however many names there are.
        """

    async def properties(ids: Sequence[int]) -> dict[int, dict[str, bytes]]:
        """Dead properties by resource id, then by name in Clark notation: the whole property element, serialised.

        A resource without dead properties has no entry.
        """

    async def locks(ids: Sequence[int], now: float) -> list[Lock]:
        """The locks whose root is one of `ids`."""

    async def locks_below(id: int, now: float) -> list[Lock]:
        """The locks whose root lies below the collection `id`."""

    async def lock(token: str, now: float) -> Lock | None:
        """The lock with that token."""

    async def lock_counts(id: int, principal: str, now: float) -> tuple[int, int]:
        """How many locks have their root at `id`, and how many `principal` holds in all."""

    async def changes(id: int, after: int, upto: int, limit: int) -> list[Change]:
        """At most `limit` lines of a collection's change log with `after` < revision <= `upto`, oldest first.

        Each member name appears once, with its last change.
        """

    async def oldest_revision(id: int) -> int:
        """The change number up to which removals have been forgotten; a token below it cannot be answered."""

    async def quota(owner: str) -> Quota:
        """What `owner` stores and may store."""

    async def account(name: str) -> Account | None:
        """The account called `name`."""

    async def accounts() -> list[Account]:
        """All accounts in the order of their names."""

    async def app_password(id: str) -> AppPassword | None:
        """The app password of that id, expired or not; None when there is none."""

    async def app_passwords(account: str) -> list[AppPassword]:
        """The app passwords of an account, the oldest first."""

    async def kept(key: str, now: float) -> bytes | None:
        """A small value that was kept under `key` and has not expired."""

    async def trash(owner: str | None, since: float, before: int, limit: int) -> list[Trashed]:
        """At most `limit` entries of the trash of `owner` (None: of all), the newest first.

        They came at the POSIX time `since` or later, and their ids are below `before`: that of the last one seen, or
        `davd.model.trash.NEWEST` to begin with.
        """

    async def trashed(id: int) -> Trashed | None:
        """The entry of the trash with that id; None when it is gone."""

    async def trashed_content(id: int) -> tuple[NewContent, str]:
        """What was in the file that the entry `id` is, with its index, and its media type.

        KeyError when there is no such entry, or when it is a collection.
        """

    async def trash_usage(owner: str) -> int:
        """The bytes that the entries of an owner count for; they are not among those of `quota`."""


class ITransaction(IReadTransaction):
    """A transaction that may write.

    Everything done in it becomes visible at once and durably when it commits, or not at all. A resource passed in must
    come from this same transaction. Each change of a member (creation, new content, properties, access control entries,
    removal) takes the next change number of its parent collection, is logged there, and sets the member's `revision` to
    it; the root, which no collection holds, counts its own changes in its `revision`. Bytes of content count towards
    the owner's quota; the limit itself is checked by the caller.

    What `delete` removes and `replace` writes over is kept in the trash as `IStore.trash` says: files with their
    content and properties, former contents that differ from the new one and are not empty, collections with all that is
    in them as one entry. Principals are not kept, nor is what is larger than all that the trash of one owner may hold.
    """

    def savepoint() -> AbstractAsyncContextManager[None]:
        """A part of the transaction that can fail alone; parts may be nested.

        Leaving the block by an exception undoes all that was done in this transaction since it was entered, and only
        that; numbers and ETags that were given meanwhile are not given again. Leaving it normally keeps what was done
        as a part of the transaction. Resources that were read inside a block that was undone are not to be used any
        more. StoreError when the transaction as a whole is lost: then it cannot commit either.
        """

    async def create(
        parent: Resource,
        name: str,
        type: str,
        owner: str,
        now: float,
        content: NewContent | None = None,
        content_type: str = "",
        modified: float | None = None,
    ) -> Resource:
        """Add a member. `content` is given for files and only for them. ValueError when the name is taken."""

    async def replace(
        resource: Resource, content: NewContent, content_type: str, now: float, modified: float | None = None
    ) -> Resource:
        """Give a file new content and its index. The result has a new ETag even when the bytes are the same."""

    async def set_times(resource: Resource, created: float | None, modified: float | None, now: float) -> Resource:
        """Set the creation or modification time that clients see; None leaves it."""

    async def delete(resource: Resource, now: float) -> None:
        """Remove a resource and all below it with their properties, locks and content, and log the removal."""

    async def copy(source: Resource, parent: Resource, name: str, infinite: bool, owner: str, now: float) -> Resource:
        """Copy a resource with its dead properties, without its locks, to an unmapped name.

        `infinite` copies all below a collection too. The copies belong to `owner` and share blobs with the originals;
        they have their indexes, but not their access control entries.
        """

    async def move(source: Resource, parent: Resource, name: str, owner: str, now: float) -> Resource:
        """Move a resource and all below it to an unmapped name.

        Ids, ETags, properties and indexes stay; locks do not. Access control entries stay with what has the same owner
        as before; what belongs to another one now has none, for they said whom the former owner let in.
        """

    async def set_acl(resource: Resource, acl: str, now: float) -> Resource:
        """Give a resource its own access control entries, as `davd.model.acl` writes them; it is a change like any."""

    async def set_index(resource: Resource, index: ObjectIndex | None) -> None:
        """Give a file another index, or none, without changing anything that clients see. ValueError for others."""

    async def set_properties(resource: Resource, changes: Sequence[tuple[str, bytes | None]], now: float) -> Resource:
        """Set dead properties (name, serialised element) or remove them (name, None)."""

    async def add_lock(lock: Lock) -> None:
        """Put a lock into force."""

    async def refresh_lock(token: str, timeout: int, expires: float) -> None:
        """Give a lock a new timeout."""

    async def remove_lock(token: str) -> None:
        """End a lock; unknown tokens are ignored."""

    async def add_account(account: Account) -> None:
        """Add an account. ValueError when the name is taken."""

    async def update_account(account: Account) -> None:
        """Replace the account of the same name. KeyError when there is none."""

    async def remove_account(name: str) -> None:
        """Remove an account, its app passwords, its places in groups, and the access control entries for it.

        KeyError when there is none. Resources stay. Each of those that had such entries is changed like by `set_acl`;
        what is in the trash has none of them when it comes back.
        """

    async def add_app_password(password: AppPassword) -> None:
        """Add an app password. ValueError when its id is taken, KeyError when there is no such account."""

    async def note_app_password(id: str, used: float) -> None:
        """Note the POSIX time of a log-in by an app password; unknown ids and earlier times are ignored."""

    async def remove_app_password(id: str) -> None:
        """Remove an app password. KeyError when there is none of that id."""

    async def set_group_members(group: str, members: Sequence[str]) -> None:
        """Set the direct members of a group. KeyError when one of the names is no account's; cycles are harmless."""

    async def keep(key: str, value: bytes, expires: float) -> None:
        """Keep a small value under `key` until the POSIX time `expires`."""

    async def forget(key: str) -> None:
        """Drop what was kept under `key`."""

    async def untrash(id: int, parent: Resource, name: str, owner: str, now: float) -> Resource:
        """Bring back the entry `id` of the trash as the member `name` of `parent`, with all that it holds.

        All of it belongs to `owner`, has new ids and ETags, the times, properties and indexes that it had, and its
        access control entries if it was the same owner's. It is new to the change log, and no entry of the trash any
        more. KeyError when there is no such entry, ValueError when the name is taken.
        """

    async def drop_trash(ids: Sequence[int]) -> int:
        """Remove entries of the trash for good; those that are gone are left out of the number that it gives."""

    async def expire_trash(before: float, limit: int) -> int:
        """Remove for good at most `limit` entries of the trash, the first that came before a POSIX time; how many.

        They are fewer when they hold very much, but none only when there are none.
        """

    async def sweep(now: float, tombstones_before: float) -> int:
        """Remove what has expired: locks, kept values, and tombstones older than a POSIX time.

        App passwords that have expired go when they have been so for `davd.model.principal.EXPIRED_SECONDS`. Gives the
        number of rows removed.
        """


class IStore(Interface):
    """A place where the tree is kept."""

    epoch = Attribute("Opaque hexadecimal text that names this life of the store; sync tokens carry it.")
    blobs = Attribute("The IBlobStore that holds large content.")
    trash = Attribute("The davd.model.trash.TrashLimits: what is kept of that which is deleted or overwritten.")

    async def start() -> None:
        """Open the store, migrate it and recover; StoreError with one clear sentence when it cannot be used."""

    async def stop() -> None:
        """Finish what is being committed and close."""

    def read() -> AbstractAsyncContextManager[IReadTransaction]:
        """A view of the committed state; hold it briefly and wait for nothing else meanwhile."""

    def write() -> AbstractAsyncContextManager[ITransaction]:
        """A transaction of its own.

        Leaving the block normally commits: the exit returns only when the commit is durable, and raises StoreError when
        it is not known to be. Leaving by an exception undoes everything. Writers are serialised.
        """

    def generation() -> Hashable:
        """A value that is different after any commit by any process; the cheapest question a cache can ask.

        Equal values mean that nothing has been committed between the two calls.
        """

    def statistics() -> Mapping[str, float]:
        """What the store has done since it was started, and holds now, by dotted lower-case names.

        Every store has "commits.count", "commits.blocks", the write blocks that those commits covered,
        "commits.seconds", the time they took, and "savepoints.undone". Cheap enough to be asked every second.
        """

    def check(repair: bool) -> AsyncIterator[Finding]:
        """Verify content digests, the tree, change logs, quota sums, locks, blobs, indexes, groups and app passwords.

        With `repair`, mend what can be mended without losing data.
        """


class IBlobStore(Interface):
    """Large immutable content by name, outside the tables."""

    def create(digests: Sequence[str]) -> IBlobWriter:
        """Begin a new blob; `digests` are hashlib names to compute beside sha256."""

    def open(name: str) -> tuple[int, int]:
        """An open file descriptor, which the caller closes, and the length in bytes. KeyError when there is none."""

    def names() -> list[str]:
        """All blobs there are."""

    def delete(name: str) -> None:
        """Remove a blob; a missing one is ignored."""


class IBlobWriter(Interface):
    """A blob being written, which nobody sees yet."""

    length = Attribute("Bytes written so far.")

    async def write(data: bytes) -> None:
        """Append; returns when more may come."""

    async def finish() -> str:
        """Make the content durable and give the blob's name."""

    def digest(algorithm: str) -> str:
        """The hexadecimal digest of what was written, by hashlib name; after `finish`."""

    def abort() -> None:
        """Drop what was written; harmless after `finish` or twice."""


class IRoom(Interface):
    """What a store may provide beside IStore when it knows how much room there is where it keeps content."""

    def free_bytes() -> int:
        """Bytes that new content may take before the disk is full; quick enough to ask for each request."""


class StoreError(Exception):
    """The store cannot do what was asked; the text is one sentence an administrator can act on."""


class Conflict(StoreError):
    """Another transaction was in the way: nothing was changed, and the same work done again may well succeed.

    Answered with 503 (RFC 9110, 15.6.4) by whoever does not try again.
    """


class StoreFull(StoreError):
    """There is no room on the disk: nothing was changed, and the store goes on.

    Answered with 507 (RFC 4918, 11.5).
    """


class Finding:
    """One thing that `IStore.check` found wrong.

    `what` is a sentence, `mended` tells whether it has been repaired, `remedy` what `repair` does or would do about it.
    """

    __slots__ = ("mended", "remedy", "what")

    def __init__(self, what: str, remedy: str, mended: bool) -> None:
        self.what = what
        self.remedy = remedy
        self.mended = mended
