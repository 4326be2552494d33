"""Bodies and roots, and what is remembered of them.

Verifies: RFC 4918, 8.2, 17
"""

from __future__ import annotations

import pytest

from davd.dav.elements.source import (
    MAX_NAMES,
    REMEMBERED_BYTES,
    dav_child,
    dav_children,
    expect_root,
    names_in,
    reading,
)
from davd.formats.xml.reader import Element, parse
from davd.model.errors import HTTPError


class Counted:
    """A reader of root elements that knows how often it was asked."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, root: Element) -> str:
        self.count += 1
        if root.tag == "bad":
            raise HTTPError(422)
        return str(root.text)


def test_short_bodies_are_read_once() -> None:
    counted = Counted()
    read = reading(counted)
    assert [read(b"<a>1</a>", "text/xml") for _ in range(3)] == ["1"] * 3
    assert counted.count == 1
    assert read(b"<a>2</a>", "text/xml") == "2"


def test_the_charset_is_part_of_what_is_remembered() -> None:
    read = reading(Counted())
    assert read(b"<a>1</a>", None) == "1"
    with pytest.raises(HTTPError) as caught:
        read(b"<a>1</a>", "text/xml; charset=latin-1")
    assert caught.value.status == 415


def test_long_bodies_errors_and_elements_are_not_remembered() -> None:
    counted = Counted()
    read = reading(counted)
    long = b"<a>" + b" " * REMEMBERED_BYTES + b"</a>"
    read(long, None)
    read(long, None)
    assert counted.count == 2
    for _ in range(2):
        with pytest.raises(HTTPError):
            read(b"<bad/>", None)
    assert counted.count == 4
    root = parse(b"<a>1</a>")
    assert read(root, None) == read(root, None) == "1"
    assert counted.count == 6


def test_children_are_told_apart_by_namespace() -> None:
    root = parse(b'<a xmlns:D="DAV:"><prop/><D:prop>1</D:prop><D:other/></a>')
    child = dav_child(root, "prop")
    assert child is not None and child.text == "1"
    assert len(list(dav_children(root, "prop"))) == 1 and dav_child(root, "none") is None


def test_an_only_child_is_the_only_one() -> None:
    with pytest.raises(HTTPError) as caught:
        dav_child(parse(b'<a xmlns="DAV:"><prop/><prop/></a>'), "prop")
    assert caught.value.status == 400


def test_names_come_once_and_in_order() -> None:
    root = parse(b'<a xmlns="DAV:"><z/><b/>text<z/><c xmlns=""/></a>')
    assert names_in(root) == ("{DAV:}z", "{DAV:}b", "c")


def test_too_many_names_are_refused() -> None:
    assert len(names_in(parse(b"<a>" + b"".join(b"<n%d/>" % i for i in range(MAX_NAMES)) + b"</a>"))) == MAX_NAMES
    with pytest.raises(HTTPError) as caught:
        names_in(parse(b"<a>" + b"<n/>" * (MAX_NAMES + 1) + b"</a>"))
    assert caught.value.status == 400


def test_the_root_has_a_name() -> None:
    expect_root(parse(b'<a xmlns="DAV:"/>'), "{DAV:}a")
    with pytest.raises(HTTPError) as caught:
        expect_root(parse(b"<a/>"), "{DAV:}a")
    assert caught.value.status == 400
