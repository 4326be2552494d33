"""Request bodies into element trees, with everything XML can do to a server taken out.

No document type, so no entities and nothing fetched; bounded size, depth, elements, attributes and namespaces; UTF-8
and UTF-16 only. What went wrong is told by number and position, never by the text that was sent.

Implements: RFC 4918, 8.2, 17, 20.6; RFC 7303, 3
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, TypeAlias

from lxml import etree

from davd.model.errors import HTTPError

Element: TypeAlias = etree._Element


@dataclass(frozen=True, slots=True)
class XMLLimits:
    """What one document may hold.

    `size` is in bytes as sent, `depth` the number of elements from the root to the deepest one, both included,
    `elements` the number of elements in all, `attributes` the number on one element (namespace declarations not
    counted), `namespaces` the number of different declarations (prefix and name) in the document.
    """

    size: int = 1024 * 1024
    depth: int = 64
    elements: int = 20_000
    attributes: int = 256
    namespaces: int = 256


DEFAULT = XMLLimits()

_OPTIONS: dict[str, Any] = {
    "encoding": "utf-8",
    "resolve_entities": False,
    "no_network": True,
    "load_dtd": False,
    "dtd_validation": False,
    "attribute_defaults": False,
    "huge_tree": False,
    "recover": False,
    "collect_ids": False,
}
_OF_TREES: dict[str, Any] = {**_OPTIONS, "remove_comments": True, "remove_pis": True, "strip_cdata": True}
# One parser for all, because making one costs more than a short document.
_parser = etree.XMLParser(**_OF_TREES)

# What is parsed between two paces, some 5 ms of work where it is markup and nothing else; the guard takes four times as
# long for a byte.
PIECE = 64 * 1024
_GUARDED_PIECE = 16 * 1024

_LONG_TAG = re.compile(rb"<[^<]{16384}")
_CHARSET = re.compile(r"""charset\s{0,8}=\s{0,8}["']?([A-Za-z0-9._:+-]{1,40})""", re.IGNORECASE)
_DECLARED = re.compile(rb"""<\?xml\s[^>]{0,200}?encoding\s{0,8}=\s{0,8}["']([A-Za-z0-9._-]{1,40})["']""")
_DECLARATION = re.compile(r"<\?xml\s[^>]{0,400}?\?>")
_MEDIA_TYPE = re.compile(
    r"\s*+(?:(?:text|application)/xml|[a-z]++/[!#$&^_.+0-9a-z-]{1,120}\+xml)\s*+(?:;|\Z)", re.IGNORECASE
)
_UTF8_NAMES = frozenset(("utf-8", "utf8", "us-ascii", "ascii"))
_UTF16_NAMES = frozenset(("utf-16", "utf16", "utf-16le", "utf-16be"))


def is_xml(content_type: str | None) -> bool:
    """Whether a Content-Type names an XML media type (text/xml, application/xml, anything ending in +xml)."""
    return content_type is not None and _MEDIA_TYPE.match(content_type) is not None


def parse(body: bytes, content_type: str | None = None, limits: XMLLimits = DEFAULT) -> Element:
    """The root element of `body`, without comments and processing instructions.

    Only the charset parameter of `content_type` is looked at. Raises HTTPError 400 for what is not well-formed, has a
    document type or exceeds a limit, 413 for too many bytes, 415 for a charset other than UTF-8 and UTF-16.
    """
    body = _admit(body, content_type, limits)
    try:
        if _is_suspicious(body, limits):
            etree.fromstring(body, _guard(limits))
        root = etree.fromstring(body, _parser)
    except etree.XMLSyntaxError as error:
        raise _malformed(error) from None
    return _check_depth(root, body, limits)


async def parse_paced(
    body: bytes, content_type: str | None, pace: Callable[[], Awaitable[None]], limits: XMLLimits = DEFAULT
) -> Element:
    """The same as `parse` in steps of `PIECE` bytes, with `pace` awaited between them: for bodies of more than that."""
    body = _admit(body, content_type, limits)
    try:
        if _is_suspicious(body, limits):
            _refuse_crowded(body, limits)
            await _feed(_guard(limits), body, _GUARDED_PIECE, pace)
        root = await _feed(etree.XMLParser(**_OF_TREES), body, PIECE, pace)
    except etree.XMLSyntaxError as error:
        raise _malformed(error) from None
    return _check_depth(root, body, limits)


async def _feed(parser: Any, body: bytes, size: int, pace: Callable[[], Awaitable[None]]) -> Any:
    for start in range(0, len(body), size):
        parser.feed(body[start : start + size])
        await pace()
    return parser.close()


def _admit(body: bytes, content_type: str | None, limits: XMLLimits) -> bytes:
    """The body in UTF-8, unless it is too long or in another charset."""
    if len(body) > limits.size:
        raise HTTPError(413, detail="an XML body longer than the limit")
    return _to_utf8(body, content_type)


def _is_suspicious(body: bytes, limits: XMLLimits) -> bool:
    """Whether the guard has to look: each count bounds from above what it stands for."""
    return (
        b"<!DOCTYPE" in body
        or body.count(b"xmlns") > limits.namespaces
        or body.count(b"=") > limits.attributes
        or body.count(b"<") - body.count(b"</") > limits.elements
    )


def _refuse_crowded(body: bytes, limits: XMLLimits) -> None:
    """Refuse a long tag with far too many attributes, which no parser could read in steps."""
    if _LONG_TAG.search(body) is not None and _crowded(limits.attributes + limits.namespaces).search(body) is not None:
        raise HTTPError(400, detail="an XML body beyond the limits")


def _check_depth(root: Element, body: bytes, limits: XMLLimits) -> Element:
    # An element that holds another one needs an end tag of its own.
    if body.count(b"</") >= limits.depth and _too_deep(limits.depth)(root):
        raise HTTPError(400, detail="an XML body nested too deeply")
    return root


def _to_utf8(body: bytes, content_type: str | None) -> bytes:
    charset = None
    if content_type is not None and (match := _CHARSET.search(content_type)) is not None:
        charset = match[1].lower()
        if charset not in _UTF8_NAMES and charset not in _UTF16_NAMES:
            raise HTTPError(415, detail="an XML body in a charset other than UTF-8 and UTF-16")
    # RFC 7303, 3: a byte order mark outweighs the charset parameter and the encoding declaration.
    if body.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        try:
            text = body.decode("utf-16")
        except UnicodeDecodeError:
            raise HTTPError(400, detail="an XML body that is no UTF-16") from None
        return _DECLARATION.sub("", text, count=1).encode() if text.startswith("<?xml") else text.encode()
    if charset in _UTF16_NAMES:
        raise HTTPError(400, detail="UTF-16 without a byte order mark")
    if body.startswith(codecs.BOM_UTF8):
        body = body[3:]
    match_declared = _DECLARED.match(body)
    if match_declared is not None and match_declared[1].decode("ascii").lower() not in _UTF8_NAMES:
        raise HTTPError(400, detail="an encoding declaration other than UTF-8")
    return body


class _Guard:
    """Walks a document without building it and stops at the first thing that is not allowed."""

    def __init__(self, limits: XMLLimits) -> None:
        self._limits = limits
        self._depth = 0
        self._elements = 0
        self._namespaces: set[tuple[str | None, str]] = set()

    def doctype(self, name: str | None, public: str | None, system: str | None) -> None:
        raise HTTPError(400, detail="an XML body with a document type")

    def start(self, name: str, attributes: dict[str, str], declarations: dict[str | None, str]) -> None:
        limits = self._limits
        self._depth += 1
        self._elements += 1
        if declarations:
            self._namespaces.update(declarations.items())
        if (
            self._depth > limits.depth
            or self._elements > limits.elements
            or len(attributes) > limits.attributes
            or len(self._namespaces) > limits.namespaces
        ):
            raise HTTPError(400, detail="an XML body beyond the limits")

    def end(self, name: str) -> None:
        self._depth -= 1

    def close(self) -> None:
        return None


def _guard(limits: XMLLimits) -> Any:
    """A parser that builds nothing and raises HTTPError for what is beyond the limits."""
    target: Any = _Guard(limits)
    return etree.XMLParser(target=target, **_OPTIONS)


def _malformed(error: etree.XMLSyntaxError) -> HTTPError:
    line, column = error.position or (0, 0)
    return HTTPError(400, detail=f"malformed XML: error {getattr(error, 'code', 0)} at line {line}, column {column}")


@lru_cache(maxsize=16)
def _too_deep(depth: int) -> etree.XPath:
    return etree.XPath("boolean(" + "/*" * (depth + 1) + ")")


@lru_cache(maxsize=16)
def _crowded(count: int) -> re.Pattern[bytes]:
    """A tag with more than `count` quoted values; nothing of it is looked at twice."""
    return re.compile(rb"""<(?:[^<>"']*+(?:"[^"<]*+"|'[^'<]*+')){%d}""" % (count + 1))
