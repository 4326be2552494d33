"""Calendar data as reports give it: the text of CALDAV:calendar-data.

Implements: RFC 4791, 7.6, 9.6; RFC 7265, 3; RFC 7809, 7.1
"""

from __future__ import annotations

from collections.abc import Generator
from typing import Final

import msgspec

from davd.caldav import by_reference
from davd.caldav.data_parts import chosen, with_free_busy, with_parts
from davd.caldav.data_recurrence import expanded, limited
from davd.caldav.elements.calendar_data import CalendarData
from davd.caldav.names import CALENDAR_DATA, JCAL
from davd.caldav.objects import CalendarObject
from davd.formats.icalendar.jcal import array
from davd.formats.icalendar.object import Component, serialize
from davd.formats.icalendar.recur.budget import Budget
from davd.formats.icalendar.zones.zone import Zone
from davd.formats.xml.writer import element, tag

# So many lines are written without a breath: some 1 ms.
_BREATH: Final = 100

_BOM: Final = b"\xef\xbb\xbf"
# XML 1.0, 2.2: of the characters before the space these are none. 2.11: a lone CR would become a line feed.
_CONTROLS: Final = bytes([code for code in range(32) if code not in b"\t\n\r"])
_REFERENCES: Final = ((b"&", b"&amp;"), (b"<", b"&lt;"), (b">", b"&gt;"), (b"\r", b"&#13;"))


class Form:
    """One form of calendar data: `wanted` of each object.

    `raw` tells that it is made of the stored bytes alone, without reading them, `is_text` that it is iCalendar.
    With `some` there is no element for an object that CALDAV:expand leaves nothing of. `defined` tells whether time
    zones are to be defined, None for those that are defined in what is stored.
    """

    __slots__ = ("_defined", "_end", "_some", "_start", "_wanted", "is_text", "raw")

    def __init__(self, wanted: CalendarData, some: bool = False, defined: bool | None = None) -> None:
        self._wanted = wanted
        self._some = some
        self._defined = defined
        self.raw = wanted.is_whole and defined is None
        self.is_text = wanted.content_type != JCAL
        start, end, _ = tag(CALENDAR_DATA)
        if not self.is_text:
            # RFC 4791, 9.6: the attributes "can be used on all three variants"; these are not the defaults.
            written = element(CALENDAR_DATA, "-", {"content-type": JCAL, "version": "2.0"})
            start = written[: written.index(b">") + 1]
        self._start = start.decode()
        self._end = end.decode()

    def as_stored(self, content: bytes) -> str:
        """The element with an object as it is stored."""
        return self._start + xml_text(content) + self._end

    def steps(self, found: CalendarObject, floating: Zone, budget: Budget) -> Generator[None, None, str | None]:
        """The element with an object, which is what the generator returns; what it gives on the way are breaths.

        TooMuch when that takes more than the budget, ContentError for broken times.
        """
        components = yield from self._components(found, floating, budget)
        if components is None:
            return None
        calendar = found.calendar
        wanted = self._wanted.comp
        head = with_parts(calendar, calendar.lines, [])
        if wanted is not None:
            head = chosen(head, wanted)
        work = 0
        # Each is let go when it has been written: thousands at once would take long.
        components.reverse()
        if self.is_text:
            written = serialize(head, found.content)
            inside = len(written) - (calendar.end - calendar.tail)
            pieces = [self._start, xml_text(written[:inside])]
            while components:
                component, source = components.pop()
                pieces.append(xml_text(serialize(component, source)))
                work += _weight(component)
                if work >= _BREATH:
                    work = 0
                    yield
            return "".join([*pieces, xml_text(written[inside:]), self._end])
        texts = []
        while components:
            component, _ = components.pop()
            texts.append(xml_text(msgspec.json.encode(array(component))))
            work += _weight(component)
            if work >= _BREATH:
                work = 0
                yield
        # RFC 7265, 3.3: a component is an array of its name, its properties and its components.
        opening = xml_text(msgspec.json.encode(array(head))[:-2])
        return f"{self._start}{opening}{','.join(texts)}]]{self._end}"

    def _components(
        self, found: CalendarObject, floating: Zone, budget: Budget
    ) -> Generator[None, None, list[tuple[Component, bytes]] | None]:
        """The components of the object that are wanted, with what is wanted of them; None without `some`thing.

        Each comes with the octets that it was read from.
        """
        wanted = self._wanted
        components = found.calendar.components
        if wanted.expand is not None:
            components = []
            for component in expanded(found, wanted.expand, floating, budget):
                if component is not None:
                    components.append(component)
                yield
            if self._some and not components:
                return None
        elif wanted.recurrences is not None:
            components = yield from limited(found, wanted.recurrences, floating, budget)
        if wanted.freebusy is not None:
            zones = found.zones(floating)
            components = [with_free_busy(component, wanted.freebusy, zones) for component in components]
        added = by_reference.missing(components) if self._defined else []
        if self._defined is False:
            components = by_reference.without(components)
        sourced = [*added, *[(component, found.content) for component in components]]
        if wanted.comp is None or wanted.comp.comps is None:
            return sourced
        by_name = {comp.name: comp for comp in wanted.comp.comps}
        return [(chosen(part, by_name[part.name]), source) for part, source in sourced if part.name in by_name]


def _weight(component: Component) -> int:
    """About how many lines are written for a component."""
    return 3 + len(component.lines) + sum([len(inner.lines) for inner in component.components])


def xml_text(data: bytes) -> str:
    """Stored text as XML: without the CR of line ends, and without the characters that XML does not have."""
    # RFC 4791, 9.6: "the CR character (US-ASCII decimal 13) MAY be omitted in calendar object resources specified in
    # the CALDAV:calendar-data XML element".
    data = data.removeprefix(_BOM).replace(b"\r\n", b"\n").translate(None, _CONTROLS)
    for octet, reference in _REFERENCES:
        if octet in data:
            data = data.replace(octet, reference)
    text = data.decode("utf-8", "replace")
    return text if b"\xef\xbf" not in data else text.replace("\ufffe", "").replace("\uffff", "")
