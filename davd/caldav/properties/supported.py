"""Which types of components a calendar takes: set when it is made, and never again.

Implements: RFC 4791, 5.2.3, 5.3.2.1
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Final

from davd.caldav import names
from davd.dav.properties.view import View
from davd.dav.registry import LiveProperty
from davd.formats.xml.reader import parse
from davd.formats.xml.writer import element
from davd.interfaces.store import IReadTransaction
from davd.model.errors import HTTPError
from davd.model.resource import COLLECTION, Resource

# What a calendar takes whose maker did not say.
DEFAULT: Final = frozenset({names.VEVENT, names.VTODO, names.VJOURNAL, names.VFREEBUSY, names.VAVAILABILITY})
# RFC 4791, 5.2.3: "The empty-element tag <C:comp name="VTIMEZONE"/> MUST only be specified if support for calendar
# object resources that only contain VTIMEZONE components is provided or desired", so it is not among the defaults.
_KNOWN: Final = DEFAULT | {"VTIMEZONE"}
_ORDER: Final = (names.VEVENT, names.VTODO, names.VJOURNAL, names.VFREEBUSY, names.VAVAILABILITY)


def written(components: Iterable[str]) -> bytes:
    """The content of the property for names of components."""
    return b"".join([element(names.COMP, None, {"name": name}) for name in components])


_DEFAULT_CONTENT: Final = written(_ORDER)


@lru_cache(maxsize=256)
def components_in(fragment: bytes) -> frozenset[str]:
    """The upper-case names of components in the property as it was stored."""
    return frozenset([str(comp.get("name", "")).strip().upper() for comp in parse(fragment).iter(names.COMP)])


async def supported(transaction: IReadTransaction, calendar: Resource) -> frozenset[str]:
    """The upper-case names of the components that `calendar` takes."""
    stored = await transaction.properties([calendar.id])
    fragment = stored[calendar.id].get(names.SUPPORTED_CALENDAR_COMPONENT_SET) if stored else None
    return DEFAULT if fragment is None else components_in(fragment)


def _check(fragment: bytes) -> None:
    if components_in(fragment).isdisjoint(_KNOWN):
        # RFC 4791, 5.3.2.1 has the name for what cannot be stored; a calendar that could hold nothing is refused by it.
        raise HTTPError(403, names.SUPPORTED_CALENDAR_COMPONENT)


def _get(view: View, resource: Resource) -> bytes | None:
    return _DEFAULT_CONTENT if resource.type == names.CALENDAR_TYPE else None


def _column(view: View, rows: Sequence[Resource]) -> Iterable[str] | None:
    return _DEFAULT_CONTENT.decode() if rows[0].type == names.CALENDAR_TYPE else None


ROWS: Final[tuple[LiveProperty, ...]] = (
    # RFC 4791, 5.2.3: "If defined, it MUST be protected and SHOULD NOT be returned by a PROPFIND DAV:allprop request
    # [...] However, clients can initialize the value of this property when creating a new calendar collection with
    # MKCALENDAR."
    LiveProperty(
        names.SUPPORTED_CALENDAR_COMPONENT_SET,
        _get,
        in_allprop=False,
        shared=True,
        stored=True,
        initial=True,
        check_element=_check,
        column=_column,
    ),
    # Not in an RFC: macOS asks a home which sets it may give to MKCALENDAR; an empty element means any.
    LiveProperty(
        names.SUPPORTED_CALENDAR_COMPONENT_SETS,
        lambda view, resource: b"" if resource.type == COLLECTION and resource.owner else None,
        in_allprop=False,
    ),
)
