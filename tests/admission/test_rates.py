"""Budgets of addresses and accounts.

Verifies: RFC 6585, 4; RFC 9110, 10.2.3; draft-ietf-httpapi-ratelimit-headers, 3, 4, 6; docs/architecture.md, Admission
"""

from __future__ import annotations

import re
from math import inf, nan

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from zope.interface import implementer

from davd.admission.budgets import AccountBudget
from davd.admission.rate_settings import RateSettings
from davd.admission.rates import Rates
from davd.admission.sources import Source, Sources
from davd.interfaces.admission import IRateRule
from davd.model.address import Networks
from davd.model.errors import HTTPError

ADDRESS = "192.0.2.1"
UNLIMITED = {"address_requests": 0, "address_cpu": 0, "account_requests": 0, "account_cpu": 0}


class World:
    """Rates with a clock that is moved by hand; `reported` are rules that failed."""

    def __init__(self, rules: tuple[IRateRule, ...] = (), **figures: float) -> None:
        self.now = 1000.0
        self.sources = Sources(Networks(["127.0.0.0/8"]))
        self.reported: list[tuple[object, Exception]] = []
        self.rates = Rates(
            RateSettings(**figures),
            self.sources,
            lambda: self.now,
            rules,
            lambda rule, error: self.reported.append((rule, error)),
        )
        self.source = self.sources.of(ADDRESS)

    def account(self, name: str = "amy") -> AccountBudget:
        budget = self.rates.account(self.source, name)
        assert budget is not None
        return budget

    def refusal(self, source: Source | None = None, account: AccountBudget | None = None) -> HTTPError | None:
        """Let a request through, or the answer it gets."""
        try:
            self.rates.admit(source or self.source)
            self.rates.admit_account(account)
        except HTTPError as error:
            return error
        return None


def test_rate_limiting() -> None:
    world = World(address_requests=10, address_requests_burst=5, account_requests=0)
    assert [world.refusal() for _ in range(5)] == [None] * 5
    refused = world.refusal()
    assert refused is not None and refused.status == 429
    assert refused.headers["Retry-After"] == "1"
    world.now += 0.1
    assert world.refusal() is None
    assert world.refusal() is not None
    world.now += 3600
    assert [world.refusal() is None for _ in range(6)] == [True] * 5 + [False]
    assert world.refusal(world.sources.of("192.0.2.2")) is None


class TestWhoCounts:
    """Verifies: docs/architecture.md, Admission."""

    def test_exempt_networks_and_sockets_have_no_budget(self) -> None:
        world = World(address_requests=1, address_requests_burst=1, account_requests=1, account_requests_burst=1)
        for address in ("127.0.0.9", ""):
            source = world.sources.of(address)
            assert world.rates.account(source, "amy") is None
            for _ in range(10):
                assert world.refusal(source) is None
                assert world.rates.instant(source, None)
                world.rates.charge(source, None, 10**12, 10**9, 10**6)
            assert world.rates.fields(source, None) == {}

    def test_but_they_count_with_everybody(self) -> None:
        world = World(all_requests=1, all_requests_burst=3, all_cpu=1, all_cpu_burst=2)
        source = world.sources.of("127.0.0.1")
        assert world.rates.instant(source, None)
        assert world.refusal(source) is None
        assert world.refusal() is None
        assert not world.rates.instant(source, None)
        assert not world.rates.instant(world.source, None)
        assert world.refusal() is not None
        refused = world.refusal(source)
        assert refused is not None and refused.headers["RateLimit"] == '"all-requests";r=0;t=1'
        # What everybody together may ask is nobody's business.
        assert "RateLimit-Policy" not in refused.headers
        world.now += 60
        world.rates.charge(source, None, seconds=12)
        refused = world.refusal(source)
        assert refused is not None and refused.headers["Retry-After"] == "10"
        assert world.rates.statistics()["refused_all"] == 3

    def test_an_account_counts_wherever_it_comes_from(self) -> None:
        world = World(account_requests=1, account_requests_burst=2)
        other = world.sources.of("2001:db8::1")
        assert world.refusal(None, world.rates.account(world.source, "amy")) is None
        assert world.refusal(other, world.rates.account(other, "amy")) is None
        refused = world.refusal(other, world.rates.account(other, "amy"))
        assert refused is not None and '"account-requests"' in refused.headers["RateLimit"]
        assert world.refusal(None, world.account("bob")) is None
        assert world.rates.statistics() == {
            "sources": 2.0,
            "accounts": 2.0,
            "refused_address": 0.0,
            "refused_account": 1.0,
            "refused_all": 0.0,
        }

    def test_no_limits(self) -> None:
        world = World(**UNLIMITED)
        account = world.account()
        for _ in range(1000):
            assert world.rates.instant(world.source, account)
            assert world.refusal(None, account) is None
            world.rates.charge(world.source, account, 10**15, 10**12, 10**9)
        assert world.rates.fields(world.source, account) == {}


class TestInstant:
    """Verifies: docs/architecture.md, Admission."""

    @pytest.mark.parametrize("short", ["address", "account", "all"])
    def test_takes_from_all_or_from_none(self, short: str) -> None:
        figures = dict.fromkeys(("address_requests_burst", "account_requests_burst", "all_requests_burst"), 100.0)
        figures[f"{short}_requests_burst"] = 3.0
        world = World(address_requests=1, account_requests=1, all_requests=1, **figures)
        account = world.account()
        assert [world.rates.instant(world.source, account) for _ in range(5)] == [True] * 3 + [False] * 2
        left = {"address": world.source.left(0, world.now), "account": account.left(0, world.now)}
        assert left == {kind: (0.0 if kind == short else 97.0) for kind in left}

    def test_without_an_account(self) -> None:
        world = World(address_requests=1, address_requests_burst=2)
        assert [world.rates.instant(world.source, None) for _ in range(3)] == [True, True, False]

    def test_a_run_of_requests_overdraws_once_and_is_paid_for(self) -> None:
        world = World(address_requests=10, address_requests_burst=5, account_requests=10, account_requests_burst=100)
        account = world.account()
        assert world.rates.instant(world.source, account, 16)
        assert (world.source.left(0, world.now), account.left(0, world.now)) == pytest.approx((-11, 84))
        assert not world.rates.instant(world.source, account)
        refused = world.refusal()
        assert refused is not None and refused.headers["Retry-After"] == "2"
        world.now += 1.2
        assert [world.rates.instant(world.source, account) for _ in range(2)] == [True, False]

    def test_an_account_known_from_elsewhere_is_free_at_an_exempt_place(self) -> None:
        world = World(account_requests=1, account_requests_burst=1)
        account = world.account()
        world.rates.admit_account(account)
        assert not world.rates.instant(world.source, account)
        assert world.rates.instant(world.sources.of("127.0.0.1"), account)


class TestCost:
    """Verifies: RFC 6585, 4; docs/architecture.md, Admission."""

    @pytest.mark.parametrize("unit", ["bytes", "rows", "cpu"])
    def test_debt_refuses_until_it_is_paid(self, unit: str) -> None:
        world = World(**{f"account_{unit}": 2.0, f"account_{unit}_burst": 10.0})
        account = world.account()
        cost = {"seconds" if unit == "cpu" else unit: 25.0}
        world.rates.charge(world.source, account, **cost)
        refused = world.refusal(None, account)
        # 15 too many at 2 a second.
        assert refused is not None and refused.headers["Retry-After"] == "8"
        assert not world.rates.instant(world.source, account)
        world.now += 7.4
        assert world.refusal(None, account) is not None
        world.now += 0.1
        assert world.refusal(None, account) is None
        assert world.rates.instant(world.source, account)

    def test_costs_without_a_limit_are_not_charged(self) -> None:
        world = World()
        world.rates.charge(world.source, world.account(), 10**15, 10**12)
        assert world.refusal(None, world.account()) is None

    def test_what_is_used_up_exactly_is_no_debt(self) -> None:
        world = World(address_cpu=1, address_cpu_burst=5)
        world.rates.admit(world.source)
        world.rates.charge(world.source, None, seconds=5)
        assert world.refusal() is None


class TestFields:
    """Verifies: draft-ietf-httpapi-ratelimit-headers, 3, 4, 6."""

    KEY = r";pk=:[A-Za-z0-9+/=]+:"

    def test_they_come_when_less_than_half_is_left(self) -> None:
        world = World(address_requests=2, address_requests_burst=10, account_requests=0)
        account = world.account()
        for _ in range(5):
            world.rates.admit(world.source)
        assert world.rates.fields(world.source, account) == {}
        world.rates.admit(world.source)
        fields = world.rates.fields(world.source, account)
        assert re.fullmatch(r'"address-requests";q=10;w=5' + self.KEY, fields["RateLimit-Policy"])
        assert re.fullmatch(r'"address-requests";r=4;t=2' + self.KEY, fields["RateLimit"])
        world.now += 0.5
        assert world.rates.fields(world.source, account) == {}

    def test_both_budgets(self) -> None:
        world = World(address_requests=1, address_requests_burst=2, account_bytes=1, account_bytes_burst=100)
        account = world.account()
        world.rates.admit(world.source)
        world.rates.admit(world.source)
        world.rates.charge(world.source, account, bytes=70)
        fields = world.rates.fields(world.source, account)
        assert re.fullmatch(
            rf'"address-requests";q=2;w=2{self.KEY}, "account-bytes";q=100;qu="content-bytes";w=100{self.KEY}',
            fields["RateLimit-Policy"],
        )
        assert re.fullmatch(
            rf'"address-requests";r=0;t=1{self.KEY}, "account-bytes";r=30;t=30{self.KEY}', fields["RateLimit"]
        )

    def test_units_without_a_word_have_no_policy(self) -> None:
        world = World(account_cpu=1, account_cpu_burst=10)
        account = world.account()
        world.rates.charge(world.source, account, seconds=30)
        fields = world.rates.fields(world.source, account)
        assert list(fields) == ["RateLimit"]
        assert re.fullmatch(r'"account-cpu";r=0;t=20' + self.KEY, fields["RateLimit"])
        refused = world.refusal(None, account)
        assert refused is not None and refused.headers == {"Retry-After": "20", **fields}

    def test_retry_after_is_the_longest_wait(self) -> None:
        world = World(address_requests=0.25, address_requests_burst=1, address_cpu=1, address_cpu_burst=1)
        world.rates.admit(world.source)
        world.rates.charge(world.source, None, seconds=10.5)
        refused = world.refusal()
        assert refused is not None and refused.headers["Retry-After"] == "10"
        windows = [int(text) for text in re.findall(r";t=(\d+)", refused.headers["RateLimit"])]
        assert len(windows) == 2 and max(windows) == 10
        # One refusal counts once, however many of the budget's buckets are empty.
        assert world.rates.statistics()["refused_address"] == 1

    def test_names_are_not_told(self) -> None:
        world = World(account_requests=1, account_requests_burst=1)
        account = world.account("amy@example.org")
        world.rates.admit_account(account)
        refused = world.refusal(None, account)
        assert refused is not None and "amy" not in str(refused.headers)
        other = world.account("bob")
        world.rates.admit_account(other)
        another = world.refusal(None, other)
        assert another is not None and another.headers["RateLimit"] != refused.headers["RateLimit"]


@implementer(IRateRule)
class Factors:
    """Factors by kind and name; everything asked for is noted."""

    def __init__(self, factors: dict[tuple[str, str], float]) -> None:
        self.factors = factors
        self.asked: list[tuple[str, str]] = []

    def factor(self, kind: str, name: str) -> float | None:
        self.asked.append((kind, name))
        return self.factors.get((kind, name))


@implementer(IRateRule)
class Broken:
    """A rule that fails whenever it is asked."""

    def factor(self, kind: str, name: str) -> float | None:
        raise LookupError(name)


def passing(world: World, account: AccountBudget) -> int:
    """How many requests an account may send at once, at most 100."""
    return sum(world.refusal(None, account) is None for _ in range(100))


class TestRules:
    """Verifies: docs/architecture.md, Admission."""

    FIGURES = {**UNLIMITED, "account_requests": 1, "account_requests_burst": 10}

    def test_factors_multiply_and_are_asked_once(self) -> None:
        rules = Factors({("account", "amy"): 4.0}), Factors({("account", "amy"): 0.5, ("account", "bob"): inf})
        world = World(rules, **self.FIGURES)
        assert passing(world, world.account()) == 20
        world.now += 5
        assert passing(world, world.account()) == 10
        assert passing(world, world.account("bob")) == 100
        assert passing(world, world.account("cat")) == 10
        assert rules[0].asked.count(("account", "amy")) == 1
        assert ("address", ADDRESS) in rules[0].asked

    @pytest.mark.parametrize("factor", [0.0, -1.0, nan])
    def test_what_is_no_factor_has_no_say(self, factor: float) -> None:
        rules = Factors({("account", "amy"): factor}), Broken()
        world = World(rules, **self.FIGURES)
        account = world.account()
        assert [told for told, _ in world.reported] == list(rules)
        assert passing(world, account) == 10

    def test_a_tiny_factor_still_ends_some_day(self) -> None:
        world = World((Factors({("account", "amy"): 1e-300}),), **self.FIGURES)
        account = world.account()
        assert passing(world, account) == 1
        refused = world.refusal(None, account)
        assert refused is not None and 990_000 < int(refused.headers["Retry-After"]) <= 1_000_000

    def test_many_factors(self) -> None:
        rule = Factors({("account", f"user{number}"): 1 + number / 10_000 for number in range(3000)})
        world = World((rule,), **self.FIGURES)
        for number in range(3000):
            account = world.account(f"user{number}")
            assert account.left(0, world.now) == pytest.approx(10 * (1 + number / 10_000))
        assert len(world.rates._shared) <= 1024


class TestReconfigure:
    """Verifies: docs/architecture.md, Admission."""

    def test_new_limits_hold_at_once_and_use_is_kept(self) -> None:
        world = World(account_requests=10, account_requests_burst=10, address_requests=0)
        account = world.account()
        for _ in range(8):
            world.rates.admit_account(account)
        world.rates.reconfigure(RateSettings(account_requests=2, account_requests_burst=20))
        assert world.account() is account
        assert account.left(0, world.now) == pytest.approx(12)
        assert passing(world, account) == 12
        assert world.rates.instant(world.source, account) is False
        world.rates.reconfigure(RateSettings(**UNLIMITED))
        assert passing(world, world.account()) == 100
        world.rates.reconfigure(RateSettings(account_requests=1, account_requests_burst=7))
        assert passing(world, world.account()) == 7

    def test_instant_sees_them_too(self) -> None:
        world = World(**UNLIMITED)
        account = world.account()
        assert world.rates.instant(world.source, account)
        world.rates.reconfigure(RateSettings(address_requests=1, address_requests_burst=2))
        assert [world.rates.instant(world.source, account) for _ in range(3)] == [True, True, False]
        world.rates.reconfigure(RateSettings(**UNLIMITED, all_requests=1, all_requests_burst=1))
        assert [world.rates.instant(world.source, account) for _ in range(2)] == [True, False]

    def test_a_debt_becomes_an_empty_bucket(self) -> None:
        world = World(account_cpu=1, account_cpu_burst=5)
        account = world.account()
        world.rates.charge(world.source, account, seconds=1000)
        assert world.refusal(None, account) is not None
        world.rates.reconfigure(RateSettings(account_cpu=1, account_cpu_burst=5))
        assert world.refusal(None, world.account()) is None
        assert account.left(3, world.now) == pytest.approx(0)

    def test_rules_are_asked_again(self) -> None:
        rule = Factors({("account", "amy"): 2.0})
        world = World((rule,), **TestRules.FIGURES)
        world.account()
        rule.factors.clear()
        world.rates.reconfigure(RateSettings(**TestRules.FIGURES))
        assert passing(world, world.account()) == 10


class TestDefaults:
    """Verifies: docs/architecture.md, Admission."""

    def test_a_first_synchronisation_passes(self) -> None:
        world = World()
        account = world.account()
        # 10,000 members, each fetched by itself as fast as davd answers: 500 us of CPU time a request.
        for _ in range(10_000):
            assert world.refusal(None, account) is None
            world.rates.charge(world.source, account, 4096, 1, 0.0005)
            world.now += 0.0005

    def test_ten_thousand_small_files_at_once_pass(self) -> None:
        world = World()
        account = world.account()
        for _ in range(10_000):
            # A copying program asks for each file first, then sends it.
            assert world.refusal(None, account) is None
            assert world.refusal(None, account) is None
            world.rates.charge(world.source, account, 1024, 2, 0.001)

    def test_a_flood_does_not(self) -> None:
        world = World()
        passed = 0
        for _ in range(100_000):
            passed += world.rates.instant(world.source, world.account())
            world.now += 0.0001
        assert 20_000 <= passed <= 30_001

    def test_expensive_requests_are_held_to_half_a_core(self) -> None:
        world = World()
        account = world.account()
        used = 0.0
        for _ in range(6000):
            if world.refusal(None, account) is None:
                world.rates.charge(world.source, account, seconds=0.1)
                used += 0.1
            world.now += 0.1
        assert 60 + 300 - 1 < used < 60 + 300 + 1


STEPS = st.lists(
    st.tuples(st.floats(0, 3), st.sampled_from(["instant", "admit", "charge"]), st.floats(0, 20)),
    max_size=60,
)


class TestProperties:
    """Verifies: RFC 6585, 4; RFC 9110, 10.2.3; docs/architecture.md, Admission."""

    @settings(max_examples=60, deadline=None)
    @given(STEPS, st.floats(0.2, 20), st.floats(1, 12), st.floats(0.2, 5), st.floats(1, 12))
    def test_no_window_holds_more_than_burst_and_rate(
        self, steps: list[tuple[float, str, float]], rate: float, burst: float, cpu: float, cpu_burst: float
    ) -> None:
        world = World(account_requests=rate, account_requests_burst=burst, account_cpu=cpu, account_cpu_burst=cpu_burst)
        account = world.account()
        passed: list[tuple[float, float]] = []
        for gap, what, amount in steps:
            world.now += gap
            if what == "instant":
                let = world.rates.instant(world.source, account)
            else:
                let = world.refusal(None, account) is None
            cost = amount if what == "charge" else 0.0
            if let:
                world.rates.charge(world.source, account, seconds=cost)
                passed.append((world.now, cost))
        for first in range(len(passed)):
            for last in range(first, len(passed)):
                span = passed[last][0] - passed[first][0]
                assert last - first + 1 <= burst + rate * span + 2e-3
                # The last of a window may go into debt; all before it had to leave none.
                before = sum(cost for _, cost in passed[first:last])
                assert before <= cpu_burst + cpu * span + 2e-3

    @settings(max_examples=60, deadline=None)
    @given(STEPS, st.floats(0.05, 20), st.floats(1, 6), st.floats(0.05, 5))
    def test_retry_after_is_true(
        self, steps: list[tuple[float, str, float]], rate: float, burst: float, cpu: float
    ) -> None:
        world = World(
            address_requests=rate,
            address_requests_burst=burst,
            address_cpu=cpu,
            address_cpu_burst=2,
            account_requests=0,
        )
        for gap, what, amount in steps:
            world.now += gap
            refused = world.refusal()
            if refused is None:
                if what == "charge":
                    world.rates.charge(world.source, None, seconds=amount)
                continue
            wait = int(refused.headers["Retry-After"])
            now = world.now
            for early in (0.0, wait - 1 - 0.02):
                if early >= 0:
                    world.now = now + early
                    assert not world.rates.instant(world.source, None)
            world.now = now + wait
            assert world.rates.instant(world.source, None)
