"""Failures that every request meets are told once in a while.

Verifies: RFC 4918, 11.5
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from twisted.internet.task import Clock
from twisted.logger import globalLogPublisher

from davd.application import finish
from davd.application.repetition import Repetition
from davd.http.body import Body
from davd.http.request import Request
from davd.interfaces.store import StoreError, StoreFull


def test_the_first_of_a_kind_and_then_one_in_a_while() -> None:
    clock = Clock()
    repetition = Repetition(60.0, clock.seconds)
    assert [repetition.due("full") for _ in range(5)] == [1, None, None, None, None]
    assert repetition.due("locked") == 1
    clock.advance(59)
    assert repetition.due("full") is None
    clock.advance(1)
    assert [repetition.due("full") for _ in range(2)] == [6, None]


def test_no_more_kinds_are_known_than_it_takes() -> None:
    clock = Clock()
    repetition = Repetition(60.0, clock.seconds)
    for number in range(100):
        clock.advance(0.1)
        assert repetition.due(number) == 1
    assert repetition.due(99) is None
    assert repetition.due(0) == 1


@pytest.fixture
def told() -> Iterator[list[dict[str, Any]]]:
    """What was logged meanwhile."""
    events: list[dict[str, Any]] = []
    globalLogPublisher.addObserver(events.append)
    yield events
    globalLogPublisher.removeObserver(events.append)


def test_a_full_disk_is_one_line_for_many_requests(told: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr(finish, "_failures", Repetition(finish.SELDOM_SECONDS, clock.seconds))
    for number in range(1000):
        request = Request("PUT", "/", "", {}, Body(), id=f"r-{number}")
        doing = "committing" if number % 2 else "writing a blob"
        assert finish.fail(request, StoreFull(f"the disk is full ({doing})")).status == 507
        assert finish.fail(request, StoreError("the store is closed")).status == 503
    assert [event["log_format"].format(**event) for event in told] == [
        "r-0 the disk is full (writing a blob)",
        "r-0 the store is closed",
    ]
    clock.advance(finish.SELDOM_SECONDS)
    finish.fail(Request("PUT", "/", "", {}, Body(), id="later"), StoreFull("the disk is full (committing)"))
    (_, _, event) = told
    assert event["log_format"].format(**event) == (
        "later the disk is full (committing), as 1000 requests since the last such line"
    )
