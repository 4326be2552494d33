"""What was granted to somebody who is gone.

Verifies: RFC 3744, 5.5
"""

from __future__ import annotations

from davd.application.grants import granted_to, withdraw
from davd.testing.exchange import Trial, run
from tests.dav.sharing import ace, share

HOME = "/files/alice/"


def test_entries_for_one_principal_are_found_anywhere_and_taken_off() -> None:
    trial = Trial()
    trial.request("MKCOL", HOME + "d")
    for number in range(3):
        trial.request("PUT", f"{HOME}d/{number}", body=b"x")
    share(trial, HOME, ace("bob", "read"), ace("alice", "read"))
    share(trial, HOME + "d/1", ace("bob", "write"), ace("bob", "read"))
    share(trial, HOME + "d/2", ace("alice", "write"))

    async def work() -> tuple[int, list[int]]:
        async with trial.store.read() as view:
            ids = await granted_to(view, "bob")
        async with trial.store.write() as transaction:
            await withdraw(transaction, "bob", [*ids, 1_000_000], trial.now)
        async with trial.store.read() as view:
            return len(ids), await granted_to(view, "bob")

    assert trial.request("GET", HOME + "d/1", user="bob").status == 200
    assert run(work()) == (2, [])
    assert trial.request("GET", HOME + "d/1", user="bob").status == 404

    async def others() -> list[int]:
        async with trial.store.read() as view:
            return await granted_to(view, "alice")

    assert len(run(others())) == 2
