"""The part of the dashboard for the trash of an account.

Implements: docs/operate/monitoring.md, Dashboard
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final
from urllib.parse import unquote

from davd.admin import units
from davd.admin.account_panel import Notice, room
from davd.admin.collections_panel import pages
from davd.admin.controls import button, form, hidden, tick
from davd.admin.markup import Markup, markup, name, table, tag
from davd.admin.panels import moment

PLACE: Final = "trash"
_CALLED: Final = {
    "file": "file", "calendar": "calendar", "addressbook": "address book", "collection": "folder",
}  # fmt: skip
# So many of what could not be put back are told of.
_MOST_PROBLEMS: Final = 5


def trash(
    owner: str, page: Mapping[str, Any], find: str, before: str, csrf: str, now: float, swap: bool = False
) -> Markup:
    """A page of the trash: its entries, those that are looked for, and what can be done with them."""
    entries = page["entries"]
    rows = [
        (
            tick("id", markup(name(entry["name"]), " ", tag("small", name(_above(entry["path"])))), entry["id"]),
            _kind(entry),
            markup(entry["reason"], " ", moment(entry["deleted"], now)),
            units.size(entry["bytes"]),
            moment(entry["expires"], now),
        )
        for entry in entries
    ]
    empty = "Nothing in the trash is called so." if find else "The trash is empty."
    if page["next"] is not None and not entries:
        empty = "Nothing so far: the next page looks further."
    listed = table("Trash", ("Entry", "What", "When and why", "#Size", "Goes"), rows, empty)
    inner = [
        [hidden("shown", entry["id"]) for entry in entries],
        hidden("trash_find", find),
        hidden("trash_after", before),
        listed,
        pages(owner, PLACE, page["next"], before, {"trash_find": find} if find else {}),
        _doing() if entries else None,
    ]
    return tag(
        "section",
        tag("h4", "Trash", id=f"{PLACE}-title"),
        tag("p", room(page["bytes"], page["limit"], "room taken by the trash"), class_="quiet"),
        _search(owner, find),
        form("trash-restore", csrf, inner, of=owner, id="trash-entries"),
        id=PLACE,
        class_="holding",
        aria_labelledby=f"{PLACE}-title",
        hx_swap_oob="outerHTML" if swap else None,
    )


def restored(outcomes: Sequence[Mapping[str, Any]]) -> Notice:
    """What became of entries that were to be put back."""
    back = [each for each in outcomes if "path" in each]
    problems = [each for each in outcomes if "problem" in each]
    sentences = []
    if len(back) == 1:
        sentences.append(f"It is back: {unquote(back[0]['path'])}.")
    elif back:
        sentences.append(f"{len(back)} entries are back.")
    sentences += [f"Not put back: {each['problem']}." for each in problems[:_MOST_PROBLEMS]]
    if len(problems) > _MOST_PROBLEMS:
        sentences.append(f"{len(problems) - _MOST_PROBLEMS} more were not put back either.")
    if any(each["taken"] for each in problems):
        sentences.append("It can take the place of the other one.")
    return Notice(" ".join(sentences), not problems)


def _doing() -> Markup:
    return markup(
        tag("p", tick("every", "All on this page")),
        tag("p", tick("replace", "In the place of what is there now, which goes into the trash itself")),
        button("Put back"),
        tag(
            "details",
            tag("summary", "Remove for good"),
            tag("p", "This cannot be undone."),
            tag("p", tick("sure", "I am sure")),
            button(
                "Remove for good",
                "danger",
                formaction="/do/trash-purge",
                hx_post="/do/trash-purge",
                hx_disabled_elt="this",
            ),
            button(
                "Empty the whole trash",
                "danger",
                formaction="/do/trash-empty",
                hx_post="/do/trash-empty",
                hx_disabled_elt="this",
            ),
            class_="danger",
        ),
    )


def _search(owner: str, find: str) -> Markup:
    return tag(
        "form",
        hidden("account", owner),
        tag("label", "Find by name ", for_="trash-find"),
        tag(
            "input", id="trash-find", name="trash_find", type="search", value=find, autocomplete="off",
            hx_get="/panel/trash", hx_trigger="input changed delay:300ms, search", hx_target="#trash-entries",
            hx_select="#trash-entries", hx_swap="outerHTML", hx_sync="this:replace", hx_include="closest form",
        ),
        tag("button", "Find", type="submit", class_="plain scriptless"),
        action="/#trash",
        method="get",
        role="search",
        class_="row",
        aria_label="In the trash",
    )  # fmt: skip


def _above(path: str) -> str:
    """The collection that a resource was in."""
    return unquote(path.rstrip("/").rpartition("/")[0]) + "/"


def _kind(entry: Mapping[str, Any]) -> str:
    if entry["type"] != "file":
        called = _CALLED.get(entry["type"], entry["type"])
        return f"{called} with {units.number(entry['count'] - 1)} inside"
    if entry["uid"]:
        return "contact" if entry["name"].lower().endswith(".vcf") else "calendar object"
    return "file"
