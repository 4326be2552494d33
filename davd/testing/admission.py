"""Admission for tests: the real parts over a clock of the test's own."""

from __future__ import annotations

from typing import Any

from davd.admission.admission import Admission
from davd.admission.classify import Classifier
from davd.admission.pool import AsyncRequestPool
from davd.admission.rate_settings import RateSettings
from davd.admission.rates import Rates
from davd.admission.settings import AsyncPoolConfig
from davd.admission.sources import Sources
from davd.model.address import Networks
from davd.tree.statistics import Routes


def admission(clock: Any, pool: AsyncPoolConfig | None = None, rates: RateSettings | None = None) -> Admission:
    """Admission on a `twisted.internet.task.Clock`, without rules and exempt networks.

    Its meter is the same clock, so no step takes any time.
    """
    config = pool or AsyncPoolConfig()
    routes = Routes()
    sources = Sources(Networks())
    return Admission(
        sources,
        Classifier([], routes, config.enable_batching),
        Rates(rates or RateSettings(), sources, clock.seconds),
        AsyncRequestPool(config, clock, clock.seconds),
        routes,
        clock.seconds,
    )
