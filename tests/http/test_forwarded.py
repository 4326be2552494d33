"""The client behind proxies.

Verifies: RFC 7239, 4, 5.2, 5.4, 6, 8.1
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from davd.http.forwarded import FORWARDED, Trust, client_address, client_scheme, trusted

_TRUST = Trust.from_texts(["10.0.0.0/8", "2001:db8:1::/48", "::1"])
_STANDARD = Trust.from_texts(["10.0.0.0/8", "2001:db8:1::/48"], FORWARDED)
_PEER = "10.0.0.1"


class TestXForwardedFor:
    """Verifies: RFC 7239, 8.1"""

    @pytest.mark.parametrize(
        ("value", "client"),
        [
            ("192.0.2.7", "192.0.2.7"),
            ("198.51.100.66, 192.0.2.7", "192.0.2.7"),
            ("198.51.100.66,192.0.2.7, 10.0.0.2 ,10.0.0.3", "192.0.2.7"),
            ("10.0.0.9, 10.0.0.2", "10.0.0.9"),
            ("2001:DB8:2:0::7", "2001:db8:2::7"),
            ("192.0.2.7:51234", "192.0.2.7"),
            ("[2001:db8:2::7]:51234", "2001:db8:2::7"),
            ("[2001:db8:2::7]", "2001:db8:2::7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("192.0.2.7, ::ffff:10.0.0.2", "192.0.2.7"),
            ("192.0.2.7, unknown", _PEER),
            ("192.0.2.7, garbage, 10.0.0.2", "10.0.0.2"),
            ("192.0.2.7,", _PEER),
            ("", _PEER),
            ("192.0.2.7, fe80::1%eth0", _PEER),
            ("[::1", _PEER),
            ("[::1]x", _PEER),
            ("192.0.2.1, " * 1000 + "192.0.2.7", "192.0.2.7"),
            ("192.0.2.7, " + ", ".join(["10.0.0.2"] * 40), "10.0.0.2"),
        ],
    )
    def test_the_rightmost_that_is_no_proxy(self, value: str, client: str) -> None:
        assert client_address(_PEER, {"x-forwarded-for": value}, _TRUST) == client

    def test_nobody_else_is_believed(self) -> None:
        headers = {
            "x-forwarded-for": "192.0.2.7",
            "x-forwarded-proto": "https",
            "forwarded": "for=192.0.2.7;proto=https",
        }
        for peer, trust in (("192.0.2.1", _TRUST), (_PEER, Trust()), ("", _TRUST), ("not-an-address", _TRUST)):
            assert client_address(peer, headers, trust) == peer
            assert client_scheme(peer, headers, trust) is None
        assert client_address(_PEER, {"forwarded": "for=192.0.2.7"}, _TRUST) == _PEER
        assert client_address(_PEER, {"x-forwarded-for": "192.0.2.7"}, _STANDARD) == _PEER

    def test_proxies_on_a_unix_socket(self) -> None:
        trust = Trust(local=True)
        assert trusted("", trust) and not trusted("10.0.0.1", trust)
        assert client_address("", {"x-forwarded-for": "192.0.2.7"}, trust) == "192.0.2.7"

    @given(st.text("0123456789abcdef.:,[]% ", max_size=80), st.text("0123456789.", max_size=15))
    def test_no_text_left_of_an_untrusted_hop_matters(self, left: str, right: str) -> None:
        value = f"{left}, 192.0.2.7, 10.0.0.2"
        assert client_address(_PEER, {"x-forwarded-for": value}, _TRUST) == "192.0.2.7"
        assert client_address(_PEER, {"x-forwarded-for": f"{left},{right}"}, _TRUST)


class TestForwarded:
    """Verifies: RFC 7239, 4, 5.2, 5.4, 6"""

    @pytest.mark.parametrize(
        ("value", "client", "scheme"),
        [
            ("for=192.0.2.7;proto=https", "192.0.2.7", "https"),
            ('For="[2001:db8:2::7]:4711";PROTO=HTTP;by=10.0.0.1', "2001:db8:2::7", "http"),
            ('for=198.51.100.66, for="192.0.2.7:80";proto=http, for=10.0.0.2;proto=https', "192.0.2.7", "https"),
            ("for=192.0.2.7, for=_hidden", _PEER, None),
            ("for=192.0.2.7, for=unknown", _PEER, None),
            ("for=192.0.2.7, proto=https", _PEER, "https"),
            ('for="192.0.2.7', _PEER, None),
            ("192.0.2.7 x", _PEER, None),
            ("", _PEER, None),
        ],
    )
    def test_values(self, value: str, client: str, scheme: str | None) -> None:
        assert client_address(_PEER, {"forwarded": value}, _STANDARD) == client
        assert client_scheme(_PEER, {"forwarded": value}, _STANDARD) == scheme


@pytest.mark.parametrize(
    ("value", "scheme"), [("https", "https"), ("HTTP", "http"), ("https, http", "http"), ("ws", None), ("", None)]
)
def test_x_forwarded_proto(value: str, scheme: str | None) -> None:
    assert client_scheme(_PEER, {"x-forwarded-proto": value}, _TRUST) == scheme


def test_trust_is_read_strictly() -> None:
    for networks, field in ((["10.0.0.1/8"], FORWARDED), (["proxy.example"], FORWARDED), (["10.0.0.0/8"], "x-real-ip")):
        with pytest.raises(ValueError):
            Trust.from_texts(networks, field)
