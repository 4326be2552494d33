"""Preferences.

Verifies: RFC 7240, 2, 3, 4.2, 4.3, 4.4; RFC 8144, 2, 3
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from davd.http.prefer import NO_PREFERENCES, Preferences


def _read(prefer: str | None = None, brief: str | None = None) -> Preferences:
    headers = {} if prefer is None else {"prefer": prefer}
    return Preferences.from_headers(headers if brief is None else {**headers, "brief": brief})


@pytest.mark.parametrize(
    ("prefer", "preferences"),
    [
        ("return=minimal", Preferences(return_minimal=True)),
        ("Return = Minimal", Preferences(return_minimal=True)),
        ('return="representation"', Preferences(return_representation=True)),
        ("depth-noroot, return=minimal", Preferences(return_minimal=True, depth_noroot=True)),
        ("return=minimal, depth-noroot;x=y", Preferences(return_minimal=True, depth_noroot=True)),
        ("respond-async, wait=30, handling=Lenient", Preferences(wait=30, handling="lenient")),
        ("wait=999999999", Preferences(wait=86400)),
        ("wait=-1, handling=odd, return=none", NO_PREFERENCES),
        ("wait=\xb2", NO_PREFERENCES),
        ("wait", NO_PREFERENCES),
        ("return=minimal, return=representation", Preferences(return_minimal=True)),
        ('foo, return=minimal;a;b="c,d" , bar="return=representation"', Preferences(return_minimal=True)),
        ("a b, return=minimal", Preferences(return_minimal=True)),
        (";x, return=minimal", Preferences(return_minimal=True)),
        ('return="minimal', NO_PREFERENCES),
        ("", NO_PREFERENCES),
        ("return=minimal" + " " * 2000, NO_PREFERENCES),
    ],
)
def test_values(prefer: str, preferences: Preferences) -> None:
    assert _read(prefer) == preferences


def test_brief() -> None:
    assert _read(brief="t") == _read(brief="T") == Preferences(return_minimal=True, brief=True)
    assert _read(brief="f") == NO_PREFERENCES
    assert _read("return=representation", "t") == Preferences(return_representation=True)
    assert _read("return=minimal", "t") == Preferences(return_minimal=True)


def test_applied() -> None:
    preferences = _read("return=minimal, depth-noroot, wait=10, handling=strict")
    assert preferences.applied("return", "depth-noroot") == "return=minimal, depth-noroot"
    assert preferences.applied("wait", "handling") == "wait=10, handling=strict"
    assert _read("return=representation").applied("return", "depth-noroot") == "return=representation"
    assert _read(brief="t").applied("return") == ""
    assert NO_PREFERENCES.applied("return", "depth-noroot", "wait", "handling") == ""


@given(st.text(max_size=80) | st.text('return=minimal,;" \\', max_size=80))
def test_any_value(prefer: str) -> None:
    preferences = _read(prefer)
    assert not (preferences.return_minimal and preferences.return_representation)
