"""Who has spent most of late.

Verifies: docs/architecture.md, Admission
"""

from __future__ import annotations

from davd.admission.rate_settings import RateSettings
from davd.admission.rates import Rates
from davd.admission.sources import Sources
from davd.model.address import Networks


def test_those_that_cost_most_come_first_and_time_heals() -> None:
    now = 0.0
    sources = Sources(Networks([]))
    settings = RateSettings()
    settings.address_cpu, settings.address_cpu_burst = 1.0, 10.0
    settings.account_cpu, settings.account_cpu_burst = 1.0, 10.0
    rates = Rates(settings, sources, lambda: now)
    kept = [sources.of(f"192.0.2.{number}") for number in (1, 2, 3)]
    for seconds, source in zip((1.0, 3.0, 2.0), kept, strict=True):
        rates.admit(source)
        rates.charge(source, rates.account(source, "ann"), 0, 0, seconds)
    found = [(row["kind"], row["name"], round(float(str(row["cpu"])), 3)) for row in rates.spenders(3)]
    assert found == [("account", "ann", 6.0), ("address", "192.0.2.2", 3.0), ("address", "192.0.2.3", 2.0)]
    now = 1000.0
    assert rates.spenders(3) == []
