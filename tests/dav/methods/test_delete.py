"""DELETE.

Verifies: RFC 4918, 9.6; RFC 9110, 9.3.5
"""

import pytest

from tests.dav.locking import LOCKED, error, taken

HOME = "/files/alice/"
DIR = HOME + "dir/"
URL = DIR + "note.txt"


@pytest.fixture(autouse=True)
def filled(trial):
    trial.request("MKCOL", DIR)
    trial.request("MKCOL", DIR + "inner")
    trial.request("PUT", URL, body=b"x")
    trial.request("PUT", DIR + "inner/deep.txt", body=b"x")


class TestDelete:
    """Verifies: RFC 4918, 9.6, 9.6.1"""

    def test_a_file(self, trial):
        assert trial.request("DELETE", URL).status == 204
        assert trial.request("GET", URL).status == 404
        assert trial.request("DELETE", URL).status == 404

    @pytest.mark.parametrize("path", [DIR, DIR[:-1]])
    @pytest.mark.parametrize("headers", [{}, {"Depth": "infinity"}])
    def test_a_collection_with_all_in_it(self, trial, path, headers):
        assert trial.request("DELETE", path, headers).status == 204
        assert not [href for href in trial.tree() if href.startswith(DIR)]

    @pytest.mark.parametrize("depth", ["0", "1"])
    def test_a_collection_without_its_members(self, trial, depth):
        before = trial.tree()
        assert trial.request("DELETE", DIR, {"Depth": depth}).status == 400
        assert trial.tree() == before

    def test_depth_means_nothing_for_a_file(self, trial):
        assert trial.request("DELETE", URL, {"Depth": "0"}).status == 204

    @pytest.mark.parametrize(
        "path", ["/", "/files/", "/files/alice/", "/principals/", "/principals/users/", "/principals/users/alice/"]
    )
    def test_what_must_stay(self, trial, path):
        before = trial.tree()
        assert trial.request("DELETE", path).status == 403
        assert trial.tree() == before

    def test_on_condition(self, trial):
        tag = trial.request("HEAD", URL).headers["ETag"]
        assert trial.request("DELETE", URL, {"If-Match": '"other"'}).status == 412
        assert trial.request("DELETE", URL, {"If-None-Match": tag}).status == 412
        assert trial.request("DELETE", URL, {"If": '(["other"])'}).status == 412
        assert trial.request("DELETE", URL, {"If-Match": tag}).status == 204


class TestLocks:
    """Verifies: RFC 4918, 7, 7.4, 9.6.1, 16.3"""

    def test_the_resource_itself(self, trial):
        token = taken(trial, URL)
        assert error(trial, trial.request("DELETE", URL)) == (*LOCKED, [URL])
        assert trial.request("DELETE", URL, {"If": f"(<{token}>)"}).status == 204

    def test_the_parent(self, trial):
        token = taken(trial, DIR)
        assert error(trial, trial.request("DELETE", URL)) == (*LOCKED, [DIR])
        assert trial.request("DELETE", URL, {"If": f"<{DIR}> (<{token}>)"}).status == 204

    def test_something_far_below(self, trial):
        deep = DIR + "inner/deep.txt"
        token = taken(trial, deep)
        before = trial.tree()
        assert error(trial, trial.request("DELETE", DIR)) == (*LOCKED, [deep])
        assert trial.tree() == before
        assert trial.request("DELETE", DIR, {"If": f"<{deep}> (<{token}>)"}).status == 204

    def test_several_below_each_need_their_token(self, trial):
        tokens = {url: taken(trial, url) for url in (URL, DIR + "inner/deep.txt", DIR + "inner/")}
        for missing in tokens:
            shown = " ".join(f"<{url}> (<{token}>)" for url, token in tokens.items() if url != missing)
            assert error(trial, trial.request("DELETE", DIR, {"If": shown})) == (*LOCKED, [missing])
        shown = " ".join(f"<{url}> (<{token}>)" for url, token in tokens.items())
        assert trial.request("DELETE", DIR, {"If": shown}).status == 204

    def test_a_deep_shared_lock_covers_the_shared_lock_of_a_member(self, trial):
        taken(trial, URL, "shared")
        token = taken(trial, DIR, "shared", "infinity")
        assert trial.request("DELETE", DIR, {"If": f"(<{token}>)"}).status == 204

    def test_a_token_of_another_lock_opens_nothing(self, trial):
        taken(trial, URL)
        other = taken(trial, DIR + "inner/deep.txt")
        assert trial.request("DELETE", URL, {"If": f"<{DIR}inner/deep.txt> (<{other}>)"}).status == 423

    def test_locks_go_with_the_resource(self, trial):
        token = taken(trial, URL)
        trial.request("DELETE", URL, {"If": f"(<{token}>)"})
        assert trial.request("PUT", URL, body=b"new").status == 201
        assert trial.request("PUT", URL, body=b"newer").status == 204
