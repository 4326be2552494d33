"""What a body asks for, seen from its first bytes without parsing it.

A guess for those who sort requests before anybody reads them: it is right or it is None. What is refused when it is
parsed may be guessed at in any way.

Implements: XML 1.0, 2.1, 2.4, 2.5, 2.6, 2.7, 3.1; Namespaces in XML 1.0, 3, 6; RFC 3253, 3.6; RFC 6578, 3.4, 6.2
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from davd.formats.xml.names import DAV, join

# How far is looked, in bytes and in pieces of markup.
MAX_BYTES: Final = 4096
MAX_PIECES: Final = 128

_SPACE: Final = rb"[ \t\r\n]"
_EQUALS: Final = _SPACE + rb"*+=" + _SPACE + rb"*+"
_NAME: Final = rb"[A-Za-z_][A-Za-z0-9_.-]*+"
_QNAME: Final = rb"(?:" + _NAME + rb":)?+" + _NAME
_ATTRIBUTE: Final = _SPACE + rb"++" + _QNAME + _EQUALS + rb"""(?:"[^"<]*+"|'[^'<]*+')"""
# The name, the attributes, and the slash of an empty element.
_TAG: Final = rb"<(" + _QNAME + rb")((?:" + _ATTRIBUTE + rb")*+)" + _SPACE + rb"*+(/?+)>"
_NOTHING: Final = rb"<!--(?:[^-]|-(?!-))*+-->|<\?(?![Xx][Mm][Ll][ \t\r\n?])(?:[^?]|\?(?!>))*+\?>"
_DECLARATION: Final = (
    rb"<\?xml" + _SPACE + rb"++version" + _EQUALS + rb"""["']1\.[0-9]["']"""
    rb"(?:" + _SPACE + rb"++encoding" + _EQUALS + rb"""["'][Uu][Tt][Ff]-?8["'])?+"""
    rb"(?:" + _SPACE + rb"++standalone" + _EQUALS + rb"""["'](?:yes|no)["'])?+""" + _SPACE + rb"*+\?>"
)
_ROOT: Final = re.compile(
    rb"(?:\xef\xbb\xbf)?+(?:" + _DECLARATION + rb")?+(?:" + _SPACE + rb"|" + _NOTHING + rb")*+" + _TAG
)
# Inside an element: text, a comment or an instruction, a start or empty tag, an end tag, literal text.
_PIECE: Final = re.compile(
    rb"([^<]++)|(" + _NOTHING + rb")|" + _TAG + rb"|(</" + _QNAME + _SPACE + rb"*+>)"
    rb"|<!\[CDATA\[((?:[^\]]|\](?!\]>))*+)\]\]>"
)
_TEXT, _START, _END, _LITERAL = 1, 5, 6, 7
# One attribute with its name and value: they are walked through in order, for a value may look like a declaration.
_DECLARED: Final = re.compile(
    _SPACE + rb"++(?:(xmlns)(?::(" + _NAME + rb"))?+(?=[ \t\r\n=])|" + _QNAME + rb")" + _EQUALS + rb"(?:"
    rb""""([^"]*+)"|'([^']*+)')"""
)
_PRINTED: Final = re.compile(rb"[\x21-\x7e]")
# A namespace in which nothing has to be resolved or normalised.
_PLAIN: Final = re.compile(rb"[\x21-\x25\x27-\x7e]*+")

_SYNC_COLLECTION: Final = join(DAV, "sync-collection")
_SYNC_TOKEN: Final = join(DAV, "sync-token")


class Peek(NamedTuple):
    """`name` is the root element in Clark notation. `initial` tells whether it is a DAV:sync-collection with an empty
    DAV:sync-token; None when that cannot be told, or is no question."""

    name: str
    initial: bool | None


def peek(content: bytes) -> Peek | None:
    """What the first bytes of a request's content say; None when they are not plainly XML.

    Takes a few microseconds, and time linear in at most `MAX_BYTES` of whatever is sent.
    """
    match = _ROOT.match(content, 0, MAX_BYTES)
    if match is None:
        return None
    name = _name(match[1], match[2])
    if name is None:
        return None
    if name != _SYNC_COLLECTION:
        return Peek(name, None)
    return Peek(name, None if match[3] else _initial(content, match.end(), match[2]))


@lru_cache(maxsize=128)
def _name(qname: bytes, attributes: bytes, outside: bytes = b"") -> str | None:
    """The Clark notation of a name among these attributes, inside an element with those `outside`."""
    declared = {**_declared(outside), **_declared(attributes)}
    prefix, _, local = qname.rpartition(b":")
    namespace = declared.get(prefix)
    if namespace is None:
        return None if prefix else local.decode("ascii")
    if (prefix and not namespace) or _PLAIN.fullmatch(namespace) is None:
        return None
    return join(namespace.decode("ascii"), local.decode("ascii"))


def _declared(attributes: bytes) -> dict[bytes, bytes]:
    """Namespaces by prefix, the default one under the empty prefix."""
    return {match[2] or b"": match[3] or match[4] or b"" for match in _DECLARED.finditer(attributes) if match[1]}


def _pieces(content: bytes, position: int) -> Iterator[re.Match[bytes]]:
    """The pieces of markup and text from `position` on, as many as are looked at; what is not plainly XML ends them."""
    for _ in range(MAX_PIECES):
        piece = _PIECE.match(content, position, MAX_BYTES)
        if piece is None:
            return
        yield piece
        position = piece.end()


def _initial(content: bytes, position: int, attributes: bytes) -> bool | None:
    """Whether the sync-token among the children of the root is empty.

    The root's start tag has these `attributes` and ends at `position`.
    """
    depth = 1
    for piece in _pieces(content, position):
        kind = piece.lastindex
        if kind == _START:
            if depth == 1 and piece[3].endswith(b"sync-token"):
                name = _name(piece[3], piece[4], attributes)
                if name is None:
                    return None
                if name == _SYNC_TOKEN:
                    return True if piece[5] else _empty(content, piece.end())
            if not piece[5]:
                depth += 1
        elif kind == _END:
            depth -= 1
            if depth == 0:
                return None
    return None


def _empty(content: bytes, position: int) -> bool | None:
    """Whether an element whose start tag ends at `position` holds nothing but whitespace."""
    for piece in _pieces(content, position):
        kind = piece.lastindex
        if kind == _END:
            return True
        if kind == _START:
            return None
        if kind in (_TEXT, _LITERAL):
            text = piece[kind]
            if kind == _TEXT and b"&" in text:
                return None
            if _PRINTED.search(text) is not None:
                # Text that runs up to the limit may go on behind it, but it is not empty.
                return False
            if text.strip(b" \t\r\n"):
                return None
    return None
