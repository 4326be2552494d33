"""The rules for Prometheus, as Prometheus' own tool reads and evaluates them.

Verifies: docs/operate/monitoring.md, Alerts
"""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any, Final

import pytest

from davd.observe.alert_settings import AlertSettings
from davd.observe.rules import rules_of
from tests.conformance.programs import program

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "conf" / "prometheus-alerts.yml"

DAVD = '{instance="a",job="davd"}'
# Whatever else is watched has metrics of its process as well.
OTHER = '{instance="b",job="other"}'

# Series of metrics that keep one value for two hours or three days, and the alerts that are in force then.
CASES: Final[list[tuple[dict[str, tuple[float, str]], set[str]]]] = [
    ({"davd_queue_length": (95, DAVD), "davd_queue_capacity": (100, DAVD)}, {"DavdQueueSaturation"}),
    ({"davd_queue_length": (5, DAVD), "davd_queue_capacity": (100, DAVD)}, set()),
    ({"davd_reactor_stall_seconds": (30, DAVD)}, {"DavdReactorStall"}),
    ({"davd_disk_free_bytes": (1, DAVD), "davd_disk_size_bytes": (100, DAVD)}, {"DavdDiskSpace"}),
    ({"davd_store_up": (1, DAVD), "davd_cache_up": (0, '{cache="redis"}')}, {"DavdBackendDown"}),
    ({"davd_store_up": (0, DAVD)}, {"DavdBackendDown"}),
    ({"davd_store_up": (1, DAVD), "davd_cache_up": (1, '{cache="redis"}')}, set()),
    ({"davd_config_reload_success": (0, DAVD)}, {"DavdReloadRefused"}),
    ({"davd_backup_wrong": (1, DAVD)}, {"DavdBackupDamaged"}),
    ({"davd_certificate_expiry_timestamp_seconds": (3600 * 30, DAVD)}, {"DavdCertificateExpiry"}),
    # The clock of these tests begins at 0; three days of it pass.
    ({"davd_backup_timestamp_seconds": (3600, DAVD)}, {"DavdBackupAge"}),
    ({"davd_backup_timestamp_seconds": (3600 * 71, DAVD)}, set()),
    ({"process_start_time_seconds": (60, DAVD), "davd_build_info": (1, DAVD)}, {"DavdBackupAge"}),
    ({"process_start_time_seconds": (60, OTHER), "davd_build_info": (1, DAVD)}, set()),
    (
        {"process_open_fds": (99, DAVD), "process_max_fds": (100, DAVD), "davd_build_info": (1, DAVD)},
        {"DavdDescriptors"},
    ),
    (
        {"process_open_fds": (99, OTHER), "process_max_fds": (100, OTHER), "davd_build_info": (1, DAVD)},
        set(),
    ),
]


@pytest.fixture(scope="module")
def promtool() -> str:
    """Prometheus' tool for rules."""
    return program("promtool", "prometheus")


def run(*argv: str | Path) -> str:
    """What a command says; it has to succeed."""
    done = subprocess.run([str(word) for word in argv], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


class TestPromtool:
    """Verifies: docs/operate/monitoring.md, Alerts"""

    def test_the_rules_are_right(self, promtool: str) -> None:
        told = run(promtool, "check", "rules", RULES)
        assert f"{len(rules_of(AlertSettings()))} rules found" in told

    def test_they_fire_when_they_should(self, promtool: str, tmp_path: Path) -> None:
        whole = {
            "rule_files": [str(RULES)],
            "evaluation_interval": "4m",
            "tests": [case(series, fire) for series, fire in CASES],
        }
        # JSON is YAML.
        (tmp_path / "test.yml").write_text(json.dumps(whole))
        run(promtool, "test", "rules", tmp_path / "test.yml")


def case(series: dict[str, tuple[float, str]], fire: set[str]) -> dict[str, Any]:
    """One of promtool's tests: of every rule, whether it fires with these series and no others."""
    # Only the age of backups is a matter of days.
    days = any(name.startswith(("davd_backup", "process_start")) for name in series)
    until, values = ("72h", 1080) if days else ("2h", 30)
    inputs = [{"series": name + labels, "values": f"{value}x{values}"} for name, (value, labels) in series.items()]
    expected = []
    for rule in rules_of(AlertSettings()):
        name = f"Davd{rule.name}"
        alert = {"exp_labels": {"severity": rule.severity}, "exp_annotations": {"summary": rule.summary}}
        expected.append({"eval_time": until, "alertname": name, "exp_alerts": [alert] if name in fire else []})
    return {"name": ", ".join(series), "interval": "4m", "input_series": inputs, "alert_rule_test": expected}
