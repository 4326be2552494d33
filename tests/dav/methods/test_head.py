"""HEAD.

Verifies: RFC 9110, 9.3.2
"""

import pytest

from davd.dav.settings import DavSettings
from davd.testing.exchange import Trial

URL = "/files/alice/note.txt"


class TestHead:
    """Verifies: RFC 9110, 9.3.2, 14.2"""

    @pytest.mark.parametrize("inline", [16, 4096])
    @pytest.mark.parametrize("path", [URL, "/files/alice/", "/", "/files/alice/none"])
    def test_says_what_get_says(self, inline, path):
        trial = Trial(settings=DavSettings(inline_bytes=inline))
        trial.request("PUT", URL, body=b"x" * 100)
        got, head = trial.request("GET", path), trial.request("HEAD", path)
        assert head.status == got.status
        assert head.body == b""
        length = head.headers.pop("Content-Length")
        assert head.headers == got.headers
        assert length == str(len(trial.read(got)))

    def test_ranges_are_not_for_it(self, trial):
        trial.request("PUT", URL, body=b"x" * 100)
        response = trial.request("HEAD", URL, {"Range": "bytes=0-9"})
        assert response.status == 200
        assert response.headers["Content-Length"] == "100"

    def test_conditions_are(self, trial):
        tag = trial.request("PUT", URL, body=b"x").headers["ETag"]
        assert trial.request("HEAD", URL, {"If-None-Match": tag}).status == 304
