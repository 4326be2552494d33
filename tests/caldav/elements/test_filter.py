"""The filter of a calendar-query.

Verifies: RFC 4791, 7.5, 7.7, 7.8, 9.7, 9.9; RFC 7953, 7.2
"""

from __future__ import annotations

import pytest
from lxml import etree

from davd.caldav.elements.filter import (
    MOST_FILTERS,
    CompFilter,
    ParamFilter,
    PropFilter,
    TextMatch,
    ranges,
    read_filter,
)
from davd.caldav.elements.time_range import TimeRange
from davd.dav.collation import ASCII_CASEMAP, OCTET, UNICODE_CASEMAP
from davd.model.errors import HTTPError

C = "{urn:ietf:params:xml:ns:caldav}"
RANGE = '<C:time-range start="20060104T000000Z" end="20060105T000000Z"/>'
JANUARY_4TH = TimeRange(1_136_332_800, 1_136_419_200)


def read(content: str, scope: str = "VCALENDAR") -> CompFilter:
    text = (
        f'<C:filter xmlns:C="urn:ietf:params:xml:ns:caldav"><C:comp-filter name="{scope}">{content}'
        "</C:comp-filter></C:filter>"
    )
    return read_filter(etree.fromstring(text))


def refusal(content: str, scope: str = "VCALENDAR") -> HTTPError:
    with pytest.raises(HTTPError) as caught:
        read(content, scope)
    assert caught.value.status == 403
    return caught.value


def comp(name: str, content: str = "") -> str:
    return f'<C:comp-filter name="{name}">{content}</C:comp-filter>'


def prop(name: str, content: str = "") -> str:
    return f'<C:prop-filter name="{name}">{content}</C:prop-filter>'


def test_an_empty_filter_wants_the_component_to_be_there() -> None:
    assert read("") == CompFilter("VCALENDAR")
    assert read(comp("vevent")) == CompFilter("VCALENDAR", comps=(CompFilter("VEVENT"),))


def test_all_that_may_be_asked() -> None:
    text = (
        '<C:text-match collation="i;octet" negate-condition="yes">Ab</C:text-match>'
        '<C:param-filter name="partstat"><C:text-match negate-condition="no">Äb</C:text-match></C:param-filter>'
        '<C:param-filter name="X-y"><C:is-not-defined/></C:param-filter><C:param-filter name="CN"/>'
    )
    found = read(
        comp("VEVENT", RANGE + prop("attendee", text) + prop("COMPLETED", "<C:is-not-defined/>"))
        + comp("VTODO", "<C:is-not-defined/>")
    )
    attendee = PropFilter(
        "ATTENDEE",
        match=TextMatch("Ab", "Ab", OCTET, True),
        params=(
            ParamFilter("PARTSTAT", match=TextMatch("Äb", "ÄB", ASCII_CASEMAP, False)),
            ParamFilter("X-Y", True),
            ParamFilter("CN"),
        ),
    )
    event = CompFilter("VEVENT", span=JANUARY_4TH, props=(attendee, PropFilter("COMPLETED", True)))
    assert found == CompFilter("VCALENDAR", comps=(event, CompFilter("VTODO", True)))
    assert ranges(found) == [JANUARY_4TH]


def test_ranges_are_found_wherever_they_are() -> None:
    found = read(comp("VTODO", prop("DUE", RANGE) + comp("VALARM", RANGE)))
    assert ranges(found) == [JANUARY_4TH, JANUARY_4TH]


def test_unknown_elements_are_passed_over() -> None:
    assert read('<x:y xmlns:x="urn:x"/>' + comp("VEVENT")) == read(comp("VEVENT"))


def test_what_is_not_in_a_standard_is_searched_too() -> None:
    found = read(comp("X-THING", prop("X-ABC-GUID", "<C:text-match>ABC</C:text-match>") + comp("VEVENT")))
    assert found.comps[0].props[0].name == "X-ABC-GUID"


@pytest.mark.parametrize("name", ["i;ascii-casemap", "i;octet", "i;unicode-casemap", "default"])
def test_collations(name: str) -> None:
    found = read(comp("VEVENT", prop("SUMMARY", f'<C:text-match collation="{name}">é x</C:text-match>')))
    match = found.comps[0].props[0].match
    assert match is not None
    chosen = {"i;octet": OCTET, "i;unicode-casemap": UNICODE_CASEMAP}.get(name, ASCII_CASEMAP)
    assert match == TextMatch("é x", chosen.fold("é x"), chosen, False)


def test_another_collation_is_refused() -> None:
    error = refusal(comp("VEVENT", prop("SUMMARY", '<C:text-match collation="i;*">x</C:text-match>')))
    assert error.condition == C + "supported-collation"


@pytest.mark.parametrize(
    "content",
    [
        comp(""),
        comp("NO NAME"),
        "<C:comp-filter/>",
        RANGE,
        comp("VTODO", comp("VEVENT")),
        comp("VALARM"),
        comp("VCALENDAR"),
        comp("VEVENT", comp("AVAILABLE")),
        comp("VTIMEZONE", RANGE),
        comp("VEVENT", RANGE + RANGE),
        comp("VEVENT", "<C:is-not-defined/>" + RANGE),
        comp("VEVENT", "<C:is-not-defined/>" + prop("UID")),
        comp("VEVENT", "<C:time-range/>"),
        comp("VEVENT", '<C:time-range start="20060104T000000"/>'),
        comp("VEVENT", prop("SUMMARY", RANGE)),
        comp("VEVENT", prop("DTSTART", RANGE + "<C:text-match>x</C:text-match>")),
        comp("VEVENT", prop("SUMMARY", "<C:text-match>x</C:text-match>" * 2)),
        comp("VEVENT", prop("SUMMARY", "<C:is-not-defined/><C:text-match>x</C:text-match>")),
        comp("VEVENT", prop("SUMMARY", '<C:is-not-defined/><C:param-filter name="X"/>')),
        comp("VEVENT", prop("SUMMARY", '<C:text-match negate-condition="maybe">x</C:text-match>')),
        comp("VEVENT", prop("SUMMARY", "<C:param-filter/>")),
        comp("VEVENT", prop("SUMMARY") * MOST_FILTERS),
    ],
)
def test_what_is_no_filter(content: str) -> None:
    assert refusal(content).condition == C + "valid-filter"


def test_the_scope_is_the_calendar_object() -> None:
    assert refusal("", "VEVENT").condition == C + "valid-filter"
    with pytest.raises(HTTPError) as caught:
        read_filter(etree.fromstring('<C:filter xmlns:C="urn:ietf:params:xml:ns:caldav"/>'))
    assert caught.value.condition == C + "valid-filter"


@pytest.mark.parametrize(
    ("content", "kind", "name"),
    [
        (comp("VEVENT", prop("x-abc-guid", RANGE)), "prop-filter", "X-ABC-GUID"),
        (comp("VEVENT", prop("RECURRENCE-ID", RANGE)), "prop-filter", "RECURRENCE-ID"),
        (comp("X-THING", RANGE), "comp-filter", "X-THING"),
    ],
)
def test_times_without_a_meaning_are_not_supported(content: str, kind: str, name: str) -> None:
    error = refusal(content)
    assert error.condition == C + "supported-filter"
    element = etree.fromstring(error.content)
    assert (element.tag, dict(element.attrib)) == (C + kind, {"name": name})
