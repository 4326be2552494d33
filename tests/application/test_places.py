"""Names in collections.

Verifies: RFC 4918, 5.2
"""

from __future__ import annotations

from davd.application.places import free_name, member
from davd.model.resource import COLLECTION
from davd.stores.memory.store import MemoryStore
from davd.testing.exchange import run


class TestFreeName:
    """Verifies: RFC 4918, 5.2"""

    def test_a_free_name_is_found(self) -> None:
        async def work() -> list[str]:
            async with MemoryStore().write() as transaction:
                home = (await transaction.resolve(["files"]))[-1]
                for name in ("a.txt", "a (2).txt", ".hidden", "plain"):
                    await transaction.create(home, name, COLLECTION, "ann", 1.0)
                assert (await member(transaction, home.id, "plain")) is not None
                return [await free_name(transaction, home.id, name) for name in ("a.txt", ".hidden", "plain", "b.txt")]

        assert run(work()) == ["a (3).txt", ".hidden (2)", "plain (2)", "b.txt"]
