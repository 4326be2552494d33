"""The parts of the dashboard that tell what requests cost: by their kinds, by accounts, and by who is near a limit.

Implements: docs/operate/monitoring.md, Dashboard
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from davd.admin import units
from davd.admin.look import Look
from davd.admin.markup import Child, Markup, markup, name, table, tag
from davd.admin.panels import TOP, meter
from davd.tree.spending import OTHERS

_LATE = "in the last minute"


def routes(look: Look) -> Markup:
    """The kinds of requests that took most."""
    found = _ordered(look, "routes")
    whole = sum(route["cpu"] for route in found)
    rows = [
        (
            markup(tag("code", route["method"]), " ", name(f"{route['area']} {route['kind']}".strip())),
            meter(route["cpu"] / whole if whole else None, "share of the processor time"),
            _late(look, "routes", route),
            units.number(route["count"]),
            units.number(route["errors"]),
            units.seconds(route["cpu"] / route["count"] if route["count"] else None),
            units.size(route["bytes"] + route["received"]),
        )
        for route in found[:TOP]
    ]
    return table(
        f"Requests by processor time, since the start; lately: {_LATE}",
        ("Request", "Share", "#Lately", "-#Count", "-#Errors", "-#Each", "-#Content"),
        rows,
        "No request yet.",
    )


def accounts(look: Look) -> Markup:
    """The accounts that have cost most."""
    found = _ordered(look, "spending")
    whole = sum(row["cpu"] for row in found)
    rows: list[Sequence[Child]] = []
    # The others together are not one of those that are compared.
    for row in [row for row in found if row["name"] != OTHERS][:TOP]:
        rows.append(_account(look, row, whole, name(row["name"]) if row["name"] else _nobody()))
    rest = [row for row in found if row["name"] == OTHERS]
    rows += [_account(look, row, whole, tag("span", "all others", class_="quiet")) for row in rest]
    return table(
        f"Accounts by processor time, since the start; lately: {_LATE}",
        ("Account", "Share", "#Lately", "-#Requests", "-#Processor", "#Sent", "-#Received"),
        rows,
        "No request yet.",
    )


def consumers(look: Look) -> Markup:
    """Who has used most of what the rates allow."""
    rows = [
        (
            name(str(row["name"])),
            row["kind"],
            units.seconds(row["cpu"]),
            units.number(row["requests"]),
            units.size(row["bytes"]),
            units.number(row["rows"]),
        )
        for row in look.counted.get("consumers", [])[:TOP]
    ]
    return table(
        "Accounts and networks by what of their budgets has not come back yet",
        ("Who", "-Kind", "#Processor", "#Requests", "-#Content", "-#Resources"),
        rows,
        "Nobody has spent anything of late that is limited.",
    )


def _account(look: Look, row: Mapping[str, Any], whole: float, who: Markup) -> Sequence[Child]:
    return (
        who,
        meter(row["cpu"] / whole if whole else None, "share of the processor time"),
        _late(look, "spending", row),
        units.number(row["count"]),
        units.seconds(row["cpu"]),
        units.size(row["bytes"]),
        units.size(row["received"]),
    )


def _nobody() -> Markup:
    return tag("span", "without log-in", class_="quiet")


def _ordered(look: Look, part: str) -> list[Mapping[str, Any]]:
    return sorted(look.counted.get(part, []), key=lambda row: -row["cpu"])


def _late(look: Look, part: str, row: Mapping[str, Any]) -> str:
    return units.share(look.lately(part, row))
