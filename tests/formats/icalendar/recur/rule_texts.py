"""Recurrence rules for hypothesis, with a DTSTART for each.

Verifies: RFC 5545, 3.3.10
"""

from __future__ import annotations

from datetime import datetime

from hypothesis import strategies as st

FREQUENCIES = ("YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY")
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
INTERVALS = st.sampled_from([1, 1, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 13, 15, 20, 24, 30, 45, 60, 90, 100, 400, 1000])
STARTS = st.datetimes(datetime(1970, 1, 1), datetime(2040, 1, 1)).map(lambda start: start.replace(microsecond=0))


def numbers(low: int, high: int, most: int, signed: bool = False) -> st.SearchStrategy[str]:
    """A list of numbers as a rule part has it."""
    number = st.integers(low, high)
    if signed:
        number = number.flatmap(lambda positive: st.sampled_from([positive, positive, -positive]))
    return st.lists(number, min_size=1, max_size=most, unique=True).map(lambda found: ",".join(map(str, sorted(found))))


def _weekdays(ordinals: tuple[int, ...]) -> st.SearchStrategy[str]:
    numbered = st.tuples(st.sampled_from(ordinals), st.sampled_from(WEEKDAYS)).map(lambda pair: f"{pair[0]}{pair[1]}")
    one = numbered if ordinals else st.sampled_from(WEEKDAYS)
    return st.lists(one, min_size=1, max_size=5, unique=True).map(",".join)


@st.composite
def rule_texts(draw: st.DrawFn, frequencies: tuple[str, ...] = FREQUENCIES, positions: bool = True) -> str:
    """A rule of the parts that may stand together, without COUNT and UNTIL."""
    freq = draw(st.sampled_from(frequencies))
    parts = [f"FREQ={freq}"]

    def maybe(name: str, values: st.SearchStrategy[str], chance: int = 3) -> bool:
        if draw(st.integers(1, chance)) != 1:
            return False
        parts.append(f"{name}={draw(values)}")
        return True

    interval = draw(INTERVALS)
    by_month = maybe("BYMONTH", numbers(1, 12, 4))
    by_week = freq == "YEARLY" and maybe("BYWEEKNO", numbers(1, 53, 4, signed=True), 4)
    if freq in ("YEARLY", "HOURLY", "MINUTELY", "SECONDLY"):
        maybe("BYYEARDAY", numbers(1, 366, 20, signed=True), 4)
    if freq != "WEEKLY":
        maybe("BYMONTHDAY", numbers(1, 31, 6, signed=True))
    ordinals: tuple[int, ...] = ()
    if freq in ("YEARLY", "MONTHLY") and not by_week and draw(st.booleans()):
        ordinals = (1, 2, 3, 4, 5, -1, -2, -5) + ((20, 53, -53) if freq == "YEARLY" and not by_month else ())
    maybe("BYDAY", _weekdays(ordinals), 2)
    maybe("BYHOUR", numbers(0, 23, 4), 4)
    maybe("BYMINUTE", numbers(0, 59, 4), 4)
    maybe("BYSECOND", numbers(0, 59, 4), 5)
    if positions and any(part.startswith("BY") for part in parts):
        maybe("BYSETPOS", numbers(1, 10, 3, signed=True), 4)
    maybe("WKST", st.sampled_from(WEEKDAYS))
    if interval > 1:
        parts.insert(1, f"INTERVAL={interval}")
    return ";".join(parts)
