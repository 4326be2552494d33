"""The body of LOCK.

Implements: RFC 4918, 9.10.1, 11.2, 14.11, 14.13, 14.15, 14.17
"""

from __future__ import annotations

from dataclasses import dataclass

from davd.dav.elements.source import dav_child, expect_root, reading
from davd.formats.xml.fragment import canonical_fragment
from davd.formats.xml.reader import Element
from davd.model.errors import HTTPError
from davd.model.lock import EXCLUSIVE, SHARED


@dataclass(frozen=True, slots=True)
class LockInfo:
    """The lock a client wants.

    `scope` is `EXCLUSIVE` or `SHARED` of `davd.model.lock`; the type is always write. `owner` is the client's DAV:owner
    element, serialised with its namespaces, empty when it sent none.
    """

    scope: str
    owner: bytes = b""


def parse_lockinfo(source: bytes | Element, content_type: str | None = None) -> LockInfo:
    """Read a LOCK body. HTTPError 400 for what is no lockinfo, 422 for a scope or type this server does not know."""
    return _parse(source, content_type)


def _read(root: Element) -> LockInfo:
    expect_root(root, "{DAV:}lockinfo")
    scope = _choice(root, "lockscope", (EXCLUSIVE, SHARED))
    _choice(root, "locktype", ("write",))
    owner = dav_child(root, "owner")
    # RFC 4918, 9.10.1: "The server MUST preserve the information provided by the client in the 'owner' element".
    return LockInfo(scope, b"" if owner is None else canonical_fragment(owner))


_parse = reading(_read)


def _choice(root: Element, local: str, known: tuple[str, ...]) -> str:
    holder = dav_child(root, local)
    if holder is None or len(holder) == 0:
        raise HTTPError(400, detail=f"a lockinfo without {local}")
    chosen = [name for name in known if dav_child(holder, name) is not None]
    if len(chosen) > 1:
        raise HTTPError(400, detail=f"more than one {local}")
    if not chosen:
        # RFC 4918, 11.2: 422 when the syntax is right but the server is "unable to process the contained instructions".
        raise HTTPError(422, detail=f"an unknown {local}")
    return chosen[0]
