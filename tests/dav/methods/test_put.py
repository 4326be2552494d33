"""PUT.

Verifies: RFC 4918, 9.7; RFC 9110, 9.3.4, 13, 14.5; RFC 4331, 6; RFC 7240, 4.2
"""

import pytest

from davd.dav.settings import DavSettings
from davd.model.principal import Account
from davd.testing.exchange import ChunkedBody, Trial, run
from tests.dav.locking import LOCKED, error, lock, taken

HOME = "/files/alice/"
URL = HOME + "note.txt"


class TestFiles:
    """Verifies: RFC 4918, 9.7.1; RFC 9110, 9.3.4"""

    def test_a_new_one_then_new_content(self, trial):
        first = trial.request("PUT", URL, {"Content-Type": "text/plain"}, b"one")
        assert first.status == 201
        second = trial.request("PUT", URL, {"Content-Type": "text/markdown"}, b"two")
        assert second.status == 204 and second.body == b""
        assert first.headers["ETag"] != second.headers["ETag"]
        got = trial.request("GET", URL)
        assert trial.read(got) == b"two"
        assert got.headers["ETag"] == second.headers["ETag"]
        assert got.headers["Content-Type"] == "text/markdown"

    def test_the_same_bytes_again_have_another_tag(self, trial):
        tags = {trial.request("PUT", URL, body=b"same").headers["ETag"] for _ in range(3)}
        assert len(tags) == 3

    def test_nothing_is_content_too(self, trial):
        assert trial.request("PUT", URL).status == 201
        assert trial.read(trial.request("GET", URL)) == b""

    def test_without_a_parent(self, trial):
        assert trial.request("PUT", HOME + "none/note").status == 409
        trial.request("PUT", URL)
        assert trial.request("PUT", URL + "/note").status == 409
        assert trial.tree().keys() >= {URL}

    def test_a_collection(self, trial):
        response = trial.request("PUT", HOME, body=b"x")
        assert response.status == 405
        assert "PUT" not in response.headers["Allow"].split(", ")

    def test_a_name_with_a_slash(self, trial):
        assert trial.request("PUT", HOME + "note/", body=b"x").status == 409

    def test_a_part_of_a_file(self, trial):
        trial.request("PUT", URL, body=b"whole")
        assert trial.request("PUT", URL, {"Content-Range": "bytes 0-1/5"}, b"xx").status == 400
        assert trial.tree()[URL] == b"whole"

    @pytest.mark.parametrize("path", ["/note", "/files/note", "/principals/note", "/principals/users/alice/note"])
    def test_above_the_homes_and_in_principals(self, trial, path):
        assert trial.request("PUT", path, body=b"x").status == 403

    def test_properties_stay_with_new_content(self, trial):
        trial.request("PUT", URL, body=b"one")
        body = b'<propertyupdate xmlns="DAV:"><set><prop><x xmlns="urn:x">y</x></prop></set></propertyupdate>'
        assert trial.request("PROPPATCH", URL, {}, body).status == 207
        trial.request("PUT", URL, body=b"two")
        asked = b'<propfind xmlns="DAV:"><prop><x xmlns="urn:x"/></prop></propfind>'
        assert b">y</" in trial.read(trial.request("PROPFIND", URL, {"Depth": "0"}, asked))


class TestConditions:
    """Verifies: RFC 9110, 13.1.1, 13.1.2; RFC 4918, 10.4"""

    def test_create_only(self, trial):
        assert trial.request("PUT", URL, {"If-None-Match": "*"}, b"one").status == 201
        assert trial.request("PUT", URL, {"If-None-Match": "*"}, b"two").status == 412
        assert trial.tree()[URL] == b"one"

    def test_change_only_what_is_known(self, trial):
        assert trial.request("PUT", URL, {"If-Match": "*"}, b"x").status == 412
        tag = trial.request("PUT", URL, body=b"one").headers["ETag"]
        assert trial.request("PUT", URL, {"If-Match": '"other"'}, b"x").status == 412
        assert trial.request("PUT", URL, {"If-Match": tag}, b"two").status == 204
        assert trial.request("PUT", URL, {"If-Match": tag}, b"three").status == 412
        assert trial.tree()[URL] == b"two"

    def test_if(self, trial):
        tag = trial.request("PUT", URL, body=b"one").headers["ETag"]
        assert trial.request("PUT", URL, {"If": '(["other"])'}, b"x").status == 412
        assert trial.request("PUT", URL, {"If": f"([{tag}])"}, b"two").status == 204

    def test_a_missing_parent_comes_before_any_condition(self, trial):
        assert trial.request("PUT", HOME + "none/note", {"If-Match": "*"}).status == 409

    def test_refused_before_the_content_is_read(self, trial):
        body = ChunkedBody(b"one", b"two")
        assert trial.request("PUT", URL, {"If-Match": "*"}, body).status == 412
        assert run(body.receive()) == b"one"


class TestLocks:
    """Verifies: RFC 4918, 7, 7.4"""

    def test_a_locked_file(self, trial):
        trial.request("PUT", URL, body=b"one")
        token = taken(trial, URL)
        assert error(trial, trial.request("PUT", URL, body=b"x")) == (*LOCKED, [URL])
        assert trial.request("PUT", URL, {"If": f"(<{token}>)"}, b"two").status == 204

    def test_a_new_member_of_a_locked_collection(self, trial):
        token = taken(trial, HOME)
        assert error(trial, trial.request("PUT", URL, body=b"x")) == (*LOCKED, [HOME])
        assert trial.request("PUT", URL, {"If": f"<{HOME}> (<{token}>)"}, b"one").status == 201
        # A lock with Depth 0 is about the members, not about their content.
        assert trial.request("PUT", URL, body=b"two").status == 204

    def test_below_a_lock_of_depth_infinity(self, trial):
        trial.request("MKCOL", HOME + "dir")
        token = taken(trial, HOME, depth="infinity")
        url = HOME + "dir/note"
        assert error(trial, trial.request("PUT", url, body=b"x")) == (*LOCKED, [HOME])
        assert trial.request("PUT", url, {"If": f"(<{token}>)"}, b"one").status == 201
        assert error(trial, trial.request("PUT", url, body=b"x")) == (*LOCKED, [HOME])
        assert trial.request("PUT", url, {"If": f"(<{token}>)"}, b"two").status == 204

    def test_one_of_several_shared_locks_is_enough(self, trial):
        trial.request("PUT", URL, body=b"one")
        tokens = [taken(trial, URL, "shared"), taken(trial, URL, "shared")]
        assert lock(trial, URL).status == 423
        assert trial.request("PUT", URL, body=b"x").status == 423
        assert trial.request("PUT", URL, {"If": f"(<{tokens[1]}>)"}, b"two").status == 204

    def test_an_expired_lock_is_none(self, trial):
        trial.request("PUT", URL, body=b"one")
        taken(trial, URL, Timeout="Second-10")
        trial.now += 11
        assert trial.request("PUT", URL, body=b"two").status == 204


class TestLimits:
    """Verifies: RFC 9110, 15.5.14; RFC 4331, 6"""

    def test_longer_than_any_file_may_be(self):
        trial = Trial(settings=DavSettings(max_file_bytes=10))
        assert trial.request("PUT", URL, body=b"x" * 10).status == 201
        assert trial.request("PUT", URL, body=b"x" * 11).status == 413
        assert trial.request("PUT", URL, body=ChunkedBody(b"x" * 6, b"x" * 6)).status == 413
        assert trial.tree()[URL] == b"x" * 10

    def test_quota_of_the_server(self):
        trial = Trial(settings=DavSettings(quota_bytes=10))
        assert trial.request("PUT", URL, body=b"x" * 8).status == 201
        assert error(trial, trial.request("PUT", HOME + "other", body=b"xxx"))[:2] == (
            507,
            "{DAV:}quota-not-exceeded",
        )
        assert trial.request("PUT", HOME + "other", body=ChunkedBody(b"xxx")).status == 507
        # What goes is taken off what comes.
        assert trial.request("PUT", URL, body=b"x" * 10).status == 204
        assert trial.request("PUT", URL, body=b"x" * 11).status == 507
        assert trial.request("PUT", "/files/bob/own", body=b"x" * 10, user="bob").status == 201

    def test_quota_of_the_account_comes_first(self):
        trial = Trial(settings=DavSettings(quota_bytes=10))

        async def grant():
            async with trial.store.write() as transaction:
                await transaction.update_account(Account("alice", quota=20))

        run(grant())
        assert trial.request("PUT", URL, body=b"x" * 20).status == 201

    def test_a_blob_that_is_refused_leaves_nothing(self):
        trial = Trial(settings=DavSettings(quota_bytes=10, inline_bytes=2))
        assert trial.request("PUT", URL, body=ChunkedBody(b"x" * 8, b"x" * 8)).status == 507
        assert trial.store.blobs.names() == []


class TestClients:
    """Verifies: RFC 7240, 2, 4.2; docs/architecture.md, Data"""

    def test_modification_time_of_owncloud_clients(self, trial):
        response = trial.request("PUT", URL, {"X-OC-Mtime": "1000000000"}, b"x")
        assert response.headers["X-OC-MTime"] == "accepted"
        assert trial.request("GET", URL).headers["Last-Modified"] == "Sun, 09 Sep 2001 01:46:40 GMT"

    @pytest.mark.parametrize("text", ["", "x", "-5", "1e3", "9" * 20])
    def test_a_time_that_is_none(self, trial, text):
        response = trial.request("PUT", URL, {"X-OC-Mtime": text}, b"x")
        assert response.status == 201
        assert "X-OC-MTime" not in response.headers

    def test_finder(self, trial):
        assert trial.request("PUT", URL).status == 201
        token = taken(trial, URL)
        headers = {"X-Expected-Entity-Length": "6", "If": f"(<{token}>)"}
        assert trial.request("PUT", URL, headers, ChunkedBody(b"abc", b"def")).status == 204
        assert trial.tree()[URL] == b"abcdef"
        assert trial.request("PUT", URL, headers, ChunkedBody(b"abc")).status == 400
        assert trial.tree()[URL] == b"abcdef"

    def test_the_representation_on_request(self, trial):
        headers = {"Prefer": "return=representation", "Content-Type": "text/plain"}
        for status, content in ((201, b"one"), (200, b"two")):
            response = trial.request("PUT", URL, headers, content)
            assert response.status == status
            assert response.body == content
            assert response.headers["Preference-Applied"] == "return=representation"
            assert response.headers["Content-Location"] == URL
            assert response.headers["ETag"] == trial.request("GET", URL).headers["ETag"]

    def test_large_content_is_not_sent_back(self):
        trial = Trial(settings=DavSettings(inline_bytes=2))
        response = trial.request("PUT", URL, {"Prefer": "return=representation"}, b"large")
        assert response.status == 201 and response.body == b""
        assert "Preference-Applied" not in response.headers
