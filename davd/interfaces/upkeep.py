"""What a store does for itself now and then."""

from __future__ import annotations

from zope.interface import Interface


class IUpkeep(Interface):
    """What a store may provide beside IStore: work on itself that nobody has asked for, and that can be left out.

    Each of them lets others read and write meanwhile, but for moments. StoreError when it could not be done.
    """

    async def checkpoint() -> int:
        """Copy what was committed to where it belongs, so that the log can be begun anew; how many pages were in it."""

    async def refresh() -> None:
        """Renew what is known of the tables' sizes, by which queries are planned; quick where little has changed."""

    async def collect(now: float) -> int:
        """Remove content that nothing refers to and nobody can be about to refer to; how many blobs that were."""
