"""Verbs between the homes of two people.

Verifies: RFC 3744, 3.9, 3.10, B; RFC 4331, 6; RFC 4918, 9.8, 9.9
"""

from __future__ import annotations

import pytest

from davd.dav.settings import DavSettings
from davd.testing.exchange import Trial, run
from tests.dav.answers import D, by_href, condition, prop
from tests.dav.locking import lock, taken
from tests.dav.sharing import ace, share

SHARED = "/files/alice/shared/"


def shared(settings: DavSettings | None = None, *privileges: str) -> Trial:
    """Alice's collection with a file in it, in which bob may do anything."""
    trial = Trial(settings=settings)
    trial.request("MKCOL", SHARED)
    trial.request("PUT", SHARED + "note.txt", body=b"12345")
    assert share(trial, SHARED, ace("bob", *(privileges or ("read", "write")))).status == 200
    return trial


def owner(trial: Trial, path: str, user: str = "alice") -> str:
    answer = by_href(trial, trial.request("PROPFIND", path, {"Depth": "0"}, prop(D + "owner"), user))[path]
    return answer.text(D + "owner").split("/")[-2]


def used(trial: Trial, name: str) -> int:
    async def work() -> int:
        async with trial.store.read() as view:
            return int((await view.quota(name)).used)

    return run(work())


class TestOwners:
    """What lies in somebody's home is theirs, whoever put it there.

    Verifies: RFC 3744, 5.1
    """

    def test_what_is_put_into_a_shared_collection(self) -> None:
        trial = shared()
        trial.request("PUT", SHARED + "new", body=b"x", user="bob")
        trial.request("MKCOL", SHARED + "dir", user="bob")
        trial.request("PUT", "/files/bob/own", body=b"x", user="bob")
        trial.request("COPY", "/files/bob/own", {"Destination": SHARED + "copy"}, user="bob")
        trial.request("MOVE", "/files/bob/own", {"Destination": SHARED + "moved"}, user="bob")
        lock(trial, SHARED + "locked", user="bob")
        for name in ("new", "dir/", "copy", "moved", "locked"):
            assert owner(trial, SHARED + name) == "alice", name

    def test_what_is_taken_out_of_it(self) -> None:
        trial = shared()
        assert trial.request("COPY", SHARED, {"Destination": "/files/bob/copy"}, user="bob").status == 201
        assert trial.request("MOVE", SHARED + "note.txt", {"Destination": "/files/bob/n"}, user="bob").status == 201
        for path in ("/files/bob/copy/", "/files/bob/copy/note.txt", "/files/bob/n"):
            assert owner(trial, path, "bob") == "bob", path
            assert trial.request("GET", path).status == 404

    def test_what_the_former_owner_granted_ends(self) -> None:
        """Verifies: RFC 3744, 5.5"""
        trial = shared(None, "all")
        trial.request("MKCOL", SHARED + "dir")
        trial.request("PUT", SHARED + "dir/note.txt", body=b"x")
        for path in (SHARED + "dir/", SHARED + "dir/note.txt"):
            assert share(trial, path, ace("alice", "all"), ace("bob", "all")).status == 200
        assert trial.request("MOVE", SHARED + "dir/", {"Destination": "/files/bob/dir/"}, user="bob").status == 201
        trial.request("PUT", "/files/bob/dir/secret", body=b"x", user="bob")
        for name in ("note.txt", "secret"):
            assert trial.request("GET", "/files/bob/dir/" + name).status == 404
            assert trial.request("PUT", "/files/bob/dir/" + name, body=b"y").status >= 400
        # Within one's own home what was granted stays.
        share(trial, "/files/bob/dir/", ace("alice", "read"), user="bob")
        assert trial.request("MOVE", "/files/bob/dir/", {"Destination": "/files/bob/d/"}, user="bob").status == 201
        assert trial.request("GET", "/files/bob/d/secret").status == 200


class TestQuota:
    """Bytes count for whoever owns them.

    Verifies: RFC 4331, 6
    """

    def test_moving_changes_whose_bytes_they_are(self) -> None:
        trial = shared()
        assert (used(trial, "alice"), used(trial, "bob")) == (5, 0)
        trial.request("MOVE", SHARED + "note.txt", {"Destination": "/files/bob/n"}, user="bob")
        assert (used(trial, "alice"), used(trial, "bob")) == (0, 5)

    @pytest.mark.parametrize("method", ["COPY", "MOVE"])
    def test_there_must_be_room_for_them(self, method: str) -> None:
        trial = shared(DavSettings(quota_bytes=8))
        trial.request("MKCOL", "/files/bob/d", user="bob")
        trial.request("PUT", "/files/bob/d/x", body=b"1234", user="bob")
        response = trial.request(method, "/files/bob/d/", {"Destination": SHARED + "d"}, user="bob")
        assert (response.status, condition(trial, response)) == (507, D + "quota-not-exceeded")
        assert trial.request("GET", "/files/bob/d/x", user="bob").status == 200
        # What is overwritten makes room.
        response = trial.request(method, "/files/bob/d/x", {"Destination": SHARED + "note.txt"}, user="bob")
        assert response.status == 204

    def test_moving_within_one_home_needs_no_room(self) -> None:
        trial = shared(DavSettings(quota_bytes=5))
        assert trial.request("MOVE", SHARED + "note.txt", {"Destination": SHARED + "n"}, user="bob").status == 201


class TestOverwriting:
    """Verifies: RFC 3744, B"""

    def put(self, trial: Trial) -> None:
        trial.request("PUT", "/files/bob/own", body=b"new", user="bob")

    def test_copying_over_a_file_is_like_writing_it(self) -> None:
        trial = shared(None, "read", "write-content", "write-properties")
        self.put(trial)
        target = {"Destination": SHARED + "note.txt"}
        assert trial.request("MOVE", "/files/bob/own", target, user="bob").status == 403
        assert trial.request("COPY", "/files/bob/own", target, user="bob").status == 204
        assert trial.request("GET", SHARED + "note.txt").body == b"new"
        assert trial.request("COPY", "/files/bob/own", {"Destination": SHARED + "n"}, user="bob").status == 403

    def test_moving_over_a_file_removes_it(self) -> None:
        trial = shared(None, "read", "bind", "unbind")
        self.put(trial)
        target = {"Destination": SHARED + "note.txt"}
        assert trial.request("COPY", "/files/bob/own", target, user="bob").status == 403
        assert trial.request("MOVE", "/files/bob/own", target, user="bob").status == 204

    @pytest.mark.parametrize("method", ["COPY", "MOVE"])
    def test_replacing_a_collection_is_for_those_who_may_remove_it(self, method: str) -> None:
        trial = shared()
        for path in ("/files/bob/d/", SHARED + "inner/"):
            assert trial.request("MKCOL", path, user="bob").status == 201
        response = trial.request(method, "/files/bob/d/", {"Destination": SHARED}, user="bob")
        assert condition(trial, response) == D + "need-privileges"
        assert b"<D:href>/files/alice/</D:href>" in response.body
        assert trial.request("GET", SHARED + "note.txt", user="bob").status == 200
        # The collection that is shared may be changed within, and alice may replace what is hers.
        response = trial.request(method, "/files/bob/d/", {"Destination": SHARED + "inner/"}, user="bob")
        assert response.status == 204
        assert trial.request(method, SHARED + "inner/", {"Destination": "/files/alice/own/"}).status == 201
        assert trial.request("COPY", "/files/alice/own/", {"Destination": SHARED}).status == 204

    def test_copying_over_a_collection_writes_it_too(self) -> None:
        trial = shared(None, "read", "bind", "unbind")
        trial.request("MKCOL", SHARED + "inner/")
        trial.request("MKCOL", "/files/bob/d/", user="bob")
        target = {"Destination": SHARED + "inner/"}
        response = trial.request("COPY", "/files/bob/d/", target, user="bob")
        assert condition(trial, response) == D + "need-privileges"
        assert b"<D:write-content/>" in response.body
        assert trial.request("MOVE", "/files/bob/d/", target, user="bob").status == 204

    @pytest.mark.parametrize("method", ["COPY", "MOVE"])
    def test_nobody_replaces_a_home(self, method: str) -> None:
        trial = shared()
        share(trial, "/files/alice/", ace("bob", "all"))
        self.put(trial)
        for target in ("/files/alice", "/principals/users/alice"):
            assert trial.request(method, "/files/bob/own", {"Destination": target}, user="bob").status == 403
        assert trial.request("GET", SHARED + "note.txt").status == 200


class TestLocks:
    """Verifies: RFC 3744, 3.5; RFC 4918, 6.4"""

    def test_the_lock_of_one_keeps_the_other_out(self) -> None:
        trial = shared()
        response = lock(trial, SHARED + "note.txt", user="bob")
        token = response.headers["Lock-Token"]
        assert trial.request("PUT", SHARED + "note.txt", body=b"x").status == 423
        assert trial.request("PUT", SHARED + "note.txt", {"If": f"({token})"}, b"x").status == 423
        assert trial.request("PUT", SHARED + "note.txt", {"If": f"({token})"}, b"x", "bob").status == 204

    def test_who_may_end_it(self) -> None:
        trial = shared()
        token = f"<{taken(trial, SHARED + 'note.txt')}>"
        headers = {"Lock-Token": token}
        response = trial.request("UNLOCK", SHARED + "note.txt", headers, user="bob")
        assert condition(trial, response) == D + "need-privileges"
        assert b"<D:unlock/>" in response.body
        share(trial, SHARED, ace("bob", "read", "unlock"))
        assert trial.request("UNLOCK", SHARED + "note.txt", headers, user="bob").status == 204

    def test_a_lock_above_what_is_shared_covers_it(self) -> None:
        trial = shared()
        taken(trial, "/files/alice/", depth="infinity")
        response = trial.request("PUT", SHARED + "note.txt", body=b"x", user="bob")
        assert (response.status, condition(trial, response)) == (423, D + "lock-token-submitted")
