"""The panels of processes, load and forecast.

Verifies: docs/operate/monitoring.md, Dashboard; docs/operate/scaling.md, What can be seen
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lxml import html

from davd.admin.look import Look
from davd.admin.markup import Markup
from davd.admin.worker_panels import forecast, workers
from davd.observe.metrics import Metrics

SCALING: Mapping[str, Any] = {
    "serving": 2,
    "wanted": 3,
    "min": 1,
    "max": 4,
    "changes": {"load": 2, "queue": 0, "forecast": 1, "less": 0},
    "at": 990.0,
    "load": 1.0,
}
JUDGED: Mapping[str, Any] = {
    "forecasts": {"holt_winters": 2.5, "seasonal_naive": 1.25},
    "errors": {"holt_winters": 0.1, "seasonal_naive": 0.2},
    "scaled_errors": {"holt_winters": 0.5, "seasonal_naive": 1.0},
    "acts": {"holt_winters": 1, "seasonal_naive": 0},
}


def look(**counted: Any) -> Look:
    """A look at what was counted."""
    return Look(1000.0, Metrics(lambda: counted, lambda: 1000.0).read(), counted, {"cpu": 0.5}, None, [], {})


def text(shown: Markup) -> str:
    """What people read, with single spaces."""
    return " ".join(str(html.fromstring(f"<div>{shown}</div>").text_content()).split())


def rows(shown: Markup, caption: str) -> list[list[str]]:
    """The cells of the body of a table."""
    page = html.fromstring(f"<div>{shown}</div>")
    # For browsers that know no meters.
    for meter in page.iter("meter"):
        meter.text = None
    [found] = [one for one in page.iter("table") if one.findtext("caption").startswith(caption)]
    return [[" ".join(cell.text_content().split()) for cell in row] for row in found.find("tbody")]


class TestForecast:
    """Verifies: docs/operate/scaling.md, What can be seen"""

    def test_nothing_where_the_number_is_fixed(self) -> None:
        assert forecast(look()) == ""

    def test_before_there_is_a_forecast(self) -> None:
        shown = forecast(look(scaling=SCALING))
        assert "No forecast acts" in text(shown)
        assert rows(shown, "Forecasts") == [["None yet: a forecast needs a week of load."]]

    def test_load_bounds_and_the_better_one(self) -> None:
        shown = forecast(look(scaling={**SCALING, **JUDGED}))
        told = text(shown)
        for words in ("2, 3 wanted", "1 to 4", "50.0 %", "2 (more load), 1 (load was expected)", "10 s ago"):
            assert words in told, words
        assert "Holt-Winters, by the week has been off by less in the last day, so it acts." in told
        assert rows(shown, "Forecasts") == [
            ["Holt-Winters, by the week", "2.50", "0.10", "0.50", "acts"],
            ["as a week ago", "1.25", "0.20", "1", "watched"],
        ]

    def test_the_better_one_that_may_not_act_yet(self) -> None:
        acts = {"acts": {"holt_winters": 0, "seasonal_naive": 1}}
        assert "but not for long enough or by enough to act" in text(forecast(look(scaling=SCALING | JUDGED | acts)))

    def test_the_name_of_a_plugin_is_text(self) -> None:
        evil = {"forecasts": {"<b>": 1.0}, "acts": {"<b>": 1}}
        assert "<b>" not in forecast(look(scaling={**SCALING, **evil}))


class TestWorkers:
    """Verifies: docs/operate/monitoring.md, Dashboard"""

    def test_each_with_its_own_figures(self) -> None:
        own = {"requests": 7, "cpu": 0.5, "memory": 2048, "started": 940.0}
        listed = [
            {"number": 0, "pid": 11, "serves": True, "leaving": False, **own},
            {"number": 1, "pid": 12, "serves": False, "leaving": False},
            {"number": 1, "pid": 13, "serves": True, "leaving": True},
        ]
        assert rows(workers(look(workers=listed)), "Processes") == [
            ["0", "11", "serves", "60 s ago", "7", "500 ms", "2.0 KiB"],
            ["1", "12", "starting", "–", "–", "–", "–"],
            ["1", "13", "leaving", "–", "–", "–", "–"],
        ]

    def test_one_process_has_the_figures_of_all(self) -> None:
        counted = {"process": {"cpu_seconds": 2.0, "resident_bytes": 1024, "started": 700.0, "number": 1}}
        [[number, _, state, started, _, cpu, memory]] = rows(workers(look(**counted)), "Processes")
        assert (number, state, started, cpu, memory) == ("–", "serves", "5 min ago", "2.0 s", "1.0 KiB")
