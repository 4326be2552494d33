"""Clients that write, read, delete, list and synchronise, each in a collection of its own, and check every answer."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tests.conformance.proof.contents import (
    FILES,
    Kind,
    Row,
    content_of,
    list_body,
    multiget_body,
    queried,
    query_body,
    rows_of,
    sync_body,
)
from tests.conformance.proof.link import Answer, Broken, Link
from tests.conformance.proof.truth import Known, Truth, digest

# How many objects a client keeps at most, how many of a file client's are never written again, and how large those are.
MEMBERS = 30
KEPT = 8
KEPT_BYTES = 100_000
# For how long it is tried to find out what became of a write.
PATIENCE = 60.0
XML = {"Content-Type": "application/xml; charset=utf-8"}

_FILE_MIX = {"read": 30, "unchanged": 8, "write": 34, "delete": 10, "list": 10, "sync": 8}
_MIX = {"read": 20, "unchanged": 6, "write": 30, "delete": 8, "list": 8, "sync": 10, "multiget": 10, "query": 8}


@dataclass(frozen=True, slots=True)
class Member:
    """An object of a client: its number, and what is known of it."""

    number: int
    known: Known


class Client(threading.Thread):
    """One client of an account with a collection of its kind; it works from `start` until `leave` is set.

    `pause` gives the seconds until its next request. What is wrong goes into the tally of its link, as does an answer
    that does not agree with what was acknowledged.
    """

    def __init__(
        self,
        name: str,
        kind: Kind,
        account: str,
        link: Link,
        truth: Truth,
        leave: threading.Event,
        pause: Callable[[random.Random], float],
    ) -> None:
        super().__init__(name=name, daemon=True)
        self.collection = kind.home.format(account) + f"{name}/"
        self._kind = kind
        self._link = link
        self._truth = truth
        self._leave = leave
        self._pause = pause
        self._chance = random.Random(name)
        self._members: dict[str, Member] = {}
        self._made = 0
        self._token = ""
        # What the reports of changes have told so far: ETags by path.
        self._followed: dict[str, str | None] = {}
        self._mix = _FILE_MIX if kind is FILES else _MIX

    def run(self) -> None:
        """Work."""
        try:
            self._prepare()
            while not self._leave.wait(self._pause(self._chance)):
                [what] = self._chance.choices(list(self._mix), list(self._mix.values()))
                try:
                    getattr(self, f"_{what}")()
                except Broken:
                    continue
                if self._chance.random() < 1 / 60:
                    self._link.close()
        except Exception as error:
            self._wrong(f"the client has ended: {error!r}")
        finally:
            self._link.close()

    def _wrong(self, sentence: str) -> None:
        self._link.tally.wrong.append(f"{self.name}: {sentence}")

    def _expect(self, answer: Answer, what: str, *statuses: int) -> bool:
        if answer.status in statuses:
            return True
        wanted = " or ".join(map(str, statuses))
        self._wrong(f"{what}: {answer.status} instead of {wanted}: {answer.content[:200]!r}")
        return False

    def _patiently(self, method: str, path: str, body: bytes | None, fields: Mapping[str, str]) -> Answer | None:
        """The answer to a request that may be repeated, however many connections it takes; None when time is over."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            try:
                return self._link.ask(method, path, body, fields)
            except Broken:
                time.sleep(0.1)
        self._wrong(f"{method} {path} was not answered within {PATIENCE:.0f} s")
        return None

    # What it does

    def _prepare(self) -> None:
        body = self._kind.body.encode() or None
        answer = self._patiently(self._kind.make, self.collection, body, XML if body else {})
        # 405 where an answer got lost, and it was made by the request before.
        if answer is not None:
            self._expect(answer, self._kind.make, 201, 405)
        for _ in range(KEPT if self._kind is FILES else 0):
            self._put(self._new(), self._chance.randbytes(KEPT_BYTES))
        for member in self._members.values():
            if member.known.open:
                self._resolve(member.known)

    def _new(self) -> Member:
        self._made += 1
        path = f"{self.collection}{self._made}{self._kind.suffix}"
        member = self._members[path] = Member(self._made, self._truth.object(path))
        return member

    def _there(self) -> list[Member]:
        return [member for member in self._members.values() if member.known.now.content is not None]

    def _changing(self) -> list[Member]:
        return [member for member in self._there() if self._kind is not FILES or member.number > KEPT]

    def _write(self) -> None:
        changing = self._changing()
        if len(changing) < MEMBERS and (not changing or self._chance.random() < 0.3):
            member = self._new()
        else:
            member = self._chance.choice(changing)
        uid = member.known.path.rpartition("/")[2].partition(".")[0] + f"-{self.name}"
        version = len(member.known.versions)
        self._put(member, content_of(self._kind, uid, member.number, version, self._chance))

    def _put(self, member: Member, content: bytes) -> None:
        known = member.known
        before = known.now
        fields = {"Content-Type": self._kind.type}
        if before.content is None:
            fields["If-None-Match"] = "*"
        elif before.etag is not None:
            fields["If-Match"] = before.etag
        version = known.begin(content, time.monotonic())
        try:
            answer = self._link.ask("PUT", known.path, content, fields)
        except Broken:
            self._again(known, content)
            return
        status = 201 if before.content is None else 204
        if self._expect(answer, f"PUT {known.path}", status):
            known.done(version, answer.etag, time.monotonic())
        else:
            known.undone(version)

    def _delete(self) -> None:
        changing = self._changing()
        if not changing:
            return
        known = self._chance.choice(changing).known
        before = known.now
        version = known.begin(None, time.monotonic())
        try:
            answer = self._link.ask("DELETE", known.path, None, {"If-Match": before.etag} if before.etag else {})
        except Broken:
            self._again(known, None)
            return
        if self._expect(answer, f"DELETE {known.path}", 204):
            known.done(version, None, time.monotonic())
        else:
            known.undone(version)

    def _again(self, known: Known, content: bytes | None) -> None:
        """After a write without an answer: look what became of it, or write the same again, as both is allowed."""
        if self._chance.random() < 0.5:
            self._resolve(known)
            return
        version = known.begin(content, time.monotonic())
        method = "DELETE" if content is None else "PUT"
        answer = self._patiently(
            method, known.path, content, {} if content is None else {"Content-Type": self._kind.type}
        )
        if answer is None:
            return
        if self._expect(answer, f"{method} {known.path} again", *((204, 404) if content is None else (201, 204))):
            known.done(version, answer.etag, time.monotonic())
        else:
            known.undone(version)

    def _resolve(self, known: Known) -> None:
        answer = self._patiently("GET", known.path, None, {})
        if answer is not None:
            self._compare(known, answer)

    def _compare(self, known: Known, answer: Answer) -> None:
        if not self._expect(answer, f"GET {known.path}", 200, 404):
            return
        found = digest(answer.content) if answer.status == 200 else None
        if not known.settle(found, answer.etag if found is not None else None, time.monotonic()):
            may = [(version.content or "absent", version.etag) for version in known.possible()]
            self._wrong(f"GET {known.path}: {found or 'absent'} {answer.etag} instead of {may}")

    def _read(self) -> None:
        if self._members:
            known = self._chance.choice(list(self._members.values())).known
            self._compare(known, self._link.ask("GET", known.path))

    def _unchanged(self) -> None:
        there = [member for member in self._there() if member.known.now.etag is not None]
        if there:
            known = self._chance.choice(there).known
            answer = self._link.ask("GET", known.path, None, {"If-None-Match": known.now.etag or ""})
            self._expect(answer, f"GET {known.path} with its ETag", 304)

    # What it has told, all of it

    def _rows(self, method: str, body: bytes, depth: str) -> tuple[dict[str, Row], str] | None:
        answer = self._link.ask(method, self.collection, body, {**XML, "Depth": depth})
        if not self._expect(answer, f"{method} {self.collection}", 207):
            return None
        try:
            return rows_of(answer.content)
        except (ValueError, SyntaxError) as error:
            self._wrong(f"{method} {self.collection}: {error}")
            return None

    def _agree(self, what: str, told: Mapping[str, str | None], wanted: list[Member]) -> None:
        """Compare ETags by path with those of members."""
        expected = {member.known.path: member.known.now.etag for member in wanted}
        for path in sorted(told.keys() | expected.keys()):
            if path not in expected or path not in told:
                self._wrong(f"{what}: {path} is {'missing' if path in expected else 'told of'}")
            elif expected[path] is not None and told[path] != expected[path]:
                self._wrong(f"{what}: {path} has {told[path]} instead of {expected[path]}")

    def _list(self) -> None:
        found = self._rows("PROPFIND", list_body(), "1")
        if found is not None:
            told = {path: row.etag for path, row in found[0].items() if path != self.collection}
            self._agree("PROPFIND", told, self._there())

    def _sync(self) -> None:
        found = self._rows("REPORT", sync_body(self._token), "0")
        if found is None:
            return
        rows, self._token = found
        for path, row in rows.items():
            if row.status == 404:
                self._followed.pop(path, None)
            elif path != self.collection:
                self._followed[path] = row.etag
        self._agree("sync-collection", self._followed, self._there())

    def _multiget(self) -> None:
        there = self._there()
        chosen = self._chance.sample(there, min(5, len(there)))
        if not chosen:
            return
        absent = f"{self.collection}never{self._kind.suffix}"
        found = self._rows("REPORT", multiget_body(self._kind, [*(m.known.path for m in chosen), absent]), "0")
        if found is None:
            return
        rows = found[0]
        gone = rows.pop(absent, None)
        if gone is None or gone.status != 404:
            self._wrong(f"multiget: {absent} is told of as {gone}")
        self._agree("multiget", {path: row.etag for path, row in rows.items()}, chosen)
        for path, row in rows.items():
            if "BEGIN:V" not in row.data:
                self._wrong(f"multiget: {path} has no data")

    def _query(self) -> None:
        found = self._rows("REPORT", query_body(self._kind), "1")
        if found is not None:
            wanted = [member for member in self._there() if queried(self._kind, member.number)]
            self._agree("query", {path: row.etag for path, row in found[0].items()}, wanted)
