"""Writes conf/prometheus-alerts.yml and conf/grafana.json from davd's own rules of alerts and families of metrics.

usage: tools/make_monitoring.py [--check]      with --check it writes nothing and fails when a file is not up to date
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from davd.observe.alert_settings import AlertSettings  # noqa: E402
from davd.observe.catalogue import CATALOGUE, Row  # noqa: E402
from davd.observe.rules import Rule, rules_of  # noqa: E402

HEAD = """# Alerts for Prometheus, with davd's own default conditions. Made by tools/make_monitoring.py: put your own
# thresholds into a copy.
"""


def main() -> int:
    """Write the files, or compare them; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    status = 0
    for path, text in (("conf/prometheus-alerts.yml", alerts()), ("conf/grafana.json", dashboard())):
        target = ROOT / path
        if not check:
            target.write_text(text)
        elif not target.exists() or target.read_text() != text:
            print(f"{path} is not up to date: run tools/make_monitoring.py", file=sys.stderr)
            status = 1
    return status


def alerts() -> str:
    """The text of conf/prometheus-alerts.yml."""
    lines = [HEAD + "groups:", "  - name: davd", "    rules:"]
    for rule in rules_of(AlertSettings()):
        lines += _alert(rule)
    return "\n".join([*lines, ""])


def _alert(rule: Rule) -> list[str]:
    sign = "<" if rule.below else ">"
    return [
        f"      - alert: Davd{rule.name}",
        f"        expr: {json.dumps(f'({rule.expression}) {sign} {rule.threshold:g}')}",
        f"        for: {rule.for_seconds:.0f}s",
        f"        keep_firing_for: {rule.clear_seconds:.0f}s",
        "        labels:",
        f"          severity: {rule.severity}",
        "        annotations:",
        f"          summary: {json.dumps(rule.summary)}",
    ]


def dashboard() -> str:
    """The text of conf/grafana.json: a panel for each family."""
    panels = [_panel(row, number) for number, row in enumerate(CATALOGUE)]
    whole = {
        "title": "davd",
        "uid": "davd",
        "schemaVersion": 39,
        "version": 1,
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "tags": ["davd"],
        "templating": {"list": [{"name": "source", "type": "datasource", "query": "prometheus", "label": "Source"}]},
        "panels": panels,
    }
    return json.dumps(whole, indent=1) + "\n"


def _panel(row: Row, number: int) -> dict[str, Any]:
    return {
        "id": number + 1,
        "type": "timeseries",
        "title": row.name,
        "description": row.help,
        "datasource": {"type": "prometheus", "uid": "${source}"},
        "gridPos": {"x": 8 * (number % 3), "y": 7 * (number // 3), "w": 8, "h": 7},
        "fieldConfig": {"defaults": {"unit": _unit(row)}, "overrides": []},
        "targets": [
            {"refId": chr(ord("A") + place), "expr": expression, "legendFormat": legend}
            for place, (expression, legend) in enumerate(_queries(row))
        ],
    }


def _queries(row: Row) -> list[tuple[str, str]]:
    name = row.name
    if row.type == "histogram":
        rate = f"sum by (le) (rate({name}_bucket[$__rate_interval]))"
        return [(f"histogram_quantile({share}, {rate})", f"p{share * 100:g}") for share in (0.5, 0.99)]
    return [(f"rate({name}_total[$__rate_interval])" if row.type == "counter" else name, "__auto")]


def _unit(row: Row) -> str:
    if row.name.endswith("timestamp_seconds") or row.name == "process_start_time_seconds":
        return "dateTimeFromNow"
    if row.name.endswith("_bytes"):
        return "Bps" if row.type == "counter" else "bytes"
    if row.name.endswith("_seconds"):
        return "percentunit" if row.type == "counter" else "s"
    return "ops" if row.type == "counter" else "short"


if __name__ == "__main__":
    sys.exit(main())
