"""Where requests come from: one record for each client network.

Implements: docs/architecture.md, Admission
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from davd.admission.budgets import Budget
from davd.admission.remembered import Remembered
from davd.model.address import Networks, bucket

CAPACITY = 100_000

# Addresses whose network is remembered, because it has another spelling than they.
_SPELLINGS = 8192


class Source(Budget):
    """A network that counts as one client, and what it has spent.

    `name` is an IPv4 address or an IPv6 /64 as text; an exempt one goes by its own address, a UNIX socket's peer by the
    empty text. `exempt` networks have no limits. `in_flight` is the number of requests under way, kept by the request
    pool; `abroad` those that other processes of this machine have under way, of which one that is alone knows none.
    """

    __slots__ = ("exempt", "in_flight")

    abroad: ClassVar[int] = 0

    def __init__(self, name: str, exempt: bool) -> None:
        super().__init__(name)
        self.exempt = exempt
        self.in_flight = 0


class Sources:
    """Every source that is in use or was of late; UNIX sockets and the networks in `exempt` are exempt.

    `make` makes the source of a network that is not exempt. `capacity` bounds how many are remembered. A source that
    somebody holds (a connection, a request under way) stays the one record of its network however many others come.
    """

    def __init__(self, exempt: Networks, capacity: int = CAPACITY, make: Callable[[str], Source] | None = None) -> None:
        self._exempt = exempt
        self._limited = make
        self._unix = Source("", True)
        self._sources: Remembered[Source] = Remembered(capacity, self._make)
        self._spellings: dict[str, str] = {}

    def __len__(self) -> int:
        return len(self._sources)

    def of(self, address: str) -> Source:
        """The source that an address, as text, belongs to; the empty text stands for a UNIX socket's peer."""
        if not address:
            return self._unix
        # An IPv4 address is the name of its network.
        return self._sources.get(address) or self._sources.of(self._name(address))

    def reconfigure(self, exempt: Networks) -> None:
        """Exempt other networks from now on, those of connections that are open as well."""
        self._exempt = exempt
        self._spellings.clear()
        for source in self._sources.all():
            if (source.name in exempt) != source.exempt:
                source.exempt = not source.exempt
                self._sources.forget(source.name)

    def all(self) -> list[Source]:
        """Every source that is remembered or in use, without that of UNIX sockets."""
        return self._sources.all()

    def _name(self, address: str) -> str:
        name = self._spellings.get(address)
        if name is None:
            # What is exempt may be less than a /64, so it must not share the record of one.
            name = address if address in self._exempt else bucket(address)
            if name != address:
                if len(self._spellings) >= _SPELLINGS:
                    self._spellings.clear()
                self._spellings[address] = name
        return name

    def _make(self, name: str) -> Source:
        if self._limited is None or name in self._exempt:
            return Source(name, name in self._exempt)
        return self._limited(name)
