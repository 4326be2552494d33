"""Clients that ask for a few files at once, over connections of their own, and write down what they were told when."""

from __future__ import annotations

import http.client
import random
import threading
import time
from collections.abc import Mapping, Sequence
from urllib.parse import unquote

from lxml import etree
from msgspec.structs import replace

from davd.testing.file_history import BROKEN, Ask, Event, Told
from tests.testing.simulated import NAMES, Chooser

SECONDS = 30.0
FIND = b'<propfind xmlns="DAV:"><prop><getetag/></prop></propfind>'
_SIZES = (30, 30, 500, 500, 9_000, 40_000)

# Answers of a server that has refused: nothing was done.
_REFUSED = frozenset({429, 503})
_EXPECTED = {
    "GET": frozenset({200, 304, 404}),
    "PROPFIND": frozenset({207, 404}),
    "LIST": frozenset({207}),
    "PUT": frozenset({201, 204, 412}),
    "DELETE": frozenset({204, 404, 412}),
    "MOVE": frozenset({201, 204, 404, 412}),
}


def content_of(name: str) -> bytes:
    """The bytes that a name of content stands for: some length, and the name over and over."""
    size = random.Random(name).choice(_SIZES)
    return (name.encode() + b";") * (size // (len(name) + 1) + 1)


def name_of(content: bytes) -> str:
    """The name of a content, BROKEN when it is none."""
    name = content.partition(b";")[0].decode(errors="replace")
    return name if content == content_of(name) else BROKEN


class Unexpected(Exception):
    """An answer that no request should get."""


class Link:
    """A connection to one process, made anew when it is gone; nothing is ever asked twice."""

    def __init__(self, port: int, folder: str, login: Mapping[str, str]) -> None:
        self.port = port
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
        self._folder = folder
        self._login = dict(login)

    def connected(self) -> bool:
        """Whether there is a connection, or could be made one."""
        if self._connection.sock is None:
            try:
                self._connection.connect()
            except OSError:
                return False
        return True

    def close(self) -> None:
        """End the connection."""
        self._connection.close()

    def ask(self, ask: Ask) -> Told | None:
        """The answer to a request, None when it got lost."""
        try:
            return self._ask(ask)
        except (OSError, http.client.HTTPException):
            self._connection.close()
            return None

    def _ask(self, ask: Ask) -> Told:
        headers = dict(self._login)
        for field, value in (("If-Match", ask.if_match), ("If-None-Match", ask.if_none_match)):
            if value is not None:
                headers[field] = value
        method, body = ask.method, None
        if method in ("PROPFIND", "LIST"):
            headers["Depth"] = "1" if method == "LIST" else "0"
            method, body = "PROPFIND", FIND
        elif ask.content is not None:
            body = content_of(ask.content)
        elif ask.destination is not None:
            headers["Destination"] = self._folder + ask.destination
            headers["Overwrite"] = "T" if ask.overwrite else "F"
        self._connection.request(method, self._folder + ask.name, body, headers)
        response = self._connection.getresponse()
        content = response.read()
        status = response.status
        if status not in _EXPECTED[ask.method] and status not in _REFUSED:
            raise Unexpected(f"{ask}: {status} {content!r}")
        if status == 207:
            return self._found(ask, content)
        if status == 200:
            return Told(status, name_of(content), response.headers["ETag"])
        return Told(status, etag=response.headers["ETag"] if status in (201, 204) else None)

    def _found(self, ask: Ask, content: bytes) -> Told:
        etags = {}
        for response in etree.fromstring(content).iter("{DAV:}response"):
            path = unquote(response.findtext("{DAV:}href") or "")
            etags[path.removeprefix(self._folder)] = response.findtext(".//{DAV:}getetag") or ""
        if ask.method == "PROPFIND":
            return Told(207, etag=etags[ask.name])
        return Told(207, etags={name: etag for name, etag in etags.items() if name})


class Client:
    """Asks a number of requests over links to all processes, now this one, now that one, and keeps its history."""

    def __init__(self, chooser: Chooser, links: Sequence[Link], requests: int) -> None:
        self.history: list[Event] = []
        self.error: BaseException | None = None
        # Which requests got lost: their numbers, the port of the process, and when that was seen.
        self.lost: list[tuple[int, int, int]] = []
        self.refused = 0
        self._chooser = chooser
        self._links = links
        self._requests = requests

    def work(self) -> None:
        """Ask; an error ends it and is kept."""
        try:
            for _ in range(self._requests):
                self.ask(self._chooser.ask(), self._link())
        except BaseException as error:
            self.error = error
        finally:
            for link in self._links:
                link.close()

    def _link(self) -> Link:
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            link = self._chooser.chance.choice(self._links)
            if link.connected():
                return link
            time.sleep(0.005)
        raise Unexpected("no process serves")

    def ask(self, ask: Ask, link: Link) -> None:
        """Ask one thing and write down how it went."""
        since = time.monotonic_ns()
        told = link.ask(ask)
        until = time.monotonic_ns()
        if told is None:
            self.lost.append((len(self.history), link.port, until))
            self.history.append(Event(self._chooser.client, since, None, ask, None))
        elif told.status in _REFUSED:
            self.refused += 1
        else:
            self._chooser.note(ask, told)
            self.history.append(Event(self._chooser.client, since, until, ask, told))

    def settle(self, starts: Sequence[tuple[int, int]]) -> None:
        """Write down when the lost requests were settled, from when a process on what port was started again.

        What a process had not done when it was killed is not done by the next one.
        """
        for number, port, seen in self.lost:
            after = [start for place, start in starts if place == port and start >= seen]
            if after:
                self.history[number] = replace(self.history[number], settled_ns=min(after))


class Crowd:
    """Some clients that work at the same time in one folder, each in a thread of its own."""

    def __init__(
        self,
        ports: Sequence[int],
        folder: str,
        login: Mapping[str, str],
        chance: random.Random,
        clients: int,
        each: int,
    ) -> None:
        self._ports = ports
        self._where = (folder, login)
        self.clients = [self._client(random.Random(chance.random()), number, ports, each) for number in range(clients)]
        self._threads = [threading.Thread(target=client.work) for client in self.clients]

    def _client(self, chance: random.Random, number: int, ports: Sequence[int], each: int) -> Client:
        return Client(Chooser(chance, number, NAMES), [Link(port, *self._where) for port in ports], each)

    def start(self) -> None:
        """Let them begin."""
        for thread in self._threads:
            thread.start()

    def reached(self, requests: int) -> bool:
        """Whether they have asked so many requests in all, or have all ended."""
        asked = sum(len(client.history) for client in self.clients)
        return asked >= requests or not any(thread.is_alive() for thread in self._threads)

    def finish(self, starts: Sequence[tuple[int, int]]) -> list[Event]:
        """Wait for the end, look at everything through each process, and give the whole history.

        `starts` are the port and the time of each new start of a process. Raises what went wrong for a client.
        """
        for thread in self._threads:
            thread.join()
        for client in self.clients:
            if client.error is not None:
                raise client.error
            client.settle(starts)
        history = [event for client in self.clients for event in client.history]
        for number, port in enumerate(self._ports):
            witness = self._client(random.Random(0), len(self.clients) + number, [port], 0)
            for ask in [Ask("LIST"), *(Ask("GET", name) for name in NAMES), *(Ask("PROPFIND", name) for name in NAMES)]:
                witness.ask(ask, witness._link())
            history += witness.history
        return sorted(history, key=lambda event: event.invoke_ns)
