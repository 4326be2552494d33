"""What a site counts."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from typing import Any, Final

# Why handshakes fail, by what OpenSSL says; all else is one reason more.
_REASONS: Final = {
    "HTTP_REQUEST": "plain_http",
    "HTTPS_PROXY_REQUEST": "plain_http",
    "WRONG_VERSION_NUMBER": "no_tls",
    "UNEXPECTED_MESSAGE": "no_tls",
    "RECORD_LAYER_FAILURE": "no_tls",
    "UNSUPPORTED_PROTOCOL": "version",
    "VERSION_TOO_LOW": "version",
    "TLSV1_ALERT_PROTOCOL_VERSION": "version",
    "NO_SHARED_CIPHER": "cipher",
    "NO_SUITABLE_SIGNATURE_ALGORITHM": "cipher",
    "NO_SUITABLE_KEY_SHARE": "cipher",
    "SSLV3_ALERT_HANDSHAKE_FAILURE": "cipher",
    # What clients answer to a certificate that they do not trust.
    "TLSV1_ALERT_UNKNOWN_CA": "certificate",
    "SSLV3_ALERT_BAD_CERTIFICATE": "certificate",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": "certificate",
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "certificate",
    "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE": "certificate",
}
# The client went away, or its time was over.
GONE: Final = "gone"


class TLSStatistics:
    """The handshakes of one listener: those completed by version, those of them resumed, those failed by reason."""

    __slots__ = ("failures", "resumed", "versions")

    def __init__(self) -> None:
        self.versions: dict[str, int] = {}
        self.resumed: dict[str, int] = {}
        self.failures: dict[str, int] = {}

    def completed(self, version: str, resumed: bool) -> None:
        """Count a handshake; `version` as the ssl module calls it."""
        self.versions[version] = self.versions.get(version, 0) + 1
        if resumed:
            self.resumed[version] = self.resumed.get(version, 0) + 1

    def failed(self, error: ssl.SSLError | None) -> None:
        """Count one that was not completed; None when the client said nothing more."""
        reason = GONE if error is None else _REASONS.get(error.reason or "", "other")
        self.failures[reason] = self.failures.get(reason, 0) + 1

    def told(self) -> dict[str, Any]:
        """The counters."""
        return {"versions": dict(self.versions), "resumed": dict(self.resumed), "failures": dict(self.failures)}


@dataclass(slots=True)
class NetStatistics:
    """Counters since the start, except `connections`, which is how many there are now.

    `refused` are connections closed at once over the limit of all, `refused_address` over that of one address,
    `refused_proxy` for want of a valid PROXY header. `handshakes` are those of TLS that were completed,
    `handshakes_failed` the others, those that took too long among them. `recalled` answers are also counted in
    `requests`; `faults` are requests refused by the wire; `timeouts` are connections ended by any deadline but that of
    keep-alive. `tls` tells more of the handshakes, by the address of the listener.
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
    tls: dict[str, TLSStatistics] = field(default_factory=dict)

    def met(self) -> int:
        """How many connections came out of the system's queue, those that were refused among them."""
        return self.accepted + self.refused + self.refused_address
