"""The part of the dashboard for the calendars, address books and folders of an account.

Implements: docs/operate/monitoring.md, Dashboard
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import unquote, urlencode

from davd.admin import units
from davd.admin.controls import button, form, hidden, sure
from davd.admin.markup import Child, Markup, markup, name, table, tag, visible
from davd.admin.panels import moment

PLACE: Final = "collections"
# The kinds that can be made: a word for the form, what it is called, the type, and its components.
KINDS: Final[Mapping[str, tuple[str, str, tuple[str, ...]]]] = {
    "calendar": ("Calendar", "calendar", ("VEVENT",)),
    "tasks": ("Task list", "calendar", ("VTODO", "VJOURNAL")),
    "addressbook": ("Address book", "addressbook", ()),
}
_CALLED: Final = {"calendar": "calendar", "addressbook": "address book", "collection": "folder"}


def collections(
    owner: str, page: Mapping[str, Any], after: str, csrf: str, now: float, keeps: bool, swap: bool = False
) -> Markup:
    """A page of collections, with what can be done to each; `keeps` tells whether what is removed goes to the trash."""
    rows = [
        (
            _called(one),
            _kind(one),
            units.number(one["members"]) + ("" if one["complete"] else " or more"),
            units.size(one["bytes"]),
            moment(one["modified"], now),
            _grants(one["grants"]),
            None if one["home"] else _changes(owner, one, after, csrf, keeps),
        )
        for one in page["collections"]
    ]
    heads = ("Collection", "Kind", "#Members", "#Size", "Last change", "Shared with", "Do")
    return tag(
        "section",
        tag("h4", "Calendars, address books, folders", id=f"{PLACE}-title"),
        table("Collections", heads, rows, "It has none."),
        pages(owner, PLACE, page["next"], after, {}),
        _creation(owner, csrf),
        id=PLACE,
        class_="holding",
        aria_labelledby=f"{PLACE}-title",
        hx_swap_oob="outerHTML" if swap else None,
    )


def pages(owner: str, place: str, following: str | int | None, here: str, query: Mapping[str, str]) -> Markup | None:
    """The links to the first page and to the next one of what `place` shows; None when it is all on one."""
    first, more = f"{place}_after", []
    if here:
        more.append(("First page", query))
    if following is not None:
        more.append(("Next page", {**query, first: str(following)}))
    links = [
        tag(
            "a", words, href=f"/?{urlencode({'account': owner, **fields}, errors='replace')}#{place}",
            hx_get=f"/panel/{place}?{urlencode({'account': owner, **fields}, errors='replace')}",
            hx_target=f"#{place}", hx_swap="outerHTML",
        )
        for words, fields in more
    ]  # fmt: skip
    return tag("p", links, class_="row pages") if links else None


def _kind(one: Mapping[str, Any]) -> str:
    if one["home"]:
        return "home"
    if one["components"] and "VEVENT" not in one["components"]:
        return "task list"
    return _CALLED.get(one["type"], one["type"])


def _called(one: Mapping[str, Any]) -> Markup:
    title = one["display_name"]
    path = tag("small", name(unquote(one["path"])))
    return markup(name(title), " ", path) if title else name(unquote(one["path"]))


def _grants(grants: list[Mapping[str, Any]]) -> Child:
    if not grants:
        return tag("span", "nobody", class_="quiet")
    return tag(
        "ul",
        [tag("li", name(each["principal"]), ": ", ", ".join(each["privileges"])) for each in grants],
        class_="plain",
    )


def _changes(owner: str, one: Mapping[str, Any], after: str, csrf: str, keeps: bool) -> Markup:
    id = one["id"]
    called = visible(one["display_name"] or one["path"].rstrip("/").rpartition("/")[2])
    which = [hidden("id", id), hidden(f"{PLACE}_after", after)]
    rename = [
        which,
        tag("label", "Display name", for_=f"rename-{id}"),
        tag("input", id=f"rename-{id}", name="display_name", value=one["display_name"], maxlength=200),
        button("Rename"),
    ]
    fate = (
        "It goes into the trash with all that is in it, unless it is larger than the trash may be."
        if keeps
        else "Nothing is kept in the trash: all that is in it is gone for good."
    )
    remove = [which, tag("p", fate), sure(), button(f"Remove {called}", "danger")]
    return tag(
        "details",
        tag("summary", "Change", tag("span", f" {called}", class_="unseen")),
        form("collection-rename", csrf, rename, of=owner),
        form("collection-remove", csrf, remove, of=owner),
    )


def _creation(owner: str, csrf: str) -> Markup:
    choices = [tag("option", words, value=kind) for kind, (words, _, _) in KINDS.items()]
    fields = [
        tag("p", tag("label", "Kind", for_="new-kind"), tag("select", choices, id="new-kind", name="kind")),
        tag(
            "p",
            tag("label", "Display name", for_="new-title"),
            tag("input", id="new-title", name="display_name", required=True, maxlength=200, autocomplete="off"),
        ),
        tag(
            "p",
            tag("label", "Last part of the URL, chosen if empty", for_="new-segment"),
            tag("input", id="new-segment", name="name", maxlength=100, autocomplete="off", spellcheck="false"),
        ),
        button("Create"),
    ]
    return tag(
        "details",
        tag("summary", "New calendar or address book"),
        form("collection-create", csrf, fields, of=owner, class_="fields"),
    )
