"""The body of PROPPATCH, and the instructions it shares with extended MKCOL.

Implements: RFC 4918, 4.3, 9.2, 14.18, 14.19, 14.23, 14.26
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from davd.dav.elements.source import MAX_NAMES, dav_children, expect_root, reading
from davd.formats.xml.fragment import canonical_fragment, string_value, xml_lang
from davd.formats.xml.names import XML_LANG
from davd.formats.xml.reader import Element
from davd.model.errors import HTTPError


@dataclass(frozen=True, slots=True)
class PropertyChange:
    """One instruction: set the property `name` (Clark notation) to `fragment`, or remove it when `fragment` is None.

    `fragment` is the whole property element, serialised with its namespaces and the `xml:lang` in scope. `text` is its
    string value, for live properties; `xml_lang` the language tag in scope, empty when there is none.
    """

    name: str
    fragment: bytes | None
    text: str = ""
    xml_lang: str = ""


def parse_propertyupdate(source: bytes | Element, content_type: str | None = None) -> tuple[PropertyChange, ...]:
    """The instructions of a PROPPATCH body in document order, at least one.

    Raises HTTPError 400 for what is no propertyupdate, has an instruction without a property, or changes more than
    `MAX_NAMES` properties.
    """
    return _parse(source, content_type)


def _read(root: Element) -> tuple[PropertyChange, ...]:
    expect_root(root, "{DAV:}propertyupdate")
    changes: list[PropertyChange] = []
    # RFC 4918, 9.2: "Servers MUST process PROPPATCH instructions in document order".
    for instruction in root:
        if instruction.tag == "{DAV:}set":
            changes += settings_in(instruction)
        elif instruction.tag == "{DAV:}remove":
            changes += [PropertyChange(str(child.tag), None) for child in _properties(instruction)]
        if len(changes) > MAX_NAMES:
            raise HTTPError(400, detail="too many instructions")
    if not changes:
        raise HTTPError(400, detail="a propertyupdate that changes nothing")
    return tuple(changes)


_parse = reading(_read)


def settings_in(instruction: Element) -> list[PropertyChange]:
    """The changes that a DAV:set element asks for; HTTPError 400 when it holds no DAV:prop or too many."""
    changes = []
    for prop in _props(instruction):
        inherited = xml_lang(prop)
        for child in prop:
            language = str(child.get(XML_LANG, inherited))
            fragment = canonical_fragment(child, language)
            changes.append(PropertyChange(str(child.tag), fragment, string_value(child), language))
    return changes


def _properties(instruction: Element) -> Iterator[Element]:
    for prop in _props(instruction):
        yield from prop


def _props(instruction: Element) -> list[Element]:
    held = list(dav_children(instruction, "prop"))
    if not held:
        raise HTTPError(400, detail="an instruction without a prop element")
    if sum(map(len, held)) > MAX_NAMES:
        raise HTTPError(400, detail="too many instructions")
    return held
