"""Where an element comes from: bytes that were just received, or a root that is already parsed.

Clients that poll send the same few hundred bytes again and again, so what short bodies were parsed into is remembered;
that is why parsed values are frozen.

Implements: RFC 4918, 8.2, 17
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import TypeVar

from davd.formats.xml.names import DAV
from davd.formats.xml.reader import Element, parse
from davd.model.errors import HTTPError

Value = TypeVar("Value")

REMEMBERED_BYTES = 4096
REMEMBERED_BODIES = 256
# Each name is answered once for each resource: without a bound a small request makes a huge response.
MAX_NAMES = 1000


def reading(read: Callable[[Element], Value]) -> Callable[[bytes | Element, str | None], Value]:
    """Make a parser of bodies from `read`, which makes a frozen value from a root element.

    The parser takes the body (bytes, or its root element) and the Content-Type. Values of bodies of at most
    `REMEMBERED_BYTES` bytes are remembered, the last `REMEMBERED_BODIES` of them; errors are not.
    """

    def read_bytes(body: bytes, content_type: str | None) -> Value:
        return read(parse(body, content_type))

    remembered = lru_cache(maxsize=REMEMBERED_BODIES)(read_bytes)

    def read_source(source: bytes | Element, content_type: str | None) -> Value:
        if not isinstance(source, bytes):
            return read(source)
        if len(source) <= REMEMBERED_BYTES and (content_type is None or len(content_type) <= 128):
            return remembered(source, content_type)
        return read_bytes(source, content_type)

    return read_source


def dav_children(element: Element, local: str) -> Iterator[Element]:
    """The children of an element that are called `local` in the DAV: namespace."""
    return element.iterchildren(f"{{{DAV}}}{local}")


def dav_child(element: Element, local: str) -> Element | None:
    """The only child called `local` in the DAV: namespace, None without one; HTTPError 400 when there are several."""
    found: Element | None = None
    for child in dav_children(element, local):
        if found is not None:
            raise HTTPError(400, detail=f"more than one {local} element")
        found = child
    return found


def names_in(element: Element) -> tuple[str, ...]:
    """The names of an element's children in Clark notation, each once, in document order.

    Raises HTTPError 400 when there are more than `MAX_NAMES`.
    """
    if len(element) > MAX_NAMES:
        raise HTTPError(400, detail="too many names")
    return tuple(dict.fromkeys([str(child.tag) for child in element]))


def expect_root(element: Element, name: str) -> None:
    """HTTPError 400 unless the element is called `name` (Clark notation)."""
    if element.tag != name:
        raise HTTPError(400, detail=f"the root element is not {name}")
