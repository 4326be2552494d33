"""What a site counts."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class NetStatistics:
    """Counters since the start, except `connections`, which is how many there are now.

    `refused` are connections closed at once over the limit of all, `refused_address` over that of one address,
    `refused_proxy` for want of a valid PROXY header. `handshakes` are those of TLS that were completed,
    `handshakes_failed` the others, those that took too long among them. `recalled` answers are also counted in
    `requests`; `faults` are requests refused by the wire; `timeouts` are connections ended by any deadline but that of
    keep-alive.
    """

    connections: int = 0
    accepted: int = 0
    refused: int = 0
    refused_address: int = 0
    refused_proxy: int = 0
    handshakes: int = 0
    handshakes_failed: int = 0
    requests: int = 0
    recalled: int = 0
    faults: int = 0
    timeouts: int = 0
    aborted: int = 0

    def met(self) -> int:
        """How many connections came out of the system's queue, those that were refused among them."""
        return self.accepted + self.refused + self.refused_address
