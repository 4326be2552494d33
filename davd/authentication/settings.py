"""Settings of authentication."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

# What `extra` says of a key: whether a reload brings it into force, its unit, and the form of a text.
Positive = Annotated[int, Meta(ge=1)]
Count = Annotated[int, Meta(ge=1, extra={"reload": True})]
Seconds = Annotated[int, Meta(ge=1, extra={"reload": True, "unit": "seconds"})]
Hour = Annotated[int, Meta(ge=0, le=3600, extra={"reload": True, "unit": "seconds"})]
Threads = Annotated[int, Meta(ge=1, le=16, extra={"reload": True})]
Devices = Annotated[int, Meta(ge=0, le=1000, extra={"reload": True})]
Kibibytes = Annotated[int, Meta(ge=8 * 1024, extra={"unit": "KiB"})]
Realm = Annotated[
    str,
    Meta(
        min_length=1,
        max_length=64,
        pattern=r'^[^"\\\x00-\x1f\x7f]+$',
        extra={"reload": True, "form": "1 to 64 characters, no quotes or backslashes"},
    ),
]


class AuthenticationSettings(Struct, forbid_unknown_fields=True, kw_only=True):
    """How passwords are proven and guessing is slowed down.

    `realm` is what clients show when they ask for a password. A password that was proven is remembered for
    `remember_seconds` (0: never), of at most `remember_entries` log-ins, and ends at once when it is changed; where a
    checker cannot tell that it was, it is remembered for a minute at most. After `max_failures` failed log-ins within
    `failure_window_seconds`, by one address or for one account, further ones are refused for as long, and for twice as
    long with each failure after that, up to `max_block_seconds`. `hash_threads` work on hashes, `hash_queue` log-ins
    may wait for them. An account may have `max_app_passwords` beside its own; those there are stay when it is made
    less. New passwords are hashed by Argon2id with `argon2_memory_kib` KiB, `argon2_iterations` and `argon2_lanes`.
    """

    realm: Realm = "davd"
    remember_seconds: Hour = 900
    remember_entries: Count = 50_000
    max_failures: Count = 10
    failure_window_seconds: Seconds = 60
    max_block_seconds: Seconds = 900
    hash_threads: Threads = 2
    hash_queue: Count = 32
    max_app_passwords: Devices = 20
    argon2_memory_kib: Kibibytes = 19 * 1024
    argon2_iterations: Positive = 2
    argon2_lanes: Positive = 1
