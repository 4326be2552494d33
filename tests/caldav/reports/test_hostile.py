"""Rules that are made to keep a server busy, through every report.

Verifies: RFC 4791, 11; RFC 5545, 3.3.10
"""

from __future__ import annotations

import pytest

from davd.caldav.reports.limits import ITERATIONS, Purse
from davd.caldav.settings import CalDavSettings
from davd.testing.exchange import Trial
from tests.caldav.reports.questions import (
    DATA,
    WORK,
    C,
    answers,
    comp,
    event,
    free_busy,
    multiget,
    prop,
    put,
    query,
    report,
    time_range,
    trial,
)

START = "DTSTART:20260101T000000Z\n"
NUMBERS = ",".join(map(str, range(60)))
DATES = ",".join([f"{2026 + day // 336}{1 + day % 336 // 28:02}{1 + day % 28:02}T000000Z" for day in range(2_999)])

# The rule, and whether it has instances in the winter of 2040; None where nobody can tell within the budget.
RULES: dict[str, tuple[str, bool | None]] = {
    "every second": (START + "DURATION:PT1S\nRRULE:FREQ=SECONDLY", True),
    "every minute of February 30": (START + "RRULE:FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30", False),
    "folded and in lower case": (START + "DURATION:PT1S\nrr\n ule:freq=SECOND\n LY", True),
    "February 30": (START + "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", False),
    "thousands of exceptions": (START + f"DURATION:PT1S\nRRULE:FREQ=DAILY\nEXDATE:{DATES}", True),
    "a leap day at odd seconds": (
        START + "RRULE:FREQ=SECONDLY;BYSECOND=1,7;BYMINUTE=7;BYHOUR=3;BYDAY=MO;BYMONTH=2;BYMONTHDAY=29",
        False,
    ),
    "a huge count": (START + "DURATION:PT1S\nRRULE:FREQ=SECONDLY;COUNT=100000000", False),
    "an odd huge count": (START + "RRULE:FREQ=SECONDLY;COUNT=99999999;BYSECOND=1,2,3;BYDAY=MO;BYMONTHDAY=13", None),
    "since the year 1": ("DTSTART:00010101T000000Z\nDURATION:PT1S\nRRULE:FREQ=SECONDLY;INTERVAL=7", True),
    "a day that no year has": (START + "RRULE:FREQ=HOURLY;BYYEARDAY=366;BYMONTH=1", False),
    "a century, every minute": (START + "DURATION:P36500D\nRRULE:FREQ=MINUTELY", True),
}
WINTER = ("20400101T000000Z", "20400201T000000Z")


@pytest.fixture(params=list(RULES))
def rule(request: pytest.FixtureRequest) -> tuple[Trial, bool | None]:
    content, occurs = RULES[request.param]
    made = trial()
    put(made, "a.ics", event("a", content + "\nSUMMARY:Text"))
    put(made, "b.ics", event("b", "DTSTART:20400105T100000Z\nDURATION:PT1H\nSUMMARY:Text"))
    return made, occurs


def found(made: Trial, *arguments: str, props: str = "<D:getetag/>") -> list[str]:
    return list(answers(made, query(comp("VEVENT", "".join(arguments)), props)))


class TestEachReportAnswers:
    """Verifies: RFC 4791, 11"""

    def test_calendar_query(self, rule: tuple[Trial, bool | None]) -> None:
        made, occurs = rule
        both = ["a.ics", "b.ics"]
        names = found(made, time_range(*WINTER))
        assert names == (both if occurs else ["b.ics"]) or (occurs is None and names == both)
        read = found(made, time_range(*WINTER), prop("SUMMARY"))
        assert read == names or (occurs is None and "b.ics" in read)
        assert "b.ics" in found(made, prop("DTSTART", time_range(*WINTER)))

    def test_expansion(self, rule: tuple[Trial, bool | None]) -> None:
        made, occurs = rule
        expand = f"<C:calendar-data>{time_range(*WINTER, 'expand')}</C:calendar-data>"
        body = multiget(WORK + "a.ics", WORK + "b.ics", props=expand)
        told = answers(made, body)
        assert told["b.ics"].text(DATA).count("BEGIN:VEVENT") == 1
        status, element = told["a.ics"].properties[DATA]
        if status == 403:
            assert occurs is not False
            assert told["a.ics"].conditions == {DATA: C + "max-instances"}
        else:
            count = "".join(element.itertext()).count("BEGIN:VEVENT")
            assert (count > 0) is bool(occurs)

    def test_limits(self, rule: tuple[Trial, bool | None]) -> None:
        made, _ = rule
        limit = f"<C:calendar-data>{time_range(*WINTER, 'limit-recurrence-set')}</C:calendar-data>"
        told = answers(made, multiget(WORK + "a.ics", props=limit))
        assert told["a.ics"].text(DATA).count("BEGIN:VEVENT") == 1

    def test_free_busy(self, rule: tuple[Trial, bool | None]) -> None:
        made, occurs = rule
        for end in (WINTER[1], "20500101T000000Z"):
            response = report(made, free_busy(WINTER[0], end))
            # An answer that would be wrong is not given.
            assert response.status == 200 or (response.status == 507 and occurs is not False)
            if response.status == 200:
                assert b"20400105T100000Z/20400105T110000Z" in made.read(response) or occurs


def test_alarms_of_every_second() -> None:
    made = trial()
    alarm = "\nBEGIN:VALARM\nACTION:AUDIO\nTRIGGER:-PT1H\nREPEAT:100\nDURATION:PT1S\nEND:VALARM"
    put(made, "a.ics", event("a", START + "RRULE:FREQ=SECONDLY" + alarm))
    assert found(made, comp("VALARM", time_range(*WINTER))) == ["a.ics"]
    assert found(made, comp("VALARM", time_range("", "20251231T225959Z"))) == []
    assert found(made, comp("VALARM", time_range("", "20251231T230001Z"))) == ["a.ics"]


@pytest.mark.parametrize(
    "rule",
    ["FREQ=DAILY;INTERVAL=0", f"FREQ=YEARLY;BYHOUR=0,1;BYMINUTE={NUMBERS};BYSECOND={NUMBERS};BYSETPOS=9999"],
)
def test_a_rule_beyond_measure_is_not_stored(rule: str) -> None:
    made = trial()
    content = event("a", START + f"RRULE:{rule}").replace("\n", "\r\n").encode()
    assert made.request("PUT", WORK + "a.ics", {"Content-Type": "text/calendar"}, content).status == 403


def test_no_object_may_cost_more_than_its_budget() -> None:
    purse = Purse(CalDavSettings())
    assert purse.open().budget.iterations == ITERATIONS <= 20_000
    assert purse.open().budget.instances == 3_000
