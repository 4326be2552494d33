"""The parts of the dashboard that tell of the processes that serve, and of how their number follows the load.

Implements: docs/operate/monitoring.md, Dashboard; docs/operate/scaling.md, What can be seen
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any, Final

from davd.admin import units
from davd.admin.look import Look
from davd.admin.markup import Markup, markup, name, table, tag
from davd.admin.panels import facts, moment

_CALLED: Final = {"holt_winters": "Holt-Winters, by the week", "seasonal_naive": "as a week ago"}
_WHY: Final = {"load": "more load", "queue": "requests waited", "forecast": "load was expected", "less": "less load"}


def workers(look: Look) -> Markup:
    """The processes that serve."""
    listed: Sequence[Mapping[str, Any]] = look.counted.get("workers") or [
        {"number": units.NONE, "pid": os.getpid(), "serves": True, "leaving": False}
    ]
    alone = len(listed) == 1
    rows = [
        (
            str(row["number"]),
            str(row["pid"]),
            _serving(row),
            moment(row.get("started") or (look.value("process_start_time_seconds") if alone else None), look.at),
            units.number(_own(look, row, "requests", "davd_requests", alone)),
            units.seconds(_own(look, row, "cpu", "process_cpu_seconds", alone)),
            units.size(_own(look, row, "memory", "process_resident_memory_bytes", alone)),
        )
        for row in listed
    ]
    version = next((sample.labels["version"] for sample in look.samples("davd_build_info")), units.NONE)
    return markup(
        facts(
            ("Version", version),
            ("Started", moment(look.value("process_start_time_seconds"), look.at)),
            ("Serving", f"{sum(1 for row in listed if row.get('serves'))} of {len(listed)}"),
            ("Processors in use", units.number(look.signals.get("cpu"))),
            ("Memory", units.size(look.value("process_resident_memory_bytes"))),
            ("Processor time", units.seconds(look.value("process_cpu_seconds"))),
        ),
        table(
            "Processes",
            ("Worker", "#Process", "State", "-Started", "-#Requests", "-#Processor", "#Memory"),
            rows,
        ),
    )


def forecast(look: Look) -> Markup:
    """Load as it was measured and as it is expected; empty where the number of workers is fixed."""
    states = {sample.labels["state"]: sample.value for sample in look.samples("davd_workers")}
    if not states:
        return markup()
    load, serving = look.value("davd_load_processors"), states.get("serving")
    acting = next((one.labels["forecast"] for one in look.samples("davd_load_forecast_acts") if one.value), "")
    expected = look.value("davd_load_forecast_processors", forecast=acting) if acting else None
    wanted = states.get("wanted")
    return markup(
        facts(
            ("Workers", f"{units.number(serving)}{'' if wanted == serving else f', {units.number(wanted)} wanted'}"),
            ("At least and most", f"{units.number(states.get('min'))} to {units.number(states.get('max'))}"),
            ("Processors busy", units.number(load)),
            ("Of each worker", units.share(load / serving if load is not None and serving else None)),
            ("Expected", units.number(expected)),
            ("Measured", moment(look.value("davd_load_measured_timestamp_seconds"), look.at)),
            ("Changes since the start", _changes(look)),
        ),
        tag("p", _judged(look, acting), class_="quiet"),
        _forecasts(look, acting),
    )


def _changes(look: Look) -> str:
    """How often the number of workers was changed, and why."""
    found = [
        f"{units.number(sample.value)} ({_WHY.get(sample.labels['why'], sample.labels['why'])})"
        for sample in look.samples("davd_scaling_changes")
        if sample.value
    ]
    return ", ".join(found) or "none"


def _forecasts(look: Look, acting: str) -> Markup:
    rows = []
    for sample in look.samples("davd_load_forecast_processors"):
        one = sample.labels["forecast"]
        state = tag("span", "acts", class_="pill good") if one == acting else tag("span", "watched", class_="quiet")
        rows.append(
            (
                name(_CALLED.get(one, one)),
                units.number(sample.value),
                units.number(look.value("davd_load_forecast_error_processors", forecast=one)),
                units.number(look.value("davd_load_forecast_scaled_error", forecast=one)),
                state,
            )
        )
    return table(
        "Forecasts of the next ten minutes, in processors; errors over the last day",
        ("Forecast", "#Expects", "#Off by", "-#Of the usual change", "State"),
        rows,
        "None yet: a forecast needs a week of load.",
    )


def _judged(look: Look, acting: str) -> str:
    """Which forecast is the better one, in a sentence."""
    errors = {one.labels["forecast"]: one.value for one in look.samples("davd_load_forecast_error_processors")}
    if not acting:
        return "No forecast acts: the workers follow the measured load alone."
    if len(errors) < 2:
        return f"{_CALLED.get(acting, acting)} acts; there is nothing yet to compare it with."
    best = min(errors, key=lambda one: errors[one])
    if best == acting:
        return f"{_CALLED.get(acting, acting)} has been off by less in the last day, so it acts."
    return f"{_CALLED.get(best, best)} has been off by less, but not for long enough or by enough to act."


def _serving(row: Mapping[str, Any]) -> Markup:
    if row.get("leaving"):
        return tag("span", "leaving", class_="pill warn")
    return (
        tag("span", "serves", class_="pill good") if row.get("serves") else tag("span", "starting", class_="pill warn")
    )


def _own(look: Look, row: Mapping[str, Any], key: str, family: str, alone: bool) -> float | None:
    """A figure of one process: as it has told, or that of all when it is the only one."""
    told = row.get(key)
    return float(told) if told is not None else look.value(family) if alone else None
