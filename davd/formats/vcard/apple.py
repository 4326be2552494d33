"""What Apple's programs, and those that follow them, write into vCard 3.0 for things that 4.0 has properties for.

A property and its label share a group: `item1.X-ABRELATEDNAMES:Ada` and `item1.X-ABLABEL:_$!<Spouse>!$_`.

Implements: RFC 6350, 6.1.4, 6.2.6, 6.6.5, 6.6.6
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from davd.formats.contentlines import Line, unescape
from davd.formats.vcard.dates import DateAndOrTime
from davd.formats.vcard.params import Pairs, value, without

KIND: Final = "X-ADDRESSBOOKSERVER-KIND"
MEMBER: Final = "X-ADDRESSBOOKSERVER-MEMBER"
LABEL: Final = "X-ABLABEL"
RELATED: Final = "X-ABRELATEDNAMES"
DATE: Final = "X-ABDATE"
SHOW_AS: Final = "X-ABSHOWAS"
OMIT_YEAR: Final = "X-APPLE-OMIT-YEAR"
ANNIVERSARY: Final = "_$!<Anniversary>!$_"

# A leap year, so that 29 February is a date in it.
_NO_YEAR: Final = "1604"
_ITEM: Final = re.compile(r"item(\d{1,6})", re.I)
_BUILT_IN: Final = re.compile(r"_\$!<(.+)>!\$_")
_TYPE_OF_LABEL: Final = {
    "mother": "parent",
    "father": "parent",
    "parent": "parent",
    "brother": "sibling",
    "sister": "sibling",
    "sibling": "sibling",
    "son": "child",
    "daughter": "child",
    "child": "child",
    "friend": "friend",
    "spouse": "spouse",
    "wife": "spouse",
    "husband": "spouse",
    "partner": "sweetheart",
    "assistant": "agent",
    "colleague": "colleague",
    "other": "contact",
}
_LABEL_OF_TYPE: Final = {
    "parent": "Parent",
    "sibling": "Sibling",
    "child": "Child",
    "friend": "Friend",
    "spouse": "Spouse",
    "sweetheart": "Partner",
    "agent": "Assistant",
    "colleague": "Colleague",
    "contact": "Other",
}


class Labels:
    """The labels of a card by group, and groups that are still free."""

    def __init__(self, lines: Iterable[Line]) -> None:
        self._labels: dict[str, str] = {}
        self._uses: dict[str, int] = {}
        self._last = 0
        for line in lines:
            group = line.group
            if not group:
                continue
            key = group.lower()
            self._uses[key] = self._uses.get(key, 0) + 1
            if line.name == LABEL:
                self._labels.setdefault(key, unescape(line.value))
            item = _ITEM.fullmatch(group)
            if item is not None:
                self._last = max(self._last, int(item[1]))

    def of(self, line: Line) -> str:
        """The label of the line's group; empty where there is none."""
        return self._labels.get(line.group.lower(), "") if line.group else ""

    def is_only_one(self, line: Line) -> bool:
        """Whether the line and its label have the group to themselves."""
        return self._uses.get(line.group.lower(), 0) == 2

    def free(self, line: Line) -> str:
        """The line's own group where that has no label yet, else a new one."""
        if line.group and line.group.lower() not in self._labels:
            self._labels[line.group.lower()] = ""
            return line.group
        self._last += 1
        return f"item{self._last}"


def type_of(label: str) -> str:
    """The TYPE of RELATED that a label says; empty for the labels that say none."""
    found = _BUILT_IN.fullmatch(label)
    return _TYPE_OF_LABEL.get((found[1] if found is not None else label).lower(), "")


def label_of(kind: str) -> str:
    """The label for a TYPE of RELATED."""
    known = _LABEL_OF_TYPE.get(kind)
    return f"_$!<{known}>!$_" if known else kind


def with_year_left_out(date: DateAndOrTime, found: Pairs) -> DateAndOrTime:
    """The date without the year that X-APPLE-OMIT-YEAR says stands for none."""
    if date.year and value(found, OMIT_YEAR) == date.year:
        return DateAndOrTime("", date.month, date.day, date.timed, date.hour, date.minute, date.second, date.zone)
    return date


def with_year_put_in(date: DateAndOrTime, found: Pairs) -> tuple[DateAndOrTime, Pairs]:
    """A date without a year as a whole one, and the parameters with the one that says so."""
    if date.year or not (date.month and date.day):
        return date, found
    whole = DateAndOrTime(_NO_YEAR, date.month, date.day, date.timed, date.hour, date.minute, date.second, date.zone)
    return whole, [(OMIT_YEAR, _NO_YEAR), *without(found, OMIT_YEAR)]
