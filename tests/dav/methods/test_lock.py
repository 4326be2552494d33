"""LOCK.

Verifies: RFC 4918, 6, 7, 9.10, 10.7
"""

import re

import pytest

from davd.dav.settings import DavSettings
from davd.testing.exchange import Trial
from tests.dav.answers import by_href
from tests.dav.locking import D, active, error, lock, lockinfo, taken

HOME = "/files/alice/"
URL = HOME + "note.txt"
DIR = HOME + "dir/"
CONFLICT = (423, "{DAV:}no-conflicting-lock")


@pytest.fixture(autouse=True)
def filled(trial):
    trial.request("PUT", URL, body=b"x")
    trial.request("MKCOL", DIR)
    trial.request("PUT", DIR + "a.txt", body=b"x")


class TestNew:
    """Verifies: RFC 4918, 6.5, 9.10.1, 9.10.3, 14.1"""

    def test_the_answer(self, trial):
        response = lock(trial, URL, Timeout="Second-100")
        assert response.status == 200
        token = response.headers["Lock-Token"][1:-1]
        assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", token)
        assert active(trial, response) == [
            {
                "lockscope": "exclusive",
                "locktype": "write",
                "depth": "0",
                "owner": "me",
                "timeout": "Second-100",
                "locktoken": token,
                "lockroot": URL,
            }
        ]

    def test_the_root_of_a_collection_has_its_slash(self, trial):
        (told,) = active(trial, lock(trial, DIR[:-1], depth="infinity"))
        assert told["lockroot"] == DIR

    def test_without_depth_it_is_infinite(self, trial):
        (told,) = active(trial, lock(trial, DIR, depth=None))
        assert told["depth"] == "infinity"
        assert trial.request("PUT", DIR + "a.txt", body=b"y").status == 423

    def test_depth_1(self, trial):
        assert lock(trial, DIR, depth="1").status == 400

    def test_no_owner(self, trial):
        response = trial.request("LOCK", URL, {"Depth": "0"}, lockinfo(owner=""))
        assert "owner" not in active(trial, response)[0]

    def test_the_owner_element_is_kept_whole(self, trial):
        owner = '<D:owner><x:who xmlns:x="urn:x" x:a="b">D&amp;<D:href>mailto:me</D:href></x:who></D:owner>'
        response = trial.request("LOCK", URL, {"Depth": "0"}, lockinfo(owner=owner))
        text = trial.read(response)
        assert b'<x:who xmlns:x="urn:x" x:a="b">D&amp;<D:href>mailto:me</D:href></x:who>' in text

    def test_malformed(self, trial):
        assert trial.request("LOCK", URL, {}, b"<open").status == 400
        assert trial.request("LOCK", URL, {}, b'<D:propfind xmlns:D="DAV:"/>').status == 400
        assert trial.request("LOCK", URL, {}, lockinfo("unheard-of")).status == 422

    def test_propfind_tells_the_same(self, trial):
        response = lock(trial, URL)
        asked = b'<propfind xmlns="DAV:"><prop><lockdiscovery/></prop></propfind>'
        answers = by_href(trial, trial.request("PROPFIND", URL, {"Depth": "0"}, asked))
        shown = answers[URL].element(D + "lockdiscovery")
        assert shown.findtext(f".//{D}locktoken/{D}href") == response.headers["Lock-Token"][1:-1]

    @pytest.mark.parametrize("path", ["/", "/files/", "/principals/users/alice/", "/note", "/files/note"])
    def test_what_is_not_ones_own(self, trial, path):
        assert lock(trial, path).status == 403

    def test_conditions(self, trial):
        assert lock(trial, URL, If_None_Match="*").status == 412
        assert lock(trial, URL, If='(["other"])').status == 412


class TestTimeout:
    """Verifies: RFC 4918, 6.6, 10.7"""

    @pytest.mark.parametrize(
        ("asked", "granted"),
        [
            (None, 600),
            ("Second-60", 60),
            ("Second-0", 1),
            ("Second-4100000000", 3600),
            ("Infinite", 3600),
            ("Infinite, Second-4100000000", 3600),
            ("rubbish, Second-50", 50),
            ("rubbish", 600),
        ],
    )
    def test_granted(self, trial, asked, granted):
        headers = {} if asked is None else {"Timeout": asked}
        (told,) = active(trial, lock(trial, URL, **headers))
        assert told["timeout"] == f"Second-{granted}"

    def test_what_is_shown_is_what_is_left(self, trial):
        taken(trial, URL, "shared", Timeout="Second-100")
        trial.now += 30
        told = active(trial, lock(trial, URL, "shared", Timeout="Second-100"))
        assert sorted(one["timeout"] for one in told) == ["Second-100", "Second-70"]

    def test_it_ends(self, trial):
        taken(trial, URL, Timeout="Second-10")
        trial.now += 9
        assert lock(trial, URL).status == 423
        trial.now += 2
        assert lock(trial, URL).status == 200


class TestUnmapped:
    """Verifies: RFC 4918, 7.3, 9.10.4, 9.10.6"""

    def test_an_empty_resource_is_made(self, trial):
        url = HOME + "new"
        response = lock(trial, url, depth="infinity")
        assert response.status == 201
        assert active(trial, response)[0]["lockroot"] == url
        assert trial.tree()[url] == b""
        got = trial.request("GET", url)
        assert got.status == 200 and got.body == b""
        token = response.headers["Lock-Token"]
        assert trial.request("PUT", url, body=b"x").status == 423
        assert trial.request("PUT", url, {"If": f"({token})"}, b"x").status == 204
        assert trial.request("MKCOL", url, {"If": f"({token})"}).status == 405
        assert trial.request("UNLOCK", url, {"Lock-Token": token}).status == 204
        assert trial.tree()[url] == b"x"

    def test_without_a_parent(self, trial):
        assert lock(trial, HOME + "none/new").status == 409
        assert lock(trial, URL + "/new").status == 409

    def test_a_name_with_a_slash(self, trial):
        assert lock(trial, HOME + "new/").status == 409

    def test_in_a_locked_collection(self, trial):
        token = taken(trial, DIR)
        assert error(trial, lock(trial, DIR + "new")) == (423, "{DAV:}lock-token-submitted", [DIR])
        assert lock(trial, DIR + "new", If=f"<{DIR}> (<{token}>)").status == 201

    def test_in_a_deeply_locked_collection(self, trial):
        token = taken(trial, DIR, depth="infinity")
        assert error(trial, lock(trial, DIR + "new", If=f"(<{token}>)")) == (*CONFLICT, [DIR])

    def test_in_a_deeply_shared_one(self, trial):
        token = taken(trial, DIR, "shared", "infinity")
        assert lock(trial, DIR + "new", "shared").status == 423
        response = lock(trial, DIR + "new", "shared", If=f"(<{token}>)")
        assert response.status == 201
        assert {told["lockroot"] for told in active(trial, response)} == {DIR, DIR + "new"}


class TestConflicts:
    """Verifies: RFC 4918, 6.2, 9.10.3, 9.10.5, 16.4"""

    @pytest.mark.parametrize(
        ("first", "second", "granted"),
        [
            ("exclusive", "exclusive", False),
            ("exclusive", "shared", False),
            ("shared", "exclusive", False),
            ("shared", "shared", True),
        ],
    )
    @pytest.mark.parametrize("token_shown", [False, True])
    def test_table(self, trial, first, second, granted, token_shown):
        token = taken(trial, URL, first)
        response = lock(trial, URL, second, **({"If": f"(<{token}>)"} if token_shown else {}))
        if granted:
            assert response.status == 200
            assert len(active(trial, response)) == 2
        else:
            assert error(trial, response) == (*CONFLICT, [URL])

    def test_a_lock_from_above(self, trial):
        taken(trial, DIR, depth="infinity")
        assert error(trial, lock(trial, DIR + "a.txt")) == (*CONFLICT, [DIR])

    def test_a_lock_of_depth_0_above_is_no_conflict(self, trial):
        taken(trial, DIR)
        assert lock(trial, DIR + "a.txt").status == 200

    def test_a_lock_below(self, trial):
        taken(trial, DIR + "a.txt")
        response = lock(trial, DIR, depth="infinity")
        assert "Lock-Token" not in response.headers
        found = by_href(trial, response)
        assert {href: answer.status for href, answer in found.items()} == {DIR + "a.txt": 423, DIR: 424}
        assert found[DIR + "a.txt"].condition == "{DAV:}no-conflicting-lock"
        # Nothing was locked by the attempt.
        assert trial.request("PUT", DIR + "b.txt", body=b"x").status == 201
        assert lock(trial, DIR).status == 200

    def test_shared_ones_above_and_below(self, trial):
        taken(trial, DIR + "a.txt", "shared")
        assert lock(trial, DIR, "shared", "infinity").status == 200


class TestRefresh:
    """Verifies: RFC 4918, 7.7, 9.10.2"""

    def refresh(self, trial, path, *tokens, user="alice", **headers):
        if tokens:
            headers["If"] = " ".join(f"(<{token}>)" for token in tokens)
        return trial.request("LOCK", path, headers, user=user)

    def test_more_time(self, trial):
        token = taken(trial, URL, Timeout="Second-100")
        trial.now += 90
        response = self.refresh(trial, URL, token, Timeout="Second-200")
        assert response.status == 200
        assert "Lock-Token" not in response.headers
        (told,) = active(trial, response)
        assert (told["locktoken"], told["timeout"], told["owner"]) == (token, "Second-200", "me")
        trial.now += 199
        assert trial.request("PUT", URL, body=b"y").status == 423
        trial.now += 2
        assert trial.request("PUT", URL, body=b"y").status == 204

    def test_anywhere_in_its_scope(self, trial):
        token = taken(trial, DIR, depth="infinity")
        (told,) = active(trial, self.refresh(trial, DIR + "a.txt", token, Depth="0"))
        assert told["lockroot"] == DIR and told["depth"] == "infinity"

    def test_outside_its_scope(self, trial):
        token = taken(trial, URL)
        response = self.refresh(trial, DIR, token)
        assert error(trial, response)[:2] == (412, "{DAV:}lock-token-matches-request-uri")
        assert self.refresh(trial, URL, "urn:uuid:none").status == 412

    def test_after_its_end(self, trial):
        token = taken(trial, URL, Timeout="Second-10")
        trial.now += 11
        assert self.refresh(trial, URL, token).status == 412

    def test_without_saying_which(self, trial):
        taken(trial, URL)
        assert self.refresh(trial, URL).status == 400

    def test_two_at_once(self, trial):
        tokens = [taken(trial, URL, "shared"), taken(trial, URL, "shared")]
        assert self.refresh(trial, URL, *tokens).status == 400

    def test_a_condition_that_fails(self, trial):
        token = taken(trial, URL)
        assert trial.request("LOCK", URL, {"If": f'(<{token}> ["other"])'}).status == 412

    def test_nothing_there(self, trial):
        assert self.refresh(trial, HOME + "none", "urn:uuid:none").status == 404


class TestLimits:
    """Verifies: RFC 4918, 20.2; docs/architecture.md, Data"""

    def test_locks_of_one_principal(self):
        trial = Trial(settings=DavSettings(max_locks_per_principal=2))
        for name in "ab":
            taken(trial, HOME + name, Timeout="Second-10")
        before = trial.tree()
        assert error(trial, lock(trial, HOME + "c"))[:2] == (403, "{urn:davd}locks-within-limits")
        assert trial.tree() == before
        assert lock(trial, "/files/bob/c", user="bob").status == 201
        trial.now += 11
        assert lock(trial, HOME + "c").status == 201

    def test_what_is_kept_of_the_owner(self):
        trial = Trial(settings=DavSettings(max_lock_owner_bytes=100))
        long = lockinfo(owner=f"<D:owner>{'x' * 100}</D:owner>")
        assert trial.request("LOCK", URL, {}, long).status == 413
        assert URL not in trial.tree()
        assert trial.request("LOCK", URL, {}, lockinfo(owner="<D:owner>short</D:owner>")).status == 201

    def test_locks_on_one_resource(self):
        trial = Trial(settings=DavSettings(max_locks_per_resource=2))
        for _ in range(2):
            taken(trial, URL, "shared")
        assert error(trial, lock(trial, URL, "shared"))[:2] == (403, "{urn:davd}locks-within-limits")
        assert lock(trial, HOME + "other", "shared").status == 201
