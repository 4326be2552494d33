"""The If header field: read, printed, and put to the test.

A hand-written reader that looks at each character once.

Implements: RFC 4918, 10.4; RFC 6578, 5
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

from davd.model.errors import HTTPError

MAX_LENGTH: Final = 8192
MAX_CONDITIONS: Final = 100
NO_LOCK: Final = "DAV:no-lock"

# What may come next: "(", ")", a URI in angle brackets, an entity tag in square brackets, "Not".
_PIECE = re.compile(
    r"[ \t]*+(?:(\()|(\))|<([^<>\x00-\x20\x7f]++)>|\[((?:W/)?\"[^\"\x00-\x08\x0a-\x1f\x7f]*+\")\]|([Nn][Oo][Tt]))"
)
_OPEN, _CLOSE, _URI, _ETAG, _NOT = 1, 2, 3, 4, 5
_END = re.compile(r"[ \t]*+\Z")
_ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*+:")


@dataclass(frozen=True, slots=True)
class Condition:
    """One test: exactly one of `token` (a state token, an absolute URI) and `etag` (with its quotes) is set."""

    negated: bool
    token: str | None = None
    etag: str | None = None

    def __str__(self) -> str:
        tested = f"<{self.token}>" if self.token is not None else f"[{self.etag}]"
        return f"Not {tested}" if self.negated else tested


@dataclass(frozen=True, slots=True)
class IfList:
    """Conditions that must all hold, on the resource that `tag` refers to (as sent), or the request URI when None."""

    tag: str | None
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class State:
    """What a resource is compared with.

    `etag` is its entity tag with quotes, None for collections and unmapped URLs. `tokens` are all its state tokens: the
    locks whose scope it is in, and a collection's sync token.
    """

    etag: str | None = None
    tokens: Collection[str] = ()


UNMAPPED: Final = State()


@dataclass(frozen=True, slots=True)
class IfHeader:
    """A whole If value: it holds when any of its `lists` does."""

    lists: tuple[IfList, ...]

    def submitted_tokens(self) -> frozenset[str]:
        """All state tokens in the value.

        RFC 4918, 10.4.1: a token "counts as being submitted independently of whether the server actually has evaluated
        the state list it appears in", or found it true.
        """
        return frozenset(
            [condition.token for tested in self.lists for condition in tested.conditions if condition.token is not None]
        )

    def tags(self) -> tuple[str | None, ...]:
        """The resources the value is about, each once: resource tags as sent, or None alone for the request URI."""
        return tuple(dict.fromkeys([tested.tag for tested in self.lists]))

    def __str__(self) -> str:
        pieces = []
        tag: str | None = None
        for tested in self.lists:
            if tested.tag is not None and tested.tag != tag:
                tag = tested.tag
                pieces.append(f"<{tag}>")
            pieces.append(f"({' '.join([str(condition) for condition in tested.conditions])})")
        return " ".join(pieces)


def parse_if(text: str) -> IfHeader:
    """Read an If value; HTTPError 400 when it is malformed, too long or has too many conditions."""
    if len(text) > MAX_LENGTH:
        raise HTTPError(400, detail="an If header field that is too long")
    lists: list[IfList] = []
    tag: str | None = None
    unused_tag = False
    count = position = 0
    while (match := _PIECE.match(text, position)) is not None:
        position = match.end()
        if match.lastindex == _OPEN:
            conditions, position = _conditions(text, position)
            count += len(conditions)
            lists.append(IfList(tag, conditions))
            unused_tag = False
        elif match.lastindex == _URI and not unused_tag and (tag is not None or not lists):
            # RFC 4918, 10.4.2: "the two list types cannot be mixed within an If header".
            tag, unused_tag = match[_URI], True
            if not _is_reference(tag):
                raise HTTPError(400, detail="a resource tag that is no reference")
        else:
            raise HTTPError(400, detail="a malformed If header field")
    if unused_tag or not lists or count > MAX_CONDITIONS or _END.match(text, position) is None:
        raise HTTPError(400, detail="a malformed If header field")
    return IfHeader(tuple(lists))


def _conditions(text: str, position: int) -> tuple[tuple[Condition, ...], int]:
    """The conditions from `position` to the closing parenthesis, at least one, and the position after it."""
    conditions: list[Condition] = []
    negated = False
    while (match := _PIECE.match(text, position)) is not None:
        position = match.end()
        kind = match.lastindex
        if kind == _URI and _ABSOLUTE.match(match[_URI]) is not None:
            conditions.append(Condition(negated, token=match[_URI]))
            negated = False
        elif kind == _ETAG:
            conditions.append(Condition(negated, etag=match[_ETAG]))
            negated = False
        elif kind == _NOT and not negated:
            negated = True
        elif kind == _CLOSE and conditions and not negated:
            return tuple(conditions), position
        else:
            break
    raise HTTPError(400, detail="a malformed list in an If header field")


def _is_reference(tag: str) -> bool:
    # RFC 4918, 8.3: Simple-ref = absolute-URI | ( path-absolute [ "?" query ] )
    if tag.startswith("/"):
        return not tag.startswith("//")
    return _ABSOLUTE.match(tag) is not None


def evaluate(if_header: IfHeader, states: Callable[[str | None], State]) -> bool:
    """Whether an If value holds; RFC 4918, 10.4.3: if not, "the server MUST reject the request with a 412".

    `states` gives the state of the resource that a tag refers to (None: the request URI), and `UNMAPPED` for one that
    does not exist or is not ours; it is asked at most once for each tag.
    """
    known: dict[str | None, State] = {}
    for tested in if_header.lists:
        state = known.get(tested.tag)
        if state is None:
            state = known[tested.tag] = states(tested.tag)
        if all(_holds(condition, state) for condition in tested.conditions):
            return True
    return False


def _holds(condition: Condition, state: State) -> bool:
    # RFC 4918, 10.4.4: for unmapped URLs "treat as if the URL identified a resource that exists but does not have the
    # specified state", which an empty state gives.
    if condition.token is not None:
        # RFC 4918, 10.4.8: "DAV:no-lock" is known to never represent a current lock token.
        matched = condition.token != NO_LOCK and condition.token in state.tokens
    else:
        matched = state.etag is not None and _opaque(condition.etag or "") == _opaque(state.etag)
    return matched != condition.negated


def _opaque(etag: str) -> str:
    # RFC 4918, 10.4.4: "Servers MUST use either the weak or the strong comparison function". The weak one, because
    # proxies that compress turn our strong tags into weak ones.
    return etag[2:] if etag.startswith("W/") else etag
