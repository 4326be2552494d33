"""Failed log-ins, counted by name and by network, and what follows from them.

A key that has failed `max_failures` times within the window is refused without a look at the password: first until the
window is over, then for twice as long with each further failure, up to `max_block_seconds`. Blocks are kept in the
store, so a restart does not clear them. Attempts under way count as failures until they have succeeded, so many at once
gain nothing.

Implements: RFC 6585, 4; RFC 9110, 10.2.3
"""

from __future__ import annotations

import json
from collections import deque
from dataclasses import dataclass, field
from hashlib import blake2b

from twisted.logger import Logger

from davd.authentication.settings import AuthenticationSettings
from davd.interfaces.store import IStore, StoreError
from davd.model.address import bucket

log = Logger(namespace="davd.authentication")

MAX_KEYS = 100_000


@dataclass(slots=True)
class Failures:
    """What is known of one key: the times of late failures, attempts under way, and the block in force."""

    times: deque[float] = field(default_factory=deque)
    pending: int = 0
    blocked_until: float = 0.0
    block: float = 0.0


class Throttle:
    """Counts failures per key and says how long a key has to wait."""

    def __init__(self, settings: AuthenticationSettings, store: IStore) -> None:
        self._settings = settings
        self._store = store
        self._keys: dict[str, Failures] = {}

    def keys(self, name: str, address: str) -> tuple[str, ...]:
        """The keys an attempt counts under. Names are folded, so that spelling gains nothing."""
        by_name = "name:" + blake2b(name.casefold().encode(), digest_size=12).hexdigest()
        return (by_name, "network:" + bucket(address)) if address else (by_name,)

    async def wait(self, keys: tuple[str, ...], now: float) -> float:
        """Seconds until an attempt under `keys` may be made; 0 when it may be made now."""
        longest = 0.0
        for key in keys:
            failures = self._keys.get(key) or await self._load(key, now)
            self._forget_old(failures, now)
            if failures.blocked_until > now:
                longest = max(longest, failures.blocked_until - now)
            elif len(failures.times) + failures.pending >= self._settings.max_failures:
                longest = max(longest, 1.0)
        return longest

    def begin(self, keys: tuple[str, ...]) -> None:
        """An attempt starts."""
        for key in keys:
            self._keys.setdefault(key, Failures()).pending += 1

    async def finish(self, keys: tuple[str, ...], failed: bool, now: float) -> None:
        """An attempt has ended; failures are counted and blocks that follow are stored."""
        for key in keys:
            failures = self._keys.setdefault(key, Failures())
            failures.pending = max(0, failures.pending - 1)
            if not failed:
                continue
            failures.times.append(now)
            self._forget_old(failures, now)
            if len(failures.times) >= self._settings.max_failures:
                await self._block(key, failures, now)
        if len(self._keys) > MAX_KEYS:
            self._shed(now)

    async def _block(self, key: str, failures: Failures, now: float) -> None:
        window = float(self._settings.failure_window_seconds)
        failures.block = min(failures.block * 2 or window, float(self._settings.max_block_seconds))
        failures.blocked_until = now + failures.block
        # One failure of grace after the block: the next one blocks again, for twice as long.
        failures.times.clear()
        failures.times.extend([now + failures.block] * (self._settings.max_failures - 1))
        value = json.dumps([failures.blocked_until, failures.block]).encode()
        try:
            async with self._store.write() as transaction:
                await transaction.keep("throttle:" + key, value, failures.blocked_until + failures.block)
        except StoreError as error:
            # It is in force all the same, in this process; and a wrong password is a 401, on a full disk as well.
            log.warn("a block after failed log-ins does not outlast davd: {error}", error=error)

    async def _load(self, key: str, now: float) -> Failures:
        async with self._store.read() as transaction:
            value = await transaction.kept("throttle:" + key, now)
        failures = self._keys.setdefault(key, Failures())
        if value is not None and not failures.block:
            failures.blocked_until, failures.block = json.loads(value)
            failures.times.extend([failures.blocked_until] * (self._settings.max_failures - 1))
        return failures

    def _forget_old(self, failures: Failures, now: float) -> None:
        limit = now - self._settings.failure_window_seconds
        while failures.times and failures.times[0] <= limit:
            failures.times.popleft()
        if not failures.times and failures.blocked_until + failures.block <= now:
            failures.block = 0.0

    def _shed(self, now: float) -> None:
        for key, failures in list(self._keys.items()):
            self._forget_old(failures, now)
            if not failures.times and not failures.pending and failures.blocked_until <= now:
                del self._keys[key]
