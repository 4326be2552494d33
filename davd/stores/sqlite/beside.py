"""Changing what stands beside the tree: locks, accounts and their app passwords, groups, kept values.

Implements: RFC 4918, 6, 7; RFC 3744, 4.3
"""

from __future__ import annotations

from collections.abc import Sequence

from davd.model.lock import Lock
from davd.model.principal import Account, AppPassword
from davd.stores.sqlite import accounts, app_passwords, groups, locks, sweep, trash
from davd.stores.sqlite.current import Current
from davd.stores.threads import finished


class Beside(Current):
    """Those parts of ITransaction that leave the rows of the tree as they are."""

    __slots__ = ()

    async def add_lock(self, lock: Lock) -> None:
        """Put a lock into force."""
        locks.add(self.connection, lock)

    async def refresh_lock(self, token: str, timeout: int, expires: float) -> None:
        """Give a lock a new timeout; unknown tokens are ignored."""
        locks.refresh(self.connection, token, timeout, expires)

    async def remove_lock(self, token: str) -> None:
        """End a lock."""
        locks.remove(self.connection, token)

    async def add_account(self, account: Account) -> None:
        """Add an account."""
        accounts.add(self.connection, account)

    async def update_account(self, account: Account) -> None:
        """Replace an account."""
        accounts.update(self.connection, account)

    async def add_app_password(self, password: AppPassword) -> None:
        """Add an app password."""
        app_passwords.add(self.connection, password)

    async def note_app_password(self, id: str, used: float) -> None:
        """Note a log-in by an app password."""
        app_passwords.note(self.connection, id, used)

    async def remove_app_password(self, id: str) -> None:
        """Remove an app password."""
        app_passwords.remove(self.connection, id)

    async def set_group_members(self, group: str, members: Sequence[str]) -> None:
        """Set the direct members of a group; what is kept of groups beside the tables goes with the routes."""
        groups.set_members(self.connection, group, members)
        self._touches.everything = True

    async def keep(self, key: str, value: bytes, expires: float) -> None:
        """Keep a value."""
        accounts.keep(self.connection, key, value, expires)

    async def forget(self, key: str) -> None:
        """Drop a value."""
        accounts.forget(self.connection, key)

    async def sweep(self, now: float, tombstones_before: float) -> int:
        """Remove what has expired; the whole log may have to be looked through, so this is done in a thread."""
        return await finished(self.run_in_thread(lambda: sweep.sweep(self.connection, now, tombstones_before)))

    async def drop_trash(self, ids: Sequence[int]) -> int:
        """Remove entries of the trash for good."""
        return await finished(self.run_in_thread(lambda: self._drop(ids)))

    def _drop(self, ids: Sequence[int]) -> int:
        gone = 0
        connection = self.connection
        for id in ids:
            try:
                self.block.dropped += trash.drop(connection, id)
            except KeyError:
                continue
            gone += 1
        return gone

    async def expire_trash(self, before: float, limit: int) -> int:
        """Remove old entries of the trash for good."""
        return await self.drop_trash(trash.expired(self.connection, before, limit))
