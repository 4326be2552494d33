"""Settings of the caches."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

# What `extra` says of a key: whether a reload brings it into force, its unit, the form of a text, and what is secret.
Bytes = Annotated[int, Meta(ge=0, le=2**40, extra={"reload": True, "unit": "bytes"})]
FileBytes = Annotated[int, Meta(ge=0, le=2**40, extra={"unit": "bytes"})]
EntryBytes = Annotated[int, Meta(ge=0, le=2**28, extra={"reload": True, "unit": "bytes"})]
RedisTimeout = Annotated[float, Meta(ge=1, le=5000, extra={"reload": True, "unit": "ms"})]
Lifetime = Annotated[float, Meta(ge=1, le=31_536_000, extra={"reload": True, "unit": "seconds"})]
Connections = Annotated[int, Meta(ge=1, le=16)]
Calls = Annotated[int, Meta(ge=1, le=65_536, extra={"reload": True})]
Produced = Annotated[float, Meta(ge=0, le=60_000, extra={"reload": True, "unit": "ms"})]
RedisURL = Annotated[
    str,
    Meta(
        pattern=r"\A(\Z|(rediss?|unix)://)",
        max_length=2048,
        extra={"secret": True, "form": "a URL that begins with redis://, rediss:// or unix://"},
    ),
]
Prefix = Annotated[
    str,
    Meta(pattern=r"\A[!-~]*\Z", max_length=64, extra={"form": "at most 64 characters of ASCII, no spaces"}),
]


class CacheSettings(Struct, forbid_unknown_fields=True, kw_only=True):
    """What finished answers are kept for the next who asks the same, and where; without it all answers are the same.

    `memory_bytes` is what each process keeps in memory, of answers of at most `entry_bytes` each; 0 keeps none.

    `redis` is the URL of a Redis that all processes and nodes share, empty for none: `redis://HOST:PORT/DATABASE`,
    `rediss://` the same with TLS, or `unix:///path/to/socket?db=DATABASE`. A user and password stand before the host,
    as in `redis://davd:secret@10.0.0.5/0` or `unix://:secret@/run/redis.sock`; port and database may be left out.
    `redis_authorities` is a file of the certificates (PEM) that Redis's own must come from, empty for the system's.
    A look-up without an answer within `redis_timeout_ms` milliseconds is given up; a write, for which nobody waits, has
    ten times as long. Keys begin with `redis_prefix`, and an entry lives for at most `redis_ttl` seconds; answers over
    `redis_entry_bytes` are not sent there.
    `redis_connections` is the number of connections of each process, `redis_calls` how many calls may wait for Redis.

    `derived_bytes` is the size of the file in the data folder that the processes of one machine share and that outlives
    them, 0 for none; answers over `derived_entry_bytes` do not go there.

    `shared_after_ms` is the CPU time in milliseconds from which an answer that took that long to make goes to Redis and
    the file: with less it costs more to write each new one down than is ever saved by reading it.
    """

    memory_bytes: Bytes = 64 * 1024**2
    entry_bytes: EntryBytes = 2 * 1024**2

    redis: RedisURL = ""
    redis_authorities: str = ""
    redis_timeout_ms: RedisTimeout = 40.0
    redis_prefix: Prefix = "davd:"
    redis_ttl: Lifetime = 86_400.0
    redis_entry_bytes: EntryBytes = 1024**2
    redis_connections: Connections = 2
    redis_calls: Calls = 1024

    derived_bytes: FileBytes = 256 * 1024**2
    derived_entry_bytes: EntryBytes = 1024**2

    shared_after_ms: Produced = 20.0
