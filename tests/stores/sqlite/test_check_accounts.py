"""App passwords that belong to nobody, or can be nobody's, are found.

Verifies: docs/architecture.md, Data; RFC 7617, 2
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from davd.model.principal import Account, AppPassword
from davd.stores.sqlite.store import SQLiteStore
from davd.testing.store_machine import drive
from tests.stores.life import findings, opened
from tests.stores.sqlite.test_check import plant

SOUND = AppPassword("sound1", "ann", "phone", "0123456789abcdef" * 4, 1.0)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SQLiteStore]:
    """The account ann with one app password."""

    async def fill() -> None:
        async with store.write() as transaction:
            await transaction.add_account(Account("ann"))
            await transaction.add_app_password(SOUND)

    with opened(tmp_path) as store:
        drive(fill())
        yield store


async def _of(store: SQLiteStore, account: str) -> list[AppPassword]:
    async with store.read() as view:
        return await view.app_passwords(account)


def test_that_of_an_account_that_is_gone_is_removed(store: SQLiteStore) -> None:
    assert drive(findings(store)) == []
    plant(store, f"INSERT INTO app_password VALUES ('lost01', 'eve', '', '{'b' * 64}', 1, NULL, NULL)")
    sentence = "the app password lost01 is of 'eve', which does not exist"
    assert drive(findings(store)) == [(sentence, False)]
    assert drive(findings(store, repair=True)) == [(sentence, True)]
    assert drive(findings(store)) == []
    assert (drive(_of(store, "eve")), drive(_of(store, "ann"))) == ([], [SOUND])


@pytest.mark.parametrize("hash", ["''", "x'00'", "'" + "G" * 64 + "'", "'" + "a" * 63 + "'"])
def test_a_damaged_one_is_told(store: SQLiteStore, hash: str) -> None:
    plant(store, f"UPDATE app_password SET hash = {hash}")
    for repair in (False, True):
        assert drive(findings(store, repair)) == [("the app password sound1 of 'ann' is damaged", False)]
