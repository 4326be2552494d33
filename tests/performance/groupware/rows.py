"""The operations that are measured, each as a function that gives the next request."""

import random
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count, cycle
from typing import Any

from tests.performance.client import Client
from tests.performance.groupware import requests
from tests.performance.groupware.data import event, months
from tests.performance.groupware.load import Ask
from tests.performance.groupware.requests import ETAG, HREF, unlike
from tests.performance.groupware.servers import CALENDAR, CARDS, SIZES, Groupware

CHANGES = 10
_STARTS = count(1_000)


@dataclass(frozen=True, slots=True)
class Row:
    """An operation: `requests` gives, for a server that has its data, what is to be asked again and again."""

    name: str
    title: str
    requests: Callable[[Groupware], Iterator[Ask]]


def _ask(server: Groupware, ask: Ask) -> bytes:
    with Client(server.plain, server.authorization) as client:
        answer = client.ask(ask.method, ask.path, ask.body, ask.fields)
    if not ask.check(answer.status, answer.body):
        raise RuntimeError(f"{server.name}: {ask.method} {ask.path}: {answer.status} {answer.body[:300]!r}")
    return answer.body


def _poll(server: Groupware) -> Iterator[Ask]:
    return cycle([requests.poll(server.place("small"))])


def _listing(name: str, fresh: bool) -> Callable[[Groupware], Iterator[Ask]]:
    def of(server: Groupware) -> Iterator[Ask]:
        path, size = server.place(name), SIZES[name]
        if fresh:
            return (requests.listing(path, size, unlike()) for _ in count())
        return cycle([requests.packed(requests.listing(path, size))])

    return of


def _months(name: str, fresh: bool) -> Callable[[Groupware], Iterator[Ask]]:
    def of(server: Groupware) -> Iterator[Ask]:
        path, spans = server.place(name), list(months())
        if fresh:
            return (requests.month(path, start, end, None, unlike()) for start, end in cycle(spans[3:15]))
        return cycle([requests.packed(requests.month(path, *spans[5], None))])

    return of


def hrefs(server: Groupware, name: str) -> list[str]:
    """The addresses of the events of a calendar."""
    body = _ask(server, requests.listing(server.place(name), SIZES[name]))
    return [href.decode() for href in HREF.findall(body)]


def _multiget(server: Groupware) -> Iterator[Ask]:
    found, chance = hrefs(server, "small"), random.Random(50)
    while True:
        yield requests.multiget(server.place("small"), chance.sample(found, 50), unlike())


def _cards(server: Groupware) -> Iterator[Ask]:
    for number in cycle(range(CARDS)):
        yield requests.email(server.place("cards"), f".{number}@example", 1, unlike())


def _initial(server: Groupware) -> Iterator[Ask]:
    while True:
        yield requests.sync(server.place("small"), "", None, unlike())


def _incremental(server: Groupware) -> Iterator[Ask]:
    path = server.place("small")
    token = requests.sync_token(_ask(server, requests.sync(path, "", None)))
    changed = hrefs(server, "small")[:CHANGES]
    with Client(server.plain, server.authorization) as client:
        for href in changed:
            answer = client.ask("GET", href, want=(200,))
            text = answer.body.replace(b"SUMMARY:", b"SUMMARY:again ")
            client.ask("PUT", href, text, {"Content-Type": CALENDAR}, want=(200, 201, 204))
    while True:
        yield requests.sync(path, token, CHANGES, unlike())


def _new(server: Groupware) -> Iterator[Ask]:
    path, first = server.place("written"), next(_STARTS) * 1_000_000
    for number in count(first):
        content = event(number)
        yield requests.put(f"{path}{number}.ics", content, CALENDAR, {"If-None-Match": "*"}, (201,))


def _changed(server: Groupware) -> Iterator[Ask]:
    """Each connection's next request is a change of an event that nobody else changes meanwhile, by its ETag."""
    path, first = server.place("written"), next(_STARTS) * 1_000_000
    # Those that wait for their turn, each with its ETag; what is being asked is not among them.
    waiting: deque[tuple[int, str]] = deque()
    with Client(server.plain, server.authorization) as client:
        for number in range(first, first + 64):
            href = f"{path}{number}.ics"
            client.ask("PUT", href, event(number), {"Content-Type": CALENDAR}, want=(201,))
            waiting.append((number, client.ask("GET", href, want=(200,)).fields["ETag"]))

    def learn(number: int) -> Callable[[bytes], None]:
        def heard(head: bytes) -> None:
            found = ETAG.search(head)
            waiting.append((number, found[1].decode() if found else "*"))

        return heard

    for turn in count():
        number, tag = waiting.popleft()
        text = event(number).replace(b"SUMMARY:", b"SUMMARY:%d " % turn)
        yield requests.put(f"{path}{number}.ics", text, CALENDAR, {"If-Match": tag}, (200, 201, 204), learn(number))


def _deleted(server: Groupware) -> Iterator[Ask]:
    path, first = server.place("written"), next(_STARTS) * 1_000_000
    amount = 8000 if server.durable else 200
    with Client(server.plain, server.authorization) as client:
        for number in range(first, first + amount):
            client.ask("PUT", f"{path}{number}.ics", event(number), {"Content-Type": CALENDAR}, want=(201,))
    for number in range(first, first + amount):
        yield requests.delete(f"{path}{number}.ics")


def _mixed(server: Groupware) -> Iterator[Ask]:
    """Of 20 requests 10 polls, 3 listings, 2 months, 2 multigets, 2 new events and 1 change."""
    chance = random.Random(20)
    kinds: dict[str, Iterator[Any]] = {
        "poll": _poll(server),
        "listing": _listing("small", False)(server),
        "month": _months("small", False)(server),
        "multiget": _multiget(server),
        "new": _new(server),
        "changed": _changed(server),
    }
    weights = (10, 3, 2, 2, 2, 1)
    while True:
        yield next(kinds[chance.choices(list(kinds), weights)[0]])


ROWS = {
    row.name: row
    for row in (
        Row("poll", "sync poll: PROPFIND 0 of ctag and sync-token", _poll),
        Row("list", "PROPFIND 1, 1,000 ETags, unchanged, gzip as clients ask", _listing("small", False)),
        Row("list-fresh", "PROPFIND 1, 1,000 ETags, no two requests alike", _listing("small", True)),
        Row("list-10k", "PROPFIND 1, 10,000 ETags, no two requests alike", _listing("large", True)),
        Row(
            "month",
            "calendar-query of a month of 1,000 events, unchanged, gzip as clients ask",
            _months("small", False),
        ),
        Row("month-fresh", "calendar-query of a month of 1,000 events, no two alike", _months("small", True)),
        Row("month-10k", "calendar-query of a month of 10,000 events, no two alike", _months("large", True)),
        Row("multiget", "calendar-multiget of 50, no two alike", _multiget),
        Row("cards", "addressbook-query of 1,000 cards, no two alike", _cards),
        Row("sync", "sync-collection, initial, 1,000, no two alike", _initial),
        Row("sync-10", "sync-collection, 10 changes, no two alike", _incremental),
        Row("put", "PUT of new events", _new),
        Row("change", "PUT of changed events, If-Match", _changed),
        Row("delete", "DELETE", _deleted),
        Row("mixed", "mixed", _mixed),
    )
}
