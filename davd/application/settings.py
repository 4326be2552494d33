"""Settings of the application floor."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct


class ApplicationSettings(Struct, forbid_unknown_fields=True, kw_only=True):
    """What is kept of finished answers.

    `recall_bytes` bounds the answers to GET and HEAD in all, `recall_entry_bytes` each of them; `answers_bytes` and
    `answers_entry_bytes` do the same for PROPFIND and REPORT. 0 keeps nothing.
    """

    recall_bytes: Annotated[int, Meta(ge=0)] = 64 * 1024**2
    recall_entry_bytes: Annotated[int, Meta(ge=0)] = 64 * 1024
    answers_bytes: Annotated[int, Meta(ge=0)] = 64 * 1024**2
    answers_entry_bytes: Annotated[int, Meta(ge=0)] = 2 * 1024**2
