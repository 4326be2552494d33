"""Settings of the application floor."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

# What `extra` says of a key: whether a reload brings it into force, and its unit.
Bytes = Annotated[int, Meta(ge=0, extra={"reload": True, "unit": "bytes"})]


class ApplicationSettings(Struct, forbid_unknown_fields=True, kw_only=True):
    """What is kept of finished answers by the bytes of the request that asked for them.

    `recall_bytes` bounds these answers in all, `recall_entry_bytes` each of them. 0 keeps nothing.
    """

    recall_bytes: Bytes = 64 * 1024**2
    recall_entry_bytes: Bytes = 64 * 1024
