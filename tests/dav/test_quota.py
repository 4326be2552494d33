"""Room that is left to an owner, and on the disk.

Verifies: RFC 4331, 3, 4, 6; RFC 4918, 11.5
"""

import pytest
from zope.interface import implementer

from davd.dav.quota import limit, require_room, room
from davd.dav.settings import DavSettings
from davd.interfaces.store import IRoom
from davd.model.errors import HTTPError
from davd.model.principal import Account, Quota
from davd.stores.memory.store import MemoryStore
from davd.testing.exchange import ChunkedBody, Trial, run


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


@implementer(IRoom)
class _Disk(MemoryStore):
    """A store whose disk has room for `left` bytes beside what is in it."""

    left = 100

    def free_bytes(self) -> int:
        return self.left


class TestReserve:
    """Verifies: RFC 4918, 11.5; docs/operate/operate.md, Settings and limits"""

    @pytest.fixture
    def trial(self) -> Trial:
        return Trial(store=_Disk(), settings=DavSettings(reserve_bytes=90, inline_bytes=20))

    def test_new_content_leaves_room_for_a_removal(self, trial: Trial) -> None:
        assert trial.request("PUT", "/files/alice/a", body=b"x" * 10).status == 201
        for body in (b"x" * 11, b"x" * 30):
            refused = trial.request("PUT", "/files/alice/b", body=body)
            assert refused.status == 507
            assert b"sufficient-disk-space" in trial.read(refused)
        assert "/files/alice/b" not in trial.tree()

    def test_what_makes_room_or_takes_none_goes_on(self, trial: Trial) -> None:
        trial.request("PUT", "/files/alice/a", body=b"x" * 10)
        _Disk.left = 80
        try:
            copy = {"Destination": "/files/alice/b"}
            assert trial.request("COPY", "/files/alice/a", copy).status == 507
            assert trial.request("PUT", "/files/alice/a", body=b"y" * 11).status == 507
            assert trial.request("PUT", "/files/alice/a", body=b"y" * 10).status == 204
            assert trial.request("MOVE", "/files/alice/a", copy).status == 201
            assert trial.request("DELETE", "/files/alice/b").status == 204
        finally:
            _Disk.left = 100

    def test_content_on_the_disk_is_not_counted_again(self, trial: Trial) -> None:
        # Chunked, so that its length is known only when the blob is there; the disk has filled up meanwhile.
        body = ChunkedBody(b"x" * 30)
        assert trial.request("PUT", "/files/alice/a", body=body).status == 201
