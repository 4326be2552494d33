"""UNLOCK.

Verifies: RFC 4918, 9.11, 10.5, 16.2
"""

import pytest

from davd.model.lock import EXCLUSIVE, Lock
from davd.testing.exchange import run
from tests.dav.locking import error, lock, taken

HOME = "/files/alice/"
URL = HOME + "note.txt"
DIR = HOME + "dir/"
ELSEWHERE = (409, "{DAV:}lock-token-matches-request-uri", [])


@pytest.fixture(autouse=True)
def filled(trial):
    trial.request("PUT", URL, body=b"x")
    trial.request("MKCOL", DIR)
    trial.request("PUT", DIR + "a.txt", body=b"x")


def unlock(trial, path, token, user="alice", **headers):
    return trial.request("UNLOCK", path, {"Lock-Token": token, **headers}, user=user)


class TestUnlock:
    """Verifies: RFC 4918, 9.11, 9.11.1"""

    @pytest.mark.parametrize("form", ["<{}>", "{}"])
    def test_the_end_of_a_lock(self, trial, form):
        token = taken(trial, URL)
        response = unlock(trial, URL, form.format(token))
        assert response.status == 204 and response.body == b""
        assert trial.request("PUT", URL, body=b"y").status == 204
        assert error(trial, unlock(trial, URL, form.format(token))) == ELSEWHERE

    def test_from_anywhere_in_its_scope(self, trial):
        token = taken(trial, DIR, depth="infinity")
        assert unlock(trial, DIR + "a.txt", f"<{token}>").status == 204
        assert lock(trial, DIR).status == 200

    def test_from_outside_its_scope(self, trial):
        token = taken(trial, DIR)
        for path in (URL, HOME, DIR + "a.txt"):
            assert error(trial, unlock(trial, path, f"<{token}>")) == ELSEWHERE
        assert unlock(trial, DIR, f"<{token}>").status == 204

    def test_one_of_two_shared(self, trial):
        first, second = taken(trial, URL, "shared"), taken(trial, URL, "shared")
        assert unlock(trial, URL, f"<{first}>").status == 204
        assert trial.request("PUT", URL, body=b"y").status == 423
        assert trial.request("PUT", URL, {"If": f"(<{second}>)"}, b"y").status == 204

    def test_without_a_token(self, trial):
        taken(trial, URL)
        assert trial.request("UNLOCK", URL).status == 400
        for text in ("", "<>", "no token"):
            assert unlock(trial, URL, text).status == 400

    def test_no_lock_at_all(self, trial):
        assert error(trial, unlock(trial, URL, "<urn:uuid:none>")) == ELSEWHERE

    def test_nothing_there(self, trial):
        assert unlock(trial, HOME + "none", "<urn:uuid:none>").status == 404

    def test_after_its_end(self, trial):
        token = taken(trial, URL, Timeout="Second-10")
        trial.now += 11
        assert error(trial, unlock(trial, URL, f"<{token}>")) == ELSEWHERE

    def test_a_condition_that_fails(self, trial):
        token = taken(trial, URL)
        assert unlock(trial, URL, f"<{token}>", If='(["other"])').status == 412

    def test_the_lock_of_somebody_else(self, trial):
        async def lock_as_bob():
            async with trial.store.write() as transaction:
                root = (await transaction.resolve(("files", "alice", "note.txt")))[-1]
                held = Lock("urn:uuid:bobs", root.id, EXCLUSIVE, False, "bob", b"", 60, trial.now + 60)
                await transaction.add_lock(held)

        run(lock_as_bob())
        assert trial.request("PUT", URL, {"If": "(<urn:uuid:bobs>)"}, b"y").status == 423
        assert trial.request("LOCK", URL, {"If": "(<urn:uuid:bobs>)"}).status == 403
        # RFC 3744, 3.5: the owner of the resource holds DAV:unlock.
        assert unlock(trial, URL, "<urn:uuid:bobs>").status == 204
        assert trial.request("PUT", URL, body=b"y").status == 204
