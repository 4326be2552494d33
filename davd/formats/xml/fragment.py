"""One element taken out of the document it came in, so that it can be stored and pasted into another.

Implements: RFC 4918, 4.3, 14.17, 14.26
"""

from __future__ import annotations

import copy
import re

from lxml import etree

from davd.formats.xml.names import XML, XML_LANG
from davd.formats.xml.reader import Element, parse
from davd.formats.xml.writer import escape_attribute

_START = re.compile(r"<[^\s/>]+")


def canonical_fragment(element: Element, language: str | None = None) -> bytes:
    """`element` with all it holds as UTF-8 that means the same in any document davd writes.

    It declares each namespace it uses, those too whose prefix is used in its text or attribute values (QNames in
    content), and carries the `xml:lang` that was in scope: `language`, or what `xml_lang` finds when that is None.
    Comments and processing instructions are dropped; text, attributes, prefixes and mixed content stay.
    """
    copied = copy.deepcopy(element)
    copied.tail = None
    etree.strip_tags(copied, etree.Comment, etree.ProcessingInstruction)
    if language is None:
        language = xml_lang(element)
    # RFC 4918, 14.26: language tagging information "MUST be persistently stored along with the property".
    if language and copied.get(XML_LANG) is None:
        copied.set(XML_LANG, language)
    written: str = etree.tostring(copied, encoding="unicode")
    inherited = _inherited(element, copied)
    if inherited:
        match = _START.match(written)
        assert match is not None
        written = written[: match.end()] + inherited + written[match.end() :]
    return written.encode()


def _inherited(element: Element, copied: Element) -> str:
    """Declarations of prefixes that come from outside `element` and that its text may be referring to."""
    outside = {
        prefix: namespace
        for prefix, namespace in element.nsmap.items()
        if prefix is not None and prefix not in copied.nsmap and namespace != XML
    }
    if not outside:
        return ""
    pieces = []
    for part in copied.iter():
        pieces += [part.text or "", part.tail or "", *part.attrib.values()]
    content = "\0".join(pieces)
    return "".join(
        [
            f' xmlns:{prefix}="{escape_attribute(outside[prefix])}"'
            for prefix in sorted(outside)
            if f"{prefix}:" in content
        ]
    )


def xml_lang(element: Element) -> str:
    """The `xml:lang` in scope on an element; empty when there is none."""
    language = element.get(XML_LANG)
    if language is None:
        for ancestor in element.iterancestors():
            language = ancestor.get(XML_LANG)
            if language is not None:
                break
    return str(language or "")


def string_value(element: Element) -> str:
    """All text inside an element, in document order, markup left out."""
    if len(element) == 0:
        return str(element.text or "")
    return "".join([str(text) for text in element.itertext()])


def stored_text(fragment: bytes) -> str:
    """The string value of an element that `canonical_fragment` wrote."""
    return string_value(parse(fragment))
