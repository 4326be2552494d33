"""Who asks too much: budgets of each address, each account and everybody, over requests and over what they cost.

Implements: RFC 6585, 4; RFC 9110, 10.2.3; docs/architecture.md, Admission
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import blake2b
from math import ceil, inf
from typing import Final, TypeAlias

from davd.admission.budgets import UNITS, AccountBudget, Budget, Limits
from davd.admission.rate_settings import RateSettings
from davd.admission.remembered import Remembered
from davd.admission.sources import Source, Sources
from davd.http import ratelimit
from davd.interfaces.admission import IRateRule
from davd.model.errors import HTTPError

MAX_ACCOUNTS: Final = 100_000

# Told of a rule that failed, and of its exception while that is being handled.
Report: TypeAlias = Callable[[object, Exception], None]

# Limits are shared by the budgets with the same factor; a rule may think of any number of factors.
_MAX_SHARED = 1024
# Units that the draft has a word for. What is counted in others is told of without a policy.
_POLICY_UNITS = {"requests": ratelimit.REQUESTS, "bytes": ratelimit.CONTENT_BYTES}


def unheard(rule: object, error: Exception) -> None:
    """Tell nobody."""


class Rates:
    """The budgets of every source of `sources`, of every account, and of all together.

    `clock` gives monotonic seconds. `rules` are asked in their order when a budget is made and after the settings have
    changed, and their factors multiply; one that fails, or gives no positive number, has no say, and `report` is told.
    `budget` makes the budget of an account, and with an empty name that of all.
    """

    def __init__(
        self,
        settings: RateSettings,
        sources: Sources,
        clock: Callable[[], float],
        rules: Sequence[IRateRule] = (),
        report: Report = unheard,
        budget: Callable[[str], Budget] = Budget,
    ) -> None:
        self._settings = settings
        self._sources = sources
        self._clock = clock
        self._rules = tuple(rules)
        self._report = report
        self._accounts: Remembered[AccountBudget] = Remembered(MAX_ACCOUNTS, budget)
        self._everybody = budget("")
        self._everybody.adopt(Limits("all", settings), clock())
        self._shared: dict[tuple[str, float], Limits] = {}
        self._refused = {"address": 0, "account": 0, "all": 0}

    def instant(self, source: Source, account: AccountBudget | None, count: int = 1, size: int = 0) -> bool:
        """Take `count` requests from all budgets they count under when each has one; else take nothing: False.

        Their answers, of `size` bytes each, are charged as well.

        A run of pipelined requests may so overdraw a budget once, by its own length.
        """
        everybody = self._everybody
        if source.exempt:
            if everybody.limits.free:
                return True
            now = self._clock()
            if now < everybody.ready:
                return False
            everybody.take(now, count)
            if everybody.limits.sized:
                everybody.charge(now, (0, count * size, 0, 0))
            return True
        settings = self._settings
        if source.limits.settings is not settings:
            self._renew("address", source)
        if account is None:
            if source.limits.free and everybody.limits.free:
                return True
        else:
            if account.limits.settings is not settings:
                self._renew("account", account)
            if source.limits.free and account.limits.free and everybody.limits.free:
                return True
        now = self._clock()
        if now < source.ready or now < everybody.ready:
            return False
        if account is not None:
            if now < account.ready:
                return False
            account.take(now, count)
        source.take(now, count)
        if not everybody.limits.free:
            everybody.take(now, count)
        if source.limits.sized or everybody.limits.sized or (account is not None and account.limits.sized):
            self.charge(source, account, count * size)
        return True

    def admit(self, source: Source) -> None:
        """Take a request from the budgets of the address and of all.

        HTTPError 429 when one of them has none; then nothing is taken.
        """
        everybody = self._everybody
        if source.exempt:
            if not everybody.limits.free:
                self._take(everybody)
            return
        if source.limits.settings is not self._settings:
            self._renew("address", source)
        if everybody.limits.free:
            if not source.limits.free:
                self._take(source)
            return
        now = self._clock()
        if now < source.ready or now < everybody.ready:
            raise self._refusal(now, source, everybody)
        source.take(now)
        everybody.take(now)

    def account(self, source: Source, name: str) -> AccountBudget | None:
        """The budget of an account whose request comes from `source`; None when the source is exempt."""
        if source.exempt:
            return None
        budget = self._accounts.of(name)
        if budget.limits.settings is not self._settings:
            self._renew("account", budget)
        return budget

    def admit_account(self, budget: AccountBudget | None) -> None:
        """Take a request from the budget of an account; HTTPError 429 when it has none. None is no account."""
        if budget is not None and not budget.limits.free:
            self._take(budget)

    def charge(
        self,
        source: Source,
        account: AccountBudget | None,
        bytes: float = 0,
        rows: float = 0,
        seconds: float = 0.0,
    ) -> None:
        """What a request has cost: content received and sent, resources told of, CPU time in seconds.

        May leave budgets in debt, so that the next requests are refused.
        """
        everybody = self._everybody
        if source.exempt:
            if everybody.limits.costs:
                everybody.charge(self._clock(), (0, bytes, rows, seconds))
            return
        if source.limits.costs or everybody.limits.costs or (account is not None and account.limits.costs):
            now = self._clock()
            amounts = (0, bytes, rows, seconds)
            source.charge(now, amounts)
            if account is not None:
                account.charge(now, amounts)
            everybody.charge(now, amounts)

    def fields(self, source: Source, account: AccountBudget | None) -> dict[str, str]:
        """RateLimit and RateLimit-Policy for an answer; empty while at least half of every budget is left.

        What everybody may ask together is not told: it says how much the server can take.
        """
        if source.exempt:
            return {}
        now = self._clock()
        if now >= source.low and (account is None or now >= account.low):
            return {}
        low = [
            (budget, place)
            for budget in (source, account)
            if budget is not None
            for place, measure in enumerate(budget.limits.measures)
            if budget.full(place) - measure.half > now
        ]
        return _fields([_limit(budget, place, now) for budget, place in low], low)

    def reconfigure(self, settings: RateSettings) -> None:
        """Go by other settings from now on; what was used stays used, debts are forgotten."""
        self._settings = settings
        self._shared.clear()
        self._everybody.adopt(Limits("all", settings), self._clock())

    def statistics(self) -> dict[str, float]:
        """Sources and accounts that are remembered, and refusals since the start by whose budget was spent."""
        refused = {f"refused_{kind}": float(count) for kind, count in self._refused.items()}
        return {"sources": float(len(self._sources)), "accounts": float(len(self._accounts)), **refused}

    def spenders(self, most: int) -> list[dict[str, object]]:
        """The accounts and networks that have spent most CPU time of late, then most requests; at most so many.

        Each with its kind and name and what is lacking in its buckets, by unit. What is not limited is not known.
        """
        now = self._clock()
        found: list[tuple[float, float, str, Budget]] = []
        for kind, budgets in (("account", self._accounts.all()), ("address", self._sources.all())):
            for budget in budgets:
                requests, cpu = _lacking(budget, 0, now), _lacking(budget, 3, now)
                if requests or cpu:
                    found.append((cpu, requests, kind, budget))
        found.sort(key=lambda row: row[:2], reverse=True)
        return [
            {"kind": kind, "name": budget.name}
            | {unit: _lacking(budget, place, now) for place, unit in enumerate(UNITS)}
            for _, _, kind, budget in found[:most]
        ]

    def _take(self, budget: Budget) -> None:
        now = self._clock()
        if now < budget.ready:
            raise self._refusal(now, budget)
        budget.take(now)

    def _refusal(self, now: float, *budgets: Budget) -> HTTPError:
        spent = [
            (budget, place, wait)
            for budget in budgets
            for place in range(len(UNITS))
            if (wait := budget.wait(place, now)) > 0
        ]
        for kind in {budget.limits.kind for budget, _, _ in spent}:
            self._refused[kind] += 1
        # "If a response contains both the Retry-After and the RateLimit header fields, the Retry-After field value
        # SHOULD NOT reference a point in time earlier than the end of the effective window": it is the longest of them.
        wait = max(1, ceil(max(wait for _, _, wait in spent)))
        limits = [ratelimit.Limit(_policy_name(budget, place), 0, wait, _key(budget)) for budget, place, wait in spent]
        fields = _fields(limits, [(budget, place) for budget, place, _ in spent])
        detail = ", ".join(f"{_policy_name(budget, place)} of {budget.name or 'all'}" for budget, place, _ in spent)
        return HTTPError(429, headers={"Retry-After": str(wait), **fields}, detail=f"spent: {detail}")

    def _renew(self, kind: str, budget: Budget) -> None:
        """Let a budget go by the settings in force."""
        factor = 1.0
        for rule in self._rules:
            try:
                said = rule.factor(kind, budget.name)
                if said is not None:
                    if not said > 0:
                        raise ValueError(f"{said!r} is no factor of a rate")
                    factor *= said
            except Exception as error:
                self._report(rule, error)
        limits = self._shared.get((kind, factor))
        if limits is None:
            if len(self._shared) >= _MAX_SHARED:
                self._shared.clear()
            limits = self._shared[kind, factor] = Limits(kind, self._settings, factor)
        budget.adopt(limits, self._clock())


def _policy_name(budget: Budget, place: int) -> str:
    return f"{budget.limits.kind}-{UNITS[place]}"


def _key(budget: Budget) -> bytes | None:
    """What tells the addresses or accounts of one client apart, without telling a name to whoever reads the answer."""
    return blake2b(budget.name.encode("utf-8", "surrogateescape"), digest_size=8).digest() if budget.name else None


def _limit(budget: Budget, place: int, now: float) -> ratelimit.Limit:
    left = budget.left(place, now)
    measure = budget.limits.measures[place]
    # "SHOULD implement mechanisms to cap the ratio between the available quota and the effective window values": who
    # keeps to it spends no more than comes back.
    window = max(1.0, left * measure.interval, budget.wait(place, now))
    return ratelimit.Limit(_policy_name(budget, place), max(0.0, left), window, _key(budget))


def _fields(limits: Sequence[ratelimit.Limit], places: Sequence[tuple[Budget, int]]) -> dict[str, str]:
    policies = []
    for budget, place in places:
        measure = budget.limits.measures[place]
        unit = _POLICY_UNITS.get(UNITS[place])
        if unit is not None and budget.limits.kind != "all" and measure.rate < inf:
            policies.append(
                ratelimit.Policy(_policy_name(budget, place), measure.burst, measure.window, unit, _key(budget))
            )
    fields = {ratelimit.POLICY: ratelimit.policy_field(policies)} if policies else {}
    return {**fields, ratelimit.LIMIT: ratelimit.limit_field(limits)}


def _lacking(budget: Budget, place: int, now: float) -> float:
    """How many tokens were taken from a bucket and have not come back."""
    measure = budget.limits.measures[place]
    return max(0.0, budget.full(place) - now) * measure.rate if measure.rate < inf else 0.0
