"""Settings of authentication."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

Positive = Annotated[int, Meta(ge=1)]


class AuthenticationSettings(Struct, forbid_unknown_fields=True, kw_only=True):
    """How passwords are proven and guessing is slowed down.

    `realm` is what clients show when they ask for a password. A password that was proven is remembered for
    `remember_seconds` (0: never), of at most `remember_entries` log-ins. After `max_failures` failed log-ins within
    `failure_window_seconds`, by one address or for one account, further ones are refused for as long, and for twice as
    long with each failure after that, up to `max_block_seconds`. `hash_threads` work on hashes, `hash_queue` log-ins
    may wait for them. New passwords are hashed by Argon2id with `argon2_memory_kib` KiB, `argon2_iterations` and
    `argon2_lanes`.
    """

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
