"""Token buckets.

Verifies: docs/architecture.md, Admission
"""

from __future__ import annotations

from math import inf

import pytest

from davd.admission.budgets import UNKNOWN, Budget, Limits
from davd.admission.rate_settings import RateSettings

SETTINGS = RateSettings(
    account_requests=4, account_requests_burst=8, account_cpu=0.5, account_cpu_burst=10, account_rows=100
)


def near(seconds: float) -> object:
    """A time, give or take what rounding is allowed."""
    return pytest.approx(seconds, abs=0.003)


def test_limits() -> None:
    limits = Limits("account", SETTINGS)
    requests, octets, rows, cpu = limits.measures
    assert (requests.interval, requests.window, requests.half) == (0.25, 2.0, 1.0)
    assert (cpu.interval, cpu.window, cpu.half) == (2.0, 20.0, 10.0)
    assert requests.slack == near(1.75) and cpu.slack == near(20.0)
    assert octets.rate == inf
    assert [(place, unit) for place, unit, _ in limits.costs] == [(2, "rows"), (3, "cpu")]
    assert rows.burst == 1_000_000 and not limits.free
    assert Limits("all", SETTINGS).free and UNKNOWN.free


def test_factor() -> None:
    measure = Limits("account", SETTINGS, 2.5).requests
    assert (measure.rate, measure.burst) == (10, 20)
    assert Limits("account", SETTINGS, 0.01).requests.burst == 1
    assert Limits("account", SETTINGS, inf).free


def test_a_full_budget() -> None:
    budget = Budget("amy", Limits("account", SETTINGS))
    assert [budget.left(place, 5.0) for place in range(4)] == [8, inf, 1_000_000, 10]
    assert all(budget.wait(place, 5.0) == 0 for place in range(4))
    assert budget.ready <= 5 and budget.low <= 5


def test_take_and_refill() -> None:
    budget = Budget("amy", Limits("account", SETTINGS))
    for taken in range(1, 9):
        assert budget.ready <= 100
        budget.take(100)
        assert budget.left(0, 100) == 8 - taken
        assert (budget.low > 100) is (taken > 4)
    assert budget.ready == near(100.25)
    assert budget.wait(0, 100) == near(0.25)
    assert budget.left(0, 101) == 4
    assert budget.left(0, 500) == 8


def test_charge() -> None:
    budget = Budget("amy", Limits("account", SETTINGS))
    budget.charge(0, (9, 9, 0, 4))
    assert [budget.left(place, 0) for place in range(4)] == [8, inf, 1_000_000, 6]
    assert budget.ready <= 0 and budget.low <= 0
    budget.charge(0, (0, 0, 0, 8))
    assert budget.left(3, 0) == -2 and budget.low == 14
    assert budget.ready == budget.wait(3, 0) == near(4)


def test_unknown_limits_count_nothing() -> None:
    budget = Budget("amy")
    budget.charge(0, (1, 1, 1, 1))
    budget.take(0)
    assert budget.ready == budget.low == -inf


@pytest.mark.parametrize(("used", "left"), [(3, 5), (8, 0)])
def test_adopt_keeps_what_was_used(used: int, left: int) -> None:
    budget = Budget("amy", Limits("account", SETTINGS))
    for _ in range(used):
        budget.take(50)
    slower = RateSettings(account_requests=1, account_requests_burst=8, account_cpu=0)
    budget.adopt(Limits("account", slower), 50)
    assert budget.left(0, 50) == left
    assert budget.wait(0, 50) == (0 if left else near(1))
    assert budget.left(3, 50) == inf
    budget.adopt(UNKNOWN, 50)
    assert budget.ready == budget.low == -inf
