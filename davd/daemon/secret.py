"""What the processes and nodes of one store know and nobody else: it seals what they share through others."""

from __future__ import annotations

import os
from typing import Final

from davd.interfaces.store import IStore

_KEY: Final = "caches:secret"
# Long enough that it never ends while the store lives, short enough for a POSIX time.
_LIFETIME: Final = 100 * 365.25 * 86_400


async def secret_of(store: IStore, now: float) -> bytes:
    """The secret of a store, 32 bytes; made when it is first asked for."""
    async with store.read() as view:
        secret: bytes | None = await view.kept(_KEY, now)
    if secret is not None:
        return secret
    async with store.write() as transaction:
        secret = await transaction.kept(_KEY, now)
        if secret is None:
            secret = os.urandom(32)
            await transaction.keep(_KEY, secret, now + _LIFETIME)
    return secret
