"""Where finished answers are kept beside the process's own memory."""

from __future__ import annotations

from collections.abc import Mapping

from zope.interface import Attribute, Interface


class ICache(Interface):
    """A tier that keeps bytes by key and may forget any of them at any time.

    Keys name a version of what they stand for, so an entry is never wrong, only useless. A tier never raises: what it
    cannot answer in time it does not have. All coroutines wait on Deferreds only.
    """

    name = Attribute("The tier's name in statistics: a lower-case word.")

    async def start() -> None:
        """Get ready; a tier that cannot be reached now may become ready later."""

    async def stop() -> None:
        """Release what `start` took; what was to be kept may be lost."""

    async def get(key: bytes) -> bytes | None:
        """What was kept under `key`, None when there is nothing or it cannot be known in time."""

    def put(key: bytes, value: bytes) -> None:
        """Keep a value, later and perhaps never; returns at once."""

    def statistics() -> Mapping[str, float]:
        """Counters by name: at least `hits`, `misses`, `puts`, `failures`."""
