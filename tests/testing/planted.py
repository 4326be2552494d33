"""Wrong answers planted in right histories, each where no order can explain it."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from davd.testing.file_history import BROKEN, Event, Told

History = Sequence[Event]


def after(event: Event) -> int:
    """When it was over; never, when nobody knows."""
    return (1 << 62) if event.return_ns is None else event.return_ns


def succeeded(event: Event) -> bool:
    """Whether it was told to be done."""
    return event.result is not None and event.result.status < 300


def stores(event: Event) -> bool:
    """Whether it is a PUT that was told to be done."""
    return event.op.method == "PUT" and succeeded(event)


def may_remove(event: Event, name: str) -> bool:
    """Whether the file may be gone from that name by it."""
    done = event.result is None or succeeded(event)
    return done and event.op.method in ("DELETE", "MOVE") and event.op.name == name


@dataclass
class Planter:
    """Finds places in a history where a wrong answer is certain to be wrong, and plants it there."""

    history: list[Event]
    chance: random.Random

    def _put(self, event: Event, told: Told) -> list[Event]:
        return [replace(each, result=told) if each is event else each for each in self.history]

    def _pairs(self, test: Callable[[Event, Event], bool]) -> tuple[Event, Event] | None:
        found = [
            (one, other) for one in self.history for other in self.history if one is not other and test(one, other)
        ]
        return self.chance.choice(found) if found else None

    def _removed_between(self, one: Event, other: Event) -> bool:
        """Whether the file may have been removed at an instant between those of the two."""
        start, end = min(one.invoke_ns, other.invoke_ns), max(after(one), after(other))
        return any(
            may_remove(each, one.op.name) and each.invoke_ns < end and after(each) > start for each in self.history
        )

    def second_winner(self) -> list[Event] | None:
        """A second PUT with If-None-Match: * that made the file, though nothing can have removed it."""

        def test(one: Event, other: Event) -> bool:
            return (
                one.op.if_none_match == other.op.if_none_match == "*"
                and one.op.name == other.op.name
                and stores(one)
                and other.result == Told(412)
                and not self._removed_between(one, other)
            )

        pair = self._pairs(test)
        return None if pair is None else self._put(pair[1], Told(201, etag="planted"))

    def lost_update(self) -> list[Event] | None:
        """Two PUTs with If-Match of one ETag, both told to be done."""

        def test(one: Event, other: Event) -> bool:
            same = one.op.method == other.op.method == "PUT" and one.op.if_match == other.op.if_match is not None
            return same and stores(one) and other.result == Told(412)

        pair = self._pairs(test)
        return None if pair is None else self._put(pair[1], Told(204, etag="planted"))

    def _overwritten(self) -> list[tuple[Event, Event]]:
        """A PUT that was told its ETag, and one that took its place, surely, in a history without MOVE."""
        return [
            (one, other)
            for one in self.history
            for other in self.history
            if stores(one) and stores(other) and one.op.name == other.op.name and after(one) < other.invoke_ns
        ]

    def _read_after(self, past: Event) -> list[Event]:
        return [
            each
            for each in self.history
            if each.op.method == "GET" and each.op.if_none_match is None and each.result is not None
            and each.op.name == past.op.name and each.invoke_ns > after(past)
        ]  # fmt: skip

    def stale_read(self) -> list[Event] | None:
        """A GET of content that was surely overwritten before."""
        places = [(one, read) for one, other in self._overwritten() for read in self._read_after(other)]
        return self._plant_read(places)

    def _plant_read(self, places: list[tuple[Event, Event]]) -> list[Event] | None:
        if not places:
            return None
        write, read = self.chance.choice(places)
        assert write.result
        return self._put(read, Told(200, write.op.content, write.result.etag))

    def resurrected(self) -> list[Event] | None:
        """A GET of content that was surely deleted before."""
        places = [
            (write, read)
            for gone in self.history
            if gone.op.method == "DELETE" and succeeded(gone)
            for write in self.history
            if stores(write) and write.op.name == gone.op.name and after(write) < gone.invoke_ns
            for read in self._read_after(gone)
        ]
        return self._plant_read(places)

    def never_written(self) -> list[Event] | None:
        """A GET of content that nobody sent, or of content that was refused."""
        refused = [each for each in self.history if each.op.method == "PUT" and each.result == Told(412)]
        reads = [each for each in self.history if each.op.method == "GET" and each.result and not each.op.if_none_match]
        if not reads:
            return None
        contents = [BROKEN, *(each.op.content for each in refused)]
        return self._put(self.chance.choice(reads), Told(200, self.chance.choice(contents), "planted"))

    def future_read(self) -> list[Event] | None:
        """A GET of content that was sent only later."""
        places = [
            (write, read)
            for write in self.history
            if stores(write)
            for read in self.history
            if read.op.method == "GET" and read.result and not read.op.if_none_match and after(read) < write.invoke_ns
        ]
        return self._plant_read(places)

    def lost_write(self) -> list[Event] | None:
        """A GET that finds nothing where a PUT was told to be done and nothing can have removed it."""
        places = [
            read
            for write in self.history
            if stores(write)
            for read in self._read_after(write)
            if not self._removed_between(write, read)
        ]
        return self._put(self.chance.choice(places), Told(404)) if places else None

    def two_places(self) -> list[Event] | None:
        """A LIST in which one ETag is that of two files."""
        places = [each for each in self.history if each.result is not None and len(each.result.etags or {}) > 1]
        if not places:
            return None
        place = self.chance.choice(places)
        assert place.result and place.result.etags
        one, other, *_ = place.result.etags
        return self._put(place, Told(207, etags=place.result.etags | {one: place.result.etags[other]}))

    def left_behind(self) -> list[Event] | None:
        """A GET of what was there before a MOVE, when that was surely moved away and nothing can have come back."""
        back = [each for each in self.history if each.op.method == "MOVE" and (not each.result or succeeded(each))]
        writes = [each for each in self.history if stores(each)]
        places = [
            (write, read)
            for move in back
            if move.result
            for write in writes
            if write.op.name == move.op.name and after(write) < move.invoke_ns
            for read in self._read_after(move)
            if not any(
                each.op.destination == move.op.name and each.invoke_ns < after(read) and after(each) > write.invoke_ns
                for each in back
            )
        ]
        return self._plant_read(places)

    def torn_etag(self) -> list[Event] | None:
        """A GET with right content and the ETag of other content."""
        reads = [each for each in self.history if each.op.method == "GET" and each.result and each.result.content]
        writes = [each for each in self.history if stores(each)]
        places = [(read, write) for read in reads for write in writes if read.result.content != write.op.content]  # type: ignore[union-attr]
        if not places:
            return None
        read, write = self.chance.choice(places)
        assert read.result and write.result
        return self._put(read, replace(read.result, etag=write.result.etag))
