"""XML out: small pieces of bytes that callers join and stream.

Every piece is well-formed by itself wherever the prefix `D` stands for `DAV:`, which each document this module opens
declares. Elements of other namespaces carry their own declaration, unless the caller says which of the well-known
namespaces its root element has declared.

Implements: RFC 4918, 13, 14, 16; RFC 5689, 3; RFC 6578, 6.4; XML 1.0, 2.2, 2.4, 3.3.3
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from http import HTTPStatus
from typing import Final, TypeAlias

from davd.formats.xml.names import DAV, PREFIXES, XML, XMLNS, is_ncname, split

Content: TypeAlias = "str | bytes | Sequence[bytes] | None"
Tag: TypeAlias = "tuple[bytes, bytes, bytes]"

DECLARATION: Final = b'<?xml version="1.0" encoding="utf-8"?>\n'
DAV_ONLY: Final[frozenset[str]] = frozenset((DAV,))

# What clients choose must not fill the cache of tags with long names.
_CACHED_NAME = 256

_ILLEGAL = "\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff"
_is_illegal = re.compile(f"[{_ILLEGAL}]").search
_needs_escape = re.compile(f"[&<>\r{_ILLEGAL}]").search
_attribute_needs_escape = re.compile(f'[&<>"\t\n\r{_ILLEGAL}]').search


def escape(text: str) -> str:
    """`text` as character data that every XML parser gives back unchanged, carriage returns included.

    Raises ValueError for characters that XML 1.0 cannot hold.
    """
    if _needs_escape(text) is None:
        return text
    if _is_illegal(text) is not None:
        raise ValueError("a character that XML cannot hold")
    # XML 1.0, 2.11 turns a literal carriage return into a line feed; only a reference keeps it.
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace("\r", "&#13;")


def escape_attribute(text: str) -> str:
    """`text` as an attribute value for double quotes; ValueError as for `escape`."""
    if _attribute_needs_escape(text) is None:
        return text
    # XML 1.0, 3.3.3 turns literal white space into spaces.
    return escape(text).replace('"', "&quot;").replace("\t", "&#9;").replace("\n", "&#10;")


def declare(names: Iterable[str]) -> frozenset[str]:
    """What a root element should declare for elements of these names (Clark notation): DAV: and what is well known."""
    return DAV_ONLY.union([namespace for name in names if (namespace := split(name)[0]) in PREFIXES])


def tag(name: str, declared: frozenset[str] = DAV_ONLY) -> Tag:
    """The start tag, end tag and empty-element tag of a name in Clark notation.

    `declared` are the namespaces whose well-known prefixes are in scope; any other is declared on the element itself.
    Raises ValueError when `name` is not the name of an element.
    """
    if len(name) > _CACHED_NAME:
        return _make_tag(name, declared)
    return _tag(name, declared)


def _make_tag(name: str, declared: frozenset[str]) -> Tag:
    namespace, local = split(name)
    if not is_ncname(local) or namespace == XMLNS:
        raise ValueError("not the name of an element")
    prefix = PREFIXES.get(namespace)
    declaration = ""
    if namespace == XML:
        qualified = f"xml:{local}"
    elif not namespace:
        qualified = local
    elif prefix is not None and namespace in declared:
        qualified = f"{prefix}:{local}"
    else:
        qualified = f"{prefix or 'x'}:{local}"
        declaration = f' xmlns:{prefix or "x"}="{escape_attribute(namespace)}"'
    start = (qualified + declaration).encode()
    return b"<" + start + b">", b"</" + qualified.encode() + b">", b"<" + start + b"/>"


_tag = lru_cache(maxsize=4096)(_make_tag)


def element(
    name: str,
    content: Content = None,
    attributes: Mapping[str, str] | None = None,
    declared: frozenset[str] = DAV_ONLY,
) -> bytes:
    """One element: `name` in Clark notation, `content` text (escaped here) or bytes or pieces of bytes (already XML).

    `attributes` are values by name, in no namespace or in that of `xml:lang`. Raises ValueError for names and
    characters that XML cannot hold.
    """
    start, end, empty = tag(name, declared)
    if attributes:
        written = _attributes(attributes)
        start, empty = start[:-1] + written + b">", empty[:-2] + written + b"/>"
    if not content:
        return empty
    if isinstance(content, str):
        return start + escape(content).encode() + end
    if isinstance(content, bytes):
        return start + content + end
    return start + b"".join(content) + end


def _attributes(attributes: Mapping[str, str]) -> bytes:
    pieces = []
    for name, value in attributes.items():
        namespace, local = split(name)
        if not is_ncname(local) or namespace not in ("", XML) or (local == "xmlns" and not namespace):
            raise ValueError("not the name of an attribute")
        pieces.append(f' {"xml:" if namespace else ""}{local}="{escape_attribute(value)}"')
    return "".join(pieces).encode()


def href(text: str) -> bytes:
    """A DAV:href element; `text` is a URI reference, already percent-encoded."""
    return b"<D:href>" + escape(text).encode() + b"</D:href>"


def document(name: str, content: Content = None, declared: frozenset[str] = DAV_ONLY) -> bytes:
    """A whole document: XML declaration, root element called `name`, `content` as for `element`.

    The root declares DAV: and the well-known namespaces in `declared`.
    """
    start, end = _root(name, declared)
    if isinstance(content, str):
        content = escape(content).encode()
    elif content is not None and not isinstance(content, bytes):
        content = b"".join(content)
    return start + content + end if content else start[:-1] + b"/>"


@lru_cache(maxsize=256)
def _root(name: str, declared: frozenset[str]) -> tuple[bytes, bytes]:
    start, end, _ = tag(name, declared | DAV_ONLY)
    written = "".join([f' xmlns:{prefix}="{n}"' for n, prefix in PREFIXES.items() if n == DAV or n in declared])
    return DECLARATION + start[:-1] + written.encode() + b">", end


def error_body(condition: str | None, hrefs: Sequence[str] = ()) -> bytes:
    """The document that names the failed precondition or postcondition (Clark notation); empty without one.

    RFC 4918, 14.5: DAV:error "contains at least one XML element", so there is none to write without a condition.
    """
    if condition is None:
        return b""
    return document("{DAV:}error", _condition(condition, hrefs))


def _condition(condition: str, hrefs: Sequence[str]) -> bytes:
    return element(condition, [href(text) for text in hrefs])


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


@lru_cache(maxsize=512)
def status_element(status: int) -> bytes:
    """A DAV:status element; RFC 4918, 14.28: it "holds a single HTTP status-line"."""
    return f"<D:status>HTTP/1.1 {status} {_phrase(status)}</D:status>".encode()


@lru_cache(maxsize=64)
def multistatus_open(declared: frozenset[str] = DAV_ONLY) -> bytes:
    """XML declaration and start tag of a DAV:multistatus that declares the well-known namespaces in `declared`."""
    return _root("{DAV:}multistatus", declared)[0]


MULTISTATUS_OPEN: Final = multistatus_open()
MULTISTATUS_CLOSE: Final = b"</D:multistatus>"


def _response_open(text: str) -> bytes:
    """The start of a DAV:response and its href; propstats and the end tag follow."""
    return b"<D:response><D:href>" + escape(text).encode() + b"</D:href>"


def response(text: str, propstats: Sequence[bytes]) -> bytes:
    """A whole DAV:response of propstats for the resource with the href `text`."""
    return _response_open(text) + b"".join(propstats) + b"</D:response>"


def propstat(
    status: int, properties: Sequence[bytes], condition: str | None = None, hrefs: Sequence[str] = ()
) -> bytes:
    """A DAV:propstat; `properties` are the serialised property elements that `status` is about.

    `condition` (Clark notation) and its `hrefs` say why, as in `error_body`.
    """
    error = b"" if condition is None else b"<D:error>" + _condition(condition, hrefs) + b"</D:error>"
    return b"<D:propstat><D:prop>%b</D:prop>%b%b</D:propstat>" % (b"".join(properties), status_element(status), error)


def status_response(text: str, status: int, condition: str | None = None, hrefs: Sequence[str] = ()) -> bytes:
    """A whole DAV:response that gives the resource with the href `text` one status.

    `condition` (Clark notation) and its `hrefs` say why, as in `error_body`.
    """
    error = b"" if condition is None else b"<D:error>" + _condition(condition, hrefs) + b"</D:error>"
    return _response_open(text) + status_element(status) + error + b"</D:response>"


def sync_token(text: str) -> bytes:
    """A DAV:sync-token element, the last child of the multistatus of a sync-collection report."""
    return b"<D:sync-token>" + escape(text).encode() + b"</D:sync-token>"
