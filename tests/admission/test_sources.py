"""Client networks.

Verifies: docs/architecture.md, Admission
"""

from __future__ import annotations

import gc

import pytest

from davd.admission.sources import Source, Sources
from davd.model.address import Networks


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("no address", "no address"),
    ],
)
def test_one_record_for_a_network(address: str, name: str) -> None:
    sources = Sources(Networks())
    source = sources.of(address)
    assert (source.name, source.exempt, source.in_flight) == (name, False, 0)
    assert sources.of(address) is source
    assert sources.of(address) is source


def test_addresses_of_a_network_share_it() -> None:
    sources = Sources(Networks())
    assert sources.of("2001:db8::1") is sources.of("2001:db8::ffff")
    assert sources.of("2001:db8::1") is not sources.of("2001:db8:0:1::1")
    assert sources.of("::ffff:192.0.2.1") is sources.of("192.0.2.1")
    assert len(sources) == len(sources.all()) == 3


def test_exempt() -> None:
    sources = Sources(Networks(["10.0.0.0/8", "2001:db8::5/128", "::1/128"]))
    for address in ("10.1.2.3", "::ffff:10.1.2.3", "2001:db8::5", "::1", ""):
        assert sources.of(address).exempt, address
    for address in ("11.0.0.1", "2001:db8::6", "2001:db8::4", "192.0.2.1"):
        assert not sources.of(address).exempt, address


@pytest.mark.parametrize("order", [("2001:db8::5", "2001:db8::6"), ("2001:db8::6", "2001:db8::5")])
def test_one_exempt_address_does_not_speak_for_its_network(order: tuple[str, str]) -> None:
    sources = Sources(Networks(["2001:db8::5/128"]))
    assert {address: sources.of(address).exempt for address in order} == {"2001:db8::5": True, "2001:db8::6": False}


def test_a_flood_of_networks_takes_bounded_room_and_splits_none_in_use() -> None:
    sources = Sources(Networks(), 50)
    held: list[Source] = [sources.of("192.0.2.1"), sources.of("2001:db8::1")]
    for number in range(20_000):
        sources.of(f"2001:db8:{number >> 8:x}:{number & 255:x}::1")
    gc.collect()
    assert len(sources) <= 52
    assert sources.of("192.0.2.1") is held[0]
    assert sources.of("2001:db8::2") is held[1]
