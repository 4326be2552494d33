"""Client addresses and networks.

Verifies: docs/architecture.md, One request
"""

from __future__ import annotations

import pytest

from davd.model.address import UNIX, Networks, bucket, is_loopback


def test_networks() -> None:
    networks = Networks(["127.0.0.0/8", "10.1.2.3/32", "2001:db8::/32"])
    for inside in ("127.0.0.1", "127.9.9.9", "10.1.2.3", "2001:db8::1", "::ffff:127.0.0.1"):
        assert inside in networks
    for outside in ("128.0.0.1", "10.1.2.4", "2001:db9::1", "::1", "", "nonsense", None):
        assert outside not in networks
    assert networks
    assert not Networks()


def test_the_word_for_unix_sockets() -> None:
    assert "" in Networks([UNIX])
    assert Networks([UNIX])
    assert "127.0.0.1" not in Networks([UNIX])


def test_what_is_no_network() -> None:
    for text in ("nonsense", "10.0.0.1/8", "10.0.0.0/33"):
        with pytest.raises(ValueError, match=text.replace(".", r"\.")):
            Networks([text])


def test_buckets() -> None:
    assert bucket("192.0.2.1") == bucket("::ffff:192.0.2.1") == "192.0.2.1"
    assert bucket("2001:db8:1:2:3::4") == bucket("2001:db8:1:2::") == "2001:db8:1:2::/64"
    assert bucket("fe80::1%eth0") == "fe80::/64"


def test_loopback() -> None:
    assert all(is_loopback(address) for address in ("127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"))
    assert not any(is_loopback(address) for address in ("192.0.2.1", "2001:db8::1", ""))
