"""MOVE; what it shares with COPY is in test_destination.

Verifies: RFC 4918, 9.9
"""

import pytest

from davd.dav.settings import DavSettings
from davd.testing.exchange import Trial
from tests.dav.answers import by_href, prop
from tests.dav.locking import LOCKED, error, taken

HOME = "/files/alice/"


def move(trial: Trial, source: str, target: str, **headers: str):
    return trial.request("MOVE", source, {"Destination": target, **headers})


@pytest.fixture(autouse=True)
def filled(trial):
    for path in ("dir/", "dir/inner/"):
        trial.request("MKCOL", HOME + path)
    for path in ("dir/a.txt", "dir/inner/b.txt"):
        trial.request("PUT", HOME + path, body=path.encode())


class TestMove:
    """Verifies: RFC 4918, 9.9.1, 9.9.2"""

    def test_a_tree(self, trial):
        before = trial.tree()
        assert move(trial, HOME + "dir/", HOME + "new").status == 201
        after = trial.tree()
        assert not [href for href in after if href.startswith(HOME + "dir")]
        for path in ("", "a.txt", "inner/", "inner/b.txt"):
            assert after[f"{HOME}new/{path}"] == before[f"{HOME}dir/{path}"]

    def test_it_is_still_the_same(self, trial):
        body = b'<propertyupdate xmlns="DAV:"><set><prop><x xmlns="urn:x">y</x></prop></set></propertyupdate>'
        trial.request("PROPPATCH", HOME + "dir/a.txt", {}, body)
        tag = trial.request("HEAD", HOME + "dir/a.txt").headers["ETag"]
        move(trial, HOME + "dir/a.txt", HOME + "b.txt")
        assert trial.request("HEAD", HOME + "b.txt").headers["ETag"] == tag
        found = by_href(trial, trial.request("PROPFIND", HOME + "b.txt", {"Depth": "0"}, prop("{urn:x}x")))
        assert found[HOME + "b.txt"].text("{urn:x}x") == "y"

    def test_without_its_members(self, trial):
        assert move(trial, HOME + "dir/", HOME + "new/", Depth="0").status == 400

    @pytest.mark.parametrize(
        "source", ["/", "/files/", "/files/alice/", "/principals/", "/principals/users/", "/principals/users/alice/"]
    )
    def test_what_must_stay(self, trial, source):
        before = trial.tree()
        for target in (HOME + "new", "/files/new"):
            assert move(trial, source, target).status == 403
        assert trial.tree() == before

    def test_moving_needs_no_room(self):
        trial = Trial(settings=DavSettings(quota_bytes=5, max_tree_nodes=1))
        trial.request("MKCOL", HOME + "dir")
        trial.request("PUT", HOME + "dir/a", body=b"12345")
        assert move(trial, HOME + "dir", HOME + "new").status == 201


class TestLocks:
    """Verifies: RFC 4918, 7, 7.4, 7.6"""

    def test_the_source(self, trial):
        url = HOME + "dir/a.txt"
        token = taken(trial, url)
        assert error(trial, move(trial, url, HOME + "b.txt")) == (*LOCKED, [url])
        assert move(trial, url, HOME + "b.txt", If=f"(<{token}>)").status == 201
        assert trial.request("PUT", url, body=b"x").status == 201

    def test_the_collection_it_leaves(self, trial):
        token = taken(trial, HOME + "dir/")
        source = HOME + "dir/a.txt"
        assert error(trial, move(trial, source, HOME + "b.txt")) == (*LOCKED, [HOME + "dir/"])
        assert move(trial, source, HOME + "b.txt", If=f"<{HOME}dir/> (<{token}>)").status == 201

    def test_a_member_far_below(self, trial):
        deep = HOME + "dir/inner/b.txt"
        token = taken(trial, deep)
        before = trial.tree()
        assert error(trial, move(trial, HOME + "dir/", HOME + "new/")) == (*LOCKED, [deep])
        assert trial.tree() == before
        assert move(trial, HOME + "dir/", HOME + "new/", If=f"<{deep}> (<{token}>)").status == 201
        assert trial.request("PUT", HOME + "new/inner/b.txt", body=b"x").status == 204

    def test_the_lock_of_what_is_overwritten_goes_with_it(self, trial):
        target = HOME + "b.txt"
        trial.request("PUT", target, body=b"old")
        token = taken(trial, target)
        assert move(trial, HOME + "dir/a.txt", target, If=f"<{target}> (<{token}>)").status == 204
        assert trial.request("PUT", target, body=b"x").status == 204
