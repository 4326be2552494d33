"""The body of PROPFIND.

Implements: RFC 4918, 9.1, 14.2, 14.8, 14.18, 14.20, 14.21, A.3, A.4
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from davd.dav.elements.source import dav_child, expect_root, names_in, reading
from davd.formats.xml.reader import Element
from davd.model.errors import HTTPError


@dataclass(frozen=True, slots=True)
class PropFind:
    """What a client wants to know of each resource.

    `kind` is `"prop"` (the properties in `names`), `"allprop"` (dead properties and those of RFC 4918, and the ones in
    `include`) or `"propname"` (names alone). Names are in Clark notation, each once, in the client's order.
    """

    kind: Literal["prop", "allprop", "propname"]
    names: tuple[str, ...] = ()
    include: tuple[str, ...] = ()


ALLPROP = PropFind("allprop")
PROPNAME = PropFind("propname")


def parse_propfind(source: bytes | Element, content_type: str | None = None) -> PropFind:
    """Read a PROPFIND body, empty included. HTTPError 400 for what is no propfind or asks for two kinds at once."""
    # RFC 4918, 9.1: "An empty PROPFIND request body MUST be treated as if it were an 'allprop' request."
    if isinstance(source, bytes) and not source:
        return ALLPROP
    return _parse(source, content_type)


def _read(root: Element) -> PropFind:
    expect_root(root, "{DAV:}propfind")
    prop = dav_child(root, "prop")
    allprop = dav_child(root, "allprop")
    propname = dav_child(root, "propname")
    # RFC 4918, A.3: two kinds together are "an error and must be responded to with a 400 (Bad Request)". A.4: so is
    # none, which is what remains of a propfind with nothing but unknown elements.
    if [prop is None, allprop is None, propname is None].count(False) != 1:
        raise HTTPError(400, detail="a propfind that asks for nothing or for two things")
    if prop is not None:
        return PropFind("prop", names_in(prop))
    if propname is not None:
        return PROPNAME
    include = dav_child(root, "include")
    return ALLPROP if include is None else PropFind("allprop", include=names_in(include))


_parse = reading(_read)
