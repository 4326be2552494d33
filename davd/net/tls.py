"""TLS of the DAV plane: what is spoken, with which certificate for which name, and how it is changed while running.

The contexts are those of Python's ssl module; `TLSStream` applies them over either kind of transport.

Implements: RFC 8446, 4.1.2, 4.2.7, 4.4.2.2; RFC 6066, 3; RFC 7301, 3; RFC 9325, 3, 4
"""

from __future__ import annotations

import ssl
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from davd.net.certificates import CertificateError, CertificateFiles, check_key, find, names

# RFC 9325, 4.2: ephemeral key exchange and authenticated encryption only. TLS 1.3 has nothing else.
CIPHERS = ":".join(
    (
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-RSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "ECDHE-RSA-AES256-GCM-SHA384",
        "ECDHE-ECDSA-CHACHA20-POLY1305",
        "ECDHE-RSA-CHACHA20-POLY1305",
    )
)
GROUPS = "X25519:prime256v1:secp384r1"
PROTOCOLS = ("http/1.1",)


class TLS:
    """The certificates of a listener, chosen by the name that the client asks for.

    `source` gives the files anew whenever they are read; the first of them serves clients that ask for no name or for
    one that no certificate has. Raises CertificateError.
    """

    def __init__(self, source: Callable[[], Sequence[CertificateFiles]]) -> None:
        self._source = source
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._default = self._read()

    @classmethod
    def from_files(cls, *files: CertificateFiles) -> TLS:
        """With just these certificates; their files are read again on reload."""
        return cls(lambda: files)

    @classmethod
    def from_folder(cls, folder: Path) -> TLS:
        """With all certificates of a folder; see `certificates.find`."""
        return cls(lambda: find(folder))

    def context(self) -> ssl.SSLContext:
        """The context for the next handshake."""
        return self._default

    def files(self) -> Sequence[CertificateFiles]:
        """The files as they would be read now; CertificateError."""
        return self._source()

    def reload(self) -> None:
        """Read the files again, for the handshakes to come; connections that are there stay as they are.

        Raises CertificateError, and then everything stays as it was.
        """
        self._default = self._read()

    def _read(self) -> ssl.SSLContext:
        contexts: dict[str, ssl.SSLContext] = {}
        default: ssl.SSLContext | None = None
        for files in self._source():
            context = self._load(files)
            for name in names(files.certificate):
                contexts.setdefault(name, context)
            default = default or context
        if default is None:
            raise CertificateError("there is no certificate")
        self._contexts = contexts
        return default

    def _load(self, files: CertificateFiles) -> ssl.SSLContext:
        check_key(files.key)
        context = server_context()
        try:
            context.load_cert_chain(files.certificate, files.key, password=_no_password)
        except _Encrypted:
            raise CertificateError(f"the key {files.key} is protected by a password") from None
        except ssl.SSLError as error:
            if error.reason == "KEY_VALUES_MISMATCH":
                raise CertificateError(f"the key {files.key} is not that of {files.certificate}") from None
            raise CertificateError(f"{files.certificate} and {files.key} are no usable certificate and key") from None
        except OSError as error:
            raise CertificateError(f"the certificate {files.certificate} cannot be read: {error.strerror}") from None
        context.sni_callback = self._choose
        return context

    def _choose(self, connection: Any, name: str | None, context: ssl.SSLContext) -> None:
        """Take the certificate for the name; a context replaced since the connection came is left behind too."""
        if name:
            name = name.lower().rstrip(".")
            chosen = self._contexts.get(name) or self._contexts.get("*." + name.partition(".")[2]) or self._default
        else:
            chosen = self._default
        if chosen is not context:
            connection.context = chosen


class _Encrypted(Exception):
    """The key wants a password."""


def _no_password() -> str:
    raise _Encrypted


def server_context() -> ssl.SSLContext:
    """A context with davd's policy and no certificate yet."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    # RFC 9325, 3.1.1: "Implementations MUST NOT negotiate TLS version 1.1".
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(CIPHERS)
    # RFC 9325, 3.3 and 3.5: no compression, no renegotiation.
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    context.options |= ssl.OP_SINGLE_ECDH_USE
    context.set_alpn_protocols(list(PROTOCOLS))
    # Python learns to name the groups only later than 3.11; OpenSSL's own list begins with these three.
    set_groups = getattr(context, "set_groups", None)
    if set_groups is not None:
        set_groups(GROUPS)
    return context
