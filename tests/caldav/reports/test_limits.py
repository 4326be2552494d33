"""What one report may ask and cost.

Verifies: RFC 4791, 7.8, 7.9, 11
"""

from __future__ import annotations

import pytest

from davd.caldav.elements.time_range import TimeRange
from davd.caldav.reports.limits import FOUND, ITERATIONS, MOST_WORK, WRITTEN, Purse, check_ranges
from davd.caldav.settings import CalDavSettings
from davd.formats.icalendar.recur.budget import TooMuch
from davd.model.errors import HTTPError

SETTINGS = CalDavSettings(min_date_time="19700101T000010Z", max_date_time="19700101T000100Z", max_instances=3)


class TestRanges:
    """Verifies: RFC 4791, 7.8"""

    @pytest.mark.parametrize("asked", [(10, 60), (None, 60), (10, None), (30, 31)])
    def test_within_the_bounds(self, asked: tuple[int | None, int | None]) -> None:
        check_ranges([TimeRange(10, 60), TimeRange(*asked)], SETTINGS)

    @pytest.mark.parametrize(
        ("asked", "name"),
        [
            ((9, 60), "min-date-time"),
            ((None, 9), "min-date-time"),
            ((10, 61), "max-date-time"),
            ((61, None), "max-date-time"),
        ],
    )
    def test_outside_of_them(self, asked: tuple[int | None, int | None], name: str) -> None:
        with pytest.raises(HTTPError) as caught:
            check_ranges([TimeRange(10, 60), TimeRange(*asked)], SETTINGS)
        assert caught.value.status == 403
        assert caught.value.condition == "{urn:ietf:params:xml:ns:caldav}" + name


class TestPurse:
    """Verifies: RFC 4791, 11"""

    def test_each_object_has_a_budget_of_its_own(self) -> None:
        purse = Purse(SETTINGS)
        for _ in range(2):
            budget = purse.open().budget
            assert (budget.iterations, budget.instances) == (ITERATIONS, 3)
            budget.found(3)
            with pytest.raises(TooMuch):
                budget.found(1)

    def test_what_was_spent_is_counted_once(self) -> None:
        purse = Purse(SETTINGS)
        account = purse.open()
        account.budget.found(2)
        account.settle()
        account.settle()
        assert purse.work == 2 * FOUND
        account.budget.search(10)
        account.settle()
        assert purse.work == 2 * FOUND + 5
        dear = purse.open(WRITTEN)
        dear.budget.found(1)
        dear.settle()
        assert purse.work == 2 * FOUND + 5 + WRITTEN

    def test_it_is_empty_at_the_end(self) -> None:
        purse = Purse(SETTINGS)
        purse.read(b"x" * 120)
        assert purse.work == 40
        assert not purse.is_empty
        purse.work = MOST_WORK + 1
        assert purse.is_empty
