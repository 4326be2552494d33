"""The order of those that wait.

Verifies: docs/architecture.md, Admission; RFC 9218, 4.1, 10
"""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from davd.admission.arrival import Arrival
from davd.admission.queue import Entry, RequestQueue
from davd.admission.sources import Source
from davd.model.priority import RequestPriority
from davd.tree.statistics import Route

AGEING = 10.0
LOW, NORMAL, HIGH, CRITICAL = RequestPriority
_SOURCE, _ROUTE = Source("192.0.2.1", False), Route("GET", "files", "")


def _entry(priority: RequestPriority, since: float = 0.0, urgency: int = 3, counted: bool = True) -> Entry:
    return Entry(Arrival(_SOURCE, _ROUTE, priority, since, urgency), priority, since, not counted, counted)


def _next(queue: RequestQueue) -> Entry | None:
    heads = [head for priority in RequestPriority if (head := queue.head(priority)) is not None]
    return min(heads, key=lambda entry: entry.order, default=None)


def _drain(queue: RequestQueue) -> list[Entry]:
    found = []
    while (entry := _next(queue)) is not None:
        queue.remove(entry)
        found.append(entry)
    return found


_PRIORITIES = st.sampled_from(RequestPriority)
_ARRIVALS = st.lists(st.tuples(st.floats(0, 30), _PRIORITIES, st.integers(0, 7)), max_size=40)


@given(_ARRIVALS)
def test_by_class_among_those_of_similar_age_then_by_coming(plan: list[tuple[float, RequestPriority, int]]) -> None:
    queue = RequestQueue(AGEING)
    for since, priority, urgency in sorted(plan, key=lambda item: item[0]):
        queue.push(_entry(priority, since, urgency))
    order = _drain(queue)
    assert len(order) == len(plan)
    place = {entry: number for number, entry in enumerate(order)}
    for one in order:
        for other in order:
            older = one.since <= other.since
            if one.priority > other.priority and one.since - other.since < 0.3 * 0.1 * AGEING:
                assert place[one] < place[other]
            if one is not other and older and one.arrival.urgency == other.arrival.urgency:
                # Never overtaken by a later one of the same class or a lower one.
                if one.priority >= other.priority and one.since < other.since:
                    assert place[one] < place[other]
            # Nothing that comes after the ageing time goes before the lowest.
            if other.since > one.since + 1.07 * AGEING:
                assert place[one] < place[other]


def test_first_come_first_served_at_one_time() -> None:
    queue = RequestQueue(AGEING)
    entries = [_entry(LOW) for _ in range(20)]
    for entry in entries:
        queue.push(entry)
    assert _drain(queue) == entries


def test_urgency_within_the_class() -> None:
    queue = RequestQueue(AGEING)
    for urgency in (7, 3, 0, 5):
        for priority in (LOW, NORMAL, HIGH, CRITICAL):
            queue.push(_entry(priority, 0.0, urgency))
    found = [(entry.priority, entry.arrival.urgency) for entry in _drain(queue)]
    assert found == [(priority, urgency) for priority in (CRITICAL, HIGH, NORMAL, LOW) for urgency in (0, 3, 5, 7)]


@settings(max_examples=30)
@given(st.integers(0, 2**32), st.floats(0.1, 0.8))
def test_the_wait_of_the_lowest_is_bounded(seed: int, load: float) -> None:
    """One is served every 0.1 s while higher ones come faster; nothing that came later than AGEING goes before it."""
    random = Random(seed)
    queue = RequestQueue(AGEING)
    now, service = 0.0, 0.1
    waits = []
    for step in range(600):
        now = step * service
        while random.random() < load:
            queue.push(_entry(random.choice((NORMAL, HIGH, CRITICAL)), now, random.randrange(8)))
        queue.push(_entry(random.choice((NORMAL, HIGH)), now))
        if step % 50 == 0:
            queue.push(_entry(LOW, now))
        entry = _next(queue)
        assert entry is not None
        queue.remove(entry)
        if entry.priority is LOW:
            waits.append(now - entry.since)
        older = [other for other in (queue.head(LOW),) if other is not None]
        # Whoever goes came before the oldest low one had aged.
        for low in older:
            assert entry.since <= low.since + 1.07 * AGEING
    assert waits or queue.waiting(LOW)


class TestEnds:
    """Those that are taken from elsewhere than the front."""

    def test_the_oldest_the_newest_and_the_one_behind(self) -> None:
        queue = RequestQueue(AGEING)
        assert queue.oldest(LOW) is queue.newest(LOW) is queue.behind(LOW) is queue.head(LOW) is None
        urgent = _entry(LOW, 2.0, 0)
        entries = [_entry(LOW, 0.0, 7), _entry(LOW, 1.9, 7), urgent]
        for entry in entries:
            queue.push(entry)
        assert queue.head(LOW) is entries[0]
        assert (queue.oldest(LOW), queue.behind(LOW), queue.newest(LOW)) == tuple(entries)
        queue.remove(entries[0])
        assert queue.head(LOW) is urgent
        assert queue.behind(LOW) is entries[1]
        queue.remove(entries[1])
        assert queue.behind(LOW) is None

    def test_those_that_have_begun_are_not_taken(self) -> None:
        queue = RequestQueue(AGEING)
        queue.push(_entry(LOW, counted=False))
        assert queue.waiting(LOW) == 1
        assert queue.oldest(LOW) is queue.newest(LOW) is queue.behind(LOW) is None

    def test_the_heap_does_not_keep_what_was_removed(self) -> None:
        queue = RequestQueue(AGEING)
        first = _entry(LOW)
        queue.push(first)
        for _ in range(10_000):
            entry = _entry(LOW, 1.0)
            queue.push(entry)
            queue.remove(entry)
        assert len(queue._lanes[LOW].heap) < 100
        assert _drain(queue) == [first]
        assert queue.size == 0
