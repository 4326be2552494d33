"""Which form of a card a client would have, by the Accept of its GET.

Implements: RFC 6352, 5.1.1; RFC 6350, 10.1; RFC 9110, 12.5.1
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from davd.carddav.names import JCARD, TEXT_VCARD
from davd.http.fields import parse_parameter, split_list, split_sections

_MAX_FIELD: Final = 1024
_VERSIONS: Final = ("3.0", "4.0")


def chooses(accept: str) -> bool:
    """Whether a value of Accept may ask for another form than the one that is stored."""
    return "version" in accept or "json" in accept


@lru_cache(maxsize=256)
def form(accept: str, stored: str) -> str | None:
    """The form a client would have of a card whose version is `stored`: `"3.0"`, `"4.0"` or `"jcard"`.

    `accept` is the value of Accept. Of those it likes best the stored one comes first. None when it names forms of
    cards, and none of them is one that davd writes.
    """
    ranges = _ranges(accept)
    if ranges is None:
        return stored
    offers = [stored, *[version for version in _VERSIONS if version != stored], "jcard"]
    weights = [_weight(ranges, offer) for offer in offers]
    best = max(weights)
    return offers[weights.index(best)] if best > 0 else None


def _ranges(accept: str) -> dict[tuple[str, str], float] | None:
    """Weights by media range in lower case and version (empty without one); None for what is malformed or too long."""
    if len(accept) > _MAX_FIELD:
        return None
    ranges: dict[tuple[str, str], float] = {}
    try:
        for member in split_list(accept):
            name, *parameters = split_sections(member)
            weight = 1.0
            version = ""
            for parameter in parameters:
                key, value = parse_parameter(parameter)
                if key == "q":
                    weight = min(max(float(value), 0.0), 1.0)
                elif key == "version":
                    version = value
            ranges.setdefault((name.lower(), version), weight)
    except ValueError:
        return None
    return ranges


def _weight(ranges: dict[tuple[str, str], float], offer: str) -> float:
    kind, version = (JCARD, "4.0") if offer == "jcard" else (TEXT_VCARD, offer)
    # RFC 9110, 12.5.1: "the most specific reference has precedence".
    for name in ((kind, version), (kind, ""), (kind.partition("/")[0] + "/*", ""), ("*/*", "")):
        if name in ranges:
            return ranges[name]
    return 0.0
