"""kill -9 at random moments, while clients write.

FAULT_SEED repeats a run as far as chance goes, FAULT_KILLS asks for more or fewer kills.

Verifies: docs/architecture.md, Data; RFC 9110, 9.2.2, 8.8.1; RFC 4918, 9.2, 9.8.4, 9.9
"""

from __future__ import annotations

import hashlib
import http.client
import os
import random
import re
import sqlite3
import statistics
import sys
import threading
import time
from pathlib import Path
from urllib.parse import unquote

import pytest
from lxml import etree

from tests.daemon.twistd import Running, ask, basic, davctl
from tests.faults.model import Entry, Script, Step, Tree, admits, difference

KILLS = int(os.environ.get("FAULT_KILLS", "50"))
SEED = int(os.environ.get("FAULT_SEED", "0")) or int.from_bytes(os.urandom(4))
CLIENTS = 6

# How long the clients write before the kill, at most. Most kills come while the first requests are under way.
MOST_SECONDS = 0.6
RESTART_SECONDS = 10.0
PROPERTIES = (
    b'<propfind xmlns="DAV:"><prop><resourcetype/><getetag/><lockdiscovery/><value xmlns="urn:x"/></prop></propfind>'
)
DATABASE = re.compile(r"(davd|derived)\.sqlite(-wal|-shm)?")
BLOB = re.compile(r"[0-9a-f]/[0-9a-f]/[0-9a-f]{32}")


class Client:
    """Carries out a script over one keep-alive connection until the server is gone.

    `pending` is the request that was sent and not answered, if there is one: it may have been done or not.
    """

    def __init__(self, script: Script, login: dict[str, str]) -> None:
        self.script = script
        self.login = login
        self.pending: Step | None = None
        self.acknowledged = 0
        self.mistakes: list[str] = []
        self.contents: dict[tuple[str, str], str | None] = {}

    def work(self, connection: http.client.HTTPConnection) -> None:
        """Make requests until the connection breaks."""
        try:
            while not self.mistakes:
                self._do(connection, self.script.step())
        except (OSError, http.client.HTTPException):
            pass
        finally:
            connection.close()

    def _do(self, connection: http.client.HTTPConnection, step: Step) -> None:
        self.pending = step
        connection.request(step.method, step.path, step.body, self.login | step.headers)
        response = connection.getresponse()
        if response.status not in step.done:
            self.mistakes.append(f"{step.method} {step.path} {step.headers}: {response.status} {response.read()!r}")
            return
        # From here on it counts as done, even if the rest of the answer never comes.
        self.pending = None
        self.acknowledged += 1
        tree = self.script.tree = step.after
        etag, token = response.headers.get("ETag"), response.headers.get("Lock-Token")
        if step.told is not None and etag is not None:
            tree[step.told] = Entry(tree[step.told].sha256, etag, tree[step.told].value, tree[step.told].token)
        if step.method == "LOCK" and token is not None:
            path = step.path.removeprefix(self.script.root)
            tree[path] = Entry(tree[path].sha256, tree[path].etag, tree[path].value, token.strip("<>"))
        content = response.read()
        if step.method == "PROPPATCH" and b" 200 " not in content:
            self.mistakes.append(f"PROPPATCH {step.path}: {content!r}")

    def verify(self, connection: http.client.HTTPConnection) -> None:
        """Look at everything: it has to be what was acknowledged, with the request under way done wholly or not."""
        found = self._look(connection)
        promised = [self.script.tree, *([self.pending.after] if self.pending else [])]
        if not any(admits(tree, found) for tree in promised):
            told = f" while {self.pending.method} {self.pending.path} was under way" if self.pending else ""
            self.mistakes += [f"after the kill{told}:", *difference(self.script.tree, found)]
        self.script.tree, self.pending = found, None

    def _look(self, connection: http.client.HTTPConnection) -> Tree:
        root = self.script.root
        answer = ask(connection, "PROPFIND", root, PROPERTIES, self.login | {"Depth": "infinity"})
        assert answer.status == 207, answer.status
        tree: Tree = {}
        for response in etree.fromstring(answer.content).iter("{DAV:}response"):  # type: ignore[attr-defined]
            path = unquote(response.findtext("{DAV:}href") or "").removeprefix(root)
            if not path:
                continue
            value, token = (
                response.findtext(".//{urn:x}value") or None,
                response.findtext(".//{DAV:}locktoken/{DAV:}href"),
            )
            etag = response.findtext(".//{DAV:}getetag") or ""
            sha256 = None if path.endswith("/") else self._read(connection, root + path, etag)
            tree[path.rstrip("/")] = Entry(sha256, etag, value, token)
        return tree

    def _read(self, connection: http.client.HTTPConnection, path: str, etag: str) -> str:
        """The digest of a file's content; one ETag never stands for two contents of a path."""
        answer = ask(connection, "GET", path, None, self.login)
        if answer.status != 200 or answer.headers["ETag"] != etag:
            self.mistakes.append(f"GET {path}: {answer.status} {answer.headers['ETag']}, PROPFIND says {etag}")
        sha256 = hashlib.sha256(answer.content).hexdigest()  # type: ignore[attr-defined]
        if self.contents.setdefault((path, etag), sha256) != sha256:
            self.mistakes.append(f"{path}: the ETag {etag} stood for other content before")
        return sha256


REFERENCED = "SELECT blob FROM resource UNION SELECT blob FROM trash UNION SELECT blob FROM trash_member"

BELONGING = ("blobs/lock", "blobs/hold", "control.sock")


def _leftovers(data: Path) -> list[str]:
    """Files that have no business in a data folder that was just opened."""
    with sqlite3.connect(f"file:{data}/davd.sqlite?mode=ro", uri=True) as database:
        referenced = {name for (name,) in database.execute(REFERENCED)}
    database.close()
    wrong = []
    for path in data.rglob("*"):
        name = path.relative_to(data).as_posix()
        if path.is_dir() or name in BELONGING or DATABASE.fullmatch(name) is not None:
            continue
        if BLOB.fullmatch(name.removeprefix("blobs/")) is None or path.name not in referenced:
            wrong.append(name)
    return wrong


@pytest.mark.timeout(900)
def test_nothing_acknowledged_is_lost_and_nothing_half_done_is_seen(tmp_path: Path) -> None:
    sys.stdout.write(f"FAULT_SEED={SEED}\n")
    chance = random.Random(SEED)
    password = "a password for the clients"
    data = tmp_path / "data"
    assert davctl(data, "user", "add", "writer", "--password-file", "-", text=password + "\n").returncode == 0
    login = basic("writer", password)
    clients = [
        Client(Script(f"/files/writer/{number}/", random.Random(chance.random())), login) for number in range(CLIENTS)
    ]
    starts = []
    for number in range(KILLS + 1):
        davd = Running(tmp_path, reactor=("uvloop", "epoll")[number % 2])
        since = time.monotonic()
        with davd:
            assert davd.ask("OPTIONS", "/").status == 200
            starts.append(time.monotonic() - since)
            assert _leftovers(data) == [], f"kill {number}"
            connections = [davd.connect() for _ in clients]
            for client, connection in zip(clients, connections, strict=True):
                if number:
                    client.verify(connection)
                else:
                    assert ask(connection, "MKCOL", client.script.root, None, login).status == 201
            mistakes = [mistake for client in clients for mistake in client.mistakes]
            assert not mistakes, "\n".join([f"seed {SEED}, kill {number}:", *mistakes])
            if number == KILLS:
                break
            threads = [
                threading.Thread(target=client.work, args=(connection,))
                for client, connection in zip(clients, connections, strict=True)
            ]
            for thread in threads:
                thread.start()
            time.sleep(chance.random() ** 2 * MOST_SECONDS)
            davd.kill()
            for thread in threads:
                thread.join()
    assert davctl(data, "fsck").stdout == "the store is sound\n"
    acknowledged = sum(client.acknowledged for client in clients)
    start = statistics.median(starts)
    sys.stdout.write(f"{KILLS} kills, {acknowledged} requests acknowledged, {start:.2f} s from start to first answer\n")
    assert acknowledged > KILLS
    assert start < RESTART_SECONDS
