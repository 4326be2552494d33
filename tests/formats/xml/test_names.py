"""Names in Clark notation.

Verifies: Namespaces in XML 1.0, 3, 4; RFC 4918, 4.4
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from davd.formats.xml.names import PREFIXES, is_ncname, join, split
from tests.formats.xml.documents import LOCAL, NAMESPACE


@given(NAMESPACE, LOCAL)
def test_split_undoes_join(namespace: str, local: str) -> None:
    assert split(join(namespace, local)) == (namespace, local)


def test_a_namespace_may_hold_braces() -> None:
    assert split("{a}b{c}name") == ("a}b{c", "name")


def test_an_open_brace_is_no_name() -> None:
    with pytest.raises(ValueError):
        split("{DAV:displayname")


@given(st.text(max_size=4))
def test_a_name_is_what_the_parser_takes_for_one(text: str) -> None:
    try:
        root = etree.fromstring(f"<{text}/>".encode())
        accepted = root.tag == text and ":" not in text
    except (etree.XMLSyntaxError, UnicodeEncodeError):
        accepted = False
    assert is_ncname(text) == accepted


def test_prefixes_differ() -> None:
    assert len(set(PREFIXES.values())) == len(PREFIXES)
    assert all(is_ncname(prefix) for prefix in PREFIXES.values())
