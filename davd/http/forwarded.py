"""The client behind trusted proxies: its address and its scheme, from the fields the proxies add.

The address is the rightmost one that is not a trusted proxy: everything further left was written by somebody whom
nobody vouches for. Only the one field that the operator names is read, since a proxy that maintains one of them passes
the other on as the client sent it.

Implements: RFC 7239, 4, 5.2, 5.4, 6
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

from davd.http.fields import parse_parameter, split_list, split_sections

Network = IPv4Network | IPv6Network

X_FORWARDED_FOR: Final = "x-forwarded-for"
FORWARDED: Final = "forwarded"

_MAX_FIELD: Final = 2048
_MAX_HOPS: Final = 32


@dataclass(frozen=True, slots=True)
class Trust:
    """Which peers are proxies to be believed, and by which field they tell.

    `networks` are theirs; `local` adds peers that have no address, which come by a UNIX socket. `field` is
    `X_FORWARDED_FOR` (with X-Forwarded-Proto beside it) or `FORWARDED`.
    """

    networks: tuple[Network, ...] = ()
    field: str = X_FORWARDED_FOR
    local: bool = False

    @classmethod
    def from_texts(cls, networks: Iterable[str], field: str = X_FORWARDED_FOR, local: bool = False) -> Trust:
        """Read networks in CIDR notation or single addresses. Raises ValueError for anything else."""
        if field not in (X_FORWARDED_FOR, FORWARDED):
            raise ValueError(f"no field that proxies tell the client by: {field}")
        return cls(tuple([ip_network(text) for text in networks]), field, local)


def client_address(peer: str, headers: Mapping[str, str], trust: Trust) -> str:
    """The client's address as text, canonical when it was read from a field, `peer` when that is no trusted proxy.

    `peer` is the address of the connection, empty for a UNIX socket. A hop that is no address (`unknown`, an obfuscated
    name, garbage) ends the walk: the proxy that reported it is then the best that is known.
    """
    if not trusted(peer, trust):
        return peer
    text = headers.get(trust.field)
    if text is None:
        return peer
    found = peer
    for hop in reversed(_hops(text, trust.field)[-_MAX_HOPS:]):
        address = _address(hop)
        if address is None:
            return found
        found = address
        if not trusted(found, trust):
            return found
    return found


def client_scheme(peer: str, headers: Mapping[str, str], trust: Trust) -> str | None:
    """`"https"` or `"http"` as the nearest trusted proxy says; None when no such proxy says so.

    Of several values the last counts, for only that one is known to come from a trusted proxy.
    """
    if not trusted(peer, trust):
        return None
    if trust.field == FORWARDED:
        elements = _elements(headers.get("forwarded", ""))
        scheme = elements[-1].get("proto", "") if elements else ""
    else:
        scheme = headers.get("x-forwarded-proto", "").rpartition(",")[2].strip(" \t")
    scheme = scheme.lower()
    return scheme if scheme in ("https", "http") else None


def trusted(peer: str, trust: Trust) -> bool:
    """Whether `peer` is one of the trusted proxies."""
    if not peer:
        return trust.local
    return bool(trust.networks) and _within(peer, trust.networks)


@lru_cache(maxsize=4096)
def _within(text: str, networks: tuple[Network, ...]) -> bool:
    address = _parse(text)
    return address is not None and any(address in network for network in networks)


@lru_cache(maxsize=4096)
def _parse(text: str) -> IPv4Address | IPv6Address | None:
    if len(text) > 45 or "%" in text:
        return None
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _address(hop: str) -> str | None:
    """The canonical address of a hop, which may carry a port (and then brackets, if it is IPv6)."""
    if hop.startswith("["):
        host, bracket, port = hop[1:].partition("]")
        if not bracket or (port and not port.startswith(":")):
            return None
    elif hop.count(":") == 1:
        host = hop.partition(":")[0]
    else:
        host = hop
    address = _parse(host)
    return None if address is None else str(address)


def _hops(text: str, field: str) -> list[str]:
    if field == FORWARDED:
        return [element.get("for", "") for element in _elements(text)]
    if len(text) > _MAX_FIELD:
        text = text[-_MAX_FIELD:].partition(",")[2]
    return [hop.strip(" \t") for hop in text.split(",")]


def _elements(text: str) -> list[dict[str, str]]:
    """The elements of `Forwarded`, nearest proxy last; empty when the field is malformed or too long."""
    if not text or len(text) > _MAX_FIELD:
        return []
    try:
        return [dict([parse_parameter(pair) for pair in split_sections(element)]) for element in split_list(text)]
    except ValueError:
        return []
