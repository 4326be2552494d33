"""All that decides who may go when, in one hand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from davd.admission.classify import Classifier
from davd.admission.pool import AsyncRequestPool
from davd.admission.rate_settings import RateSettings
from davd.admission.rates import Rates
from davd.admission.settings import AsyncPoolConfig
from davd.admission.sources import Source, Sources
from davd.model.errors import HTTPError
from davd.tree.spending import Spending
from davd.tree.statistics import Routes


@dataclass(frozen=True, slots=True)
class Admission:
    """The parts of admission that a request passes, in their order: its network, its class, its rate, its place.

    `now` is the clock of the pool, in seconds. `routes` and `spending` count what requests have cost, by their kinds
    and by accounts, and decide nothing.
    """

    sources: Sources
    classifier: Classifier
    rates: Rates
    pool: AsyncRequestPool
    routes: Routes
    now: Callable[[], float]
    spending: Spending = field(default_factory=Spending)

    def admit(self, source: Source) -> None:
        """Take a request from the rate of its network and of all; HTTPError 429, which the pool counts as well."""
        try:
            self.rates.admit(source)
        except HTTPError:
            self.pool.stats.refused_rate()
            raise

    def reconfigure(self, pool: AsyncPoolConfig, rates: RateSettings) -> None:
        """Bring other settings into force; nothing that runs or waits is dropped."""
        self.pool.reconfigure(pool)
        self.rates.reconfigure(rates)
        self.classifier.batching = pool.enable_batching

    @property
    def together(self) -> bool:
        """Whether like requests may be answered together."""
        return self.pool.config.enable_batching
