"""When a backup of the store was last verified, and what was wrong: a note in the data folder, as `last` is."""

from __future__ import annotations

import os
from typing import Final

import msgspec
from msgspec import Struct

from davd.daemon.backup.last import last_backup

FILE: Final = "last-verified.json"


class Checked(Struct, frozen=True):
    """The last verification: the POSIX time `at` of its end, the `target` folder, and how many things were `wrong`."""

    at: float
    target: str
    wrong: int


def note_checked(folder: str, checked: Checked) -> None:
    """Write it down in the data folder of a store, if there is one that may be written to.

    A backup may be verified on a machine that has no store; then nobody there wants to know.
    """
    path = os.path.join(folder, FILE)
    temporary = f"{path}.{os.getpid()}"
    try:
        with open(temporary, "wb") as file:
            # Whoever has verified it, davd has to be able to read it; nobody else enters the folder.
            os.fchmod(file.fileno(), 0o644)
            file.write(msgspec.json.encode(checked) + b"\n")
        os.replace(temporary, path)
    except OSError:
        return


def last_checked(folder: str) -> Checked | None:
    """The last verification that was noted in a data folder; None when there was none, or nobody can tell."""
    try:
        with open(os.path.join(folder, FILE), "rb") as file:
            return msgspec.json.decode(file.read(), type=Checked)
    except (OSError, msgspec.MsgspecError):
        return None


def backup_counts(folder: str) -> dict[str, float]:
    """What the metrics tell of the backups of a store: `at`, `verified_at` and `wrong`, each if it is known."""
    made, checked = last_backup(folder), last_checked(folder)
    found: dict[str, float] = {} if made is None else {"at": made.at}
    return found if checked is None else found | {"verified_at": checked.at, "wrong": float(checked.wrong)}
