"""Settings of the application floor."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class ApplicationSettings(Struct, forbid_unknown_fields=True, kw_only=True):
    """What is kept of finished answers by the bytes of the request that asked for them.

    `recall_bytes` bounds these answers in all, `recall_entry_bytes` each of them. 0 keeps nothing.
    """

    recall_bytes: Annotated[int, Meta(ge=0)] = 64 * 1024**2
    recall_entry_bytes: Annotated[int, Meta(ge=0)] = 64 * 1024
