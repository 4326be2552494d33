"""What a request costs that runs at once.

Verifies: docs/architecture.md, Admission
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType

import pytest

from davd.admission.place import Place
from davd.model.priority import RequestPriority
from tests.admission.rig import Rig


def _calls(action: Callable[[], object]) -> int:
    """Functions called, those written in C included."""
    number = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal number
        number += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        action()
    finally:
        sys.setprofile(None)
    # Less that which ends the counting.
    return number - 1


def _run(coroutine: object) -> None:
    with pytest.raises(StopIteration):
        coroutine.send(None)  # type: ignore[attr-defined]


async def _work(place: Place) -> int:
    return 1


@pytest.mark.parametrize("priority", list(RequestPriority))
def test_calls_of_a_request_that_runs_at_once(priority: RequestPriority) -> None:
    rig = Rig()
    arrival = rig.arrival(priority)

    def bare() -> None:
        _run(_work(Place(None, arrival)))  # type: ignore[arg-type]

    def pooled() -> None:
        _run(rig.pool.process(arrival, _work))

    _calls(bare), _calls(pooled)
    # `process`, `send` of the work, two looks at the clock (a method of it and one that this calls) and the bucket.
    assert _calls(pooled) - _calls(bare) <= 6


def test_calls_of_one_answered_from_memory() -> None:
    rig = Rig()
    source = rig.source("192.0.2.1")
    assert _calls(lambda: rig.pool.open_to(source) and rig.pool.instant(rig.route, 1, 100)) <= 3
