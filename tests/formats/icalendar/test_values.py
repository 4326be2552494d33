"""Values of properties, beside datetime's arithmetic and another reader.

Verifies: RFC 5545, 3.3.1, 3.3.2, 3.3.3, 3.3.4, 3.3.5, 3.3.6, 3.3.7, 3.3.8, 3.3.9, 3.3.12, 3.3.14
"""

from __future__ import annotations

import base64
import datetime
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar.prop import vBoolean, vDate, vDatetime, vDuration, vFloat, vInt, vPeriod, vTime, vUTCOffset

from davd.formats.contentlines import ContentError, make
from davd.formats.icalendar import values
from davd.formats.icalendar.values import Duration, Kind, Moment, Period, moment
from tests.formats.icalendar.models import DATE_TIMES, DATES, DURATIONS, OFFSETS, TIMES

EPOCH = datetime.datetime(1970, 1, 1)
# Whatever somebody may put where a value belongs, most of it nearly right.
SCRAPS = st.one_of(
    st.text(max_size=12),
    st.lists(st.sampled_from("0123456789TZPWDHMS+-/,:. "), max_size=20).map("".join),
    st.tuples(DATE_TIMES, st.sampled_from("0Zz+-/P "), st.integers(0, 16)).map(
        lambda p: p[0][: p[2]] + p[1] + p[0][p[2] :]
    ),
)
READERS: list[tuple[Callable[[str], object], Callable[[str], object]]] = [
    (values.duration, vDuration.from_ical),
    (values.utc_offset, vUTCOffset.from_ical),
    (values.time, vTime.from_ical),
    (values.integer, vInt.from_ical),
    (values.floating, vFloat.from_ical),
    (values.boolean, vBoolean.from_ical),
    (values.period, vPeriod.from_ical),
    (values.binary, lambda text: base64.b64decode(text + "==")),
]


def wall(year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0) -> int:
    return int((datetime.datetime(year, month, day, hour, minute, second) - EPOCH).total_seconds())


class TestDays:
    """Verifies: RFC 5545, 3.3.4"""

    @given(st.dates())
    def test_as_datetime_counts_them(self, day: datetime.date) -> None:
        number = values.day_number(day.year, day.month, day.day)
        assert number == (day - EPOCH.date()).days
        assert values.civil(number) == (day.year, day.month, day.day)

    @given(st.integers(-10_000_000, 10_000_000))
    def test_both_ways_beyond_all_years(self, number: int) -> None:
        assert values.day_number(*values.civil(number)) == number


class TestMoments:
    """Verifies: RFC 5545, 3.2.19, 3.3.4, 3.3.5"""

    @given(DATE_TIMES)
    def test_date_times_as_another_reader_has_them(self, text: str) -> None:
        theirs = vDatetime.from_ical(text)
        kind = Kind.UTC if text.endswith("Z") else Kind.FLOATING
        assert moment(text) == Moment(round((theirs.replace(tzinfo=None) - EPOCH).total_seconds()), kind)
        assert values.write_moment(moment(text)) == text

    @given(DATES)
    def test_dates_as_another_reader_has_them(self, text: str) -> None:
        found = moment(text, "", True)
        assert found == Moment((vDate.from_ical(text) - EPOCH.date()).days * 86_400, Kind.DATE)
        assert values.write_moment(found) == text
        # "DTSTART:20081006" says the same to everybody who reads it.
        assert moment(text) == found

    @pytest.mark.parametrize(
        ("value", "params", "found"),
        [
            ("20240102T030405", [], Moment(wall(2024, 1, 2, 3, 4, 5), Kind.FLOATING)),
            ("20240102T030405Z", [], Moment(wall(2024, 1, 2, 3, 4, 5), Kind.UTC)),
            ("20240102t030405z", [], Moment(wall(2024, 1, 2, 3, 4, 5), Kind.UTC)),
            ("20240102", [("VALUE", "date")], Moment(wall(2024, 1, 2), Kind.DATE)),
            (" 20240102T030405 ", [("VALUE", "DATE-TIME")], Moment(wall(2024, 1, 2, 3, 4, 5), Kind.FLOATING)),
            ("20240102T030405", [("TZID", " A/B ")], Moment(wall(2024, 1, 2, 3, 4, 5), Kind.ZONED, "A/B")),
            ("20240102T030405Z", [("TZID", "A/B")], Moment(wall(2024, 1, 2, 3, 4, 5), Kind.UTC)),
            ("20240102", [("TZID", "A/B"), ("VALUE", "DATE")], Moment(wall(2024, 1, 2), Kind.DATE)),
            ("20240102T030405", [("TZID", "")], Moment(wall(2024, 1, 2, 3, 4, 5), Kind.FLOATING)),
            # "Implementations that do not support leap seconds SHOULD interpret the second 60 as equivalent to the
            # second 59."
            ("20161231T235960Z", [], Moment(wall(2016, 12, 31, 23, 59, 59), Kind.UTC)),
            ("00010101T000000", [], Moment(wall(1, 1, 1), Kind.FLOATING)),
            ("99991231T235959", [], Moment(wall(9999, 12, 31, 23, 59, 59), Kind.FLOATING)),
            ("20000229", [], Moment(wall(2000, 2, 29), Kind.DATE)),
        ],
    )
    def test_of_line(self, value: str, params: list[tuple[str, str]], found: Moment) -> None:
        line = make("DTSTART", value, params)
        assert values.of_line(line) == found
        assert values.moments(line) == [found]

    @pytest.mark.parametrize(
        "text",
        [
            *("", "x", "2024", "2024-01-02", "20240102T0304", "20240102T030405+0100", "19980119T230000-0800"),
            *("20240102T", "20240102 030405", "20241301", "20240001", "20240100", "20240132", "20240431", "20230229"),
            *("19000229", "00000101", "00000101T000000Z", "20240102T240000", "20240102T006000", "20240102T000061"),
            *("20240102T030405ZZ", "٢٠٢٤٠١٠٢", "20240102,20240103"),
        ],
    )
    def test_refused(self, text: str) -> None:
        for is_date in (False, True):
            with pytest.raises(ContentError):
                moment(text, "", is_date)

    def test_a_time_is_no_date(self) -> None:
        for value in ("DATE", "date"):
            line = make("EXDATE", "20240102T030405", [("VALUE", value)])
            for read in (values.of_line, values.moments):
                with pytest.raises(ContentError):
                    read(line)

    def test_several(self) -> None:
        line = make("EXDATE", "20240102T030405,20240103T030405Z,20240104", [("TZID", "A")])
        assert [found.kind for found in values.moments(line)] == [Kind.ZONED, Kind.UTC, Kind.DATE]
        assert values.moments(make("EXDATE", " ")) == []
        with pytest.raises(ContentError):
            values.moments(make("EXDATE", "20240102T030405,"))

    def test_years_that_cannot_be_written(self) -> None:
        for seconds in (wall(1, 1, 1) - 1, wall(9999, 12, 31) + 86_400):
            with pytest.raises(ContentError):
                values.write_moment(Moment(seconds, Kind.UTC))

    def test_moments_are_values(self) -> None:
        assert len({moment("20240102"), moment("20240102T000000"), moment("20240102"), moment("20240102T000000Z")}) == 3


class TestDurations:
    """Verifies: RFC 5545, 3.3.6"""

    @given(DURATIONS)
    def test_as_another_reader_has_them(self, text: str) -> None:
        found = values.duration(text)
        theirs = vDuration.from_ical(text)
        assert datetime.timedelta(found.days, found.seconds) == theirs
        assert values.duration(values.write_duration(found)) == found

    @given(st.integers(0, 10_000), st.integers(0, 10**6), st.sampled_from([1, -1]))
    def test_what_is_written_is_read(self, days: int, seconds: int, sign: int) -> None:
        found = Duration(sign * days, sign * seconds)
        written = values.write_duration(found)
        assert values.duration(written) == found
        assert vDuration.from_ical(written) == datetime.timedelta(found.days, found.seconds)

    @pytest.mark.parametrize(
        ("text", "found"),
        [
            ("P15DT5H0M20S", Duration(15, 18_020)),
            ("P7W", Duration(49, 0)),
            ("-PT15M", Duration(0, -900)),
            ("-P1DT1S", Duration(-1, -1)),
            ("+PT0S", Duration(0, 0)),
            ("PT60M", Duration(0, 3600)),
            ("PT1H30S", Duration(0, 3630)),
            ("P0DT7H0M0S", Duration(0, 25_200)),
            ("P1W2D", Duration(9, 0)),
            (" pt5m ", Duration(0, 300)),
            ("PT999999999S", Duration(0, 999_999_999)),
        ],
    )
    def test_read(self, text: str, found: Duration) -> None:
        assert values.duration(text) == found

    @pytest.mark.parametrize(
        "text",
        ["", "P", "PT", "-P", "P1", "P1Y", "P1M", "PT1D", "1D", "P-1D", "P1DT", "PT1M1H", "P1.5D", "PT1000000000S"],
    )
    def test_refused(self, text: str) -> None:
        with pytest.raises(ContentError):
            values.duration(text)

    @pytest.mark.parametrize(
        ("found", "text"),
        [
            (Duration(0, 0), "PT0S"),
            (Duration(1, 0), "P1D"),
            (Duration(-1, -3600), "-P1DT1H"),
            (Duration(0, 3630), "PT1H0M30S"),
            (Duration(0, 90), "PT1M30S"),
            (Duration(0, 30), "PT30S"),
        ],
    )
    def test_written(self, found: Duration, text: str) -> None:
        assert values.write_duration(found) == text


class TestPeriods:
    """Verifies: RFC 5545, 3.3.9, 3.8.2.6"""

    @given(DATE_TIMES, st.one_of(DATE_TIMES, DURATIONS))
    def test_both_forms(self, first: str, last: str) -> None:
        found = values.period(f"{first}/{last}")
        assert found.start == moment(first)
        assert found.end == (None if "P" in last else moment(last))
        assert found.duration == (values.duration(last) if "P" in last else None)

    def test_of_a_line(self) -> None:
        line = make(
            "RDATE", "20240102T030405/20240102T040405,20240103T030405/PT1H", [("TZID", "A"), ("VALUE", "PERIOD")]
        )
        start, end = moment("20240102T030405", "A"), moment("20240102T040405", "A")
        assert values.periods(line) == [
            Period(start, end),
            Period(moment("20240103T030405", "A"), None, Duration(0, 3600)),
        ]
        assert values.periods(make("FREEBUSY", "")) == []

    @pytest.mark.parametrize("text", ["", "20240102T030405", "20240102T030405/", "/PT1H", "20240102T030405/x", "a/b/c"])
    def test_refused(self, text: str) -> None:
        with pytest.raises(ContentError):
            values.period(text)


class TestTheRest:
    """Verifies: RFC 5545, 3.3.1, 3.3.2, 3.3.3, 3.3.7, 3.3.8, 3.3.12, 3.3.14"""

    @given(OFFSETS)
    def test_offsets_as_another_reader_has_them(self, text: str) -> None:
        assert datetime.timedelta(seconds=values.utc_offset(text)) == vUTCOffset.from_ical(text)
        if int(text):
            assert values.write_utc_offset(values.utc_offset(text)) == text

    def test_offsets(self) -> None:
        assert values.utc_offset("-0456") == -(4 * 3600 + 56 * 60)
        assert values.utc_offset("+013045") == 5445 and values.write_utc_offset(5445) == "+013045"
        assert values.utc_offset("+235959") == 86_399
        assert values.utc_offset("0100") == 3600 == values.utc_offset(" +010000 ")
        assert values.utc_offset("-0000") == 0 and values.write_utc_offset(0) == "+0000"
        for text in ("", "+1", "+01:00", "+2400", "+0060", "+000060", "Z", "++0100"):
            with pytest.raises(ContentError):
                values.utc_offset(text)

    @given(TIMES)
    def test_times_as_another_reader_has_them(self, text: str) -> None:
        theirs = vTime.from_ical(text)
        assert values.time(text) == theirs.hour * 3600 + theirs.minute * 60 + theirs.second == values.time(text + "Z")

    def test_times(self) -> None:
        assert values.time("235960Z") == 86_399
        for text in ("", "2400", "240000", "006000", "000061", "230000-0800", "12:30:00"):
            with pytest.raises(ContentError):
                values.time(text)

    def test_integers(self) -> None:
        assert [values.integer(text) for text in ("0", "-1", "+432", " 1234567890 ", "-2147483648", "2147483647")] == [
            *(0, -1, 432, 1_234_567_890, -2_147_483_648, 2_147_483_647)
        ]
        for text in ("", "1.0", "2147483648", "-2147483649", "x", "1 2", "1" * 5_000, "²"):
            with pytest.raises(ContentError):
                values.integer(text)

    def test_floats(self) -> None:
        assert [values.floating(text) for text in ("1000000.0000001", "1.333", "-3.14", "+5")] == [
            *(1000000.0000001, 1.333, -3.14, 5.0)
        ]
        for text in ("", ".5", "1.", "1e3", "nan", "inf", "1,5"):
            with pytest.raises(ContentError):
                values.floating(text)

    def test_booleans(self) -> None:
        assert values.boolean("TRUE") and values.boolean("true ") and not values.boolean("False")
        with pytest.raises(ContentError):
            values.boolean("1")

    @given(st.binary())
    def test_binary(self, data: bytes) -> None:
        assert values.binary(base64.b64encode(data).decode()) == data

    def test_the_padding_may_be_missing(self) -> None:
        assert values.binary("VGhlIHF1aWNrIGJyb3duIGZveA") == b"The quick brown fox"

    def test_no_binary(self) -> None:
        for text in ("A", "====", "ä", "VGhl IH", "VGhlI==="):
            with pytest.raises(ContentError):
                values.binary(text)

    def test_addresses(self) -> None:
        assert values.cal_address(" MAILTO:Jane@Example.COM ") == "mailto:jane@example.com"
        assert values.cal_address("/principals/users/Jane/") == "/principals/users/Jane/"


@given(SCRAPS)
def test_nothing_but_content_error(text: str) -> None:
    for read in (moment, *(reader for reader, _ in READERS)):
        try:
            read(text)
        except ContentError as error:
            # Whatever is wrong, the answer does not repeat all of it.
            assert len(str(error)) < 200


@given(SCRAPS.map(str.strip))
def test_what_is_read_is_read_by_others(text: str) -> None:
    for ours, theirs in READERS[3:]:
        try:
            ours(text)
        except ContentError:
            continue
        theirs(text)


@pytest.mark.parametrize("unit", ["1", "P1D", "20240102T030405", " ", "-", "P", "T", "1.", "A"])
def test_no_value_takes_long(unit: str) -> None:
    text = unit * (400_000 // len(unit))
    began = time.process_time()
    for read in (moment, *(reader for reader, _ in READERS)):
        try:
            read(text)
        except ContentError:
            continue
    # Milliseconds; what grows with the square of the length takes minutes.
    assert time.process_time() - began < 2
