"""GET.

Verifies: RFC 4918, 9.4; RFC 9110, 9.3.1, 13, 14, 15.3.7, 15.4.5, 15.5.17; RFC 9530, 2, 3, 4
"""

import os
from base64 import b64encode
from collections.abc import Callable
from email.parser import BytesParser
from hashlib import sha256

import pytest

from davd.dav.settings import DavSettings
from davd.http.dates import http_date
from davd.http.response import FileRange
from davd.model.trash import TrashLimits
from davd.stores.memory.blobs import MemoryBlobs
from davd.stores.memory.store import MemoryStore
from davd.testing.exchange import START, Trial

URL = "/files/alice/note.txt"
TEXT = bytes(range(256)) * 8


@pytest.fixture(params=[16 * 1024, 100], ids=["inline", "blob"])
def trial(request) -> Trial:
    made = Trial(settings=DavSettings(inline_bytes=request.param))
    made.request("PUT", URL, {"Content-Type": "text/plain"}, TEXT)
    return made


class Overtaken(MemoryBlobs):
    """Blobs where a writer is through with its work just before a reader opens what the reader was told of."""

    def __init__(self) -> None:
        super().__init__()
        self.before: list[Callable[[], object]] = []

    def open(self, name: str) -> tuple[int, int]:
        while self.before:
            self.before.pop()()
        return super().open(name)


class TestOvertaken:
    """Verifies: RFC 9110, 9.3.1; docs/architecture.md, Data"""

    @pytest.fixture
    def blobs(self) -> Overtaken:
        return Overtaken()

    @pytest.fixture
    def trial(self, blobs) -> Trial:
        # With a trash, what a reader was told of could still be opened.
        store = MemoryStore(TrashLimits(days=0))
        store.blobs = blobs
        made = Trial(store=store, settings=DavSettings(inline_bytes=100))
        made.request("PUT", URL, {"Content-Type": "text/plain"}, TEXT)
        return made

    @pytest.mark.parametrize("length", [10, 1000])
    def test_the_new_content_is_sent_whole(self, trial, blobs, length):
        blobs.before.append(lambda: trial.request("PUT", URL, body=b"n" * length))
        response = trial.request("GET", URL)
        assert (response.status, trial.read(response)) == (200, b"n" * length)
        assert response.headers["ETag"] == trial.request("HEAD", URL).headers["ETag"]

    def test_ranges_are_of_the_new_content(self, trial, blobs):
        blobs.before.append(lambda: trial.request("PUT", URL, body=b"n" * 1000))
        response = trial.request("GET", URL, {"Range": "bytes=0-3"})
        assert (response.status, trial.read(response)) == (206, b"nnnn")
        assert response.headers["Content-Range"] == "bytes 0-3/1000"

    def test_what_is_gone_is_absent(self, trial, blobs):
        blobs.before.append(lambda: trial.request("DELETE", URL))
        assert trial.request("GET", URL).status == 404


class TestWhole:
    """Verifies: RFC 9110, 8.8, 9.3.1"""

    def test_content_and_description(self, trial):
        response = trial.request("GET", URL)
        assert response.status == 200
        assert trial.read(response) == TEXT
        headers = response.headers
        assert headers["Content-Type"] == "text/plain"
        assert headers["Last-Modified"] == http_date(START)
        assert headers["Accept-Ranges"] == "bytes"
        assert headers["ETag"].startswith('"')
        assert "Content-Disposition" not in headers

    def test_missing(self, trial):
        assert trial.request("GET", "/files/alice/none").status == 404

    def test_a_slash_too_many_does_no_harm(self, trial):
        assert trial.read(trial.request("GET", URL + "/")) == TEXT

    def test_the_type_is_guessed_when_the_client_named_none(self, trial):
        trial.request("PUT", "/files/alice/picture.PNG", body=b"x")
        assert trial.request("GET", "/files/alice/picture.PNG").headers["Content-Type"] == "image/png"
        trial.request("PUT", "/files/alice/thing", body=b"x")
        assert trial.request("GET", "/files/alice/thing").headers["Content-Type"] == "application/octet-stream"

    @pytest.mark.parametrize("kind", ["text/html", "image/svg+xml", "application/pdf", "Text/JavaScript; charset=x"])
    def test_what_a_browser_could_run_is_an_attachment(self, trial, kind):
        trial.request("PUT", "/files/alice/active", {"Content-Type": kind}, b"x")
        headers = trial.request("GET", "/files/alice/active").headers
        assert headers["Content-Disposition"] == "attachment"
        assert headers["Content-Type"] == kind

    def test_a_type_that_is_none_is_sent_as_octets(self, trial):
        trial.request("PUT", "/files/alice/odd", {"Content-Type": "rubbish"}, b"x")
        assert trial.request("GET", "/files/alice/odd").headers["Content-Type"] == "application/octet-stream"


class TestDescriptors:
    """Verifies: docs/architecture.md, Data"""

    def test_the_parts_of_a_blob_share_a_descriptor_that_is_closed_once(self):
        trial = Trial(settings=DavSettings(inline_bytes=100))
        trial.request("PUT", URL, {}, TEXT)
        response = trial.request("GET", URL, {"Range": "bytes=0-9,500-509,1000-1009"})
        parts = [part for part in response.body if isinstance(part, FileRange)]
        assert len({part.descriptor for part in parts}) == 1
        descriptor = parts[0].descriptor
        for part in parts[:-1]:
            part.close()
            os.fstat(descriptor)
        parts[-1].close()
        with pytest.raises(OSError):
            os.fstat(descriptor)

    @pytest.mark.parametrize(
        ("method", "headers"),
        [
            ("HEAD", {}),
            ("GET", {"If-None-Match": "*"}),
            ("GET", {"If-Match": '"x"'}),
            ("GET", {"Range": "bytes=9999-"}),
        ],
    )
    def test_none_is_opened_for_an_answer_without_content(self, method, headers):
        trial = Trial(settings=DavSettings(inline_bytes=100))
        trial.request("PUT", URL, {}, TEXT)
        before = os.listdir("/proc/self/fd")
        trial.request(method, URL, headers)
        assert os.listdir("/proc/self/fd") == before


class TestConditions:
    """Verifies: RFC 9110, 13.1.1, 13.1.2, 13.1.3, 13.1.4, 15.4.5; RFC 4918, 10.4"""

    def test_not_modified(self, trial):
        whole = trial.request("GET", URL)
        trial.read(whole)
        for headers in (
            {"If-None-Match": whole.headers["ETag"]},
            {"If-None-Match": f'W/"x", W/{whole.headers["ETag"]}'},
            {"If-Modified-Since": whole.headers["Last-Modified"]},
        ):
            response = trial.request("GET", URL, headers)
            assert response.status == 304 and response.body == b""
            assert response.headers["ETag"] == whole.headers["ETag"]

    def test_failed(self, trial):
        for headers in (
            {"If-Match": '"other"'},
            {"If-Unmodified-Since": http_date(START - 10)},
            {"If": '(["other"])'},
            {"If": "(<DAV:no-lock>)"},
        ):
            assert trial.request("GET", URL, headers).status == 412

    def test_malformed_if(self, trial):
        assert trial.request("GET", URL, {"If": "rubbish"}).status == 400

    def test_a_missing_resource_is_missing_whatever_the_condition(self, trial):
        assert trial.request("GET", "/files/alice/none", {"If-Match": "*"}).status == 404


class TestRanges:
    """Verifies: RFC 9110, 13.1.5, 14.2, 14.6, 15.3.7, 15.5.17"""

    @pytest.mark.parametrize(
        ("asked", "start", "stop"), [("0-0", 0, 1), ("10-19", 10, 20), ("2000-", 2000, 2048), ("-5", 2043, 2048)]
    )
    def test_one(self, trial, asked, start, stop):
        response = trial.request("GET", URL, {"Range": f"bytes={asked}"})
        assert response.status == 206
        assert response.headers["Content-Range"] == f"bytes {start}-{stop - 1}/2048"
        assert trial.read(response) == TEXT[start:stop]
        assert "ETag" in response.headers

    def test_several(self, trial):
        response = trial.request("GET", URL, {"Range": "bytes=0-9,1000-1009,-3"})
        assert response.status == 206
        assert "Content-Range" not in response.headers
        kind = response.headers["Content-Type"]
        assert kind.startswith("multipart/byteranges; boundary=")
        message = BytesParser().parsebytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + trial.read(response))
        parts = message.get_payload()
        assert [part["Content-Range"] for part in parts] == [
            "bytes 0-9/2048",
            "bytes 1000-1009/2048",
            "bytes 2045-2047/2048",
        ]
        assert {part["Content-Type"] for part in parts} == {"text/plain"}

    def test_none_of_it(self, trial):
        response = trial.request("GET", URL, {"Range": "bytes=5000-"})
        assert response.status == 416
        assert response.headers["Content-Range"] == "bytes */2048"

    def test_if_range(self, trial):
        tag = trial.request("HEAD", URL).headers["ETag"]
        fresh = trial.request("GET", URL, {"Range": "bytes=0-9", "If-Range": tag})
        assert fresh.status == 206
        trial.read(fresh)
        stale = trial.request("GET", URL, {"Range": "bytes=0-9", "If-Range": '"other"'})
        assert stale.status == 200
        assert trial.read(stale) == TEXT

    def test_conditions_come_first(self, trial):
        assert trial.request("GET", URL, {"Range": "bytes=5000-", "If-Match": '"x"'}).status == 412


class TestDigests:
    """Verifies: RFC 9530, 2, 3, 4"""

    VALUE = f"sha-256=:{b64encode(sha256(TEXT).digest()).decode()}:"

    def test_of_the_content(self, trial):
        response = trial.request("GET", URL, {"Want-Content-Digest": "sha-512=3, sha-256=10, unixsum=0"})
        assert response.headers["Content-Digest"] == self.VALUE
        trial.read(response)

    def test_of_the_representation_with_a_part_of_it(self, trial):
        headers = {"Want-Repr-Digest": "sha-256=1", "Want-Content-Digest": "sha-256=1", "Range": "bytes=0-9"}
        response = trial.request("GET", URL, headers)
        trial.read(response)
        assert response.headers["Repr-Digest"] == self.VALUE
        assert "Content-Digest" not in response.headers

    @pytest.mark.parametrize("wish", ["sha-256=0", "sha-512=5", "md5=1", "rubbish", ""])
    def test_not_asked_for(self, trial, wish):
        response = trial.request("GET", URL, {"Want-Content-Digest": wish, "Want-Repr-Digest": wish})
        trial.read(response)
        assert not {"Content-Digest", "Repr-Digest"} & set(response.headers)


class TestTime:
    """Verifies: RFC 9110, 8.8.2.1"""

    def test_no_modification_later_than_the_answer(self, trial):
        trial.request("PUT", URL, {"X-OC-Mtime": str(int(START) + 1000)}, b"x")
        assert trial.request("GET", URL).headers["Last-Modified"] == http_date(START)
        trial.now += 2000
        assert trial.request("GET", URL).headers["Last-Modified"] == http_date(START + 1000)


class TestCollections:
    """Verifies: RFC 9110, 13.1.1, 13.1.2"""

    @pytest.mark.parametrize(
        ("headers", "status"),
        [
            ({"If-Match": "*"}, 200),
            ({"If-Match": '"x"'}, 412),
            ({"If-None-Match": '"x"'}, 200),
            ({"If-None-Match": "*"}, 304),
            ({"If-Modified-Since": http_date(START + 1000)}, 200),
            ({"If-Unmodified-Since": http_date(0)}, 200),
        ],
    )
    def test_conditions(self, trial, headers, status):
        for method in ("GET", "HEAD"):
            response = trial.request(method, "/files/alice/", headers)
            assert response.status == status
            assert "ETag" not in response.headers
