"""The bare writer that durable PUTs are held against: `python -m tests.performance.floor FOLDER SECONDS`.

It commits rows like those of a PUT (the resource with its 4 KiB, and its line in the change log) in groups of 16 to
SQLite in WAL mode with synchronous=FULL, and prints the figures as JSON.
"""

import json
import os
import random
import sys
import time
from pathlib import Path

import apsw

GROUP = 16
SIZE = 4096
SCHEMA = """
CREATE TABLE resource (
    id INTEGER PRIMARY KEY, parent_id INTEGER NOT NULL, name TEXT NOT NULL, type TEXT NOT NULL, owner TEXT NOT NULL,
    etag TEXT NOT NULL, content_type TEXT, length INTEGER NOT NULL, created REAL NOT NULL, modified REAL NOT NULL,
    revision INTEGER NOT NULL, content BLOB, UNIQUE (parent_id, name)
);
CREATE TABLE change (
    collection_id INTEGER NOT NULL, revision INTEGER NOT NULL, name TEXT NOT NULL, removed INTEGER NOT NULL,
    PRIMARY KEY (collection_id, revision)
) WITHOUT ROWID;
"""
RESOURCE = "INSERT INTO resource VALUES (NULL, 1, ?, 'file', 'bench', ?, 'application/octet-stream', ?, ?, ?, ?, ?)"
CHANGE = "INSERT INTO change VALUES (1, ?, ?, 0)"


def write(folder: Path, seconds: float) -> dict[str, float]:
    """Commit groups for `seconds`: {rows: their number, seconds: the time, cpu: user and system seconds}."""
    connection = apsw.Connection(str(folder / "floor.db"))
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(SCHEMA)
    block = random.Random(SIZE).randbytes(SIZE - 8)
    number = 0
    begun, spent = time.monotonic(), time.process_time()
    while time.monotonic() - begun < seconds:
        connection.execute("BEGIN IMMEDIATE")
        for _ in range(GROUP):
            number += 1
            name, now = str(number), time.time()
            content = number.to_bytes(8, "big") + block
            connection.execute(RESOURCE, (name, f'"{number:x}"', SIZE, now, now, number, content))
            connection.execute(CHANGE, (number, name))
        connection.execute("COMMIT")
    result = {"rows": number, "seconds": time.monotonic() - begun, "cpu": time.process_time() - spent}
    connection.close()
    for suffix in ("", "-wal", "-shm"):
        (folder / f"floor.db{suffix}").unlink(missing_ok=True)
    return result


if __name__ == "__main__":
    print(json.dumps(write(Path(sys.argv[1]), float(sys.argv[2]))))
    os.sync()
