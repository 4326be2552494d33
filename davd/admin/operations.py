"""The parts of the dashboard for what the server does by itself, and for the settings it goes by.

Implements: docs/operate/monitoring.md, Dashboard
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final

from davd.admin import units
from davd.admin.look import Look
from davd.admin.markup import Markup, markup, name, table, tag
from davd.admin.panels import moment
from davd.observe.chores import DONE, NEVER, STOPPED, ChoreReport

# Where the name of a setting may go on in the next line.
_BREAK: Final = Markup("<wbr>")


def chores(look: Look, csrf: str) -> Markup:
    """What is done now and then, each with a button to do it now."""
    rows = [
        (
            markup(report.name.replace("_", " ")),
            moment(report.last_run, look.at, "never"),
            units.seconds(report.duration) if report.runs else units.NONE,
            _outcome(report),
            moment(report.next_run, look.at),
            _run(report, csrf),
        )
        for report in look.chores or ()
    ]
    return table(
        "Chores",
        ("Chore", "Last run", "-#Took", "Outcome", "-Next", "Do"),
        rows,
        "There are none.",
    )


def _outcome(report: ChoreReport) -> Markup:
    if report.running:
        return tag("span", "running", class_="pill warn")
    if report.outcome in (NEVER, STOPPED):
        return tag("span", report.outcome, class_="quiet")
    if report.outcome != DONE:
        return markup(tag("span", "failed", class_="pill bad"), " ", report.outcome)
    result = tag("small", report.result) if report.result else None
    return markup(tag("span", "done", class_="pill good"), " ", result)


def _run(report: ChoreReport, csrf: str) -> Markup:
    return tag(
        "form",
        tag("input", type="hidden", name="csrf", value=csrf),
        tag("input", type="hidden", name="of", value=report.name),
        tag(
            "button", "Run now", type="submit", id=f"run-{report.name}", class_="plain",
            aria_label=f"Run {report.name.replace('_', ' ')} now", disabled=report.running,
        ),
        action="/do/run",
        method="post",
        hx_post="/do/run",
        hx_swap="none",
    )  # fmt: skip


def settings(rows: Iterable[Mapping[str, Any]]) -> Markup:
    """The settings in force, each with its origin."""
    told = [
        (
            tag("code", [markup(word, _BREAK) for word in re.split(r"(?<=[._])", row["key"])]),
            tag("code", _value(row["value"])),
            tag("span", name(row["origin"]), class_="quiet" if row["origin"] == "default" else "set"),
            "at once" if row["hot"] else "after a restart",
        )
        for row in rows
    ]
    heads = ("Setting", "Value", "Origin", "-A change counts")
    return table("Settings in force", heads, told, "There are none.")


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or value == "":
        return units.NONE
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value)) or units.NONE
    return str(value)
