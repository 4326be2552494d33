"""A connection to a server, and in the server's words or the kernel's why there is none.

Implements: RFC 9110, 4.3.3, 4.3.4
"""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass

from davd.daemon.doctor.reply import Fault

# X509_V_ERR_...: what OpenSSL's verification found, as a finding.
_CERTIFICATE = {
    9: "tls-not-yet",
    10: "tls-expired",
    18: "tls-self-signed",
    19: "tls-private-authority",
    20: "tls-chain",
    21: "tls-chain",
    62: "tls-name",
    64: "tls-name",
}
_TOO_OLD = ("UNSUPPORTED_PROTOCOL", "TLSV1_ALERT_PROTOCOL_VERSION", "NO_PROTOCOLS_AVAILABLE")
_NOT_TLS = ("WRONG_VERSION_NUMBER", "HTTP_REQUEST", "PACKET_LENGTH_TOO_LONG", "RECORD_LAYER_FAILURE")


@dataclass(frozen=True, slots=True)
class Origin:
    """Scheme, host in lower case, and port; as text what stands before the path of a URL."""

    scheme: str
    host: str
    port: int

    @property
    def authority(self) -> str:
        """Host, and port where it is not the scheme's own, as in the field Host."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == {"http": 80, "https": 443}[self.scheme] else f"{host}:{self.port}"

    @property
    def loopback(self) -> bool:
        """Whether nothing leaves this machine on the way there."""
        return self.host in ("localhost", "::1") or self.host.startswith("127.")

    def __str__(self) -> str:
        return f"{self.scheme}://{self.authority}"


def context_of(authorities: str | None, verify: bool) -> ssl.SSLContext:
    """TLS as the clients do it: 1.2 at least, HTTP/1.1. `authorities` is a file of further roots; OSError, SSLError."""
    context = ssl.create_default_context()
    if authorities is not None:
        context.load_verify_locations(authorities)
    if not verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    context.set_alpn_protocols(["http/1.1"])
    return context


def connect(origin: Origin, context: ssl.SSLContext, seconds: float) -> socket.socket:
    """A connected socket, with TLS where the scheme says so; Fault."""
    try:
        plain = socket.create_connection((origin.host, origin.port), seconds)
    except socket.gaierror as error:
        raise Fault("name-unknown", host=origin.host, why=error.strerror) from None
    except ConnectionRefusedError:
        raise Fault("refused", host=origin.host, port=origin.port) from None
    except TimeoutError:
        raise Fault("unreachable", host=origin.host, port=origin.port, why=f"no answer in {seconds:g} s") from None
    except OSError as error:
        raise Fault("unreachable", host=origin.host, port=origin.port, why=error.strerror or error) from None
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if origin.scheme == "http":
        return plain
    try:
        return context.wrap_socket(plain, server_hostname=origin.host)
    except ssl.SSLCertVerificationError as error:
        key = _CERTIFICATE.get(error.verify_code, "tls-certificate")
        why = error.verify_message
        raise Fault(key, host=origin.host, port=origin.port, why=why) from None
    except OSError as error:
        reason = getattr(error, "reason", None) or error.strerror or type(error).__name__
        key = "tls-old" if reason in _TOO_OLD else "tls-not-spoken" if reason in _NOT_TLS else "tls-failed"
        raise Fault(key, host=origin.host, port=origin.port, why=reason) from None
    finally:
        # wrap_socket has taken the descriptor over; where it failed it is closed here.
        plain.close()
