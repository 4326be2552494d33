"""DAV:response elements for calendar objects: their properties, and their calendar data.

Implements: RFC 4791, 7.6, 7.8, 7.9; RFC 8144, 2.1
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeAlias

from davd.caldav.by_reference import wish
from davd.caldav.data import Form
from davd.caldav.elements.calendar_data import CalendarData
from davd.caldav.names import CALENDAR_DATA, MAX_INSTANCES, SUPPORTED_CALENDAR_DATA
from davd.caldav.objects import CalendarObject, CalendarObjects, is_demanding
from davd.caldav.reports.limits import WRITTEN, Purse
from davd.dav.contents import Aside, contents_of
from davd.dav.elements.asked import Asked
from davd.dav.exchange import Exchange
from davd.dav.properties.pages import CHARACTERS
from davd.dav.properties.responses import Responses, Wanted, responses
from davd.dav.properties.view import View, load
from davd.formats.contentlines import ContentError
from davd.formats.icalendar.recur.budget import TooMuch
from davd.formats.icalendar.zones.zone import Zone
from davd.formats.xml.writer import element, escape, propstat
from davd.http.prefer import Preferences
from davd.interfaces.store import IReadTransaction
from davd.model.resource import Resource

_CLOSE: Final = "</D:response>"
# What stands for a text in a response for a while, and in no document.
_HERE: Final = "\0"

# Text of the answer, empty where others may have a turn; or work that is done in a thread before the next piece.
Piece: TypeAlias = str | Aside[Any]


@dataclass(slots=True)
class Batch:
    """Some objects as one transaction saw them: rows, the hrefs they go by, and contents by id as far as needed."""

    view: View
    rows: Sequence[Resource]
    hrefs: Sequence[str]
    contents: Mapping[int, bytes]


class Telling:
    """Tells of objects what `asked` asks; what that costs is taken from `purse`.

    With `some` nothing is told of objects that CALDAV:expand leaves nothing of.
    """

    __slots__ = ("_exchange", "_memory", "asked", "form", "purse", "renderer")

    def __init__(
        self,
        exchange: Exchange,
        asked: Asked[CalendarData],
        memory: CalendarObjects,
        purse: Purse,
        some: bool = False,
    ) -> None:
        preferences = Preferences.from_headers(exchange.request.headers)
        wanted = Wanted(asked.kind, asked.names, preferences.return_minimal)
        self._exchange = exchange
        self._memory = memory
        self.asked = asked
        self.purse = purse
        self.renderer: Responses = responses(exchange.registry, wanted)
        self.form = None if asked.data is None else Form(asked.data, some, wish(exchange.request.headers))

    @property
    def reads(self) -> bool:
        """Whether objects have to be understood to be told of."""
        return self.form is not None and not self.form.raw

    async def load(
        self,
        transaction: IReadTransaction,
        rows: Sequence[Resource],
        hrefs: Sequence[str],
        above: Sequence[Resource],
        unsure: Sequence[Resource] = (),
    ) -> Batch:
        """What is needed of `rows`, below the collections `above`, to tell of them; `hrefs` are not escaped yet.

        The contents of `unsure` rows are needed in any case, those of others where calendar data is asked for.
        """
        view = await load(self._exchange, transaction, self.renderer.needs, rows, above)
        read = unsure if self.form is None else rows
        found = await contents_of(transaction, self._exchange.store.blobs, read) if read else ()
        contents = {row.id: content for row, content in zip(read, found, strict=True)}
        return Batch(view, rows, [escape(href) for href in hrefs], contents)

    def understand(
        self, row: Resource, content: bytes, passing: bool = False
    ) -> Generator[Piece, None, CalendarObject]:
        """The object that a row holds; ContentError when it is none. `passing` is as for `CalendarObjects.get`.

        Long ones are for work in threads alone.
        """
        memory = self._memory
        found = memory.known(row)
        apart = is_demanding(content)
        if found is None:
            self.purse.read(content)
            if apart:
                parsing: Aside[CalendarObject] = Aside(partial(CalendarObject, content))
                yield parsing
                found = parsing.outcome()
            else:
                found = CalendarObject(content)
            memory.keep(row, found, passing)
        return found.apart() if apart else found

    def some(self, batch: Batch, chosen: Sequence[int]) -> list[str]:
        """Responses, without calendar data, to those objects of a batch that have been chosen, in pieces."""
        self._exchange.rows += len(chosen)
        self.purse.work += 2 * len(chosen)
        hrefs, rows = batch.hrefs, batch.rows
        if len(chosen) < len(rows):
            hrefs, rows = [hrefs[index] for index in chosen], [rows[index] for index in chosen]
        return self.renderer.render(batch.view, "", hrefs, rows)

    def one(self, batch: Batch, index: int, floating: Zone | None) -> Iterator[Piece]:
        """The response, with calendar data, to one object; `floating` is needed where objects are understood.

        Empty pieces before it are breaths: others may have a turn.
        """
        row, href = batch.rows[index], batch.hrefs[index]
        self._exchange.rows += 1
        self.purse.work += 6
        found, missing = self.renderer.elements(batch.view, row)
        content = batch.contents[row.id]
        self.purse.work += len(content) / 256
        text, condition = yield from self._data(row, content, floating)
        if text is None:
            return
        if condition is None:
            if len(text) <= CHARACTERS:
                yield self.renderer.whole(href, row, [*found.values(), text], missing)
                return
            # What is so long is not copied more often than has to be, nor all of that without a breath.
            before, _, after = self.renderer.whole(href, row, [*found.values(), _HERE], missing).partition(_HERE)
            yield before
            yield text
            yield after
            return
        told = self.renderer.whole(href, row, list(found.values()), missing)
        refused = propstat(403, [element(CALENDAR_DATA)], condition).decode()
        yield told[: -len(_CLOSE)] + refused + _CLOSE

    def _data(
        self, row: Resource, content: bytes, floating: Zone | None
    ) -> Generator[Piece, None, tuple[str | None, str | None]]:
        """The element with calendar data (None for none), or the precondition that fails; no text on the way."""
        form = self.form
        assert form is not None
        if form.raw:
            return form.as_stored(content), None
        assert floating is not None
        account = self.purse.open(WRITTEN)
        try:
            found = yield from self.understand(row, content)
            self.purse.write(content)
            steps = form.steps(found, floating, account.budget)
            if is_demanding(content):
                writing = Aside(partial(_at_once, steps))
                yield writing
                return writing.outcome(), None
            while True:
                try:
                    next(steps)
                except StopIteration as stop:
                    text: str | None = stop.value
                    return text, None
                account.settle()
                yield ""
        except TooMuch:
            # RFC 4791, 5.2.8 calls the limit on "recurrence instances that a calendar object resource stored in a
            # calendar collection can generate" so.
            return "", MAX_INSTANCES
        except ContentError:
            # What nobody can read is given as it is: it was somebody's, and they may know.
            return (form.as_stored(content), None) if form.is_text else ("", SUPPORTED_CALENDAR_DATA)
        finally:
            account.settle()


def _at_once(steps: Generator[None, None, str | None]) -> str | None:
    """What a generator returns, without breaths."""
    while True:
        try:
            next(steps)
        except StopIteration as stop:
            text: str | None = stop.value
            return text
