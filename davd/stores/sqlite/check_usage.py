"""Whether the bytes that are counted for owners are those that they have.

Implements: RFC 4331, 3
"""

from __future__ import annotations

from collections.abc import Iterator

import apsw

from davd.stores.sqlite.problems import Problem, Repair


def uncounted(connection: apsw.Connection, column: str, true: str, sentence: str) -> Iterator[Problem]:
    """Owners whose `column` of the table `usage` differs from what the statement `true` gives: owner and used.

    `sentence` tells of `owner` what was `counted` now, and what was `kept` as counted.
    """
    for owner, counted, kept in connection.execute(
        f"SELECT owner, sum(counted), sum(kept) FROM (SELECT owner, used AS counted, 0 AS kept FROM ({true})"
        f" UNION ALL SELECT owner, 0, {column} FROM usage) GROUP BY owner HAVING sum(counted) <> sum(kept)"
    ):

        def mend(repair: Repair, owner: str = owner) -> None:
            # All that a new row does not say is counted as none.
            repair.connection.execute("INSERT OR IGNORE INTO usage (owner, used) VALUES (?, 0)", (owner,))
            repair.connection.execute(
                f"UPDATE usage SET {column} = coalesce((SELECT used FROM ({true}) WHERE owner = ?1), 0)"
                " WHERE owner = ?1",
                (owner,),
            )

        yield Problem(sentence.format(owner=owner, counted=counted, kept=kept), "count them anew", mend)
