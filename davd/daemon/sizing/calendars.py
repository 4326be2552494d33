"""A calendar under load: its requests, and whether an answer is right, given what was acknowledged before.

Implements: RFC 4918, 9.1; RFC 4791, 5.3.2; RFC 6578, 3.2; RFC 9110, 13.1.1
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from dataclasses import dataclass

from davd.daemon.doctor import bodies
from davd.daemon.doctor.reply import Reply

_POLL = bodies.propfind("S:getctag", "D:sync-token").encode()
_LIST = bodies.propfind("D:getetag", "D:resourcetype").encode()
_ETAG = re.compile(rb"getetag[^>]*>([^<]*)<")
_TOKEN = re.compile(rb"sync-token[^>]*>([^<]+)</[^>]*sync-token>\s*</[^>]*multistatus>")
_RESPONSE = re.compile(rb"<[^>/]*:?response[ >]")

# Says what is wrong with an answer; empty when it is right.
Verdict = Callable[[Reply], str]


@dataclass(slots=True)
class Query:
    """A request and how its answer is judged."""

    method: str
    target: str
    fields: tuple[tuple[str, str], ...]
    body: bytes | None
    verify: Verdict


class Event:
    """One object: what the server acknowledged last, and what it may have besides while a change is under way."""

    __slots__ = ("content", "etag", "name", "pending", "version")

    def __init__(self, name: str, content: bytes, etag: str) -> None:
        self.name = name
        self.content = content
        self.etag = etag
        self.pending: bytes | None = None
        self.version = 0


def content_of(name: str, version: int) -> bytes:
    """An event; each version of it is another."""
    text = bodies.EVENT.replace("{trial-name}", name)
    return text.replace("to be deleted", f"to be deleted, version {version}").encode()


class Calendar:
    """The calendar at `path` with its events, asked with the field Authorization `login`."""

    def __init__(self, path: str, login: str, events: list[Event]) -> None:
        self.path = path
        self._login = ("Authorization", login)
        self._events = events
        self._token = ""
        # Names of what was written since the token.
        self._news: set[str] = set()
        # Writes that were begun so far: an answer that came over one of them may show either state.
        self._begun = 0

    def query(self, kind: str, chance: random.Random) -> Query:
        """A request of that kind (see `mix.PER_MINUTE`)."""
        if kind == "poll":
            return self._xml("PROPFIND", _POLL, "0", lambda reply: self._told(reply, b"sync-token"))
        if kind == "sync":
            return self._sync()
        if kind == "list":
            return self._list()
        event = chance.choice(self._events)
        if kind == "write" and event.pending is None:
            return self._write(event)
        return self._read(event)

    def _xml(self, method: str, body: bytes, depth: str, verify: Verdict) -> Query:
        fields = (self._login, bodies.XML, ("Depth", depth)) if depth else (self._login, bodies.XML)
        return Query(method, self.path, fields, body, verify)

    @staticmethod
    def _told(reply: Reply, word: bytes) -> str:
        if reply.status != 207:
            return f"status {reply.status}"
        return "" if word in reply.body and reply.body.rstrip().endswith(b"multistatus>") else "not the whole answer"

    def _quiet(self) -> bool:
        """Whether no write is under way."""
        return all(event.pending is None for event in self._events)

    def _sync(self) -> Query:
        due, begun, quiet = set(self._news), self._begun, self._quiet()
        body = bodies.sync(self._token).encode()

        def verify(reply: Reply) -> str:
            wrong = self._told(reply, b"sync-token")
            token = _TOKEN.search(reply.body)
            if wrong or token is None:
                return wrong or "no sync-token"
            missing = [name for name in due if name.encode() not in reply.body]
            if missing:
                return f"{missing[0]} was changed, and is not told of"
            # The token may stand after a write that is acknowledged only later, unless there was none.
            if quiet and self._begun == begun and self._news == due:
                self._token, self._news = token[1].decode(), set()
            return ""

        return self._xml("REPORT", body, "", verify)

    def _list(self) -> Query:
        begun = self._begun
        quiet = self._quiet()

        def verify(reply: Reply) -> str:
            wrong = self._told(reply, b"getetag")
            if wrong:
                return wrong
            count = len(_RESPONSE.findall(reply.body))
            if count != len(self._events) + 1:
                return f"{count} resources in place of {len(self._events) + 1}"
            told = {etag.replace(b"&quot;", b'"').decode() for etag in _ETAG.findall(reply.body)}
            if quiet and begun == self._begun and not {event.etag for event in self._events if event.etag} <= told:
                return "an ETag that is not the last one"
            return ""

        return self._xml("PROPFIND", _LIST, "1", verify)

    def _read(self, event: Event) -> Query:
        # What was acknowledged before, and what may come to be before the answer is made.
        before, etag, version = event.content, event.etag, event.version

        def verify(reply: Reply) -> str:
            if reply.status != 200:
                return f"status {reply.status}"
            if reply.body not in (before, event.content, event.pending) and event.version - version < 2:
                return "content that nobody wrote"
            if reply.body == before and etag and event.version == version and reply.field("ETag") not in ("", etag):
                return "another ETag for the same content"
            return ""

        return Query("GET", f"{self.path}{event.name}", (self._login,), None, verify)

    def _write(self, event: Event) -> Query:
        event.version += 1
        content = event.pending = content_of(event.name, event.version)
        self._begun += 1

        def verify(reply: Reply) -> str:
            event.pending = None
            if reply.status not in (200, 201, 204):
                return f"status {reply.status}"
            event.content, event.etag = content, reply.field("ETag")
            self._news.add(event.name)
            return ""

        condition = (("If-Match", event.etag),) if event.etag else ()
        fields = (self._login, bodies.ICS, *condition)
        return Query("PUT", f"{self.path}{event.name}", fields, content, verify)
