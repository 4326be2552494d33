"""Urgency.

Verifies: RFC 9218, 4, 4.1, 5; RFC 9651, 3.1.2, 3.2, 4.2.2
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from davd.http.priority import DEFAULT_URGENCY, urgency


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        (None, 3),
        ("u=0", 0),
        ("u=7", 7),
        ("u=5, i", 5),
        ("i, u=1", 1),
        ("  u=2  ", 2),
        ("u=1\t,\ti=?0", 1),
        ("u=1;x=2;y, i", 1),
        ("u=007", 7),
        ("u=-0", 0),
        # The last of several counts, of whatever type it is.
        ("u=1, u=4", 4),
        ("u=1, u=urgent", 3),
        ("u=urgent, u=1", 1),
        # Members that nobody knows, in every type there is.
        ('a="u=6, \\"u=7\\"", b=tok/en, c=:YQ==:, d=?1, e=-1.5, f=(1 "2" three;x);y=1, g=@1659578233, u=1', 1),
        ("a=(), b=( 1  2 ), u=1", 1),
        ('h=%"f%c3%bc", u=1', 1),
        ("*u=9, u=1", 1),
        # Values that are no urgency.
        ("u=8", 3),
        ("u=-1", 3),
        ("u=1.0", 3),
        ("u=10", 3),
        ('u="1"', 3),
        ("u", 3),
        ("u=?1", 3),
        ("u=(1)", 3),
        # What is no Dictionary is ignored as a whole.
        ("u=1,", 3),
        (",u=1", 3),
        ("u=1,, i", 3),
        ("u=1 i", 3),
        ("u =1", 3),
        ("u= 1", 3),
        ("U=1", 3),
        ('u=1, a="open', 3),
        ("u=1, a=(1 2", 3),
        ("u=1, a=(1(2))", 3),
        ('u=1, a=(1"2")', 3),
        ("u=1, b=?2", 3),
        ("u=1, c=1234567890123456", 3),
        ("u=1, d=1.", 3),
        ("u=1; ", 3),
        ("u=1\xe9", 3),
        ("\tu=1", 3),
        ("", 3),
        ("u=1, " + "x, " * 100 + "y", 3),
    ],
)
def test_values(field: str | None, expected: int) -> None:
    assert urgency(field) == expected


KEYS = st.from_regex(r"[a-z*][a-z0-9_.*-]{0,4}", fullmatch=True).filter(lambda key: key != "u")
ITEMS = st.one_of(
    st.integers(-(10**15) + 1, 10**15 - 1).map(str),
    st.from_regex(r"-?[0-9]{1,12}\.[0-9]{1,3}", fullmatch=True),
    st.from_regex(r'"([ !#-\[\]-~]|\\["\\]){0,5}"', fullmatch=True),
    st.from_regex(r"[A-Za-z*][!#$%&'*+.^_`|~0-9A-Za-z:/-]{0,5}", fullmatch=True),
    st.from_regex(r":[A-Za-z0-9+/=]{0,5}:", fullmatch=True),
    st.sampled_from(["?0", "?1"]),
)
PARAMETERS = st.lists(st.tuples(KEYS, st.none() | ITEMS), max_size=2).map(
    lambda pairs: "".join(f";{key}" if value is None else f"; {key}={value}" for key, value in pairs)
)
WITH_PARAMETERS = st.tuples(ITEMS, PARAMETERS).map("".join)
INNER = st.tuples(st.lists(WITH_PARAMETERS, max_size=2).map(" ".join).map("({})".format), PARAMETERS).map("".join)
MEMBERS = st.tuples(KEYS, PARAMETERS | (WITH_PARAMETERS | INNER).map("={}".format)).map("".join)


@given(st.lists(MEMBERS, max_size=3), st.integers(0, 7), st.lists(MEMBERS, max_size=3), PARAMETERS)
def test_urgency_among_other_members(before: list[str], wanted: int, after: list[str], parameters: str) -> None:
    field = ", ".join([*before, f"u={wanted}{parameters}", *after])
    assert urgency(field) == (wanted if len(field) <= 256 else DEFAULT_URGENCY)


@given(st.text(max_size=60) | st.text('u=1,;() "?i.-', max_size=40))
def test_any_value(field: str) -> None:
    assert 0 <= urgency(field) <= 7
