"""COPY; what it shares with MOVE is in test_destination.

Verifies: RFC 4918, 9.8; RFC 3744, 7.3; RFC 4331, 6
"""

import pytest

from davd.dav.settings import DavSettings
from davd.model.acl import Ace, parse
from davd.testing.exchange import Trial, run
from tests.dav.answers import by_href, prop
from tests.dav.locking import error, taken
from tests.dav.sharing import ace, share

HOME = "/files/alice/"


def copy(trial: Trial, source: str, target: str, **headers: str):
    return trial.request("COPY", source, {"Destination": target, **headers})


def filled(trial: Trial) -> Trial:
    for path in ("dir/", "dir/inner/"):
        trial.request("MKCOL", HOME + path)
    for path in ("dir/a.txt", "dir/inner/b.txt"):
        trial.request("PUT", HOME + path, {"Content-Type": "text/x-own"}, path.encode())
    return trial


class TestCopy:
    """Verifies: RFC 4918, 9.8.1, 9.8.2, 9.8.3"""

    def test_a_tree(self, trial):
        filled(trial)
        assert copy(trial, HOME + "dir/", HOME + "new/").status == 201
        tree = trial.tree()
        for path in ("", "a.txt", "inner/", "inner/b.txt"):
            assert tree[f"{HOME}new/{path}"] == tree[f"{HOME}dir/{path}"]

    def test_a_collection_alone(self, trial):
        filled(trial)
        assert copy(trial, HOME + "dir/", HOME + "new/", Depth="0").status == 201
        assert [href for href in trial.tree() if href.startswith(HOME + "new")] == [HOME + "new/"]

    def test_a_collection_alone_may_go_into_itself(self, trial):
        filled(trial)
        before = trial.tree()
        assert copy(trial, HOME + "dir/", HOME + "dir/twin/", Depth="0").status == 201
        assert trial.tree() == before | {HOME + "dir/twin/": None}
        assert copy(trial, HOME + "dir/", HOME + "dir/inner/", Depth="0").status == 204
        assert copy(trial, HOME + "dir/", HOME + "dir/third/").status == 403
        assert copy(trial, HOME + "dir/", HOME + "dir/", Depth="0").status == 403
        assert copy(trial, HOME + "dir/inner/", HOME + "dir/", Depth="0").status == 403

    def test_properties_and_type_come_along(self, trial):
        filled(trial)
        body = b'<propertyupdate xmlns="DAV:"><set><prop><x xmlns="urn:x">y</x></prop></set></propertyupdate>'
        trial.request("PROPPATCH", HOME + "dir/", {}, body)
        trial.request("PROPPATCH", HOME + "dir/a.txt", {}, body)
        copy(trial, HOME + "dir/", HOME + "new/")
        asked = prop("{urn:x}x", "{DAV:}getcontenttype")
        found = by_href(trial, trial.request("PROPFIND", HOME + "new/", {"Depth": "1"}, asked))
        assert found[HOME + "new/"].text("{urn:x}x") == "y"
        assert found[HOME + "new/a.txt"].text("{urn:x}x") == "y"
        assert found[HOME + "new/a.txt"].text("{DAV:}getcontenttype") == "text/x-own"

    def test_the_copy_is_one_of_its_own(self, trial):
        filled(trial)
        copy(trial, HOME + "dir/a.txt", HOME + "a.txt")
        tags = {trial.request("HEAD", HOME + path).headers["ETag"] for path in ("dir/a.txt", "a.txt")}
        assert len(tags) == 2
        trial.request("PUT", HOME + "a.txt", body=b"changed")
        assert trial.tree()[HOME + "dir/a.txt"] == b"dir/a.txt"

    def test_depth_means_nothing_for_a_file(self, trial):
        filled(trial)
        assert copy(trial, HOME + "dir/a.txt", HOME + "a.txt", Depth="1").status == 201

    @pytest.mark.parametrize("source", ["/principals/", "/principals/users/", "/principals/users/alice/"])
    def test_what_cannot_be_copied(self, trial, source):
        assert copy(trial, source, HOME + "stolen").status == 403
        assert not [href for href in trial.tree() if "stolen" in href]


class TestLimits:
    """Verifies: RFC 4331, 6; docs/architecture.md, Data"""

    def test_trees_larger_than_allowed(self):
        # The tree has four resources: dir, a.txt, inner, b.txt.
        trial = filled(Trial(settings=DavSettings(max_tree_nodes=3)))
        before = trial.tree()
        response = copy(trial, HOME + "dir/", HOME + "new/")
        assert error(trial, response)[:2] == (403, "{urn:davd}tree-within-limits")
        assert trial.tree() == before
        assert copy(trial, HOME + "dir/", HOME + "new/", Depth="0").status == 201
        assert copy(filled(Trial(settings=DavSettings(max_tree_nodes=4))), HOME + "dir/", HOME + "new/").status == 201

    def test_quota(self):
        content = len("dir/a.txt") + len("dir/inner/b.txt")
        roomy = filled(Trial(settings=DavSettings(quota_bytes=2 * content)))
        assert copy(roomy, HOME + "dir/", HOME + "new/").status == 201
        trial = filled(Trial(settings=DavSettings(quota_bytes=2 * content - 1)))
        before = trial.tree()
        assert error(trial, copy(trial, HOME + "dir/", HOME + "new/"))[:2] == (507, "{DAV:}quota-not-exceeded")
        assert trial.tree() == before

    def test_what_is_overwritten_makes_room(self):
        trial = Trial(settings=DavSettings(quota_bytes=10))
        trial.request("PUT", HOME + "a", body=b"12345")
        trial.request("PUT", HOME + "b", body=b"54321")
        assert copy(trial, HOME + "a", HOME + "c").status == 507
        assert copy(trial, HOME + "a", HOME + "b").status == 204


class TestEntries:
    """Verifies: RFC 3744, 7.3; RFC 4918, 9.8.4"""

    def entries(self, trial: Trial, path: str) -> tuple[Ace, ...]:
        async def work() -> tuple[Ace, ...]:
            async with trial.store.read() as view:
                return parse((await view.resolve([name for name in path.split("/") if name]))[-1].acl)

        return run(work())

    @pytest.mark.parametrize(
        ("source", "target"), [("dir/a.txt", "b.txt"), ("dir/", "shared/"), ("dir/a.txt", "shared/")]
    )
    def test_what_is_overwritten_stays_shared(self, trial, source, target):
        filled(trial)
        trial.request("MKCOL", HOME + "shared/")
        trial.request("PUT", HOME + "b.txt")
        assert share(trial, HOME + target, ace("bob", "read")).status == 200
        assert share(trial, HOME + source, ace("bob", "write")).status == 200
        assert copy(trial, HOME + source, HOME + target).status == 204
        assert self.entries(trial, HOME + target) == (Ace("name:bob", ("{DAV:}read",)),)
        assert trial.request("PROPFIND", HOME + target, {"Depth": "0"}, user="bob").status == 207

    def test_what_was_not_there_is_not_shared(self, trial):
        filled(trial)
        share(trial, HOME + "dir/", ace("bob", "read"))
        share(trial, HOME + "dir/a.txt", ace("bob", "read"))
        assert copy(trial, HOME + "dir/", HOME + "new/").status == 201
        assert self.entries(trial, HOME + "new/") == self.entries(trial, HOME + "new/a.txt") == ()
        # Entries of members that give way go with them, for what comes in their places is not what was shared.
        share(trial, HOME + "new/a.txt", ace("bob", "read"))
        assert copy(trial, HOME + "dir/", HOME + "new/").status == 204
        assert self.entries(trial, HOME + "new/a.txt") == ()

    def test_it_is_one_more_change(self, trial):
        filled(trial)
        trial.request("PUT", HOME + "b.txt")
        share(trial, HOME + "b.txt", ace("bob", "read"))
        etag = trial.request("HEAD", HOME + "b.txt").headers["ETag"]
        assert copy(trial, HOME + "dir/a.txt", HOME + "b.txt").status == 204
        assert trial.request("HEAD", HOME + "b.txt", user="bob").headers["ETag"] != etag


class TestLocks:
    """Verifies: RFC 4918, 6.1, 7.6"""

    def test_a_locked_source_may_be_read(self, trial):
        filled(trial)
        taken(trial, HOME + "dir/", depth="infinity")
        assert copy(trial, HOME + "dir/", HOME + "new/").status == 201

    def test_the_lock_at_the_destination_stays_there(self, trial):
        filled(trial)
        target = HOME + "a.txt"
        trial.request("PUT", target, body=b"old")
        token = taken(trial, target)
        assert copy(trial, HOME + "dir/a.txt", target, If=f"<{target}> (<{token}>)").status == 204
        assert trial.request("PUT", target, body=b"x").status == 423
        assert trial.request("UNLOCK", target, {"Lock-Token": f"<{token}>"}).status == 204
