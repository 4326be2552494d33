"""The panels of what requests cost.

Verifies: docs/operate/monitoring.md, Dashboard
"""

from __future__ import annotations

from typing import Any

from davd.admin.cost_panels import accounts, consumers, routes
from davd.admin.look import Earlier, Look
from davd.admin.panels import TOP
from davd.observe.snapshot import Snapshot
from davd.tree.spending import OTHERS
from tests.admin.test_worker_panels import rows


def look(earlier: Earlier | None = None, **counted: Any) -> Look:
    return Look(1000.0, Snapshot(1000.0, []), counted, {}, None, [], {}, earlier)


def spent(name: str, cpu: float, count: int = 4) -> dict[str, Any]:
    return {"name": name, "count": count, "cpu": cpu, "bytes": 2048, "received": 1024, "rows": 3}


class TestAccounts:
    """Verifies: docs/operate/monitoring.md, Dashboard"""

    def test_the_heavy_ones_first_and_the_others_last(self) -> None:
        told = [spent(OTHERS, 6.0, 100), spent("", 1.0), spent("noor", 3.0)]
        earlier = Earlier(950.0, {("spending", "noor"): 2.0, ("spending", OTHERS): 2.0})
        assert rows(accounts(look(earlier, spending=told)), "Accounts") == [
            ["noor", "30.0 %", "2.0 %", "4", "3.0 s", "2.0 KiB", "1.0 KiB"],
            ["without log-in", "10.0 %", "–", "4", "1.0 s", "2.0 KiB", "1.0 KiB"],
            ["all others", "60.0 %", "–", "100", "6.0 s", "2.0 KiB", "1.0 KiB"],
        ]

    def test_no_more_than_so_many(self) -> None:
        told = [spent(f"a{number}", 1.0) for number in range(50)]
        assert len(rows(accounts(look(spending=told)), "Accounts")) == TOP

    def test_a_name_is_text(self) -> None:
        assert "<script>" not in accounts(look(spending=[spent("<script>", 1.0)]))

    def test_nobody_yet(self) -> None:
        assert rows(accounts(look()), "Accounts") == [["No request yet."]]


class TestRoutes:
    """Verifies: docs/operate/monitoring.md, Dashboard"""

    def test_the_costly_ones_first(self) -> None:
        def route(method: str, cpu: float) -> dict[str, Any]:
            numbers = {"count": 2, "errors": 1, "seconds": 1.0, "cpu": cpu, "bytes": 1024, "received": 1024}
            return {"method": method, "area": "files", "kind": "1", **numbers}

        told = [route("GET", 1.0), route("PROPFIND", 3.0)]
        assert rows(routes(look(routes=told)), "Requests") == [
            ["PROPFIND files 1", "75.0 %", "–", "2", "1", "1.5 s", "2.0 KiB"],
            ["GET files 1", "25.0 %", "–", "2", "1", "500 ms", "2.0 KiB"],
        ]


class TestConsumers:
    """Verifies: docs/operate/monitoring.md, Dashboard"""

    def test_who_has_used_budgets(self) -> None:
        one = {"kind": "account", "name": "noor", "cpu": 1.0, "requests": 2.0, "bytes": 1024.0, "rows": 5.0}
        assert rows(consumers(look(consumers=[one])), "Accounts") == [["noor", "account", "1.0 s", "2", "1.0 KiB", "5"]]
