"""A store that writes down what is changed: a line of JSON in a file for each change, once it is durable.

`JournalStore` stands before any store and is one itself. What it adds are the lines, and the copies of large contents
when `davd_copies.Copies` stands before the blobs.
"""

import json
import os
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from davd_copies import Copies
from twisted.logger import Logger
from zope.interface import implementer

from davd.interfaces.store import Finding, IReadTransaction, IRoom, IStore, ITransaction, StoreError
from davd.interfaces.upkeep import IUpkeep
from davd.model.resource import NewContent, Resource
from davd.stores.threads import RunInThread, finished

log = Logger(namespace="davd_journal")


@implementer(ITransaction)
class JournalTransaction:
    """Does what `transaction` does, and notes in `lines` what has changed."""

    def __init__(self, transaction: ITransaction) -> None:
        self._transaction = transaction
        self.lines: list[dict[str, Any]] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transaction, name)

    async def _note(self, what: str, resource: Resource, now: float, **more: str) -> None:
        path = await self._transaction.segments(resource.id)
        self.lines.append({"at": now, "what": what, "path": "/" + "/".join(path or ()), **more})

    @asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """What is undone has not happened: its lines go."""
        before = len(self.lines)
        try:
            async with self._transaction.savepoint():
                yield
        except BaseException:
            del self.lines[before:]
            raise

    async def create(
        self,
        parent: Resource,
        name: str,
        type: str,
        owner: str,
        now: float,
        content: NewContent | None = None,
        content_type: str = "",
        modified: float | None = None,
    ) -> Resource:
        """Note the new member."""
        transaction = self._transaction
        made: Resource = await transaction.create(parent, name, type, owner, now, content, content_type, modified)
        await self._note("create", made, now)
        return made

    async def replace(
        self, resource: Resource, content: NewContent, content_type: str, now: float, modified: float | None = None
    ) -> Resource:
        """Note the new content."""
        stored: Resource = await self._transaction.replace(resource, content, content_type, now, modified)
        await self._note("replace", stored, now)
        return stored

    async def delete(self, resource: Resource, now: float) -> None:
        """Note where it was, while that is still known."""
        await self._note("delete", resource, now)
        await self._transaction.delete(resource, now)

    async def copy(
        self, source: Resource, parent: Resource, name: str, infinite: bool, owner: str, now: float
    ) -> Resource:
        """Note where the copy is."""
        made: Resource = await self._transaction.copy(source, parent, name, infinite, owner, now)
        await self._note("copy", made, now)
        return made

    async def move(self, source: Resource, parent: Resource, name: str, owner: str, now: float) -> Resource:
        """Note both places."""
        came = await self._transaction.segments(source.id)
        moved: Resource = await self._transaction.move(source, parent, name, owner, now)
        await self._note("move", moved, now, source="/" + "/".join(came or ()))
        return moved


@implementer(IStore, IRoom, IUpkeep)
class JournalStore:
    """The `store`, with the lines of its changes in `file`, and copies of its large contents in `folder`."""

    def __init__(self, store: Any, file: str, folder: str, run_in_thread: RunInThread) -> None:
        self._store = store
        self._run_in_thread = run_in_thread
        self._file = file
        self._descriptor = -1
        self.blobs = Copies(store.blobs, folder, run_in_thread)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def start(self) -> None:
        """Open the file first: a store that cannot write its journal should not serve."""
        try:
            self._descriptor = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(f"the journal {self._file} cannot be opened: {error.strerror}") from error
        await self._store.start()

    async def stop(self) -> None:
        """The store's last commits are written down before the file is closed."""
        await self._store.stop()
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def read(self) -> AbstractAsyncContextManager[IReadTransaction]:
        """Reading is not written down."""
        return self._store.read()

    @asynccontextmanager
    async def write(self) -> AsyncIterator[JournalTransaction]:
        """Lines are written after the commit: what is in the journal has happened."""
        async with self._store.write() as transaction:
            journal = JournalTransaction(transaction)
            yield journal
        if journal.lines and self._descriptor >= 0:
            text = "".join(json.dumps(line) + "\n" for line in journal.lines)
            try:
                os.write(self._descriptor, text.encode())
            except OSError as error:
                # The change itself is durable, and whoever made it is to be told so.
                log.error("the journal has lost {text!r}: {error}", text=text, error=error.strerror)

    def check(self, repair: bool) -> AsyncIterator[Finding]:
        """The store's own findings."""
        return self._store.check(repair)

    def free_bytes(self) -> int:
        """New content has to fit into both places."""
        state = os.statvfs(self.blobs.folder)
        mine = state.f_bavail * state.f_frsize
        return min(mine, self._store.free_bytes()) if IRoom.providedBy(self._store) else mine

    async def checkpoint(self) -> int:
        """The store's own, where it has one."""
        return await self._store.checkpoint() if IUpkeep.providedBy(self._store) else 0

    async def refresh(self) -> None:
        """The store's own, where it has one."""
        if IUpkeep.providedBy(self._store):
            await self._store.refresh()

    async def collect(self, now: float) -> int:
        """Remove what nothing refers to from the store, and then its copies."""
        removed = await self._store.collect(now) if IUpkeep.providedBy(self._store) else 0
        return removed + await finished(self._run_in_thread(self.blobs.tidy))
