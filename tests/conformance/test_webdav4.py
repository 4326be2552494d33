"""Python's webdav4 (httpx) over TLS, which verifies the daemon's certificate.

Verifies: RFC 4918, 9, 15
"""

import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from io import BytesIO

import pytest
from webdav4.client import Client, ResourceAlreadyExists, ResourceNotFound  # type: ignore[import-untyped]

from tests.conformance.daemon import Daemon


@pytest.fixture
def client(either: Daemon, either_folder: str) -> Iterator[Client]:
    """A client rooted in the test's collection."""
    trusted = ssl.create_default_context(cafile=str(either.certificate))
    with Client(either.url + either_folder, auth=(either.user, either.password), verify=trusted).http as http:
        yield Client(either.url + either_folder, http_client=http)


class TestWebdav4:
    """Verifies: RFC 4918, 9, 15"""

    def test_files(self, client: Client) -> None:
        """Upload, read whole and in parts, and the properties of a file."""
        content = bytes(range(256)) * 1000
        client.upload_fileobj(BytesIO(content), "ä file + 1.bin")
        with client.open("ä file + 1.bin", mode="rb") as file:
            assert file.read() == content
            file.seek(1000)
            assert file.read(10) == content[1000:1010]
        assert client.content_length("ä file + 1.bin") == len(content)
        assert client.etag("ä file + 1.bin")
        modified = client.modified("ä file + 1.bin")
        assert modified and abs(datetime.now(UTC) - modified) < timedelta(minutes=2)
        created = client.created("ä file + 1.bin")
        assert created and abs(datetime.now(UTC) - created) < timedelta(minutes=2)
        with pytest.raises(ResourceAlreadyExists):
            client.upload_fileobj(BytesIO(b"x"), "ä file + 1.bin")

    def test_collections(self, client: Client) -> None:
        """Make, list, copy, move and remove folders; what is missing is told as missing."""
        client.mkdir("a b")
        client.upload_fileobj(BytesIO(b"one"), "a b/1.txt")
        client.mkdir("a b/ü")
        assert sorted(client.ls("a b", detail=False)) == ["a b/1.txt", "a b/ü"]
        rows = {row["name"]: (row["type"], row["content_length"]) for row in client.ls("a b")}
        assert rows["a b/1.txt"] == ("file", 3) and rows["a b/ü"][0] == "directory"
        client.copy("a b", "c")
        client.move("a b/1.txt", "c/2.txt")
        assert sorted(client.ls("c", detail=False)) == ["c/1.txt", "c/2.txt", "c/ü"]
        assert client.isdir("c/ü") and client.isfile("c/2.txt") and not client.exists("a b/1.txt")
        client.remove("c")
        with pytest.raises(ResourceNotFound):
            client.ls("c")

    def test_properties(self, client: Client) -> None:
        """The live properties of a collection and a file, and the compliance classes of OPTIONS."""
        client.mkdir("d")
        client.upload_fileobj(BytesIO(b"one"), "p.txt")
        assert client.get_props("d").collection
        assert not client.get_props("p.txt").collection
        assert client.content_type("p.txt").startswith("text/plain")
        assert client.options("p.txt") >= {"1", "2", "3"}
