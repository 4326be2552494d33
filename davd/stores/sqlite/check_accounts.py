"""Whether app passwords are whole, and belong to accounts that there are.

Implements: RFC 7617, 2
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import apsw

from davd.stores.sqlite.problems import Check, Problem, Repair


def app_passwords(connection: apsw.Connection) -> Iterator[Problem]:
    """App passwords of accounts that do not exist, who could be let in again by a new account of that name."""
    lost = "account NOT IN (SELECT name FROM account)"
    for id, account in connection.execute(f"SELECT id, account FROM app_password WHERE {lost}"):

        def mend(repair: Repair, id: str = id) -> None:
            repair.connection.execute(f"DELETE FROM app_password WHERE id = ? AND {lost}", (id,))

        yield Problem(f"the app password {id} is of {account!r}, which does not exist", "remove it", mend)


def digests(connection: apsw.Connection) -> Iterator[Problem]:
    """What cannot be the digest of a password, so that nobody is let in by it."""
    damaged = "typeof(hash) <> 'text' OR length(hash) <> 64 OR hash GLOB '*[^0-9a-f]*'"
    for id, account in connection.execute(f"SELECT id, account FROM app_password WHERE {damaged}"):
        yield Problem(f"the app password {id} of {account!r} is damaged", f"davctl app-password revoke {account} {id}")


CHECKS: Final[tuple[Check, ...]] = (app_passwords, digests)
