"""HTML that is escaped by the way it is made: only what `tag` returns is taken for markup, all else is text.

Implements: docs/operate/monitoring.md, Dashboard
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from html import escape
from typing import Final, TypeAlias

# Signs that steer how others are shown, or that nobody sees: a name with them could pass for another one.
_HIDDEN: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\ud800-\udfff]"
)
_VOID: Final = frozenset(("input", "meta", "link", "br", "hr", "img"))


class Markup(str):
    """Text that is HTML."""

    __slots__ = ()


Child: TypeAlias = "str | int | float | Iterable[Child] | None"
Attribute: TypeAlias = str | int | float | bool | None


def visible(text: str) -> str:
    r"""Text whose hidden and steering signs are written out, as in `\u202e`."""
    return _HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def markup(*children: Child) -> Markup:
    """What the children are, one after the other: markup as it is, text escaped, None as nothing."""
    return Markup("".join(_pieces(children)))


def _pieces(children: Iterable[Child]) -> Iterable[str]:
    for child in children:
        if isinstance(child, Markup):
            yield child
        elif isinstance(child, str):
            yield escape(visible(child))
        elif isinstance(child, int | float):
            yield str(child)
        elif child is not None:
            yield from _pieces(child)


def tag(element: str, *children: Child, **attributes: Attribute) -> Markup:
    """An element. In names of attributes `_` stands for `-`, one at the end for nothing (`class_`, `for_`).

    True is an attribute without a value; False and None leave it out. Values are escaped and otherwise as they are.
    """
    parts = ["<", element]
    for name, value in attributes.items():
        if value is None or value is False:
            continue
        parts.append(f" {name.rstrip('_').replace('_', '-')}")
        if value is not True:
            parts.append(f'="{escape(str(value))}"')
    parts.append(">")
    if element not in _VOID:
        parts += _pieces(children)
        parts.append(f"</{element}>")
    return Markup("".join(parts))


def name(text: str) -> Markup:
    """A name that others have chosen: it does not change the direction of what stands beside it."""
    return tag("bdi", text)


def table(caption: str, heads: Sequence[str], rows: Iterable[Sequence[Child]], empty: str = "Nothing.") -> Markup:
    """A table whose first column names its rows; a head that begins with `#` is that of numbers.

    With a `-` before it the column is left out where there is little room. `empty` is said when there are no rows.
    """
    columns = [(head.lstrip("-").lstrip("#"), _column(head)) for head in heads]
    body = [
        tag(
            "tr",
            [
                tag(
                    "td" if place else "th",
                    cell,
                    scope=None if place else "row",
                    class_=kind or None,
                    data_head=head if place else None,
                )
                for place, (cell, (head, kind)) in enumerate(zip(row, columns, strict=True))
            ],
        )
        for row in rows
    ]
    if not body:
        body = [tag("tr", tag("td", empty, colspan=len(columns), class_="empty"))]
    return tag(
        "div",
        tag(
            "table",
            tag("caption", caption),
            tag("thead", tag("tr", [tag("th", text, scope="col", class_=kind or None) for text, kind in columns])),
            tag("tbody", body),
        ),
        class_="scroll",
        tabindex=0,
        role="group",
        aria_label=caption,
    )


def _column(head: str) -> str:
    return " ".join(word for word, there in (("minor", head.startswith("-")), ("number", "#" in head[:2])) if there)
