"""What keeps stored content harmless in a browser, and other sites' pages from acting through one.

Implements: RFC 6454, 7; RFC 6797, 6.1; RFC 6266, 4; RFC 9110, 8.3; RFC 9111, 5.2.2
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from functools import lru_cache
from typing import Final

from davd.http.fields import parse_content_type

SECURITY_HEADERS: Final[dict[str, str]] = {
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
}
_HSTS: Final = {"Strict-Transport-Security": "max-age=31536000"}
_PLAIN: Final = SECURITY_HEADERS | {"Cache-Control": "private, no-cache"}
_ERROR: Final = SECURITY_HEADERS | {"Cache-Control": "no-store"}
_TLS: Final = _PLAIN | _HSTS
_TLS_ERROR: Final = _ERROR | _HSTS

OCTET_STREAM: Final = "application/octet-stream"

# Types whose content a browser may run, or read as a page, when it is opened from our origin.
_SCRIPT_CAPABLE: Final = frozenset(
    """
    application/ecmascript application/javascript application/mathml+xml application/pdf application/rdf+xml
    application/vnd.wap.xhtml+xml application/x-javascript application/x-mimearchive application/x-shockwave-flash
    application/xhtml+xml application/xml application/xml-dtd application/xslt+xml image/svg+xml message/rfc822
    multipart/related multipart/x-mixed-replace text/cache-manifest text/ecmascript text/html text/javascript text/rdf
    text/xml text/xml-external-parsed-entity text/xsl
    """.split()
)
# What a browser takes as leave to guess the type by the content (MIME Sniffing Standard, 7).
_UNKNOWN: Final = frozenset(("unknown/unknown", "application/unknown"))
_SAFE_METHODS: Final = frozenset(("GET", "HEAD", "OPTIONS", "PROPFIND", "REPORT", "SEARCH"))
_DEFAULT_PORTS: Final = {"http": ":80", "https": ":443"}


def secured(headers: dict[str, str], status: int, tls: bool) -> dict[str, str]:
    """The response's headers with those that every response carries; what `headers` says itself stays.

    `tls` tells whether the client came by TLS, which it then shall keep to. A new dict is returned.
    """
    # RFC 6797, 7.2: "An HSTS Host MUST NOT include the STS header field in HTTP responses conveyed over non-secure
    # transport."
    if status < 400:
        return {**_TLS, **headers} if tls else {**_PLAIN, **headers}
    return {**_TLS_ERROR, **headers} if tls else {**_ERROR, **headers}


@lru_cache(maxsize=512)
def stored_type(content_type: str) -> tuple[str, bool]:
    """How stored content is sent: the `Content-Type` to use, and whether it goes as an attachment.

    Anything that is no media type becomes `application/octet-stream`. An attachment is what a browser could run.
    """
    parsed = parse_content_type(content_type)
    if parsed is None or parsed.media_type in _UNKNOWN or "*" in parsed.media_type:
        return OCTET_STREAM, False
    return content_type, parsed.media_type in _SCRIPT_CAPABLE or parsed.media_type.endswith("+xml")


def cross_site(headers: Mapping[str, str], method: str, own_authorities: Container[str]) -> bool:
    """Whether a state-changing request was made by a page of another site; it is then refused.

    `own_authorities` are the names the server goes by, lower case, with a port only where it is not the scheme's own.
    Clients that are no browsers send neither field and pass.
    """
    if method in _SAFE_METHODS:
        return False
    site = headers.get("sec-fetch-site")
    if site is not None:
        # Browsers do not let pages set this field, so it decides alone; "none" is a person at the address bar.
        return site.lower() not in ("same-origin", "none")
    origin = headers.get("origin")
    if origin is None:
        return False
    # "null" (RFC 6454, 7.1: a privacy-sensitive context) has no authority and is as foreign as any other.
    scheme, separator, authority = origin.lower().partition("://")
    default = _DEFAULT_PORTS.get(scheme)
    if not separator or default is None:
        return True
    return authority.removesuffix(default) not in own_authorities
