"""Settings of what is written about requests."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct


class ObserveSettings(Struct, forbid_unknown_fields=True, kw_only=True):
    """The access log.

    `access_log` is where a line for each request goes: `off`, `stdout`, `journal` (standard output, without the times
    that the journal adds), or the path of a file, which `SIGUSR1` has opened again. `access_format` is its form.
    """

    access_log: Annotated[str, Meta(min_length=1)] = "off"
    access_format: Literal["text", "json"] = "text"
