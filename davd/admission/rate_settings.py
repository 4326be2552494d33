"""Settings of the rates."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

# What `extra` says of a key: that a reload brings it into force, and its unit.
Requests = Annotated[float, Meta(ge=0, le=1e15, extra={"reload": True, "unit": "requests a second"})]
Bytes = Annotated[float, Meta(ge=0, le=1e15, extra={"reload": True, "unit": "bytes a second"})]
Rows = Annotated[float, Meta(ge=0, le=1e15, extra={"reload": True, "unit": "resources a second"})]
Seconds = Annotated[float, Meta(ge=0, le=1e15, extra={"reload": True, "unit": "CPU seconds a second"})]
RequestsBurst = Annotated[float, Meta(ge=1, le=1e15, extra={"reload": True, "unit": "requests"})]
BytesBurst = Annotated[float, Meta(ge=1, le=1e15, extra={"reload": True, "unit": "bytes"})]
RowsBurst = Annotated[float, Meta(ge=1, le=1e15, extra={"reload": True, "unit": "resources"})]
SecondsBurst = Annotated[float, Meta(ge=1, le=1e15, extra={"reload": True, "unit": "CPU seconds"})]


class RateSettings(Struct, forbid_unknown_fields=True, kw_only=True):
    """How much one address (an IPv4 address, an IPv6 /64), one account, and everybody together (`all`) may ask.

    Each line without `burst` is what comes back in a second, 0 for no limit; `burst` is what may be used at once after
    a rest. `requests` counts requests, `bytes` the content received and sent, `rows` the resources told of, `cpu`
    seconds for which requests have held the reactor. A request needs one of `requests` beforehand; the rest is charged
    when it is over and may go into debt, and whoever is in debt is refused (429, with Retry-After) until it is paid.
    The workers of a machine count together. Networks in `net.exempt_networks` and UNIX sockets count under `all` only.

    Why these: the first synchronisation of 10,000 members asks 100 to 10,000 requests and takes a few seconds of CPU
    time, and so does a tool that copies 10,000 small files as fast as davd takes them, so twice that passes at once.
    Devices poll a few times a minute, so hundreds behind one address stay below a hundredth of the rate. A program that
    asks without pause sends several thousand requests a second and is refused after seconds; one whose requests are
    expensive (exports, searches) is held to half of a core once it has used a minute of it.
    """

    address_requests: Requests = 1000.0
    address_requests_burst: RequestsBurst = 20_000.0
    address_bytes: Bytes = 0.0
    address_bytes_burst: BytesBurst = 10e9
    address_rows: Rows = 0.0
    address_rows_burst: RowsBurst = 1_000_000.0
    address_cpu: Seconds = 0.5
    address_cpu_burst: SecondsBurst = 60.0

    account_requests: Requests = 1000.0
    account_requests_burst: RequestsBurst = 20_000.0
    account_bytes: Bytes = 0.0
    account_bytes_burst: BytesBurst = 10e9
    account_rows: Rows = 0.0
    account_rows_burst: RowsBurst = 1_000_000.0
    account_cpu: Seconds = 0.5
    account_cpu_burst: SecondsBurst = 60.0

    all_requests: Requests = 0.0
    all_requests_burst: RequestsBurst = 50_000.0
    all_bytes: Bytes = 0.0
    all_bytes_burst: BytesBurst = 100e9
    all_rows: Rows = 0.0
    all_rows_burst: RowsBurst = 10_000_000.0
    all_cpu: Seconds = 0.0
    all_cpu_burst: SecondsBurst = 60.0
