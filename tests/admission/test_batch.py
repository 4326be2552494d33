"""Like requests that wait together are served together.

Verifies: docs/architecture.md, Admission
"""

from __future__ import annotations

from twisted.internet.defer import Deferred

from davd.admission.batch import Batch
from davd.admission.place import Place
from tests.admission.rig import NORMAL, Outcome, Rig


async def _wait(place: Place, waiting: Deferred[object]) -> object:
    return await waiting


async def _share(place: Place, rig: Rig, name: object) -> Batch | None:
    batch = place.batch
    if batch is not None and batch.shared is None:
        batch.shared = f"opened by {name}"
        batch.closing.append(lambda: rig.log.append("closed"))
    rig.log.append((name, batch.shared if batch is not None else None))
    return batch


def _queue(rig: Rig, *batches: object, priority: object = NORMAL) -> list[Outcome]:
    """Exhaust the turn and let one request of each batch wait."""
    rig.exhaust()
    return [
        rig.ask(_share, rig, (batch, number), priority=priority, batch=batch) for number, batch in enumerate(batches)
    ]


def test_those_that_wait_together_share() -> None:
    rig = Rig()
    asked = _queue(rig, "a", "b", "a", None, "a", None)
    rig.turn()
    shared = "opened by ('a', 0)"
    assert rig.log == [
        (("a", 0), shared),
        (("a", 2), shared),
        (("a", 4), shared),
        "closed",
        (("b", 1), None),
        ((None, 3), None),
        ((None, 5), None),
    ]
    batch = asked[0].result
    assert asked[2].result is asked[4].result is batch
    assert len(batch.members) == 3
    assert rig.balance() == rig.held() == 0


def test_one_that_runs_at_once_has_no_batch() -> None:
    rig = Rig()
    assert rig.ask(_share, rig, "alone", batch="a").result is None


def test_not_more_than_the_batch_size() -> None:
    rig = Rig(batch_size=3)
    asked = _queue(rig, *["a"] * 7)
    rig.turn()
    batches = [outcome.result for outcome in asked]
    assert [len(batch.members) for batch in (batches[0], batches[3])] == [3, 3]
    assert batches[6] is None
    assert batches[0] is batches[2] is not batches[3]


def test_not_more_than_there_are_tokens() -> None:
    rig = Rig(max_concurrent_requests=2)
    _queue(rig, *["a"] * 5)
    rig.turn()
    assert rig.log.count("closed") == 2
    assert rig.balance() == rig.held() == 0


def test_switched_off() -> None:
    rig = Rig(enable_batching=False)
    asked = _queue(rig, *["a"] * 5)
    rig.turn()
    assert [outcome.result for outcome in asked] == [None] * 5
    assert [name for name, _ in rig.log] == [("a", number) for number in range(5)]


def test_it_is_closed_when_all_have_taken_their_first_step() -> None:
    rig = Rig()
    waits: list[Deferred[object]] = [Deferred() for _ in range(3)]

    async def work(place: Place, number: int) -> object:
        assert place.batch is not None
        rig.log.append(number)
        if not number:
            place.batch.closing.append(lambda: rig.log.append("closed"))
        return await waits[number]

    rig.exhaust()
    asked = [rig.ask(work, number, priority=NORMAL, batch="a") for number in range(3)]
    rig.turn()
    assert rig.log == [0, 1, 2, "closed"], "nobody who waits keeps it open"
    waits[1].callback(None)
    asked[0].deferred.cancel()
    waits[2].errback(ZeroDivisionError())
    assert asked[0].done and asked[1].done
    assert isinstance(asked[2].error, ZeroDivisionError)
    assert rig.log == [0, 1, 2, "closed"]


def test_members_that_go_before_their_turn_do_not_keep_it_open() -> None:
    rig = Rig()

    async def work(place: Place, number: int) -> None:
        assert place.batch is not None
        place.batch.closing.append(lambda: rig.log.append("closed"))
        asked[1].deferred.cancel()
        rig.log.append(number)

    rig.exhaust()
    asked = [rig.ask(work, number, priority=NORMAL, batch="a") for number in range(3)]
    rig.turn()
    assert rig.log == [0, 2, "closed", "closed"]
    assert rig.balance() == rig.held() == 0


def test_members_that_were_withdrawn_before_are_no_members() -> None:
    rig = Rig()
    asked = _queue(rig, "a", "a", "a")
    asked[0].deferred.cancel()
    asked[2].deferred.cancel()
    rig.turn()
    assert asked[1].result is None
