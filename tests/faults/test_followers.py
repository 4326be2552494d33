"""Who follows a calendar by sync-collection ends up with what is there: four write, four follow, davd is killed.

FAULT_SEED repeats a run as far as chance goes, FAULT_SECONDS asks for more or fewer seconds.

Verifies: RFC 6578, 3.2, 3.5, 3.6; RFC 4791, 5.3.2; docs/architecture.md, Data
"""

from __future__ import annotations

import http.client
import os
import random
import sys
import threading
import time
from pathlib import Path
from typing import Final
from xml.sax.saxutils import escape

import pytest
from lxml import etree

from tests.conformance.groupware import event
from tests.daemon.twistd import Running, ask, basic, davctl

SECONDS = float(os.environ.get("FAULT_SECONDS", "30"))
SEED = int(os.environ.get("FAULT_SEED", "0")) or int.from_bytes(os.urandom(4))
LIVES = 3
WRITERS = 4
NAMES = 40
# How many changes a follower wants at a time; None leaves it to the server.
LIMITS: Final = (1, 50, None, 7)
HOME = "/calendars/follow/"
PLACES = (f"{HOME}calendar/", f"{HOME}other/")
_LOST = (http.client.HTTPException, ConnectionError, TimeoutError, OSError)

Map = dict[str, str]


def _multistatus(content: bytes) -> tuple[Map, list[str], bool, str]:
    """ETags by href, hrefs that are gone, whether more is to come, and the token."""
    tags, gone, more = {}, [], False
    root = etree.fromstring(content)
    for response in root.iter("{DAV:}response"):
        href = response.findtext("{DAV:}href") or ""
        status = response.findtext("{DAV:}status") or ""
        if " 507 " in status:
            more = True
        elif " 404 " in status:
            gone.append(href)
        else:
            tags[href] = response.findtext(".//{DAV:}getetag") or ""
    return tags, gone, more, root.findtext("{DAV:}sync-token") or ""


class Writer:
    """Puts, changes, moves and deletes events of its own in two calendars until the connection breaks."""

    def __init__(self, number: int, login: dict[str, str]) -> None:
        self._number = number
        self._login = login
        self._chance = random.Random(SEED + number)
        self.done = 0
        self.wrong: list[str] = []

    def work(self, connection: http.client.HTTPConnection) -> None:
        """Write until the server is gone."""
        try:
            while True:
                self._step(connection)
        except _LOST:
            return

    def _step(self, connection: http.client.HTTPConnection) -> None:
        chance = self._chance
        name = f"{self._number}-{chance.randrange(NAMES)}"
        path = f"{chance.choice(PLACES)}{name}.ics"
        kind = chance.choices(("PUT", "DELETE", "MOVE"), (6, 3, 2))[0]
        fields = dict(self._login)
        content = None
        if kind == "PUT":
            fields["Content-Type"] = "text/calendar"
            content = event(name, f"Nr. {chance.random()}")
        elif kind == "MOVE":
            fields["Destination"] = f"{chance.choice(PLACES)}{name}.ics"
        answer = ask(connection, kind, path, content, fields)
        # The event may not be there, or be in the other calendar, or be asked to move to where it is.
        if answer.status not in (201, 204, 404, 403, 409):
            self.wrong.append(f"{kind} {path}: {answer.status} {answer.content!r}")
        self.done += answer.status in (201, 204)


class Follower:
    """Keeps a map of a calendar by what sync-collection tells."""

    def __init__(self, path: str, limit: int | None, login: dict[str, str]) -> None:
        self._path = path
        self._limit = limit
        self._login = login
        self._token = ""
        self.map: Map = {}
        self.pages = 0
        self.wrong: list[str] = []
        self.ending = False

    def work(self, connection: http.client.HTTPConnection) -> None:
        """Follow until the server is gone."""
        try:
            while not self.ending:
                self.step(connection)
        except _LOST:
            return

    def step(self, connection: http.client.HTTPConnection) -> bool:
        """One page; whether there was nothing new."""
        limit = f"<limit><nresults>{self._limit}</nresults></limit>" if self._limit else ""
        body = (
            f'<sync-collection xmlns="DAV:"><sync-token>{escape(self._token)}</sync-token><sync-level>1</sync-level>'
            f"{limit}<prop><getetag/></prop></sync-collection>"
        )
        fields = {**self._login, "Content-Type": "application/xml"}
        answer = ask(connection, "REPORT", self._path, body.encode(), fields)
        if answer.status != 207:
            self.wrong.append(f"{answer.status} {answer.content!r}")
            return True
        tags, gone, more, token = _multistatus(answer.content)
        if self._limit is not None and len(tags) + len(gone) > self._limit:
            self.wrong.append(f"{len(tags) + len(gone)} on a page of {self._limit}")
        self.map.update(tags)
        for href in gone:
            self.map.pop(href, None)
        self.pages += 1
        still = not more and token == self._token
        self._token = token
        return still


def _there(connection: http.client.HTTPConnection, path: str, login: dict[str, str]) -> Map:
    body = b'<propfind xmlns="DAV:"><prop><getetag/></prop></propfind>'
    answer = ask(connection, "PROPFIND", path, body, {**login, "Depth": "1", "Content-Type": "application/xml"})
    assert answer.status == 207
    tags, _, _, _ = _multistatus(answer.content)
    tags.pop(path)
    return tags


@pytest.mark.timeout(300)
def test_followers_see_what_is_there(tmp_path: Path) -> None:
    sys.stdout.write(f"FAULT_SEED={SEED}\n")
    password = "a password of those who follow"
    assert (
        davctl(tmp_path / "data", "user", "add", "follow", "--password-file", "-", text=password + "\n").returncode == 0
    )
    login = basic("follow", password)
    writers = [Writer(number, login) for number in range(WRITERS)]
    followers = [Follower(PLACES[number % 2], limit, login) for number, limit in enumerate(LIMITS)]
    for life in range(LIVES):
        with Running(tmp_path, reactor=("uvloop", "epoll")[life % 2]) as davd:
            if not life:
                assert davd.ask("MKCALENDAR", PLACES[1], None, login).status == 201
            workers = [*writers, *followers]
            threads = [threading.Thread(target=one.work, args=(davd.connect(),)) for one in workers]
            for thread in threads:
                thread.start()
            time.sleep(SECONDS / LIVES)
            davd.kill()
            for thread in threads:
                thread.join()
    with Running(tmp_path) as davd:
        connection = davd.connect()
        for follower in followers:
            while not follower.step(connection):
                pass
            place = follower._path
            assert follower.map == _there(connection, place, login), f"seed {SEED}, limit {follower._limit}, {place}"
            # A first synchronisation in pages hides nobody either.
            anew = Follower(place, follower._limit, login)
            while not anew.step(connection):
                pass
            assert anew.map == follower.map, f"seed {SEED}, limit {follower._limit}, {place}"
    assert not [wrong for one in (*writers, *followers) for wrong in one.wrong]
    done, pages = sum(writer.done for writer in writers), [follower.pages for follower in followers]
    sys.stdout.write(f"{done} writes, pages {pages}\n")
    assert done > 100 and min(pages) > 10
    assert davctl(tmp_path / "data", "fsck").stdout == "the store is sound\n"
