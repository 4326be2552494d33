"""What is shared, and what is shared no longer, through all the steps with every memory of finished answers on.

Verifies: RFC 3744, 6, 8.1; docs/architecture.md, Caches
"""

from __future__ import annotations

import random

from davd.application.answers import Answers
from davd.application.provision import provision
from davd.http.response import Response
from davd.model.principal import GROUP
from davd.testing.exchange import Trial, run
from tests.application.test_application import ApplicationTestCase
from tests.dav.sharing import ace, acl

PROPFIND = (
    b'<propfind xmlns="DAV:"><prop><getetag/><resourcetype/><owner/><current-user-privilege-set/><acl/></prop>'
    b"</propfind>"
)
SYNC = b'<sync-collection xmlns="DAV:"><sync-token/><sync-level>1</sync-level><prop><getetag/></prop></sync-collection>'
EXPAND = (
    b'<expand-property xmlns="DAV:"><property name="owner"><property name="displayname"/></property></expand-property>'
)
SEARCH = (
    b'<principal-property-search xmlns="DAV:"><property-search><prop><displayname/></prop><match/></property-search>'
    b"<prop><displayname/><group-membership/></prop></principal-property-search>"
)
HELD = b'<propfind xmlns="DAV:"><prop><current-user-privilege-set/></prop></propfind>'
POLLS = [
    ("PROPFIND", "/files/alice/shared/", "1", HELD),
    ("PROPFIND", "/files/alice/shared/note.txt", "0", HELD),
    ("PROPFIND", "/files/alice/shared/", "0", PROPFIND),
    ("PROPFIND", "/files/alice/shared/", "1", PROPFIND),
    ("PROPFIND", "/files/alice/shared/note.txt", "0", PROPFIND),
    ("PROPFIND", "/files/alice/", "1", PROPFIND),
    ("PROPFIND", "/files/", "1", PROPFIND),
    ("PROPFIND", "/", "infinity", PROPFIND),
    ("PROPFIND", "/principals/users/", "1", PROPFIND),
    ("PROPFIND", "/principals/users/alice/", "0", PROPFIND),
    ("REPORT", "/files/alice/shared/", "0", SYNC),
    ("REPORT", "/files/alice/shared/", "0", EXPAND),
    ("REPORT", "/principals/", "0", SEARCH),
    ("GET", "/files/alice/shared/note.txt", "", b""),
    ("GET", "/files/alice/shared/", "", b""),
]


class SharingTestCase(ApplicationTestCase):
    """Alice with a collection and a file in it, and a group."""

    def setUp(self) -> None:
        super().setUp()
        for user in ("alice", "bob"):
            self.ask("GET", "/", user=user)
        self.ask("MKCOL", "/files/alice/shared/")
        self.ask("PUT", "/files/alice/shared/note.txt", b"x")
        run(self.group("staff"))
        self.reference = Trial(store=self.store)

    async def group(self, *names: str) -> None:
        async with self.store.write() as transaction:
            for name in names:
                await provision(transaction, name, self.now, kind=GROUP)

    async def members(self, *names: str) -> None:
        async with self.store.write() as transaction:
            await transaction.set_group_members("staff", names)

    def share(self, path: str, *aces: str) -> int:
        return self.ask("ACL", path, acl(*aces), headers={"content-type": "text/xml"}).status

    def poll(self, method: str, path: str, depth: str, body: bytes, user: str = "bob") -> Response:
        return self.ask(method, path, body, user, {"depth": depth} if depth else {})


class RevocationTests(SharingTestCase):
    """Verifies: RFC 3744, 6; docs/architecture.md, Caches."""

    def test_each_way_ends_with_the_next_request(self) -> None:
        cases = [poll for poll in POLLS if poll[1].startswith("/files/alice/shared/")]
        for granting, revoking in (
            (
                lambda: self.share("/files/alice/shared/", ace("bob", "read")),
                lambda: self.share("/files/alice/shared/"),
            ),
            (lambda: self.share("/files/alice/", ace("bob", "read")), lambda: self.share("/files/alice/")),
            (
                lambda: (
                    self.share("/files/alice/shared/", ace("/principals/groups/staff/", "read"))
                    and run(self.members("bob"))
                ),
                lambda: run(self.members()),
            ),
        ):
            granting()
            for poll in cases:
                for _ in range(3):
                    self.assertLess(self.poll(*poll).status, 300, poll)
            revoking()
            for poll in cases:
                self.assertEqual(self.poll(*poll).status, 404, poll)
            self.share("/files/alice/shared/")

    def test_answers_about_what_is_shared_are_kept_while_nothing_is_committed(self) -> None:
        self.share("/files/alice/shared/", ace("bob", "read"))
        poll = ("PROPFIND", "/files/alice/shared/", "1", HELD)
        first = self.poll(*poll)
        hits = self.answers.hits
        self.assertEqual(self.poll(*poll).body, first.body)
        self.assertEqual(self.answers.hits, hits + 1)
        self.ask("PUT", "/files/alice/elsewhere", b"x")
        revalidated = self.answers.revalidated
        self.assertEqual(self.poll(*poll).body, first.body)
        self.assertEqual(self.answers.revalidated, revalidated)

    def test_own_answers_stand_while_others_write(self) -> None:
        poll = ("PROPFIND", "/files/bob/", "1", b'<propfind xmlns="DAV:"><prop><getetag/></prop></propfind>')
        self.poll(*poll)
        self.share("/files/alice/shared/", ace("bob", "read"))
        revalidated = self.answers.revalidated
        self.poll(*poll)
        self.assertEqual(self.answers.revalidated, revalidated + 1)


class HistoryTests(SharingTestCase):
    """With every memory on, each answer is the one that is made without any.

    Verifies: docs/architecture.md, Caches.
    """

    def check(self, poll: tuple[str, str, str, bytes], user: str) -> None:
        told = self.poll(*poll, user)
        method, path, depth, body = poll
        expected = self.reference.request(method, path, {"Depth": depth} if depth else {}, body, user)
        self.assertEqual(told.status, expected.status, (poll, user))
        if told.status < 300:
            self.assertEqual(self.reference.read(told), self.reference.read(expected), (poll, user))

    def test_random_histories(self) -> None:
        chance = random.Random(3744)
        subjects = ["bob", "/principals/groups/staff/", "<D:authenticated/>"]
        kinds = ["read", "write", "all", "read-acl", "bind"]
        changed = 0
        for _ in range(120):
            step = chance.randrange(6)
            place = chance.choice(["/files/alice/", "/files/alice/shared/", "/files/alice/shared/note.txt"])
            if step <= 2:
                aces = [ace(chance.choice(subjects), chance.choice(kinds)) for _ in range(chance.randrange(3))]
                changed += self.share(place, *aces) == 200
            elif step == 3:
                run(self.members(*chance.sample(["alice", "bob"], chance.randrange(3))))
            elif step == 4:
                user = chance.choice(["alice", "bob"])
                self.ask("PUT", "/files/alice/shared/note.txt", bytes([chance.randrange(256)]), user)
            else:
                self.ask("PUT", "/files/bob/own.txt", bytes([chance.randrange(256)]), "bob")
            for poll in chance.sample(POLLS, 6):
                user = chance.choice(["alice", "bob", "bob"])
                self.check(poll, user)
                self.check(poll, user)
        self.assertGreater(changed, 40)
        self.assertGreater(self.answers.hits, 100)


class SharedAnswerTests(SharingTestCase):
    """Verifies: docs/architecture.md, Caches."""

    def test_nothing_of_others_goes_to_other_processes(self) -> None:
        told: list[bytes] = []

        class Tier:
            async def get(self, key: bytes) -> bytes | None:
                return None

            def put(self, key: bytes, value: bytes) -> None:
                told.append(value)

        memory = self.answers._memory
        answers = Answers(memory, 1 << 20, Tier(), 0.0, b"", lambda response: b"packed", lambda sealed: None)
        self.application = self.make(answers, self.admission)
        self.share("/files/alice/shared/", ace("bob", "read"))
        self.poll(*POLLS[1])
        self.assertEqual(told, [])
        self.poll("PROPFIND", "/files/bob/", "1", b'<propfind xmlns="DAV:"><prop><getetag/></prop></propfind>')
        self.assertEqual(told, [b"packed"])
