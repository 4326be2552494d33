"""What has been deleted or overwritten and is kept for a while.

Implements: RFC 4918, 9.6, 9.7
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

DELETED: Final = "deleted"
OVERWRITTEN: Final = "overwritten"

DAY: Final = 86_400.0

# Above the id of any entry.
NEWEST: Final = 1 << 62

# What a resource in the trash takes beside its content, in bytes, about: so that also empty ones are bounded.
ROW_BYTES: Final = 512


@dataclass(frozen=True, slots=True)
class Trashed:
    """One entry of the trash: a file, a former content of a file, or a collection with all that was in it.

    `id` names the entry and is never used again. `path` are the names from the root to where it was, `name` the last of
    them; the collection that it was in may have moved or gone since. `owner` is whose it was, `etag` the former ETag,
    empty for a collection. `deleted` is a POSIX time, `reason` either `DELETED` or `OVERWRITTEN`. `type` is that of the
    resource, `count` how many resources the entry holds, `bytes` what the entry counts for. `uid` is that of an object
    of a calendar or an address book, else empty. `collection` is the id of the collection that it was in.
    """

    id: int
    path: tuple[str, ...]
    name: str
    owner: str
    etag: str
    deleted: float
    reason: str
    type: str
    count: int
    bytes: int
    uid: str
    collection: int


@dataclass(frozen=True, slots=True)
class TrashLimits:
    """What is kept, and for how long.

    `days` is how long an entry stays (0: nothing is kept), `versions` how many entries of one place, a name in a
    collection, stay at most beside the oldest of each day (UTC), and `bytes` is for the entries of one owner: the
    oldest go first. Until the POSIX time `until` everything is kept for `grace_days` at least, whatever `days` is.
    """

    days: int = 30
    versions: int = 10
    bytes: int = 2 * 1024**3
    grace_days: int = 0
    until: float = 0.0

    def keeps(self, now: float) -> bool:
        """Whether what goes now is kept."""
        return self.days > 0 or now < self.until

    def before(self, now: float) -> float:
        """The POSIX time before which entries have had their time."""
        days = max(self.days, self.grace_days) if now < self.until else self.days
        return now - days * DAY


def same_day(one: float, other: float) -> bool:
    """Whether two POSIX times are of one day in UTC."""
    return one // DAY == other // DAY
