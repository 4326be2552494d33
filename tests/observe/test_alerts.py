"""Alerts begin after their time, do not flutter, and end.

Verifies: docs/operate/monitoring.md, Alerts
"""

from __future__ import annotations

import pytest

from davd.model.alert import Alert
from davd.observe.alert_settings import AlertSettings
from davd.observe.alerts import Alerts
from davd.observe.rules import Rule, rules_of
from davd.observe.signals import SIGNALS

OVER = Rule("Errors", "errors", 0.1, 0.05, 60.0, "critical", "Many fail.", "x", clear_seconds=30.0)
UNDER = Rule("Disk", "disk_free", 0.1, 0.2, 0.0, "warning", "Little room.", "x", below=True, clear_seconds=0.0)


def told(alerts: Alerts, *looks: tuple[float, float | None], signal: str = "errors") -> list[tuple[float, bool]]:
    """What is told at which of the looks (time, value), as the time and whether it begins."""
    found = []
    for now, value in looks:
        for alert in alerts.look(now, {} if value is None else {signal: value}):
            assert alert.at == now
            found.append((now, alert.firing))
    return found


class TestAlerts:
    """Verifies: docs/operate/monitoring.md, Alerts"""

    def test_it_begins_when_it_has_held_and_not_before(self) -> None:
        alerts = Alerts([OVER])
        assert told(alerts, (0, 0.2), (59, 0.2)) == []
        assert alerts.firing() == []
        assert told(alerts, (60, 0.2), (65, 0.2)) == [(60, True)]
        assert alerts.firing() == [Alert("Errors", "critical", "Many fail.", True, 0.2, 0.1, 60, 60)]
        assert alerts.states() == {"Errors": 1}

    def test_a_moment_of_calm_begins_it_anew(self) -> None:
        assert told(Alerts([OVER]), (0, 0.2), (30, 0.1), (60, 0.2), (119, 0.2), (120, 0.2)) == [(120, True)]

    def test_between_the_thresholds_nothing_changes(self) -> None:
        alerts = Alerts([OVER])
        looks = [(0, 0.2), (60, 0.2), (70, 0.07), (200, 0.07), (210, 0.04), (230, 0.07), (250, 0.04), (279, 0.05)]
        assert told(alerts, *looks) == [(60, True)]
        assert told(alerts, (280, 0.05), (290, 0.0)) == [(280, False)]
        assert alerts.firing() == []

    def test_what_cannot_be_told_is_calm(self) -> None:
        alerts = Alerts([OVER])
        assert told(alerts, (0, 0.2), (60, 0.2), (70, None), (100, None)) == [(60, True), (100, False)]

    def test_under_a_threshold(self) -> None:
        alerts = Alerts([UNDER])
        looks = [(0, 0.3), (1, 0.09), (2, 0.15), (3, 0.2), (4, 0.01)]
        assert told(alerts, *looks, signal="disk_free") == [(1, True), (3, False), (4, True)]

    def test_what_stays_is_told_again(self) -> None:
        alerts = Alerts([OVER], repeat_seconds=100.0)
        looks = [(float(now), 0.2) for now in range(0, 301, 20)]
        assert told(alerts, *looks) == [(60, True), (160, True), (260, True)]

    def test_other_rules_keep_what_is_in_force(self) -> None:
        alerts = Alerts([OVER, UNDER])
        told(alerts, (0, 0.2), (60, 0.2))
        alerts.reconfigure([OVER], 0.0)
        assert [alert.name for alert in alerts.firing()] == ["Errors"]
        alerts.reconfigure([UNDER], 0.0)
        assert alerts.firing() == []

    def test_a_sentence(self) -> None:
        alert = Alert("Disk", "warning", "Little room.", True, 0.05, 0.1, 0.0, 0.0, "host")
        assert alert.sentence() == "Disk firing on host: Little room. (0.05, threshold 0.1)"


class TestRules:
    """Verifies: docs/operate/monitoring.md, Alerts"""

    def test_each_has_a_signal_that_there_is_and_can_end(self) -> None:
        rules = rules_of(AlertSettings())
        assert len({rule.name for rule in rules}) == len(rules) == 11
        for rule in rules:
            assert rule.signal in SIGNALS
            assert rule.calm(rule.clear)
            assert not rule.breached(rule.clear) and not rule.breached(rule.threshold)

    @pytest.mark.parametrize(
        ("key", "name"),
        [("error_rate", "ErrorRate"), ("backup_hours", "BackupAge"), ("backend_down", "BackendDown")],
    )
    def test_nought_leaves_one_out(self, key: str, name: str) -> None:
        settings = AlertSettings()
        setattr(settings, key, type(getattr(settings, key))(0))
        assert name not in {rule.name for rule in rules_of(settings)}
