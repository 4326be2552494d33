"""Histories of a store that is linearizable by construction: each request is done at one instant, by a loop."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

from davd.testing.file_history import Ask, Event, Told

NAMES = ("a", "b", "c")


@dataclass
class Store:
    """Files as pairs of content and ETag; a request is done wholly when `do` is called."""

    files: dict[str, tuple[str, str]] = field(default_factory=dict)
    count: int = 0

    def do(self, ask: Ask) -> Told:
        """Carry out a request."""
        file = self.files.get(ask.name)
        if ask.method == "LIST":
            return Told(207, etags={name: etag for name, (_, etag) in self.files.items()})
        if ask.if_match is not None and (file is None or file[1] != ask.if_match):
            return Told(412)
        if ask.method == "PUT":
            return self._put(ask, file)
        if file is None:
            return Told(404)
        if ask.method == "DELETE":
            del self.files[ask.name]
            return Told(204)
        if ask.method == "MOVE":
            return self._move(ask)
        if ask.if_none_match == file[1]:
            return Told(304)
        return Told(200, *file) if ask.method == "GET" else Told(207, etag=file[1])

    def _put(self, ask: Ask, file: tuple[str, str] | None) -> Told:
        if ask.if_none_match == "*" and file is not None:
            return Told(412)
        assert ask.content
        self.count += 1
        self.files[ask.name] = (ask.content, f"e{self.count}")
        return Told(204 if file else 201, etag=f"e{self.count}")

    def _move(self, ask: Ask) -> Told:
        assert ask.destination
        there = ask.destination in self.files
        if there and not ask.overwrite:
            return Told(412)
        self.files[ask.destination] = self.files.pop(ask.name)
        return Told(204 if there else 201)


@dataclass
class Chooser:
    """What one client asks next, by chance: mostly for files it has seen, with the ETags it has seen."""

    chance: random.Random
    client: int
    names: tuple[str, ...] = NAMES
    moves: bool = True
    _seen: dict[str, str] = field(default_factory=dict)
    _contents: int = 0

    def note(self, ask: Ask, told: Told) -> None:
        """Learn from an answer."""
        if told.etag:
            self._seen[ask.name] = told.etag
        self._seen |= told.etags or {}

    def content(self) -> str:
        """A content that nobody ever stored."""
        self._contents += 1
        return f"x{self.client}.{self._contents}"

    def ask(self) -> Ask:
        """A request."""
        name = self.chance.choice(self.names)
        etag = self._seen.get(name)
        kinds = ["GET"] * 7 + ["PROPFIND", "LIST", "AGAIN"] + ["PUT"] * 2 + ["UPDATE"] * 3 + ["CREATE"] * 2
        kind = self.chance.choice([*kinds, "DELETE", "DELETE", *(["MOVE"] * 2 if self.moves else [])])
        if kind == "MOVE":
            destination = self.chance.choice([other for other in self.names if other != name])
            return Ask("MOVE", name, destination=destination, overwrite=self.chance.random() < 0.7)
        if kind == "PUT" or (kind == "UPDATE" and etag is None):
            return Ask("PUT", name, self.content())
        if kind == "UPDATE":
            return Ask("PUT", name, self.content(), if_match=etag)
        if kind == "CREATE":
            return Ask("PUT", name, self.content(), if_none_match="*")
        if kind == "DELETE":
            return Ask("DELETE", name, if_match=etag if self.chance.random() < 0.3 else None)
        if kind == "AGAIN":
            return Ask("GET", name, if_none_match=etag)
        return Ask(kind, "" if kind == "LIST" else name)


@dataclass
class Simulation:
    """Clients that ask a store at random; `lost` is how likely an answer is lost, the request having been done or not.

    `moves` False leaves out MOVE, `unknown_etags` True lets PUT answer without its ETag. When the store `crashes`, all
    answers under way are lost, and what has not been done by then never is.
    """

    chance: random.Random
    clients: int = 4
    lost: float = 0.0
    moves: bool = True
    names: tuple[str, ...] = NAMES
    unknown_etags: bool = False
    crashes: float = 0.0
    store: Store = field(default_factory=Store)
    history: list[Event] = field(default_factory=list)

    def run(self, requests: int) -> list[Event]:
        """Let each client ask so many times, and give the history."""
        now = 0
        choosers = [Chooser(self.chance, client, self.names, self.moves) for client in range(self.clients)]
        left = dict.fromkeys(range(self.clients), requests)
        called: dict[int, tuple[Ask, int]] = {}
        done: dict[int, Told] = {}
        stray: list[Ask] = []
        while left or called or done:
            now += 1
            if stray and self.chance.random() < 0.05:
                self.store.do(stray.pop(self.chance.randrange(len(stray))))
            if self.chance.random() < self.crashes:
                for client, (ask, since) in called.items():
                    self.history.append(Event(client, since, None, ask, None, now))
                called.clear()
                done.clear()
                continue
            client = self.chance.choice([*left, *called, *done])
            if client in called:
                ask, since = called[client]
                if client not in done:
                    if self.chance.random() < self.lost:
                        stray.append(ask)
                        self.history.append(Event(client, since, None, ask, None))
                        del called[client]
                    else:
                        done[client] = self.store.do(ask)
                    continue
                told = done.pop(client)
                del called[client]
                choosers[client].note(ask, told)
                if self.unknown_etags and ask.method == "PUT" and told.etag:
                    told = Told(told.status)
                self.history.append(Event(client, since, now, ask, told))
            elif left[client]:
                left[client] -= 1
                called[client] = (choosers[client].ask(), now)
            else:
                del left[client]
        self.history.sort(key=lambda event: event.invoke_ns)
        return self.history
