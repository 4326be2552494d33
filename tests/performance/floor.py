"""The bare writer that durable PUTs are held against: `python -m tests.performance.floor FOLDER SECONDS`.

It commits the rows of davd's own PUT of a new 4 KiB file, into davd's own schema and with davd's own settings of the
connection, in groups of 16: the resource with its indexes, its content, the parent's change number and time, what its
owner stores, and the store's last number. It asks nothing before it writes. The figures are printed as JSON.
"""

import json
import os
import random
import shutil
import sys
import time
from pathlib import Path

import apsw

from davd.stores.settings import StoreSettings
from davd.stores.sqlite.connection import connect
from davd.stores.sqlite.migrate import migrate, migrations

GROUP = 16
SIZE = 4096
OWNER = "bench"
FOLDER = 2  # "/files", which the schema brings
RESOURCE = (
    f"INSERT INTO resource VALUES (?1, {FOLDER}, ?2, 'file', '{OWNER}', ?3, 'application/octet-stream', {SIZE},"
    " ?4, ?4, ?5, 0, NULL, ?6)"
)
CONTENT = "INSERT INTO content VALUES (?, ?)"
PARENT = f"UPDATE resource SET sync_revision = ?, modified = ? WHERE id = {FOLDER}"
USAGE = f"UPDATE usage SET used = used + ? WHERE owner = '{OWNER}'"
NUMBER = "UPDATE store SET number = ?"


def write(folder: Path, seconds: float) -> dict[str, float]:
    """Commit groups for `seconds`: {rows: their number, seconds: the time, cpu: user and system seconds}."""
    place = folder / "floor"
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    settings = StoreSettings()
    path = str(place / "davd.sqlite")
    connection = connect(path, settings)
    migrate(connection, path, migrations(), settings.busy_seconds)
    execute = connection.execute
    execute("INSERT INTO usage VALUES (?, 0)", (OWNER,))
    number: int = execute("SELECT number FROM store").get
    first, revision, block = number, 0, random.Random(SIZE).randbytes(SIZE - 8)
    pages: list[int] = []
    connection.set_wal_hook(lambda connection, database, size: pages.append(size) or 0)
    begun, spent = time.monotonic(), time.process_time()
    while time.monotonic() - begun < seconds:
        execute("BEGIN IMMEDIATE")
        now = time.time()
        for _ in range(GROUP):
            number += 1
            revision += 1
            digest = f"{number:064x}"
            execute(RESOURCE, (number, str(number), f'"{digest[-20:]}-{number:x}"', now, revision, digest))
            execute(CONTENT, (number, number.to_bytes(8, "big") + block))
        execute(PARENT, (revision, now))
        execute(USAGE, (GROUP * SIZE,))
        execute(NUMBER, (number,))
        execute("COMMIT")
        if pages.pop() >= settings.checkpoint_pages:
            connection.wal_checkpoint(None, apsw.SQLITE_CHECKPOINT_PASSIVE)
    result = {"rows": number - first, "seconds": time.monotonic() - begun, "cpu": time.process_time() - spent}
    connection.close()
    shutil.rmtree(place)
    return result


if __name__ == "__main__":
    print(json.dumps(write(Path(sys.argv[1]), float(sys.argv[2]))))
    os.sync()
