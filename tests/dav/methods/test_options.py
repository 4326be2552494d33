"""OPTIONS.

Verifies: RFC 4918, 10.1, 18; RFC 9110, 9.3.7
"""

import pytest

from davd.dav.methods import options

UNMAPPED = {"OPTIONS", "PUT", "MKCOL", "LOCK"}


def allowed(response) -> set[str]:
    return set(response.headers["Allow"].split(", "))


class TestOptions:
    """Verifies: RFC 4918, 10.1, 18.1, 18.2, 18.3; RFC 5689, 3.1"""

    @pytest.mark.parametrize("path", ["/", "/files/alice/", "/files/alice/note", "/files/alice/none", "*"])
    def test_classes_everywhere(self, trial, path):
        trial.request("PUT", "/files/alice/note", body=b"x")
        response = trial.request("OPTIONS", path)
        assert response.status == 200
        assert response.headers["DAV"].split(", ")[:5] == ["1", "2", "3", "access-control", "extended-mkcol"]
        assert response.headers["MS-Author-Via"] == "DAV"
        assert response.body == b""

    def test_a_file(self, trial):
        trial.request("PUT", "/files/alice/note", body=b"x")
        found = allowed(trial.request("OPTIONS", "/files/alice/note"))
        assert found >= {"OPTIONS", "GET", "HEAD", "PUT", "DELETE", "PROPFIND", "PROPPATCH", "COPY", "MOVE", "LOCK"}
        assert "MKCOL" not in found

    def test_a_collection(self, trial):
        found = allowed(trial.request("OPTIONS", "/files/alice/"))
        assert found >= {"OPTIONS", "GET", "HEAD", "DELETE", "PROPFIND", "PROPPATCH", "COPY", "MOVE", "LOCK", "UNLOCK"}
        assert "PUT" not in found

    def test_a_collection_names_what_makes_members_of_it(self, trial):
        assert "MKCOL" in allowed(trial.request("OPTIONS", "/files/alice/"))
        # It is not the collection itself that could be made.
        assert "MKCOL" not in allowed(trial.request("MKCOL", "/files/alice/"))

    def test_nothing_there(self, trial):
        assert allowed(trial.request("OPTIONS", "/files/alice/none")) == UNMAPPED

    def test_the_server_as_a_whole(self, trial):
        assert allowed(trial.request("OPTIONS", "*")) == set(trial.registry.methods)

    def test_another_home_allows_what_a_missing_one_does(self, trial):
        trial.request("PUT", "/files/bob/note", body=b"x", user="bob")
        for there, absent in (("/files/bob/", "/files/carol/"), ("/files/bob/note", "/files/carol/note")):
            assert trial.request("OPTIONS", there) == trial.request("OPTIONS", absent)

    def test_without_credentials_no_url_is_told_from_another(self, trial):
        response = options.anonymous(trial.registry)
        assert response == trial.request("OPTIONS", "*")
