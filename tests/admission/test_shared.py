"""Sources and budgets of which two processes count their parts, on one table.

Verifies: docs/architecture.md, Admission; RFC 6585, 4
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from davd.admission.budgets import Budget
from davd.admission.rate_settings import RateSettings
from davd.admission.rates import Rates
from davd.admission.shared import SharedBudget, SharedSource
from davd.admission.sources import Sources
from davd.model.address import Networks
from davd.model.errors import HTTPError
from davd.observe.shared import REQUESTS, Column, Table

ADDRESS = "192.0.2.1"


class Process:
    """The rates of one process, at a time that is set by hand."""

    def __init__(self, column: Column, settings: RateSettings) -> None:
        self.now = 100.0

        def budget(name: str) -> Budget:
            return SharedBudget(name, column, "account" if name else "all")

        networks = Networks(["127.0.0.0/8"])
        self.sources = Sources(networks, make=lambda name: SharedSource(name, column, REQUESTS))
        self.rates = Rates(settings, self.sources, lambda: self.now, budget=budget)

    def admitted(self, address: str, times: int) -> int:
        """How many of so many requests pass."""
        passed = 0
        for _ in range(times):
            try:
                self.rates.admit(self.sources.of(address))
            except HTTPError as error:
                assert error.status == 429
            else:
                passed += 1
        return passed


@pytest.fixture
def table() -> Iterator[Table]:
    """A table for two processes."""
    table = Table(2)
    yield table
    os.close(table.descriptor)


def pair(table: Table, **settings: float) -> tuple[Process, Process]:
    """Two processes under the same settings."""
    rates = RateSettings(**{"address_cpu": 0.0, "account_cpu": 0.0, **settings})
    return Process(table.column(0), rates), Process(table.column(1), rates)


class TestRates:
    """Verifies: RFC 6585, 4."""

    def test_what_one_has_let_pass_the_other_does_not(self, table: Table) -> None:
        one, two = pair(table, address_requests=1.0, address_requests_burst=10.0)
        assert one.admitted(ADDRESS, 6) == 6
        assert two.admitted(ADDRESS, 20) == 4
        assert one.admitted(ADDRESS, 20) <= 1
        assert two.admitted("192.0.2.2", 20) == 10

    def test_what_comes_back_comes_back_once(self, table: Table) -> None:
        one, two = pair(table, address_requests=1.0, address_requests_burst=10.0)
        assert one.admitted(ADDRESS, 5) + two.admitted(ADDRESS, 20) == 10
        passed = 0
        for second in range(100):
            for process in (one, two):
                process.now = 101.0 + second
                passed += process.admitted(ADDRESS, 3)
        # One each second, and not one each second from each.
        assert 95 <= passed <= 115

    def test_cost_in_one_counts_in_the_other(self, table: Table) -> None:
        one, two = pair(table, address_requests=1000.0, address_cpu=1.0, address_cpu_burst=10.0)
        for process in (one, two):
            assert process.admitted(ADDRESS, 1) == 1
        one.now = two.now = 101.0
        one.rates.charge(one.sources.of(ADDRESS), None, seconds=30.0)
        two.admitted(ADDRESS, 1)
        assert two.admitted(ADDRESS, 5) == 0
        two.now = 130.0
        assert two.admitted(ADDRESS, 5) == 5

    def test_accounts_and_all(self, table: Table) -> None:
        one, two = pair(
            table, account_requests=1.0, account_requests_burst=4.0, all_requests=1.0, all_requests_burst=8.0
        )
        passed = 0
        for _ in range(6):
            for process in (one, two):
                account = process.rates.account(process.sources.of(ADDRESS), "alice")
                try:
                    process.rates.admit_account(account)
                except HTTPError:
                    continue
                passed += 1
        assert 4 <= passed <= 5
        assert 8 <= one.admitted("127.0.0.1", 5) + two.admitted("127.0.0.1", 20) <= 9

    def test_many_requests_are_told_by_and_by(self, table: Table) -> None:
        one, two = pair(table, address_requests=1.0, address_requests_burst=100_000.0)
        for process in (one, two):
            assert process.admitted(ADDRESS, 1) == 1
        for tenth in range(20):
            one.now = two.now = 100.1 + tenth / 10
            assert one.admitted(ADDRESS, 10) == two.admitted(ADDRESS, 10) == 10
        known = table.column(0).spent(0, table.column(0).slots(f"address {ADDRESS}"))
        # All but what came after the last exchange.
        assert 190 <= min(known) <= 201


class TestInFlight:
    """Verifies: docs/architecture.md, Admission."""

    def test_what_is_under_way_elsewhere(self, table: Table) -> None:
        one, two = pair(table)
        here, there = one.sources.of(ADDRESS), two.sources.of(ADDRESS)
        there.in_flight += 3
        there.in_flight -= 1
        here.in_flight += 1
        assert (here.in_flight, here.abroad, there.in_flight, there.abroad) == (1, 2, 2, 1)
        assert one.sources.of("192.0.2.2").abroad == 0
        exempt = one.sources.of("127.0.0.1")
        exempt.in_flight += 1
        assert (exempt.abroad, two.sources.of("127.0.0.1").abroad) == (0, 0)
