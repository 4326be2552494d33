"""Answers that leave at once, and answers that leave in pieces.

Verifies: RFC 4918, 13; docs/architecture.md, Overload
"""

from __future__ import annotations

from collections.abc import Iterator

from davd.caldav.reports.limits import Purse
from davd.caldav.reports.stream import FIRST_WORK, Course, answer
from davd.caldav.reports.telling import Batch
from davd.caldav.settings import CalDavSettings
from davd.dav import multistatus
from davd.dav.exchange import Exchange
from davd.dav.properties import pages
from davd.dav.properties.responses import Wanted, responses
from davd.dav.properties.view import View
from davd.dav.registry import Extension, Report
from davd.http.response import Response
from davd.interfaces.store import IReadTransaction
from davd.testing.exchange import Trial

CLOSE = b"</D:multistatus>"


class Numbers:
    """A course of `count` numbers, `each` of which costs so much; every third batch is gone when it is loaded."""

    def __init__(self, exchange: Exchange, count: int, each: float, text: str = "<n>{}</n>") -> None:
        self.purse = Purse(CalDavSettings())
        self.more = count > 0
        self.loads: list[IReadTransaction] = []
        self._exchange = exchange
        self._ahead = list(range(count))
        self._each = each
        self._text = text

    async def load(self, transaction: IReadTransaction) -> Batch | None:
        self.loads.append(transaction)
        if len(self.loads) % 3 == 0:
            return None
        hrefs = [str(number) for number in self._ahead[:10]]
        del self._ahead[:10]
        self.more = bool(self._ahead)
        return Batch(View(self._exchange), [], hrefs, {})

    def tell(self, batch: Batch) -> Iterator[str]:
        for href in batch.hrefs:
            self.purse.work += self._each
            yield ""
            yield self._text.format(href)

    def tail(self) -> bytes:
        return b"<end/>"


class Asked:
    """A tree whose report is a course of numbers; `course` and `paces` are those of the last one."""

    def __init__(self, count: int, each: float, text: str = "<n>{}</n>") -> None:
        self.course: Numbers
        self.paces = 0
        self.exchange: Exchange

        async def pace() -> None:
            self.paces += 1

        async def respond(exchange: Exchange) -> Response:
            exchange.pace = pace
            self.exchange = exchange
            self.course = Numbers(exchange, count, each, text)
            course: Course = self.course
            renderer = responses(exchange.registry, Wanted("prop"))
            return multistatus.respond(await answer(exchange, renderer, course))

        self.tree = Trial(Extension("numbers", reports=[Report("{urn:x}numbers", respond)]))

    def response(self) -> Response:
        return self.tree.request("REPORT", "/files/alice/", {}, b'<numbers xmlns="urn:x"/>')


def told(content: bytes) -> list[int]:
    assert content.startswith(b"<?xml") and content.endswith(b"<end/>" + CLOSE)
    return [int(part.split(b"<")[0]) for part in content.split(b"<n>")[1:]]


def test_nothing() -> None:
    asked = Asked(0, 1)
    response = asked.response()
    assert isinstance(response.body, bytes)
    assert told(response.body) == []


def test_what_costs_little_is_whole() -> None:
    asked = Asked(45, 1)
    response = asked.response()
    assert isinstance(response.body, bytes)
    assert told(response.body) == list(range(45))
    # All of it was read in the transaction of the exchange, and nobody was let in between.
    assert set(asked.course.loads) == {asked.exchange.transaction}
    assert asked.paces == 0


def test_what_costs_much_is_begun_and_goes_on_with_room_for_others() -> None:
    asked = Asked(45, FIRST_WORK / 15)
    response = asked.response()
    assert not isinstance(response.body, (bytes, list))
    assert asked.paces == 0
    first = asked.course.loads
    assert set(first) == {asked.exchange.transaction}
    before = len(first)
    assert told(asked.tree.read(response)) == list(range(45))
    assert asked.exchange.transaction not in asked.course.loads[before:]
    # At each piece that was left, empty or not.
    assert asked.paces > 2 * (45 - 15)


def test_what_ends_with_its_first_part_is_whole() -> None:
    asked = Asked(10, FIRST_WORK / 10)
    response = asked.response()
    assert told(asked.tree.read(response)) == list(range(10))
    alone = Asked(1, FIRST_WORK)
    assert told(alone.tree.read(alone.response())) == [0]


def test_long_texts_leave_as_they_come() -> None:
    asked = Asked(12, FIRST_WORK, "<n>{}<" + "x" * pages.CHARACTERS + "</n>")
    body = asked.response().body
    assert not isinstance(body, (bytes, list))
    content = asked.tree.read(Response(207, {}, body))
    assert content.count(b"<n>") == 12
