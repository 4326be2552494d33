"""What COPY and MOVE have in common.

Verifies: RFC 4918, 9.8, 9.9, 10.3, 10.6
"""

import pytest

from davd.dav.settings import DavSettings
from davd.testing.exchange import Trial
from tests.dav.locking import LOCKED, error, taken

HOME = "/files/alice/"
SOURCE = HOME + "a.txt"
TARGET = HOME + "b.txt"


@pytest.fixture(params=["COPY", "MOVE"])
def method(request) -> str:
    return request.param


def go(trial: Trial, method: str, source: str, target: str, **headers: str):
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    return trial.request(method, source, {"Destination": target, **fields})


class TestDestination:
    """Verifies: RFC 4918, 9.8.5, 9.9.4, 10.3"""

    @pytest.mark.parametrize(
        "form", ["{}", "http://dav.example{}", "https://dav.example{}", "https://DAV.example:443{}"]
    )
    def test_forms(self, trial, method, form):
        trial.request("PUT", SOURCE, body=b"x")
        response = go(trial, method, SOURCE, form.format(TARGET))
        assert response.status == 201
        assert response.headers["Location"] == TARGET
        assert trial.tree()[TARGET] == b"x"

    def test_none_or_no_reference(self, trial, method):
        trial.request("PUT", SOURCE, body=b"x")
        assert trial.request(method, SOURCE).status == 400
        for text in ("", "b.txt", "//dav.example/files/alice/b.txt", TARGET + "?x", TARGET + "#x", HOME + "%2e%2e/b"):
            assert go(trial, method, SOURCE, text).status == 400

    def test_another_server(self, trial, method):
        trial.request("PUT", SOURCE, body=b"x")
        assert go(trial, method, SOURCE, "https://elsewhere.example" + TARGET).status == 502
        assert go(trial, method, SOURCE, "https://dav.example:8443" + TARGET).status == 502

    def test_other_names_of_this_server_and_a_prefix(self, method):
        trial = Trial(settings=DavSettings(hostnames=["other.example"], prefix="/dav"))
        trial.request("PUT", "/dav" + SOURCE, body=b"x")
        assert go(trial, method, "/dav" + SOURCE, "https://dav.example" + TARGET).status == 502
        response = go(trial, method, "/dav" + SOURCE, "https://other.example/dav" + TARGET)
        assert response.status == 201
        assert response.headers["Location"] == "/dav" + TARGET

    def test_a_missing_source(self, trial, method):
        assert go(trial, method, SOURCE, TARGET).status == 404

    def test_a_missing_parent(self, trial, method):
        trial.request("PUT", SOURCE, body=b"x")
        trial.request("PUT", HOME + "c.txt", body=b"x")
        assert go(trial, method, SOURCE, HOME + "none/b.txt").status == 409
        assert go(trial, method, SOURCE, HOME + "c.txt/b.txt").status == 409

    def test_itself_and_what_is_above_and_below(self, trial, method):
        trial.request("MKCOL", HOME + "dir")
        trial.request("MKCOL", HOME + "dir/inner")
        before = trial.tree()
        inner = HOME + "dir/inner"
        for source, target in (
            (inner, inner),
            (inner, inner + "/"),
            (inner, HOME + "dir/%69nner"),
            (inner, HOME + "dir"),
            (inner, "/"),
            (HOME + "dir", inner),
            (HOME + "dir", inner + "/new"),
        ):
            assert go(trial, method, source, target).status == 403
        assert trial.tree() == before

    @pytest.mark.parametrize("target", ["/b.txt", "/files/b.txt", "/files/bob", "/files/bob/", "/principals/users/x"])
    def test_above_the_homes(self, trial, method, target):
        trial.request("PUT", SOURCE, body=b"x")
        assert go(trial, method, SOURCE, target).status == 403

    def test_depth_1(self, trial, method):
        trial.request("MKCOL", HOME + "dir")
        assert go(trial, method, HOME + "dir", HOME + "other", Depth="1").status == 400


class TestOverwrite:
    """Verifies: RFC 4918, 9.8.4, 9.9.3, 10.6"""

    @pytest.mark.parametrize("headers", [{}, {"Overwrite": "T"}])
    def test_wanted(self, trial, method, headers):
        trial.request("PUT", SOURCE, body=b"new")
        trial.request("PUT", TARGET, body=b"old")
        response = go(trial, method, SOURCE, TARGET, **headers)
        assert response.status == 204
        assert "Location" not in response.headers
        assert trial.tree()[TARGET] == b"new"

    def test_not_wanted(self, trial, method):
        trial.request("PUT", SOURCE, body=b"new")
        trial.request("PUT", TARGET, body=b"old")
        assert go(trial, method, SOURCE, TARGET, Overwrite="F").status == 412
        assert trial.tree()[TARGET] == b"old"
        assert trial.tree()[SOURCE] == b"new"
        trial.request("DELETE", TARGET)
        assert go(trial, method, SOURCE, TARGET, Overwrite="F").status == 201

    def test_a_collection_is_not_merged(self, trial, method):
        for name in ("one", "two"):
            trial.request("MKCOL", HOME + name)
            trial.request("PUT", f"{HOME}{name}/{name}.txt", body=name.encode())
        assert go(trial, method, HOME + "one/", HOME + "two/").status == 204
        assert {href for href in trial.tree() if href.startswith(HOME + "two/")} == {
            HOME + "two/",
            HOME + "two/one.txt",
        }

    def test_a_file_by_a_collection_and_back(self, trial, method):
        trial.request("MKCOL", HOME + "dir")
        trial.request("PUT", SOURCE, body=b"x")
        assert go(trial, method, SOURCE, HOME + "dir").status == 204
        assert trial.tree()[HOME + "dir"] == b"x"
        trial.request("MKCOL", HOME + "other")
        assert go(trial, method, HOME + "other", HOME + "dir").status == 204
        assert trial.tree()[HOME + "dir/"] is None


class TestConditions:
    """Verifies: RFC 4918, 10.4.1; RFC 9110, 13.1"""

    def test_on_the_source(self, trial, method):
        tag = trial.request("PUT", SOURCE, body=b"x").headers["ETag"]
        assert go(trial, method, SOURCE, TARGET, If_Match='"other"').status == 412
        assert go(trial, method, SOURCE, TARGET, If_Match=tag).status == 201

    def test_on_the_destination_by_a_tagged_list(self, trial, method):
        trial.request("PUT", SOURCE, body=b"x")
        tag = trial.request("PUT", TARGET, body=b"y").headers["ETag"]
        assert go(trial, method, SOURCE, TARGET, If=f'<{TARGET}> (["other"])').status == 412
        assert go(trial, method, SOURCE, TARGET, If=f"<http://dav.example{TARGET}> ([{tag}])").status == 204


class TestLocks:
    """Verifies: RFC 4918, 7, 7.5, 7.6"""

    def test_the_destination(self, trial, method):
        trial.request("PUT", SOURCE, body=b"x")
        trial.request("PUT", TARGET, body=b"y")
        token = taken(trial, TARGET)
        assert error(trial, go(trial, method, SOURCE, TARGET)) == (*LOCKED, [TARGET])
        assert trial.tree()[TARGET] == b"y"
        assert go(trial, method, SOURCE, TARGET, If=f"<{TARGET}> (<{token}>)").status == 204

    def test_the_collection_it_goes_into(self, trial, method):
        trial.request("PUT", SOURCE, body=b"x")
        trial.request("MKCOL", HOME + "dir")
        token = taken(trial, HOME + "dir/")
        target = HOME + "dir/b.txt"
        assert error(trial, go(trial, method, SOURCE, target)) == (*LOCKED, [HOME + "dir/"])
        assert go(trial, method, SOURCE, target, If=f"<{HOME}dir/> (<{token}>)").status == 201

    def test_a_member_of_what_is_overwritten(self, trial, method):
        trial.request("MKCOL", HOME + "one")
        trial.request("MKCOL", HOME + "two")
        inner = HOME + "two/inner.txt"
        trial.request("PUT", inner, body=b"x")
        token = taken(trial, inner)
        assert error(trial, go(trial, method, HOME + "one", HOME + "two")) == (*LOCKED, [inner])
        assert go(trial, method, HOME + "one", HOME + "two", If=f"<{inner}> (<{token}>)").status == 204

    def test_into_a_deeply_locked_collection_it_is_covered(self, trial, method):
        trial.request("PUT", SOURCE, body=b"x")
        trial.request("MKCOL", HOME + "dir")
        token = taken(trial, HOME + "dir/", depth="infinity")
        target = HOME + "dir/b.txt"
        assert go(trial, method, SOURCE, target).status == 423
        assert go(trial, method, SOURCE, target, If=f"<{HOME}dir/> (<{token}>)").status == 201
        assert trial.request("PUT", target, body=b"y").status == 423
        assert trial.request("PUT", target, {"If": f"(<{token}>)"}, b"y").status == 204

    def test_the_source_does_not_bring_its_lock(self, trial, method):
        trial.request("PUT", SOURCE, body=b"x")
        token = taken(trial, SOURCE)
        assert go(trial, method, SOURCE, TARGET, If=f"(<{token}>)").status == 201
        assert trial.request("PUT", TARGET, body=b"y").status == 204
