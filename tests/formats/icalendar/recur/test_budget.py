"""What rules may cost.

Verifies: RFC 4791, 11
"""

from __future__ import annotations

import pytest

from davd.formats.icalendar.recur.budget import Budget, BudgetError, TooMuch


def test_all_of_it_may_be_spent() -> None:
    budget = Budget(iterations=10, instances=3)
    budget.search(10)
    budget.found(3)
    assert (budget.iterations, budget.instances) == (0, 0)


def test_steps_run_out() -> None:
    budget = Budget(iterations=10)
    budget.search(6)
    with pytest.raises(TooMuch, match="steps"):
        budget.search(5)
    with pytest.raises(TooMuch):
        budget.search(0)


def test_instances_run_out() -> None:
    budget = Budget(instances=1)
    budget.found(1)
    with pytest.raises(BudgetError, match="instances"):
        budget.found(1)


def test_time_runs_out() -> None:
    budget = Budget(seconds=-1)
    with pytest.raises(TooMuch, match="long"):
        budget.search(1)
    with pytest.raises(TooMuch, match="long"):
        budget.found(1)
