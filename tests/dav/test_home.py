"""Homes in collections at the top.

Verifies: RFC 4791, 6.2.1; RFC 6352, 7.1.1
"""

from __future__ import annotations

from davd.dav.home import make_home
from davd.testing.exchange import Trial, run


def test_a_home_is_made_once() -> None:
    trial = Trial()

    async def work() -> None:
        async with trial.store.write() as transaction:
            for name in ("alice", "bob"):
                made = await make_home(transaction, "shelves", name, trial.now)
                assert made is not None
                assert (made.name, made.owner, made.type) == (name, name, "collection")
                (_, above, found) = await transaction.resolve(("shelves", name))
                assert (above.owner, found) == ("", made)
                assert await make_home(transaction, "shelves", name, trial.now) is None

    run(work())
