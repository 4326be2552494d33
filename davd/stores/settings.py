"""Settings of the stores."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

Count = Annotated[int, Meta(ge=1)]
Megabytes = Annotated[int, Meta(ge=1, le=65536)]
Milliseconds = Annotated[float, Meta(ge=0, le=1000)]
Seconds = Annotated[float, Meta(gt=0)]


class StoreSettings(Struct, forbid_unknown_fields=True, kw_only=True):
    """How the SQLite store gathers, keeps and waits.

    `gather_ms` is the longest that a finished write waits for others to share its COMMIT, `batch_limit` the number of
    writes that one COMMIT covers at most. `cache_mb` is the page cache of each connection in MiB, `path_cache` the
    number of paths whose resources are kept between commits. `busy_seconds` is how long a write waits for another
    process that is writing. After `checkpoint_pages` pages the write-ahead log is copied into the database.
    `long_nodes` is the size of a tree from which an operation on it leaves the reactor thread, and `snapshot_ms` how
    long a view of the store is kept for the next reader.
    """

    gather_ms: Milliseconds = 2.0
    batch_limit: Count = 128
    cache_mb: Megabytes = 32
    path_cache: Count = 8192
    busy_seconds: Seconds = 10.0
    checkpoint_pages: Count = 4000
    long_nodes: Count = 200
    snapshot_ms: Milliseconds = 10.0
