"""When the store was last backed up: a note in the data folder, for those who watch over it."""

from __future__ import annotations

import os
from typing import Final

import msgspec
from msgspec import Struct

FILE: Final = "last-backup.json"


class LastBackup(Struct, frozen=True):
    """The last backup: the POSIX time `at` whose state it has, the `target` folder, the name of the restore point."""

    at: float
    target: str
    name: str


def note(folder: str, last: LastBackup) -> None:
    """Write down in a data folder that its store was backed up; OSError when that cannot be."""
    path = os.path.join(folder, FILE)
    temporary = f"{path}.{os.getpid()}"
    with open(temporary, "wb") as file:
        # Whoever made it, davd has to be able to read it; nobody else enters the folder.
        os.fchmod(file.fileno(), 0o644)
        file.write(msgspec.json.encode(last) + b"\n")
    os.replace(temporary, path)


def last_backup(folder: str) -> LastBackup | None:
    """The last backup of the store in a data folder; None when there was none, or nobody can tell."""
    try:
        with open(os.path.join(folder, FILE), "rb") as file:
            return msgspec.json.decode(file.read(), type=LastBackup)
    except (OSError, msgspec.MsgspecError):
        return None
