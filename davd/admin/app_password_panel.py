"""The part of the dashboard for the app passwords of an account.

Implements: docs/operate/monitoring.md, Dashboard
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from davd.admin.controls import button, form, hidden
from davd.admin.markup import Child, Markup, name, table, tag
from davd.admin.panels import moment
from davd.authentication.app_passwords import MOST_LABEL

# Where the piece goes.
PLACE: Final = "app-passwords"
MOST_DAYS: Final = 3650


def app_passwords(found: Sequence[Mapping[str, Any]], named: str, csrf: str, now: float, swap: bool = False) -> Markup:
    """The app passwords of the account `named`, each with a button that revokes it, and the form for a new one."""
    rows = [
        (
            _label(one),
            moment(one["created"], now),
            moment(one["last_used"], now, "never"),
            _end(one, now),
            _revoke(one, named, csrf),
        )
        for one in found
    ]
    return tag(
        "div",
        tag("h4", "App passwords"),
        table("App passwords", ("For", "-Made", "Last used", "-Ends", "Do"), rows, "It has none but its own password."),
        _creation(named, csrf),
        id=PLACE,
        hx_swap_oob="outerHTML" if swap else None,
    )


def _label(one: Mapping[str, Any]) -> Markup:
    return tag("span", name(one["label"]) if one["label"] else "", " ", tag("small", tag("code", f"app-{one['id']}")))


def _end(one: Mapping[str, Any], now: float) -> Child:
    if one["expired"]:
        return tag("span", "expired", class_="pill bad")
    return moment(one["expires"], now, "not by itself")


def _revoke(one: Mapping[str, Any], named: str, csrf: str) -> Markup:
    what = one["label"] or f"app-{one['id']}"
    inner = [hidden("id", one["id"]), button("Revoke", "plain", aria_label=f"Revoke {what}")]
    return form("revoke-app-password", csrf, inner, of=named)


def _creation(named: str, csrf: str) -> Markup:
    inner = [
        tag("label", "For (a device or program)", for_="app-label"),
        tag(
            "input", id="app-label", name="label", type="text", maxlength=MOST_LABEL, required=True, autocomplete="off"
        ),
        tag("label", "Ends after so many days, empty for never", for_="app-days"),
        tag("input", id="app-days", name="days", type="number", min=1, max=MOST_DAYS, step=1, inputmode="numeric"),
        button("New app password"),
    ]
    return form("app-password", csrf, inner, of=named, class_="row")
