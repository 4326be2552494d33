"""What a calendar takes in: calendar object resources, each with a UID of its own, and nothing else.

Implements: RFC 4791, 4.1, 4.2, 5.3.2, 5.3.2.1, 5.3.4; RFC 7265, 7
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import lru_cache

from davd.caldav import names
from davd.caldav.indexing import index_of
from davd.caldav.properties.supported import supported
from davd.caldav.settings import CalDavSettings
from davd.dav import membership
from davd.dav.contents import content_of
from davd.dav.exchange import Exchange
from davd.dav.registry import Member
from davd.dav.uids import require_own_uid
from davd.formats.contentlines import ContentError
from davd.formats.icalendar.jcal import from_jcal
from davd.formats.icalendar.validate import CalendarLimits, InvalidCalendar, read
from davd.formats.icalendar.values import moment
from davd.http.fields import parse_content_type
from davd.interfaces.store import IBlobStore
from davd.model.errors import HTTPError
from davd.model.index import ObjectIndex
from davd.model.resource import NewContent, Resource

Check = Callable[[Exchange, Resource, Member], Awaitable[NewContent | None]]
Examine = Callable[[NewContent, IBlobStore, str, float], "Examined | HTTPError"]


@dataclass(frozen=True, slots=True)
class Examined:
    """What has been found out about a content: its index, its media type, and its iCalendar if it came as jCal."""

    index: ObjectIndex
    content_type: str
    converted: bytes | None = None


def limits_of(settings: CalDavSettings) -> CalendarLimits:
    """The limits of one object as the validation of iCalendar takes them.

    ValueError with one sentence for bounds of time that are none.
    """
    bounds = []
    for name in ("min_date_time", "max_date_time"):
        try:
            bounds.append(moment(getattr(settings, name)).wall)
        except ContentError as error:
            raise ValueError(f"caldav.{name}: {error}") from None
    earliest, latest = bounds
    if earliest >= latest:
        raise ValueError("caldav.min_date_time: it is not before caldav.max_date_time")
    return CalendarLimits(
        attendees=settings.max_attendees,
        alarms=settings.max_alarms,
        instances=settings.max_instances,
        earliest=earliest,
        latest=latest,
    )


def make_examine(settings: CalDavSettings) -> Examine:
    """The `CollectionType.examine` of calendars."""
    limits = limits_of(settings)
    longest = settings.max_resource_size

    def examine(content: NewContent, blobs: IBlobStore, stated: str, now: float) -> Examined | HTTPError:
        """What is to be known of a content of that media type, or why it cannot be in any calendar."""
        try:
            data = content_of(content, blobs)
            converted = None
            if _is_jcal(stated):
                data = converted = _converted(data, longest)
            checked = read(data, limits)
        except HTTPError as error:
            return error
        except InvalidCalendar as error:
            return refusal(error)
        return Examined(index_of(checked, now), type_of(checked.kind), converted)

    return examine


def make_check(examine: Examine) -> Check:
    """The `CollectionType.check_member` of calendars whose contents `examine` looks at."""

    async def check(exchange: Exchange, calendar: Resource, member: Member) -> NewContent | None:
        """See that `member` may be in `calendar`, and index it; what to store of jCal."""
        # RFC 4791, 4.2: "Calendar collections MUST only contain calendar object resources and collections that are not
        # calendar collections"; davd has none of the latter.
        content = membership.content_of_object(member)
        known = await membership.known_index(exchange, member.source, names.TEXT_CALENDAR)
        if known is not None:
            await _require(exchange, calendar, member, known)
            return None
        found = membership.examined(exchange, member, Examined, examine)
        await _require(exchange, calendar, member, found.index)
        return membership.indexed(content, found.converted, found.index, found.content_type)

    return check


async def _require(exchange: Exchange, calendar: Resource, member: Member, index: ObjectIndex) -> None:
    """403 or 409 unless an object of that kind and UID may be in `calendar`."""
    if index.component not in await supported(exchange.transaction, calendar):
        raise HTTPError(403, names.SUPPORTED_CALENDAR_COMPONENT)
    await require_own_uid(exchange, calendar, member, index.uid, names.NO_UID_CONFLICT)


@lru_cache(maxsize=64)
def type_of(kind: str) -> str:
    """The media type of an object of these components, which it tells: clients choose by it what to fetch."""
    plain = kind.isascii() and kind.replace("-", "").isalnum()
    return f"{names.TEXT_CALENDAR}; charset=utf-8" + (f"; component={kind.lower()}" if plain else "")


def refusal(error: InvalidCalendar) -> HTTPError:
    """The 403 of an object that breaks a rule; the sentence that says which goes to the log."""
    return HTTPError(403, error.condition, detail=error.detail)


def _is_jcal(stated: str) -> bool:
    """Whether content of that media type is jCal; 403 unless it is that or iCalendar."""
    if not stated:
        return False
    parsed = parse_content_type(stated)
    kind = "" if parsed is None else parsed.media_type
    if kind == names.TEXT_CALENDAR:
        return False
    if kind == names.JCAL:
        return True
    # RFC 4791, 5.3.2.1: "(CALDAV:supported-calendar-data): The resource submitted in the PUT request, or targeted by a
    # COPY or MOVE request, MUST be a supported media type (i.e., iCalendar) for calendar object resources".
    raise HTTPError(403, names.SUPPORTED_CALENDAR_DATA)


def _converted(data: bytes, longest: int) -> bytes:
    try:
        made = from_jcal(data)
    except ContentError as error:
        raise refusal(InvalidCalendar(names.VALID_CALENDAR_DATA, str(error))) from None
    if len(made) > longest:
        raise HTTPError(403, names.MAX_RESOURCE_SIZE)
    return made
