"""jCal both ways, beside the RFC's examples and another converter.

Verifies: RFC 7265, 3, 4, 5; RFC 7529, 9
"""

from __future__ import annotations

import json
import re
import time
from typing import Any

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from davd.formats.contentlines import ContentError, Limits, Line, folded, lines
from davd.formats.icalendar.jcal import array, from_jcal, parse_jcal, to_jcal
from davd.formats.icalendar.object import Component, parse, serialize
from davd.formats.icalendar.values import duration
from tests.corpus.icalendar import objects
from tests.formats.icalendar.models import CALENDARS
from tests.formats.icalendar.test_object import same

JSON = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=6), st.sampled_from(["text", "vevent"])
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(st.text(max_size=4), inner, max_size=3)),
    max_leaves=12,
)
VALUES = st.one_of(JSON, st.text(max_size=20), st.from_regex(r"[0-9T:Z/PDH-]{0,20}", fullmatch=True))
TYPES = st.sampled_from(
    [
        *("text", "date", "date-time", "duration", "period", "recur", "float", "integer", "boolean", "binary", "uri"),
        *("utc-offset", "time", "unknown", "cal-address", "x-foo", ""),
    ]
)
PROPERTIES = st.tuples(
    st.sampled_from(
        ["summary", "dtstart", "geo", "request-status", "categories", "rdate", "x-a", "begin", "rrule", ""]
    ),
    st.dictionaries(st.sampled_from(["tzid", "x-b", "value", "a b"]), st.one_of(st.text(max_size=5), JSON), max_size=2),
    TYPES,
    VALUES,
)


def document(*properties: Any) -> bytes:
    return json.dumps(["vcalendar", [], [["vevent", list(properties), []]]]).encode()


def converted(*properties: Any) -> list[str]:
    """The content lines that jCal properties become."""
    found = lines(from_jcal(document(*properties)))
    return [folded(Line(line.name, line.group, line.raw_params, line.value)).decode()[:-2] for line in found[2:-2]]


def properties(text: str) -> list[Any]:
    """The jCal properties that content lines become."""
    data = f"BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n{text}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n".encode()
    found: list[Any] = json.loads(to_jcal(data))[2][0][1]
    return found


PAIRS = [
    ("ATTACH;VALUE=BINARY;ENCODING=BASE64:SGVsbG8gV29ybGQh", ["attach", {}, "binary", "SGVsbG8gV29ybGQh"]),
    ("X-NON-SMOKING;VALUE=BOOLEAN:TRUE", ["x-non-smoking", {}, "boolean", True]),
    ("ATTENDEE:mailto:kewisch@example.com", ["attendee", {}, "cal-address", "mailto:kewisch@example.com"]),
    ("DTSTART;VALUE=DATE:20110517", ["dtstart", {}, "date", "2011-05-17"]),
    ("DTSTART:20121017T120000", ["dtstart", {}, "date-time", "2012-10-17T12:00:00"]),
    ("DTSTAMP:20121017T120000Z", ["dtstamp", {}, "date-time", "2012-10-17T12:00:00Z"]),
    (
        "DTEND;TZID=Europe/Berlin:20111017T130000",
        ["dtend", {"tzid": "Europe/Berlin"}, "date-time", "2011-10-17T13:00:00"],
    ),
    ("DURATION:P1D", ["duration", {}, "duration", "P1D"]),
    ("X-GRADE;VALUE=FLOAT:1.3", ["x-grade", {}, "float", 1.3]),
    ("PERCENT-COMPLETE:42", ["percent-complete", {}, "integer", 42]),
    (
        "FREEBUSY;FBTYPE=FREE:19970308T160000Z/P1D",
        ["freebusy", {"fbtype": "FREE"}, "period", ["1997-03-08T16:00:00Z", "P1D"]],
    ),
    (
        "RRULE:FREQ=YEARLY;COUNT=5;BYDAY=-1SU,2MO;BYMONTH=10",
        ["rrule", {}, "recur", {"freq": "YEARLY", "count": 5, "byday": ["-1SU", "2MO"], "bymonth": 10}],
    ),
    (
        "RRULE:FREQ=MONTHLY;INTERVAL=2;BYMONTHDAY=1,15,-1;UNTIL=20131001",
        ["rrule", {}, "recur", {"freq": "MONTHLY", "interval": 2, "bymonthday": [1, 15, -1], "until": "2013-10-01"}],
    ),
    ("COMMENT:hello\\, world", ["comment", {}, "text", "hello, world"]),
    ("X-TIME-LOCAL;VALUE=TIME:123000", ["x-time-local", {}, "time", "12:30:00"]),
    ("X-TIME-UTC;VALUE=TIME:123000Z", ["x-time-utc", {}, "time", "12:30:00Z"]),
    (
        "X-TIME-OFFSET;TZID=Europe/Berlin;VALUE=TIME:123000",
        ["x-time-offset", {"tzid": "Europe/Berlin"}, "time", "12:30:00"],
    ),
    ("TZURL:http://example.org/tz/Europe-Berlin.ics", ["tzurl", {}, "uri", "http://example.org/tz/Europe-Berlin.ics"]),
    ("TZOFFSETFROM:-0500", ["tzoffsetfrom", {}, "utc-offset", "-05:00"]),
    ("TZOFFSETTO:+1245", ["tzoffsetto", {}, "utc-offset", "+12:45"]),
    ("TZOFFSETTO:+005328", ["tzoffsetto", {}, "utc-offset", "+00:53:28"]),
    ("SUMMARY:Meeting with Fred", ["summary", {}, "text", "Meeting with Fred"]),
    ("CATEGORIES:Meetings,Work", ["categories", {}, "text", "Meetings", "Work"]),
    ("GEO:37.386013;-122.082932", ["geo", {}, "float", [37.386013, -122.082932]]),
    ("REQUEST-STATUS:2.0;Success", ["request-status", {}, "text", ["2.0", "Success"]]),
    (
        "REQUEST-STATUS:3.7;Invalid\\, user;ATTENDEE:mailto:jsmith@example.org",
        ["request-status", {}, "text", ["3.7", "Invalid, user", "ATTENDEE:mailto:jsmith@example.org"]],
    ),
    (
        "ATTENDEE;PARTSTAT=ACCEPTED;RSVP=TRUE;CN=^'Jo^':mailto:jsmith@example.org",
        [
            "attendee",
            {"partstat": "ACCEPTED", "rsvp": "TRUE", "cn": '"Jo"'},
            "cal-address",
            "mailto:jsmith@example.org",
        ],
    ),
    ("X-COMPLAINT-DEADLINE:20110512T120000Z", ["x-complaint-deadline", {}, "unknown", "20110512T120000Z"]),
    ("X-COFFEE-DATA:Stenophylla;Guinea\\,Africa", ["x-coffee-data", {}, "unknown", "Stenophylla;Guinea\\,Africa"]),
    ("DTSTART;X-SLACK=30.3;VALUE=DATE:20110512", ["dtstart", {"x-slack": "30.3"}, "date", "2011-05-12"]),
    ("X-FOO;VALUE=TEXT:a\\,b", ["x-foo", {}, "text", "a,b"]),
    ("X-FOO;VALUE=FOOBAR:x;y\\,z", ["x-foo", {}, "foobar", "x;y\\,z"]),
    # "If the "BYMONTH" element value is an integer with the "L" suffix, then a JSON string value MUST be used."
    (
        "RRULE:RSCALE=HEBREW;FREQ=YEARLY;BYMONTH=5L;BYMONTHDAY=8;SKIP=FORWARD",
        [
            *("rrule", {}, "recur"),
            {"rscale": "HEBREW", "freq": "YEARLY", "bymonth": "5L", "bymonthday": 8, "skip": "FORWARD"},
        ],
    ),
]


class TestExamples:
    """Verifies: RFC 7265, 3.4, 3.5, 3.6, 5.3; RFC 7529, 9"""

    @pytest.mark.parametrize(("line", "jcal"), PAIRS)
    def test_both_ways(self, line: str, jcal: list[Any]) -> None:
        assert properties(line) == [jcal]
        assert "".join(converted(jcal)).replace("\r\n ", "") == line

    @pytest.mark.parametrize("name", ["rfc7265-b.1", "rfc7265-b.2"])
    def test_whole_objects(self, name: str) -> None:
        expected = json.loads(objects.json(name))
        # B.2 writes the period as one string, where "The value element is an array of JSON strings" (3.6.9).
        for component in expected[2]:
            for found in component[1]:
                if found[2] == "period":
                    found[3] = found[3].split("/")
        assert json.loads(to_jcal(objects.octets(name))) == expected
        back = parse_jcal(objects.json(name))
        wanted = parse(objects.octets(name).replace(b"DTSTART:20081006", b"DTSTART;VALUE=DATE:20081006"))
        assert same(back, wanted)

    @pytest.mark.parametrize("name", objects.names())
    def test_nothing_is_lost(self, name: str) -> None:
        first = to_jcal(objects.octets(name))
        assert to_jcal(from_jcal(first)) == first


class TestAnotherConverter:
    """Verifies: RFC 7265, 3, 4"""

    @pytest.mark.parametrize("name", objects.names())
    def test_it_says_the_same(self, name: str) -> None:
        ours = array(parse(objects.octets(name)))
        theirs = icalendar.Calendar.from_ical(objects.octets(name)).to_jcal()
        _compare(ours, json.loads(json.dumps(theirs)))

    # It wants base64 to be padded, which that of RFC 5545 is not, and of several periods takes the first.
    @pytest.mark.parametrize("name", sorted(set(objects.names()) - {"rfc5545-3.8-properties", "rfc5545-3.6.4-reply"}))
    def test_it_reads_ours(self, name: str) -> None:
        theirs = icalendar.Calendar.from_jcal(to_jcal(objects.octets(name)).decode())
        _compare(array(parse(theirs.to_ical())), array(parse(objects.octets(name))))


def _compare(ours: list[Any], theirs: list[Any]) -> None:
    """The properties of two jCal components, in any order, but for what the other converter makes otherwise."""
    assert ours[0] == theirs[0]
    assert _properties(ours) == _properties(theirs)
    assert len(ours[2]) == len(theirs[2])
    for one, other in zip(ours[2], theirs[2], strict=True):
        _compare(one, other)


# Properties whose types or values the other converter does not know as the RFCs have them: the defaults of RFC 7986,
# 9073 and 9253, the year 0, backslashes in parameters.
_OTHERWISE = frozenset(
    {
        *(
            "created",
            "structured-data",
            "location-type",
            "participant-type",
            "resource-type",
            "concept",
            "refid",
            "name",
        ),
        *("color", "calendar-address", "x-apple-structured-location", "conference", "link", "refresh-interval"),
    }
)


def _properties(component: list[Any]) -> list[str]:
    found = []
    for name, params, kind, *values in component[1]:
        named = {key: value for key, value in _params(params).items() if key != "encoding"}
        if name not in _OTHERWISE:
            # It makes several properties of one FREEBUSY.
            lists = [[value] for value in values] if name == "freebusy" else [values]
            found += [json.dumps([name, named, kind, *map(_plain, each)], sort_keys=True) for each in lists]
    return sorted(found)


def _params(params: dict[str, Any]) -> dict[str, list[Any]]:
    return {key: value if isinstance(value, list) else [value] for key, value in params.items()}


def _plain(value: Any) -> Any:
    """A value without what may be written in several ways: single values of rules, durations, leap months."""
    if isinstance(value, dict):
        return {key: [str(item).rstrip("L") for item in items] for key, items in _params(value).items()}
    if isinstance(value, str) and re.match("[+-]?P[0-9T]", value):
        found = duration(value)
        return found.days * 86_400 + found.seconds
    return value


class TestFromICalendar:
    """Verifies: RFC 7265, 3.1, 3.5, 5.1"""

    @given(CALENDARS)
    def test_any_object_comes_back(self, made: Component) -> None:
        data = serialize(made)
        back = from_jcal(to_jcal(data))
        assert to_jcal(back) == to_jcal(data)
        assert same(parse(to_ical_dates(back)), parse(to_ical_dates(data)))

    @pytest.mark.parametrize(
        ("line", "jcal"),
        [
            ("DTSTART:yesterday", ["dtstart", {}, "unknown", "yesterday"]),
            ("CREATED:00001231T000000Z", ["created", {}, "unknown", "00001231T000000Z"]),
            ("RRULE:daily", ["rrule", {}, "unknown", "daily"]),
            ("GEO:1;x", ["geo", {}, "unknown", "1;x"]),
            ("EXDATE:20200101T000000,", ["exdate", {}, "unknown", "20200101T000000,"]),
            ("DTSTART;VALUE=DATE:20200101T000000", ["dtstart", {}, "unknown", "20200101T000000"]),
            ("DTSTART;VALUE=DATE-TIME:20200101", ["dtstart", {}, "unknown", "20200101"]),
        ],
    )
    def test_what_cannot_be_read_goes_through(self, line: str, jcal: list[Any]) -> None:
        assert properties(line) == [jcal]

    def test_base64_of_text_is_undone(self) -> None:
        assert properties("DESCRIPTION;ENCODING=BASE64:w6Q=") == [["description", {}, "text", "ä"]]
        for broken in ("w6", "=", "gA=="):
            line = f"DESCRIPTION;ENCODING=BASE64:{broken}"
            assert properties(line) == [["description", {"encoding": "BASE64"}, "unknown", broken]]

    def test_binary_stays_base64(self) -> None:
        found = properties("ATTACH;FMTTYPE=text/plain;ENCODING=base64;VALUE=BINARY:AA==")
        assert found == [["attach", {"fmttype": "text/plain"}, "binary", "AA=="]]

    def test_parameters_with_several_values_or_none(self) -> None:
        assert properties('X-A;M="a,b",c;N;O=:d') == [["x-a", {"m": ["a,b", "c"], "n": "", "o": ""}, "unknown", "d"]]


def to_ical_dates(data: bytes) -> bytes:
    """iCalendar data without what jCal does not keep: the sign of a plus, white space, and the order of VALUE."""
    calendar = parse(data)
    pending = [calendar]
    while pending:
        component = pending.pop()
        pending += component.components
        component.lines = [
            Line(line.name, "", "".join(sorted(_written(line))), line.value.replace("+0000", "-0000"))
            for line in component.lines
        ]
    return serialize(calendar, data)


def _written(line: Line) -> list[str]:
    return [f';{key}="{"/".join(value)}"'.replace("\n", "^n") for key, value in line.params.items()]


class TestFromJCal:
    """Verifies: RFC 7265, 3.5.2, 3.6.8, 3.6.9, 3.6.10, 4, 5.2"""

    @pytest.mark.parametrize(
        ("jcal", "line"),
        [
            (["dtstart", {}, "date-time", "2020-01-01T00:00:00"], "DTSTART:20200101T000000"),
            (["dtstart", {}, "unknown", "x"], "DTSTART:x"),
            (["attendee", {"member": ["mailto:a@b.c", "mailto:d@e.f"]}, "cal-address", "x:y"],
             'ATTENDEE;MEMBER="mailto:a@b.c","mailto:d@e.f":x:y'),
            (["attendee", {"cn": ["One"]}, "cal-address", "x:y"], "ATTENDEE;CN=One:x:y"),
            (["percent-complete", {}, "integer", 4.2e1], "PERCENT-COMPLETE:42"),
            (["x-a", {}, "float", 1e-7], "X-A;VALUE=FLOAT:0.0000001"),
            (["x-a", {}, "float", 3], "X-A;VALUE=FLOAT:3"),
            (["freebusy", {}, "period", "2006-01-02T15:00:00/PT2H"], "FREEBUSY:20060102T150000/PT2H"),
            (["freebusy", {}, "period", ["2006-01-02T15:00:00", "2006-01-02T16:00:00"]],
             "FREEBUSY:20060102T150000/20060102T160000"),
            (["rrule", {}, "recur", {"freq": "DAILY", "byday": ["MO"], "until": "2020-01-01T00:00:00Z"}],
             "RRULE:FREQ=DAILY;BYDAY=MO;UNTIL=20200101T000000Z"),
            (["rrule", {}, "recur", {"count": ["5"], "bymonth": [1, 2.0], "BYSETPOS": -1}],
             "RRULE:COUNT=5;BYMONTH=1,2;BYSETPOS=-1"),
            (["Summary", {}, "TEXT", "a;b\nc"], "SUMMARY:a\\;b\\nc"),
            (["request-status", {}, "text", "2.0"], "REQUEST-STATUS:2.0"),
            (["exdate", {}, "date", "2020-01-01", "2020-01-02"], "EXDATE;VALUE=DATE:20200101,20200102"),
            (["x-a", {"x-b": "a\"b\r"}, "uri", "x"], None),
        ],
    )  # fmt: skip
    def test_read(self, jcal: list[Any], line: str | None) -> None:
        if line is None:
            with pytest.raises(ContentError):
                converted(jcal)
        else:
            assert converted(jcal) == [line]

    @pytest.mark.parametrize(
        "jcal",
        [
            *(None, 1, "x", {}, [], ["summary", {}, "text"], ["summary", [], "text", "x"], [1, {}, "text", "x"]),
            *(
                ["a b", {}, "text", "x"],
                ["", {}, "text", "x"],
                ["begin", {}, "text", "VEVENT"],
                ["END", {}, "text", "x"],
            ),
            *(["summary", {}, "te xt", "x"], ["summary", {}, 1, "x"], ["summary", {}, "text", 1]),
            *(["summary", {"a b": "c"}, "text", "x"], ["summary", {"value": "DATE"}, "text", "x"]),
            *(["summary", {"a": 1}, "text", "x"], ["summary", {"a": ["b", None]}, "text", "x"]),
            *(
                ["dtstart", {}, "date", "20200101"],
                ["dtstart", {}, "date", "2020-13-01"],
                ["dtstart", {}, "date", 2020],
            ),
            *(["dtstart", {}, "date-time", "2020-01-01"], ["dtstart", {}, "date-time", "2020-01-01T00:00:00+01:00"]),
            *(["dtstart", {}, "date", "2020-01-01T00:00:00"], ["duration", {}, "duration", "1 day"]),
            *(
                ["x", {}, "boolean", "TRUE"],
                ["x", {}, "boolean", 1],
                ["x", {}, "integer", True],
                ["x", {}, "integer", 1.5],
            ),
            *(
                ["x", {}, "integer", 2**31],
                ["x", {}, "float", "1"],
                ["x", {}, "float", True],
                ["x", {}, "float", 1e300],
            ),
            *(["x", {}, "time", "123000"], ["x", {}, "time", "25:00:00"], ["x", {}, "utc-offset", "0100"]),
            *(["x", {}, "period", []], ["x", {}, "period", ["2020-01-01T00:00:00"]], ["x", {}, "period", [1, 2]]),
            *(["rrule", {}, "recur", "FREQ=DAILY"], ["rrule", {}, "recur", {}], ["rrule", {}, "recur", {"a;b": 1}]),
            *(["rrule", {}, "recur", {"freq": "DAILY;X=1"}], ["rrule", {}, "recur", {"count": None}]),
            *(["rrule", {}, "recur", {"count": True}], ["rrule", {}, "recur", {"until": 1}]),
            *(["x", {}, "unknown", "a\r\nb"], ["x", {}, "uri", "a\nATTENDEE:b"], ["summary", {}, "text", "\x00"]),
        ],
    )
    def test_refused(self, jcal: Any) -> None:
        with pytest.raises(ContentError):
            from_jcal(document(jcal))

    @pytest.mark.parametrize(
        "data",
        [
            *(
                b"",
                b"{",
                b"null",
                b"[]",
                b"[1,[],[]]",
                b'["vcalendar",[],{}]',
                b'["vcalendar",{},[]]',
                b'["vcalendar",[]]',
            ),
            *(b'["vevent",[],[]]', b'["v calendar",[],[]]', b'["vcalendar",[],[1]]', b"\xff", b'["\xff",[],[]]'),
            *(b"[" * 100_000, b'["vcalendar",[["x",{},"text","\\ud800"]],[]]'),
        ],
    )
    def test_no_jcal(self, data: bytes) -> None:
        with pytest.raises(ContentError):
            from_jcal(data)

    def test_limits(self) -> None:
        deep = '["x",[],[' * 4 + "]]" * 4
        data = f'["vcalendar",[],[{deep}]]'.encode()
        assert from_jcal(data).count(b"BEGIN:X") == 4
        for limits in (Limits(depth=3), Limits(octets=len(data) - 1)):
            with pytest.raises(ContentError):
                from_jcal(data, limits)

    @given(JSON)
    def test_nothing_but_content_error(self, found: Any) -> None:
        with pytest.raises(ContentError):
            from_jcal(json.dumps(found).encode())

    @given(st.lists(PROPERTIES, max_size=3))
    def test_what_is_taken_can_be_read(self, found: list[Any]) -> None:
        try:
            data = from_jcal(document(*found))
        except ContentError:
            return
        assert len(parse(data).components[0].lines) == len(found)
        assert to_jcal(data)

    @pytest.mark.parametrize("value", ['"', "\\\\", "1", "a,", "\\n", "^"])
    def test_no_content_takes_long(self, value: str) -> None:
        began = time.process_time()
        text = value * 200_000
        for kind in ("text", "unknown", "date", "duration", "period", "utc-offset", "time"):
            try:
                to_jcal(from_jcal(document(["x-a", {"x-b": text}, kind, text])))
            except ContentError:
                continue
        # A second at most; what grows with the square of the length takes minutes.
        assert time.process_time() - began < 10
