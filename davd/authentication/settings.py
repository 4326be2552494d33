"""Settings of authentication."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

Positive = Annotated[int, Meta(ge=1)]


class AuthenticationSettings(Struct, forbid_unknown_fields=True, kw_only=True):
    """How passwords are proven and guessing is slowed down."""

    realm: Annotated[str, Meta(min_length=1, max_length=64, pattern=r'^[^"\\\x00-\x1f\x7f]+$')] = "davd"
    remember_seconds: Annotated[int, Meta(ge=0, le=60)] = 60
    remember_entries: Positive = 50_000
    max_failures: Positive = 10
    failure_window_seconds: Positive = 60
    max_block_seconds: Positive = 900
    hash_threads: Annotated[int, Meta(ge=1, le=16)] = 2
    hash_queue: Positive = 32
    argon2_memory_kib: Annotated[int, Meta(ge=8 * 1024)] = 19 * 1024
    argon2_iterations: Positive = 2
    argon2_lanes: Positive = 1
