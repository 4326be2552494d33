"""A look at the first bytes of a body, held against the parser.

Verifies: XML 1.0, 2.4, 2.5, 2.6, 2.7, 2.8, 3.1; Namespaces in XML 1.0, 3, 6; RFC 6578, 3.4, 6.2
"""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from davd.formats.xml.fragment import string_value
from davd.formats.xml.peek import MAX_BYTES, Peek, peek
from davd.formats.xml.reader import parse
from davd.model.errors import HTTPError

SYNC = "{DAV:}sync-collection"
DECLARATION = b'<?xml version="1.0" encoding="utf-8"?>'


def agrees(content: bytes) -> bool:
    """Whether what is seen is what the parser says, where both say something."""
    seen = peek(content)
    if seen is None:
        return True
    try:
        root = parse(content)
    except HTTPError:
        return True
    if seen.name != root.tag:
        return False
    tokens = root.findall("{DAV:}sync-token")
    if seen.initial is None or len(tokens) > 1:
        return True
    return seen.name == SYNC and len(tokens) == 1 and seen.initial is (string_value(tokens[0]).strip() == "")


NAMES = [
    (b"<a/>", "a"),
    (b"\xef\xbb\xbf<a>", "a"),
    (DECLARATION + b"\r\n<!-- c - d --><?p q?>\n<D:a b='>' xmlns:D='DAV:'", None),
    (DECLARATION + b"\r\n<!-- c - d --><?p q?>\n<D:a b='>' xmlns:D='DAV:' >", "{DAV:}a"),
    (b"<?xml version='1.0' standalone='yes' ?><a xmlns=\"DAV:\"/>", "{DAV:}a"),
    (b'<C:q xmlns:D="DAV:" xmlns:C = "urn:ietf:params:xml:ns:caldav">', "{urn:ietf:params:xml:ns:caldav}q"),
    # A declaration inside of a value is none, and neither is one of another name.
    (b"""<D:a b=" xmlns:D='no'" xmlns:D="DAV:">""", "{DAV:}a"),
    (b'<a xmlnsx="DAV:">', "a"),
    (b'<a xmlns="">', "a"),
    # Unsure, or refused by the parser in any case.
    (b"", None),
    (b"a", None),
    (b"<D:a/>", None),
    (b'<D:a xmlns:E="DAV:"/>', None),
    (b'<D:a xmlns:D=""/>', None),
    (b'<a xmlns="D&#65;V:"/>', None),
    (b'<a xmlns=" DAV:"/>', None),
    (b'<!DOCTYPE a [<!ENTITY e "f">]><a/>', None),
    (b'<?xml version="1.0" encoding="iso-8859-1"?><a/>', None),
    (b"\xff\xfe<\x00a\x00/\x00>\x00", None),
    ("<\u00e9/>".encode(), None),
    (b"<!-- -- --><a/>", None),
    (b"<!--" + b" " * MAX_BYTES + b"--><a/>", None),
]


@pytest.mark.parametrize(("content", "name"), NAMES)
def test_name(content: bytes, name: str | None) -> None:
    assert peek(content) == (None if name is None else Peek(name, None))
    assert agrees(content)


TOKENS = [
    (b"<D:sync-token/>", True),
    (b"<D:sync-token />", True),
    (b"<D:sync-token></D:sync-token>", True),
    (b"<D:sync-token> \r\n<!-- none --><?no ne?></D:sync-token>", True),
    (b"<D:sync-token><![CDATA[ ]]></D:sync-token>", True),
    (b'<sync-token xmlns="DAV:"/>', True),
    (b"<E:sync-token xmlns:E='DAV:'/>", True),
    (b"<D:sync-token>x</D:sync-token>", False),
    (b"<D:sync-token>\n data:,1 </D:sync-token>", False),
    (b"<D:sync-token><!-- --><![CDATA[x]]></D:sync-token>", False),
    (b"<D:sync-token>" + b"x" * MAX_BYTES + b"</D:sync-token>", False),
    # The property of this name is another thing, and so is an element in another namespace.
    (b"<D:prop><D:sync-token/></D:prop><D:sync-token>x</D:sync-token>", False),
    (b"<D:prop><D:a><D:b/></D:a></D:prop> <!-- --> <D:sync-token/>", True),
    (b"<D:prop><D:sync-token/></D:prop>", None),
    (b'<sync-token/><sync-token xmlns="urn:x"/><D:sync-token>x</D:sync-token>', False),
    (b"<D:my-sync-token/><D:sync-token>x</D:sync-token>", False),
    # Unsure.
    (b"<D:sync-token>&#32;</D:sync-token>", None),
    (b"<D:sync-token>\xc2\xa0</D:sync-token>", None),
    (b"<D:sync-token><D:a/></D:sync-token>", None),
    (b"<F:sync-token/>", None),
    (b"<D:a/>" * 200 + b"<D:sync-token/>", None),
    (b"<D:sync-token>" + b" " * MAX_BYTES + b"</D:sync-token>", None),
    (b"<D:sync-token>" + b"<!---->" * 200 + b"</D:sync-token>", None),
    (b"<D:sync-token><", None),
    (b"<", None),
    (b"", None),
]


@pytest.mark.parametrize(("inside", "initial"), TOKENS)
def test_initial(inside: bytes, initial: bool | None) -> None:
    content = DECLARATION + b'<D:sync-collection xmlns:D="DAV:">' + inside + b"</D:sync-collection>"
    assert peek(content) == Peek(SYNC, initial)
    assert agrees(content)


def test_other_elements_have_no_token() -> None:
    assert peek(b'<D:sync-collection xmlns:D="DAV:"/>') == Peek(SYNC, None)
    assert peek(b"<sync-collection><sync-token/></sync-collection>") == Peek("sync-collection", None)
    assert peek(b'<D:propfind xmlns:D="DAV:"><D:sync-token/></D:propfind>') == Peek("{DAV:}propfind", None)


SPACES = st.sampled_from([b"", b" ", b"\r\n", b"\t"])
NOTHING = st.sampled_from([b"", b"<!-- x -->", b"<!--<D:sync-token/>-->", b"<?x <D:sync-token/>?>", b" \n "])
PREFIXES = st.sampled_from([b"D:", b"D:", b"E:", b""])
# At most one declaration of each prefix, or no document would be well-formed.
DECLARATIONS = st.tuples(
    st.sampled_from([b"", b"", b' xmlns="DAV:"', b' xmlns=""', b' xmlns="DA&#86;:"']),
    st.sampled_from([b"", b"", b"", b" xmlns:D='DAV:'", b" xmlns:D='urn:x'"]),
    st.sampled_from([b"", b"", b'\nxmlns:E = "DAV:"', b" xmlns:E='urn:x'"]),
    st.sampled_from([b"", b"", b"", b""" a=" xmlns:D='urn:y'" """, b' b="1"']),
).map(b"".join)
TEXTS = st.sampled_from(
    [b"", b" ", b"x", b"&#32;", b"&amp;", b"<![CDATA[ ]]>", b"<![CDATA[<D:sync-token/>]]>", b"\xc2\xa0"]
)


def element(names: list[bytes], inside: st.SearchStrategy[bytes], root: bytes = b"") -> st.SearchStrategy[bytes]:
    """Elements with one of the local names, empty tags among them; `root` is declared beside what else is."""

    def write(parts: tuple[bytes, bytes, bytes, bytes, bytes, bool]) -> bytes:
        prefix, name, declarations, space, content, closed = parts
        if root and b"xmlns:D" not in declarations:
            declarations += root
        start = b"<" + prefix + name + declarations + space
        return start + b"/>" if closed else start + b">" + content + b"</" + prefix + name + space + b">"

    return st.tuples(PREFIXES, st.sampled_from(names), DECLARATIONS, SPACES, inside, st.booleans()).map(write)


LEAVES = element([b"sync-token", b"getetag", b"my-sync-token"], st.lists(TEXTS | NOTHING, max_size=2).map(b"".join))
CHILDREN = st.lists(
    LEAVES | element([b"prop", b"sync-token"], st.lists(LEAVES | TEXTS, max_size=2).map(b"".join)) | NOTHING | TEXTS,
    max_size=4,
).map(b"".join)
DOCUMENTS = st.tuples(
    st.sampled_from(
        [b"", b"\xef\xbb\xbf", DECLARATION, b"<?xml version='1.0'?>", b"<?xml version='1.0' encoding='x'?>"]
    ),
    NOTHING,
    element([b"sync-collection", b"sync-collection", b"propfind"], CHILDREN, b" xmlns:D='DAV:'"),
).map(b"".join)


@settings(max_examples=400, deadline=None)
@given(DOCUMENTS)
def test_it_agrees_with_the_parser(content: bytes) -> None:
    assert agrees(content)


@settings(max_examples=300, deadline=None)
@given(CHILDREN)
def test_it_agrees_about_the_token(inside: bytes) -> None:
    assert agrees(b'<D:sync-collection xmlns:D="DAV:" xmlns:E="DAV:">' + inside + b"</D:sync-collection>")


@settings(max_examples=300, deadline=None)
@given(DOCUMENTS, st.data())
def test_it_agrees_about_damaged_documents(content: bytes, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(content)))
    end = data.draw(st.integers(start, min(len(content), start + 4)))
    put = data.draw(st.sampled_from([b"", b"<", b">", b"/", b'"', b" ", b"x", b"-->", b"?>", b"]]>", b"\x00", b"\xff"]))
    assert agrees(content[:start] + put + content[end:])


@given(st.binary(max_size=200))
def test_any_bytes(content: bytes) -> None:
    assert agrees(content)


@pytest.mark.parametrize(
    "unit",
    [
        b" ",
        b"<!---->",
        b"<?x?>",
        b"<",
        b"<a",
        b" a=''",
        b' xmlns:a="b"',
        b"<a>",
        b"<a/>",
        b"</a>",
        b"<!--",
        b"<![CDATA[",
        b"-",
    ],
)
@pytest.mark.parametrize("start", [b"", b'<D:sync-collection xmlns:D="DAV:"', b'<D:sync-collection xmlns:D="DAV:">'])
def test_no_content_takes_long(start: bytes, unit: bytes) -> None:
    content = start + unit * (200_000 // len(unit))
    began = time.process_time()
    for _ in range(20):
        peek(content)
    # A few hundred microseconds each; what is not linear in the prefix would take thousands of times that.
    assert time.process_time() - began < 2
