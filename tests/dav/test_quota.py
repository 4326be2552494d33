"""Room that is left to an owner.

Verifies: RFC 4331, 3, 4, 6
"""

import pytest

from davd.dav.quota import limit, require_room, room
from davd.dav.settings import DavSettings
from davd.model.errors import HTTPError
from davd.model.principal import Account, Quota
from davd.testing.exchange import Trial, run


class TestLimit:
    """Verifies: RFC 4331, 3"""

    def test_the_accounts_own_then_the_servers(self):
        assert limit(Quota(5, 10), DavSettings(quota_bytes=20)) == 10
        assert limit(Quota(5, 0), DavSettings(quota_bytes=20)) == 0
        assert limit(Quota(5, None), DavSettings(quota_bytes=20)) == 20
        assert limit(Quota(5, None), DavSettings()) is None


class TestRoom:
    """Verifies: RFC 4331, 3, 6"""

    @pytest.mark.parametrize(("quota", "left"), [(12, 7), (5, 0), (3, 0), (None, None)])
    def test_what_is_left(self, quota, left):
        trial = Trial()
        trial.request("PUT", "/files/alice/note", body=b"12345")

        async def ask() -> int | None:
            async with trial.store.write() as transaction:
                await transaction.update_account(Account("alice", quota=quota))
                return await room(transaction, trial.settings, "alice")

        assert run(ask()) == left


class TestRequireRoom:
    """Verifies: RFC 4331, 6"""

    @pytest.mark.parametrize(("growth", "fits"), [(5, True), (6, False), (0, True), (-3, True)])
    def test_up_to_the_last_byte(self, growth, fits):
        assert self.fits(10, growth) is fits

    def test_above_the_limit_nothing_grows(self):
        assert not self.fits(3, 1)
        assert self.fits(3, 0)

    def fits(self, quota: int, growth: int) -> bool:
        trial = Trial()
        trial.request("PUT", "/files/alice/note", body=b"12345")

        async def ask() -> None:
            async with trial.store.write() as transaction:
                await transaction.update_account(Account("alice", quota=quota))
                await require_room(transaction, trial.settings, "alice", growth)

        try:
            run(ask())
        except HTTPError as error:
            assert (error.status, error.condition) == (507, "{DAV:}quota-not-exceeded")
            return False
        return True
