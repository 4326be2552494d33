"""Settings of the listeners and of every connection they accept."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from davd.http.wire.head import WireLimits

# What `extra` says of a key: whether a reload brings it into force, and its unit.
Count = Annotated[int, Meta(ge=1, extra={"reload": True})]
Bytes = Annotated[int, Meta(ge=0, extra={"reload": True, "unit": "bytes"})]
Seconds = Annotated[float, Meta(gt=0, le=86_400, extra={"reload": True, "unit": "seconds"})]
Rate = Annotated[int, Meta(ge=1, extra={"reload": True, "unit": "bytes a second"})]
Line = Annotated[int, Meta(ge=256, le=65_536, extra={"reload": True, "unit": "bytes"})]
HeadSize = Annotated[int, Meta(ge=1024, le=262_144, extra={"reload": True, "unit": "bytes"})]
Ahead = Annotated[int, Meta(ge=4096, le=2**24, extra={"reload": True, "unit": "bytes"})]
Fields = Annotated[int, Meta(ge=10, le=1000, extra={"reload": True})]
Text = Annotated[str, Meta(extra={"reload": True})]
Texts = Annotated[list[str], Meta(extra={"reload": True})]
Forwarded = Annotated[Literal["x-forwarded-for", "forwarded"], Meta(extra={"reload": True})]


class NetSettings(Struct, forbid_unknown_fields=True, kw_only=True):
    """Where to listen, whom to trust, how many connections to hold and how long to wait for each of them.

    Times are seconds, rates bytes per second. `trusted_proxies` are the networks whose proxies are believed when they
    tell the client in `forwarded_field`, `proxy_protocol` those that begin every connection with a PROXY header;
    `unix:` stands for UNIX sockets in both. `exempt_networks` are not limited per address. `certificates` is a folder
    of `NAME.pem` files, each with `NAME.key` beside it or the key in it; without it the certificate of the data folder
    serves.
    """

    listen: list[str] = field(default_factory=lambda: ["ssl:8443"])
    certificates: str = ""
    server: Text = "davd"

    max_connections: Count = 10_000
    max_connections_per_address: Count = 200
    exempt_networks: Texts = field(default_factory=lambda: ["127.0.0.0/8", "::1/128"])
    trusted_proxies: Texts = []
    forwarded_field: Forwarded = "x-forwarded-for"
    proxy_protocol: Texts = []

    handshake_timeout: Seconds = 10.0
    header_timeout: Seconds = 10.0
    idle_timeout: Seconds = 60.0
    body_grace: Seconds = 5.0
    body_rate: Rate = 1024
    send_timeout: Seconds = 60.0
    send_rate: Rate = 1024
    linger_timeout: Seconds = 2.0
    linger_bytes: Bytes = 65_536
    read_ahead: Ahead = 65_536

    request_line: Line = 8192
    header_bytes: HeadSize = 16_384
    header_count: Fields = 100
    trailer_bytes: HeadSize = 8192
    trailer_count: Fields = 32
    chunk_extension: Bytes = 256

    def wire_limits(self) -> WireLimits:
        """The limits of the head codec, as it wants them."""
        return WireLimits(
            request_line=self.request_line,
            header_bytes=self.header_bytes,
            header_count=self.header_count,
            trailer_bytes=self.trailer_bytes,
            trailer_count=self.trailer_count,
            chunk_extension=self.chunk_extension,
        )
