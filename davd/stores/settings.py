"""Settings of the stores."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

# What `extra` says of a key: whether a reload brings it into force, and its unit.
Statements = Annotated[int, Meta(ge=1)]
Count = Annotated[int, Meta(ge=1, extra={"reload": True})]
Size = Annotated[int, Meta(ge=0, extra={"reload": True})]
Megabytes = Annotated[int, Meta(ge=1, le=65536, extra={"unit": "MiB"})]
Milliseconds = Annotated[float, Meta(ge=0, le=1000, extra={"reload": True, "unit": "ms"})]
LongMilliseconds = Annotated[float, Meta(ge=0, le=3_600_000, extra={"reload": True, "unit": "ms"})]
Busy = Annotated[float, Meta(gt=0, extra={"unit": "seconds"})]
Seconds = Annotated[float, Meta(gt=0, extra={"reload": True, "unit": "seconds"})]
Days = Annotated[int, Meta(ge=0, le=36_500, extra={"reload": True, "unit": "days"})]


class StoreSettings(Struct, forbid_unknown_fields=True, kw_only=True):
    """How the SQLite store gathers, keeps and waits.

    `gather_ms` is the longest that a finished write waits for others to share its COMMIT, `batch_limit` the number of
    writes that one COMMIT covers at most. `cache_mb` is the page cache of each connection in MiB, `route_cache` the
    number of places in the tree whose rows are kept (0: none). `busy_seconds` is how long a write waits for another
    process that is writing. After `checkpoint_pages` pages the write-ahead log is copied into the database.
    `long_nodes` is the size of a tree from which an operation on it leaves the reactor thread, and `snapshot_ms` how
    long a view of the store is kept for the next reader.

    `pool_size` is the number of connections for reading; a reader that finds all of them in use waits for at most
    `pool_wait_seconds` (503 then), and one that has not been needed for `pool_idle_seconds` is closed. `query_cache` is
    the number of results of small questions that are kept until the next commit (0: none), `statement_cache` the number
    of prepared statements that each connection keeps. A scan in a view is broken off after `statement_seconds` (503). A
    scan or a commit that takes `slow_query_ms` is logged with its plan, each statement once a minute (0: none).

    What is deleted or overwritten stays in the trash for `trash_days` (0: it is gone at once), of one place, which is a
    name in a collection, the newest `trash_versions` and beyond these the oldest of each day, and of one owner at most
    `trash_bytes`: the oldest go first. For `restore_grace_days` after a restore of the whole store the trash keeps what
    goes even if `trash_days` is 0 or less than that.
    """

    gather_ms: Milliseconds = 2.0
    batch_limit: Count = 128
    cache_mb: Megabytes = 32
    route_cache: Size = 10_000
    busy_seconds: Busy = 10.0
    checkpoint_pages: Count = 4000
    long_nodes: Count = 200
    snapshot_ms: Milliseconds = 10.0
    pool_size: Count = 100
    pool_wait_seconds: Seconds = 5.0
    pool_idle_seconds: Seconds = 30.0
    query_cache: Size = 1000
    statement_cache: Statements = 200
    statement_seconds: Seconds = 30.0
    slow_query_ms: LongMilliseconds = 100.0
    trash_days: Days = 30
    trash_versions: Count = 10
    trash_bytes: Size = 2 * 1024**3
    restore_grace_days: Days = 14
