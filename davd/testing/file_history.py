"""Histories of requests for a few files, and what each request means when they are done one after the other.

Every content that is stored is stored once, so that what a client reads tells which request wrote it; `content` is a
name for it, unique in the history. A history is kept as JSON lines, one for each operation.

Verifies: RFC 9110, 9.3.1, 9.3.4, 9.3.5, 8.8.3, 13.1.1, 13.1.2; RFC 4918, 9.1, 9.6, 9.7, 9.9
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

import msgspec

from davd.testing.linearizability import LIMIT, Violation, check

# What no content and no ETag is called, for content of which only a part was read or that nobody can have written.
BROKEN: Final = "broken"


class Ask(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A request: GET, PROPFIND, PUT, DELETE and MOVE for the file `name`, LIST for all of them at once.

    `content` is what a PUT sends, `destination` where a MOVE goes (`overwrite` False: only where nothing is),
    `if_match` and `if_none_match` an ETag, the latter also `*`.
    """

    method: str
    name: str = ""
    content: str | None = None
    destination: str | None = None
    overwrite: bool = True
    if_match: str | None = None
    if_none_match: str | None = None


class Told(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """An answer: `content` of a GET; `etag` of a GET, PROPFIND or PUT; `etags` by name of a LIST."""

    status: int
    content: str | None = None
    etag: str | None = None
    etags: dict[str, str] | None = None


class Event(msgspec.Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """One request of one client; `return_ns` and `result` are None when the outcome is unknown.

    It may then have been done at any time until `settled_ns` (None: at any time), or never.
    """

    client: int
    invoke_ns: int
    return_ns: int | None
    op: Ask
    result: Told | None
    settled_ns: int | None = None

    def __str__(self) -> str:
        op, result = self.op, self.result
        words = [op.method, op.name or "*"]
        words += [f"to {op.destination}" if op.destination else "", f"= {op.content}" if op.content else ""]
        words += [f"If-Match {op.if_match}" if op.if_match else ""]
        words += [
            f"If-None-Match {op.if_none_match}" if op.if_none_match else "",
            "" if op.overwrite else "Overwrite F",
        ]
        said = "unknown"
        if result is not None:
            seen = [str(result.status), result.content or "", result.etag or "", str(result.etags or "")]
            said = " ".join(filter(None, seen))
        over = self.return_ns or self.settled_ns
        ends = "..." if over is None else f"{over / 1e6:.3f}"
        return f"client {self.client} {self.invoke_ns / 1e6:.3f}-{ends} ms: {' '.join(filter(None, words))} -> {said}"


def dump(history: Iterable[Event]) -> bytes:
    """A history as JSON lines, in the order of the calls."""
    return b"".join(
        msgspec.json.encode(each) + b"\n" for each in sorted(history, key=lambda each: (each.invoke_ns, each.client))
    )


def load(lines: bytes) -> list[Event]:
    """The history of these JSON lines; msgspec.ValidationError when they are none."""
    return msgspec.json.Decoder(Event).decode_lines(lines)


# What a file is: nothing, or the name of its content and its ETag (None while nobody was told of it).
File = tuple[str, str | None]
State = tuple[File | None, ...]

_READS = frozenset({"GET", "PROPFIND", "LIST"})


class Mistaken(Exception):
    """One ETag stood for two contents, or one content had two ETags: `one` says this and `other` that."""

    def __init__(self, one: Event, other: Event) -> None:
        super().__init__(f"{one} but {other}")
        self.one = one
        self.other = other


class Files:
    """The specification of a few files in one folder.

    An ETag is bound to one content for ever, wherever the file is moved: `Mistaken` when the history says otherwise.
    """

    def __init__(self, names: Sequence[str], history: Iterable[Event]) -> None:
        self._place = {name: number for number, name in enumerate(names)}
        self._all = (1 << len(names)) - 1
        self._tag: dict[str, str] = {}
        self._content: dict[str, str] = {}
        told: dict[str, Event] = {}
        for event in history:
            if event.result is None or event.result.etag is None:
                continue
            content = event.result.content if event.op.method == "GET" else event.op.content
            if content is not None:
                etag = event.result.etag
                if self._tag.setdefault(content, etag) != etag:
                    raise Mistaken(told[self._tag[content]], event)
                if self._content.setdefault(etag, content) != content:
                    raise Mistaken(told[etag], event)
                told.setdefault(etag, event)

    def touches(self, operation: Event) -> int:
        """A bit for each file."""
        op = operation.op
        if op.method == "LIST":
            return self._all
        parts = 1 << self._place[op.name]
        return parts if op.destination is None else parts | 1 << self._place[op.destination]

    def changes(self, operation: Event) -> bool:
        """Whether it may have changed a file; a PROPFIND or a LIST may make an ETag known."""
        if operation.op.method in _READS:
            return False
        return operation.result is None or operation.result.status < 300

    def forget(self, operation: Event) -> Event:
        """The same request with its answer lost."""
        return Event(operation.client, operation.invoke_ns, None, operation.op, None)

    def step(self, state: State, operation: Event) -> State | None:
        """The files after a request, None when it cannot get its answer while they are as `state` says."""
        op, told = operation.op, operation.result
        if op.method == "LIST":
            return self._list(state, told)
        place = self._place[op.name]
        file = state[place]
        if op.method == "PUT":
            return self._put(state, place, file, op, told)
        if op.method == "MOVE":
            return self._move(state, place, file, op, told)
        if op.method == "DELETE":
            return self._delete(state, place, file, op, told)
        return self._read(state, place, file, op, told)

    def _holds(self, file: File | None, etag: str) -> bool | None:
        """Whether the file has that ETag; None when it may be."""
        if file is None:
            return False
        if file[1] is not None:
            return file[1] == etag
        return None if etag not in self._content else False

    def _read(self, state: State, place: int, file: File | None, op: Ask, told: Told | None) -> State | None:
        if told is None:
            return state
        if file is None or told.status == 404:
            return state if file is None and told.status == 404 else None
        etag = op.if_none_match if told.status == 304 else told.etag
        if etag is None or (told.content is not None and told.content != file[0]):
            return None
        # 304 says that the file has the ETag that was asked with, everything else that it has not.
        if told.status != 304 and op.if_none_match == etag:
            return None
        return self._seen(state, place, file, etag)

    def _seen(self, state: State, place: int, file: File, etag: str) -> State | None:
        held = self._holds(file, etag)
        if held is None:
            return _with(state, place, (file[0], etag))
        return state if held else None

    def _list(self, state: State, told: Told | None) -> State | None:
        if told is None:
            return state
        etags = told.etags or {}
        for name, place in self._place.items():
            file, etag = state[place], etags.get(name)
            if file is None or etag is None:
                if file is not None or etag is not None:
                    return None
                continue
            found = self._seen(state, place, file, etag)
            if found is None:
                return None
            state = found
        # Two unknown ETags cannot turn out to be the same one.
        return state if len(set(etags.values())) == len(etags) else None

    def _put(self, state: State, place: int, file: File | None, op: Ask, told: Told | None) -> State | None:
        content = op.content
        assert content is not None
        may = True
        if op.if_none_match is not None:
            may = file is None
        held: bool | None = True
        if op.if_match is not None:
            held = self._holds(file, op.if_match)
        if told is None:
            return _with(state, place, (content, self._tag.get(content))) if may and held is not False else state
        if told.status == 412:
            return state if not may or (op.if_match is not None and held is not True) else None
        if not may or held is False or told.status != (201 if file is None else 204):
            return None
        return _with(state, place, (content, told.etag or self._tag.get(content)))

    def _delete(self, state: State, place: int, file: File | None, op: Ask, told: Told | None) -> State | None:
        held = True if op.if_match is None else self._holds(file, op.if_match)
        if told is None:
            return _with(state, place, None) if file is not None and held is not False else state
        if file is None:
            return state if told.status == 404 or (told.status == 412 and op.if_match is not None) else None
        if told.status == 412:
            return state if op.if_match is not None and held is not True else None
        return _with(state, place, None) if told.status == 204 and held is not False else None

    def _move(self, state: State, place: int, file: File | None, op: Ask, told: Told | None) -> State | None:
        assert op.destination is not None
        target = self._place[op.destination]
        there = state[target]
        if file is None:
            return state if told is None or told.status == 404 else None
        if there is not None and not op.overwrite:
            return state if told is None or told.status == 412 else None
        if told is not None and told.status != (201 if there is None else 204):
            return None
        return _with(_with(state, place, None), target, file)


def _with(state: State, place: int, file: File | None) -> State:
    files = list(state)
    files[place] = file
    return tuple(files)


def check_files(names: Sequence[str], history: Sequence[Event], limit: int = LIMIT) -> Violation[State, Event] | None:
    """Look for an order of a history of files of which none was there before it; None when there is one."""
    nothing: State = (None,) * len(names)
    try:
        specification = Files(names, history)
    except Mistaken as mistake:
        return Violation(mistake.other, nothing, [mistake.one, mistake.other])
    return check(history, specification, nothing, limit)
