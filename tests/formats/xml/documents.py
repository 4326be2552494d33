"""Hypothesis strategies that draw XML with everything a dead property may hold."""

from __future__ import annotations

import copy

from hypothesis import strategies as st
from lxml import etree

from davd.formats.xml.reader import Element

# Every character XML 1.0 can hold.
CHARACTERS = st.one_of(
    st.sampled_from("<>&\"'\r\n\t ]:{}"),
    st.characters(blacklist_categories=["Cs"], blacklist_characters="\ufffe\uffff", min_codepoint=32),
)
TEXT = st.text(CHARACTERS, max_size=12)
LOCAL = st.sampled_from(["a", "b", "prop", "author", "Ünï", "x-1.y", "_z"])
NAMESPACE = st.sampled_from(["", "DAV:", "urn:one", "urn:two", "http://example.com/neon/litmus/", "urn:a&b"])
PREFIX = st.sampled_from(["", "D", "a", "b", "x", "ns0"])


def clark(namespace: str, local: str) -> str:
    """A name in Clark notation."""
    return f"{{{namespace}}}{local}" if namespace else local


NAMES = st.builds(clark, NAMESPACE, LOCAL)


@st.composite
def documents(draw: st.DrawFn, scope: dict[str, str] | None = None, depth: int = 3) -> str:
    """An element as a client might send it: prefixes, attributes, mixed content, CDATA, comments, instructions.

    `scope` are the namespaces by prefix around it, the default one under the empty prefix.
    """
    declared = draw(st.dictionaries(PREFIX, NAMESPACE, max_size=3))
    # Only a default namespace can be undeclared (Namespaces in XML 1.0, 6.1).
    declared = {prefix: name for prefix, name in declared.items() if name or not prefix}
    scope = {"": "", **(scope or {}), **declared}
    name = _qualified(draw(st.sampled_from(sorted(scope))), draw(LOCAL))
    written = [f" xmlns{':' if prefix else ''}{prefix}={_quoted(value)}" for prefix, value in declared.items()]
    seen = set()
    for prefix, local in draw(st.lists(st.tuples(st.sampled_from(sorted(scope)), LOCAL), max_size=3)):
        # An attribute without a prefix is in no namespace.
        if (key := (scope[prefix] if prefix else "", local)) not in seen:
            seen.add(key)
            written.append(f" {_qualified(prefix, local)}={_quoted(draw(TEXT))}")
    if draw(st.booleans()):
        written.append(f" xml:lang={_quoted(draw(st.sampled_from(['en', 'de-AT', ''])))}")
    part = st.one_of(_CONTENT, documents(scope, depth - 1)) if depth else _CONTENT
    pieces = draw(st.lists(part, max_size=4))
    return f"<{name}{''.join(written)}>{''.join(pieces)}</{name}>"


def _qualified(prefix: str, local: str) -> str:
    return f"{prefix}:{local}" if prefix else local


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")


def _quoted(text: str) -> str:
    value = _escaped(text).replace('"', "&quot;").replace("\n", "&#10;").replace("\t", "&#9;")
    return f'"{value}"'


_CONTENT = st.one_of(
    TEXT.map(_escaped),
    TEXT.filter(lambda text: "]]>" not in text and not text.endswith("]")).map(lambda text: f"<![CDATA[{text}]]>"),
    st.sampled_from(["<!-- a <comment> -->", "<?an instruction?>", "a:b", " D:prop ", "ns0:x"]),
)


def c14n(element: Element) -> bytes:
    """What an element means, wherever it stands: exclusive canonical XML without comments and instructions."""
    element = copy.deepcopy(element)
    element.tail = None
    etree.strip_tags(element, etree.Comment, etree.ProcessingInstruction)
    return etree.tostring(element, method="c14n", exclusive=True)
