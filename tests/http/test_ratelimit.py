"""Fields that tell of quotas.

Verifies: draft-ietf-httpapi-ratelimit-headers, 3.1, 3.2, 4.1, 4.2; RFC 9651, 3.1, 3.3.1, 3.3.3, 3.3.5
"""

from __future__ import annotations

import base64
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from davd.http.ratelimit import CONTENT_BYTES, Limit, Policy, limit_field, policy_field


@pytest.mark.parametrize(
    ("policies", "field"),
    [
        ([Policy("burst", 100, 60), Policy("daily", 1000, 86400)], '"burst";q=100;w=60, "daily";q=1000;w=86400'),
        ([Policy("default", 100)], '"default";q=100'),
        ([Policy("peruser", 100, 60, key=b"\x70\x7b")], '"peruser";q=100;w=60;pk=:cHs=:'),
        ([Policy("b", 65535, 10, CONTENT_BYTES, b"")], '"b";q=65535;qu="content-bytes";w=10;pk=::'),
        ([Policy("part", 9.9, 0.2)], '"part";q=9;w=1'),
        ([Policy("less", -1, 0)], '"less";q=0;w=1'),
        ([Policy("huge", 1e300, float("inf"))], '"huge";q=999999999999999;w=999999999999999'),
        ([Policy('q"\\', 1)], '"q\\"\\\\";q=1'),
        ([], ""),
    ],
)
def test_policies(policies: list[Policy], field: str) -> None:
    assert policy_field(policies) == field


@pytest.mark.parametrize(
    ("limits", "field"),
    [
        ([Limit("default", 50, 30)], '"default";r=50;t=30'),
        ([Limit("default", 999, key=b"trial")], '"default";r=999;pk=:dHJpYWw=:'),
        ([Limit("a", 0, 0.0), Limit("b", -3.5, 2.1)], '"a";r=0;t=0, "b";r=0;t=3'),
        ([], ""),
    ],
)
def test_limits(limits: list[Limit], field: str) -> None:
    assert limit_field(limits) == field


@pytest.mark.parametrize("name", ["na\xefve", "tab\t", "line\r\n", "\x7f"])
def test_names_that_no_string_holds(name: str) -> None:
    with pytest.raises(ValueError):
        policy_field([Policy(name, 1)])
    with pytest.raises(ValueError):
        limit_field([Limit(name, 1)])
    with pytest.raises(ValueError):
        policy_field([Policy("name", 1, unit=name)])


NAMES = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=10)
ITEM = re.compile(r'"((?:[^"\\]|\\["\\])*)";r=(\d{1,15});t=(\d{1,15});pk=:([A-Za-z0-9+/=]*):(?:, |\Z)')


@given(st.lists(st.tuples(NAMES, st.floats(-1, 1e20), st.floats(0, 1e20), st.binary(max_size=9)), max_size=3))
def test_they_read_back(items: list[tuple[str, float, float, bytes]]) -> None:
    field = limit_field([Limit(*item) for item in items])
    read = list(ITEM.finditer(field))
    assert "".join(match[0] for match in read) == field
    for (name, available, window, key), match in zip(items, read, strict=True):
        assert re.sub(r"\\(.)", r"\1", match[1]) == name
        assert int(match[2]) <= max(0, available) < int(match[2]) + 1 or int(match[2]) == 999_999_999_999_999
        assert int(match[3]) - 1 < window <= int(match[3]) or int(match[3]) == 999_999_999_999_999
        assert base64.b64decode(match[4]) == key
