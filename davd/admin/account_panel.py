"""The part of the dashboard for accounts: the list, one of them with its quota and collections, and the forms.

Implements: docs/operate/monitoring.md, Dashboard
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote

from davd.admin import units
from davd.admin.controls import button, form, sure, tick
from davd.admin.markup import Markup, markup, name, table, tag, visible
from davd.admin.panels import moment

MOST_LISTED: Final = 100
MIB: Final = 1 << 20
# Where the pieces go.
LIST: Final = "account-list"
ONE: Final = "account"
_OUT_OF_BAND: Final = "outerHTML"


@dataclass(frozen=True, slots=True)
class Notice:
    """What became of something: a sentence, whether it was done, and a password that is shown this once."""

    sentence: str
    done: bool = True
    password: str = ""


def said(notice: Notice | None) -> Markup:
    """The place where notices stand, with this one; what reads the page aloud says it."""
    inner = None if notice is None else _notice(notice)
    return tag("div", inner, id="notice", role="status", tabindex=-1, hx_swap_oob="innerHTML")


def _notice(notice: Notice) -> Markup:
    secret = None
    if notice.password:
        secret = tag(
            "p",
            "Its password, shown this once: ",
            tag("output", notice.password, id="new-password", class_="secret"),
            " ",
            tag("button", "Copy", type="button", data_copy="new-password", hidden=True),
        )
    return tag("div", tag("p", notice.sentence), secret, class_=f"notice {'good' if notice.done else 'bad'}")


def accounts(found: Sequence[Mapping[str, Any]], query: str, swap: bool = False) -> Markup:
    """The accounts whose name, display name or address has `query` in it; with `swap` it takes its own place."""
    wanted = query.casefold()
    chosen = [
        account
        for account in found
        if any(wanted in str(account[key]).casefold() for key in ("name", "display_name", "email"))
    ]
    rows = [
        (
            _open(account["name"]),
            markup(name(account["display_name"]), " ", tag("small", name(account["email"]))),
            _used(account["quota"]),
            _state(account),
        )
        for account in chosen[:MOST_LISTED]
    ]
    more = f"Only the first {MOST_LISTED} of {len(chosen)} are shown." if len(chosen) > MOST_LISTED else None
    return tag(
        "div",
        table("Accounts", ("Name", "-Who", "Room taken", "State"), rows, "No account is called so."),
        tag("p", more, class_="quiet") if more else None,
        id=LIST,
        hx_swap_oob=_OUT_OF_BAND if swap else None,
    )


def search(query: str) -> Markup:
    """The field by which the list is narrowed."""
    return tag(
        "form",
        tag("label", "Find ", for_="find"),
        tag(
            "input", id="find", name="find", type="search", value=query, autocomplete="off", hx_get="/panel/accounts",
            hx_trigger="input changed delay:250ms, search", hx_target=f"#{LIST}", hx_swap="outerHTML",
        ),
        tag("button", "Find", type="submit", class_="plain scriptless"),
        action="/#accounts", method="get", role="search", class_="row",
    )  # fmt: skip


def creation(csrf: str) -> Markup:
    """The form for a new account."""
    fields = (
        ("name", "Name", "text", True, "off"),
        ("display_name", "Display name", "text", False, "off"),
        ("email", "E-mail", "email", False, "off"),
    )
    inner = [
        tag(
            "p",
            tag("label", words, for_=f"new-{field}"),
            tag("input", id=f"new-{field}", name=field, type=kind, required=needed, autocomplete=auto, maxlength=200),
        )
        for field, words, kind, needed, auto in fields
    ]
    return tag(
        "details",
        tag("summary", "New account"),
        form("create", csrf, [*inner, button("Create account")], class_="fields"),
        id="creation",
    )


def account(one: Mapping[str, Any], has: Markup, csrf: str, now: float, swap: bool = False) -> Markup:
    """One account with all that can be done to it; `has` is what shows what it has."""
    named = one["name"]
    limit = one["quota"]["limit"]
    asked = visible(named)
    quota = [
        tag("label", "Quota in MiB, empty for the default", for_="quota"),
        tag(
            "input", id="quota", name="quota", type="number", min=0, step="any", inputmode="decimal",
            value="" if limit is None else f"{limit / MIB:g}",
        ),
        button("Set quota"),
        button("No own quota", "plain", name="clear", value="yes", formnovalidate="") if limit is not None else None,
    ]  # fmt: skip
    remove = [
        tag("p", "This cannot be undone."),
        tag("p", tick("data", "Delete all it has as well", "delete")),
        sure(),
        button(f"Delete {asked}", "danger"),
    ]
    switch = ("enable", "Enable", "") if one["disabled"] else ("disable", "Disable", "danger")
    return tag(
        "section",
        tag("h3", "Account ", name(named), id="account-title", tabindex=-1, autofocus=True),
        tag("p", "Made ", moment(one["created"], now), ". ", _state(one), " ", _used(one["quota"]), class_="quiet"),
        tag(
            "div",
            form(switch[0], csrf, button(switch[1], switch[2]), of=named),
            form("password", csrf, button("New password"), of=named),
            class_="row",
        ),
        form("quota", csrf, quota, of=named, class_="row"),
        has,
        tag(
            "details",
            tag("summary", "Delete this account"),
            form("delete", csrf, remove, of=named),
            class_="danger",
        ),
        id=ONE,
        class_="inset",
        aria_labelledby="account-title",
        hx_swap_oob=_OUT_OF_BAND if swap else None,
    )


def nobody(swap: bool = False) -> Markup:
    """The place of an account while none is chosen."""
    return tag("section", id=ONE, hidden=True, hx_swap_oob=_OUT_OF_BAND if swap else None)


def _open(named: str) -> Markup:
    place = quote(named, safe="", errors="replace")
    return tag(
        "a", name(named), href=f"/?account={place}#account", hx_get=f"/panel/account?account={place}",
        hx_target=f"#{ONE}", hx_swap="outerHTML",
    )  # fmt: skip


def _state(one: Mapping[str, Any]) -> Markup:
    if one["disabled"]:
        return tag("span", "disabled", class_="pill bad")
    return tag("span", "active" if one["own_password"] else "by directory", class_="pill good")


def _used(quota: Mapping[str, Any]) -> Markup:
    return room(quota["used"], quota["limit"], "room taken")


def room(used: int, limit: int | None, words: str) -> Markup:
    """How much of some room is taken, with a meter where there is a limit; `words` say what it shows."""
    if limit is None:
        return tag("span", units.size(used), class_="meter")
    text = f"{units.size(used)} of {units.size(limit)}"
    value = min(1.0, used / limit) if limit else 1.0
    meter = tag("meter", text, value=f"{value:.4f}", high="0.9", aria_label=words)
    return tag("span", meter, " ", text, class_="meter")
