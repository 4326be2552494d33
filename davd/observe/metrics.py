"""The metrics of this process, read from its parts when they are asked for.

Nothing is counted for this alone: the parts count what they do, and what they have counted is gathered, named and
written here.

Implements: docs/operate/monitoring.md, Metrics
"""

from __future__ import annotations

from collections.abc import Callable

from davd.observe.catalogue import CATALOGUE
from davd.observe.exposition import render
from davd.observe.readings import Counted
from davd.observe.snapshot import Snapshot, packed


class Metrics:
    """Reads what `collect` gives; `now` is a clock of POSIX seconds."""

    def __init__(self, collect: Callable[[], Counted], now: Callable[[], float]) -> None:
        self._collect = collect
        self._now = now

    def read(self) -> Snapshot:
        """All families that have a sample."""
        counted = self._collect()
        families = [row.family(counted) for row in CATALOGUE]
        return Snapshot(self._now(), [family for family in families if family.samples])

    def snapshot(self) -> bytes:
        """The same for another process, which adds up those of several by `davd.observe.snapshot.merge`."""
        return packed(self.read())

    def render(self, accept: str = "") -> tuple[bytes, str]:
        """The metrics as text, and its media type, as a scraper with that Accept field wants them."""
        return render(self.read(), accept)


def names() -> list[str]:
    """The names of all families there may be, as they are written in queries: counters with `_total`."""
    return [row.name + ("_total" if row.type == "counter" else "") for row in CATALOGUE]
