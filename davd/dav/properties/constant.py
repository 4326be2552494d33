"""Properties that are the same for all resources of some types.

Implements: RFC 4918, 15; RFC 4791, 5.2; RFC 6352, 6.2
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from davd.dav.properties.view import View
from davd.dav.registry import LiveProperty
from davd.model.resource import Resource


def constant(name: str, value: bytes, *types: str) -> LiveProperty:
    """A protected property that resources of `types` have and no others; `value` is its content, serialised.

    It is left out of allprop: RFC 4791, 5.2 and RFC 6352, 6.2 want that of nearly all properties of calendars and
    address books.
    """
    text = value.decode()

    def get(view: View, resource: Resource) -> bytes | None:
        return value if resource.type in types else None

    def column(view: View, rows: Sequence[Resource]) -> Iterable[str] | None:
        return text if rows[0].type in types else None

    return LiveProperty(name, get, in_allprop=False, shared=True, column=column)


def kept(name: str) -> LiveProperty:
    """A property that clients set as they like and that is left out of allprop."""
    return LiveProperty(
        name,
        lambda view, resource: None,
        in_allprop=False,
        shared=True,
        stored=True,
        column=lambda view, rows: None,
    )
