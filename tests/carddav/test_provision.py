"""What everybody gets.

Verifies: RFC 6352, 5.2, 7.1.1
"""

from __future__ import annotations

from davd.carddav.provision import make_book, make_provision
from davd.carddav.settings import CardDavSettings
from davd.model.principal import ROOM, Account
from davd.testing.exchange import Trial, run
from tests.carddav.trial import BOOK, HOME, VCARD, BookTrial
from tests.corpus.vcard.cards import APPLE


def provided(settings: CardDavSettings, *names: str, kind: str = "individual") -> dict[str, bytes | None]:
    trial = Trial()

    async def provide() -> None:
        async with trial.store.write() as transaction:
            for name in names:
                if await transaction.account(name) is None:
                    await transaction.add_account(Account(name, kind=kind))
                await make_provision(settings)(transaction, name, trial.now)

    run(provide())
    return {href: content for href, content in trial.tree().items() if href.startswith("/addressbooks")}


class TestHomes:
    """Verifies: RFC 6352, 5.2, 7.1.1"""

    def test_a_home_with_a_book(self) -> None:
        assert set(provided(CardDavSettings(), "alice")) == {"/addressbooks/", HOME, BOOK}
        both = provided(CardDavSettings(), "alice", "bob", "alice")
        assert set(both) == {"/addressbooks/", HOME, BOOK, "/addressbooks/bob/", "/addressbooks/bob/contacts/"}

    def test_a_home_without(self) -> None:
        assert set(provided(CardDavSettings(book_name=""), "alice")) == {"/addressbooks/", HOME}
        assert set(provided(CardDavSettings(), "attic", kind=ROOM)) == {"/addressbooks/", "/addressbooks/attic/"}

    def test_another_book(self) -> None:
        trial = BookTrial()

        async def make() -> None:
            async with trial.store.write() as transaction:
                (*_, home) = await transaction.resolve(("addressbooks", "alice"))
                await make_book(transaction, home, "plain", trial.now)

        run(make())
        assert trial.request("PUT", HOME + "plain/a.vcf", VCARD, APPLE).status == 201

    def test_what_was_removed_stays_away(self) -> None:
        trial = BookTrial()
        assert trial.request("DELETE", BOOK).status == 204

        async def provide() -> None:
            async with trial.store.write() as transaction:
                await make_provision(CardDavSettings())(transaction, "alice", trial.now)

        run(provide())
        assert trial.request("PROPFIND", BOOK, {"Depth": "0"}).status == 404

    def test_the_book_has_a_name_for_people(self) -> None:
        body = b'<propfind xmlns="DAV:"><prop><displayname/></prop></propfind>'
        trial = BookTrial(CardDavSettings(book_name="Leute & mehr"))
        found = trial.read(trial.request("PROPFIND", BOOK, {"Depth": "0"}, body))
        assert b">Leute &amp; mehr</D:displayname>" in found
