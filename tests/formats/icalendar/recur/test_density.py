"""How far apart occurrences can be.

Verifies: RFC 5545, 3.3.10
"""

from __future__ import annotations

from datetime import datetime
from itertools import islice, pairwise

import pytest
from hypothesis import given, settings

from davd.formats.icalendar.recur.density import longest_gap
from davd.formats.icalendar.recur.gregorian import DAY
from davd.formats.icalendar.recur.occurrences import occurrences
from davd.formats.icalendar.recur.rule import parse_rule
from tests.formats.icalendar.recur.rule_texts import STARTS, rule_texts

EPOCH = datetime(1970, 1, 1)


@settings(max_examples=300)
@given(rule_texts(), STARTS)
def test_no_gap_is_longer(text: str, start: datetime) -> None:
    rule = parse_rule(text)
    wall = int((start - EPOCH).total_seconds())
    gap = longest_gap(rule, wall)
    if gap is not None:
        walls = list(islice(occurrences(rule, wall), 300))
        assert len(walls) == 300
        assert all(later - earlier <= gap * DAY for earlier, later in pairwise(walls[1:]))


@pytest.mark.parametrize(
    ("text", "gap"),
    [
        ("FREQ=SECONDLY", 1),
        ("FREQ=MINUTELY;INTERVAL=2880", 3),
        ("FREQ=HOURLY;BYDAY=MO", 7),
        ("FREQ=DAILY", 1),
        ("FREQ=DAILY;INTERVAL=50", 50),
        ("FREQ=DAILY;BYDAY=SA,SU", 7),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE", 14),
        ("FREQ=MONTHLY", 31),
        ("FREQ=MONTHLY;BYMONTHDAY=31,1", 31),
        ("FREQ=MONTHLY;BYDAY=-1FR", 37),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", 37),
        ("FREQ=MONTHLY;BYMONTHDAY=31", None),
        ("FREQ=MONTHLY;BYDAY=5MO", None),
        ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", None),
        ("FREQ=MONTHLY;BYDAY=FR;BYSETPOS=5", None),
        ("FREQ=MONTHLY;INTERVAL=2", None),
        ("FREQ=DAILY;INTERVAL=7;BYDAY=MO", None),
        ("FREQ=DAILY;BYMONTH=1", None),
        ("FREQ=HOURLY;INTERVAL=5;BYHOUR=3", None),
        ("FREQ=YEARLY", None),
    ],
)
def test_usual_rules(text: str, gap: int | None) -> None:
    assert longest_gap(parse_rule(text), 20_000 * DAY) == gap
