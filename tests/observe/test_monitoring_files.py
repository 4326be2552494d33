"""What is given to Prometheus and Grafana is made of davd's own rules and families.

Verifies: docs/operate/monitoring.md, Alerts, Metrics
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

from davd.observe.alert_settings import AlertSettings
from davd.observe.catalogue import CATALOGUE
from davd.observe.rules import rules_of

ROOT = Path(__file__).resolve().parents[2]


def _written() -> set[str]:
    """The names of all samples there may be."""
    found = set()
    for row in CATALOGUE:
        endings = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_count", "_sum")}[row.type]
        found |= {row.name + ending for ending in endings}
    return found


class TestFiles:
    """Verifies: docs/operate/monitoring.md, Alerts"""

    def test_they_are_up_to_date(self) -> None:
        argv = [sys.executable, "tools/make_monitoring.py", "--check"]
        done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr

    def test_expressions_name_only_what_there_is(self) -> None:
        known = _written()
        for rule in rules_of(AlertSettings()):
            assert set(re.findall(r"\b(?:davd|process)_\w+", rule.expression)) <= known
        for panel in json.loads((ROOT / "conf/grafana.json").read_text())["panels"]:
            for target in panel["targets"]:
                assert set(re.findall(r"\b(?:davd|process)_\w+", target["expr"])) <= known

    def test_every_rule_is_there(self) -> None:
        text = (ROOT / "conf/prometheus-alerts.yml").read_text()
        assert re.findall(r"alert: Davd(\w+)", text) == [rule.name for rule in rules_of(AlertSettings())]

    def test_names_are_unique_and_helps_are_sentences(self) -> None:
        assert len({row.name for row in CATALOGUE}) == len(CATALOGUE)
        assert all(row.help.endswith(".") and not row.name.endswith("_total") for row in CATALOGUE)
