"""Client addresses: which of them count as one, and which are in a configured network."""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

# The word for "whoever comes by a UNIX socket" in a list of networks.
UNIX = "unix:"


class Networks:
    """A set of networks, asked with addresses in text.

    Raises ValueError, with the item in its text, for what is no network.
    """

    __slots__ = ("_networks", "_unix")

    def __init__(self, networks: Sequence[str] = ()) -> None:
        self._unix = UNIX in networks
        self._networks: list[tuple[int, int, int]] = []
        for text in networks:
            if text == UNIX:
                continue
            network = ip_network(text)
            self._networks.append((network.version, int(network.netmask), int(network.network_address)))

    def __bool__(self) -> bool:
        return self._unix or bool(self._networks)

    def __contains__(self, address: object) -> bool:
        """Whether the address is in one of the networks; an empty address is that of a UNIX socket's peer."""
        if not address:
            return self._unix
        parsed = _parse(str(address))
        if parsed is None:
            return False
        value = int(parsed)
        return any(parsed.version == version and value & mask == first for version, mask, first in self._networks)


def bucket(address: str) -> str:
    """What an address is counted under: itself for IPv4, its /64 for IPv6, since that is what one customer is given."""
    parsed = _parse(address)
    if parsed is None or parsed.version == 4:
        return str(parsed or address)
    return f"{IPv6Address(int(parsed) >> 64 << 64)}/64"


def is_loopback(address: str) -> bool:
    """Whether the address is this machine's own."""
    parsed = _parse(address)
    return parsed is not None and parsed.is_loopback


def _parse(address: str) -> IPv4Address | IPv6Address | None:
    try:
        parsed = ip_address(address.partition("%")[0])
    except ValueError:
        return None
    # An IPv4 client of a socket that listens on both is still an IPv4 client.
    return parsed.ipv4_mapped or parsed if isinstance(parsed, IPv6Address) else parsed
