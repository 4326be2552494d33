"""A client that knows more than the backup: after a restore of the whole store it loses nothing.

vdirsyncer compares both sides with what it remembers of them. What it remembers on both sides and finds on one only was
deleted on the other, so it deletes it too: that is what a server that has forgotten the last days does to a client.

Verifies: docs/operate/backup.md, Clients that are ahead of the backup; RFC 6578, 3.2; RFC 4918, 10.4
"""

import base64
import re
import secrets
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.daemon import Daemon, environment, free_port, script
from tests.conformance.test_vdirsyncer import _CARD, _EVENT, Side

PASSWORD = "ahead of the backup"


def davctl(data: Path, *words: str, status: int = 0) -> str:
    """Run a command on a data folder."""
    done = subprocess.run(
        [script("davctl"), "--data", str(data), *words],
        capture_output=True,
        text=True,
        timeout=120,
        env=environment(),
        cwd=data.parent,
    )
    assert done.returncode == status, done.stdout + done.stderr
    return done.stdout


class Ahead:
    """A daemon with a user whose client has gone on after the backup was made."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.data = folder / "data"
        self.target = folder / "backup"
        self.listeners = [f"{kind}:{free_port()}:interface=127.0.0.1" for kind in ("ssl", "tcp")]

    def serve(self) -> Daemon:
        """The daemon, at the same place each time; what it makes an account for is never the same."""
        daemon = Daemon(data=self.data, listeners=self.listeners)
        daemon.user = f"conform-{secrets.token_hex(4)}"
        return daemon

    def go_ahead(self) -> Side:
        """Synchronise, make the backup while the daemon runs, and change, add and remove things afterwards."""
        with self.serve() as daemon:
            daemon.add_user("ann", PASSWORD)
            side = Side(self.folder / "one", daemon, "ann", PASSWORD)
            side.sync()
            calendar = side.folder / "calendars" / "calendar"
            self.book = next((side.folder / "books").iterdir())
            for name in ("stays", "changes", "goes"):
                (calendar / f"{name}.ics").write_text(_EVENT.format(uid=name, summary="before"))
                (self.book / f"{name}.vcf").write_text(_CARD.format(uid=f"card-{name}", name="before"))
            side.sync()
            davctl(self.data, "backup", str(self.target))
            self.token = self.sync_token(daemon)
            self.lock = self.take_lock(daemon)
            side.file("calendars", "changes").write_text(_EVENT.format(uid="changes", summary="after"))
            side.file("books", "card-changes").write_text(_CARD.format(uid="card-changes", name="after"))
            (calendar / "new.ics").write_text(_EVENT.format(uid="new", summary="after"))
            (self.book / "new.vcf").write_text(_CARD.format(uid="card-new", name="after"))
            side.file("calendars", "goes").unlink()
            side.sync()
            new = side.folder / "calendars" / "made-later"
            new.mkdir()
            (new / "later.ics").write_text(_EVENT.format(uid="later", summary="after"))
            side.sync()
        return side

    def ask(self, daemon: Daemon, method: str, path: str, headers: dict[str, str], body: str = "") -> tuple[int, str]:
        """Status and content of an answer."""
        credentials = base64.b64encode(f"ann:{PASSWORD}".encode()).decode()
        request = urllib.request.Request(
            daemon.plain_url + path, body.encode(), {"Authorization": f"Basic {credentials}", **headers}, method=method
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def report(self, daemon: Daemon, token: str) -> tuple[int, str]:
        """The answer to sync-collection with a token."""
        body = (
            '<sync-collection xmlns="DAV:"><sync-token>' + token + "</sync-token><sync-level>1</sync-level>"
            "<prop><getetag/></prop></sync-collection>"
        )
        headers = {"Content-Type": "application/xml; charset=utf-8", "Depth": "0"}
        return self.ask(daemon, "REPORT", "/calendars/ann/calendar/", headers, body)

    def sync_token(self, daemon: Daemon) -> str:
        """The token of the calendar."""
        status, text = self.report(daemon, "")
        assert status == 207
        assert self.report(daemon, text.partition("<D:sync-token>")[2].partition("</")[0])[0] == 207
        return text.partition("<D:sync-token>")[2].partition("</")[0]

    def take_lock(self, daemon: Daemon) -> str:
        """The token of a lock on a file of the user."""
        body = '<lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope><locktype><write/></locktype></lockinfo>'
        headers = {"Content-Type": "application/xml; charset=utf-8", "Timeout": "Second-3600"}
        status, text = self.ask(daemon, "LOCK", "/files/ann/locked", headers, body)
        assert status == 201
        found = re.search("urn:uuid:[0-9a-f-]{36}", text)
        assert found is not None
        return found[0]


@pytest.fixture
def ahead(tmp_path: Path) -> Iterator[Ahead]:
    yield Ahead(tmp_path)


def test_nothing_is_lost_where_the_store_that_gives_way_can_be_read(ahead: Ahead) -> None:
    """What is newer is brought forward: the client finds it, and deletes nothing."""
    side = ahead.go_ahead()
    before = side.items("calendars"), side.items("books")
    told = davctl(ahead.data, "restore", str(ahead.target), "--to", str(ahead.data), "--replace")
    assert "brought forward" in told
    with ahead.serve() as daemon:
        status, text = ahead.report(daemon, ahead.token)
        assert status == 403 and "valid-sync-token" in text
        status, _ = ahead.ask(daemon, "PUT", "/files/ann/locked", {"If": f"(<{ahead.lock}>)"}, "x")
        assert status == 412
        side.sync()
        other = Side(ahead.folder / "two", daemon, "ann", PASSWORD)
        other.sync()
    calendars, books = side.items("calendars"), side.items("books")
    # What was deleted after the backup is there again; everything else is as the client had it.
    assert "before" in calendars.pop("goes")
    assert (calendars, books) == before
    assert other.items("calendars") == side.items("calendars") and other.items("books") == books


def test_nothing_is_lost_when_the_store_is(ahead: Ahead) -> None:
    """Where nothing is left but the backup, a client that forgets what it remembers brings back what it has."""
    side = ahead.go_ahead()
    before = side.items("calendars"), side.items("books")
    subprocess.run(["rm", "-r", str(ahead.data)], check=True)
    told = davctl(ahead.folder, "restore", str(ahead.target), "--to", str(ahead.data))
    assert "newer than the restore point" in told
    with ahead.serve() as daemon:
        subprocess.run(["rm", "-r", str(side.folder / "status")], check=True)
        side.sync()
        other = Side(ahead.folder / "two", daemon, "ann", PASSWORD)
        other.sync()
        assert "changes" in davctl(ahead.data, "trash", "list", "--user", "ann", "--path", "/calendars/ann/calendar/")
    calendars, books = side.items("calendars"), side.items("books")
    assert "before" in calendars.pop("goes")
    assert (calendars, books) == before
    assert other.items("calendars") == side.items("calendars") and other.items("books") == books
