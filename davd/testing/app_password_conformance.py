"""What a store promises of the passwords that accounts have beside their own.

Verifies: docs/architecture.md, Identity; RFC 7617, 2
"""

from __future__ import annotations

from dataclasses import replace

from davd.model.principal import EXPIRED_SECONDS, Account, AppPassword
from davd.testing.store_life import StoreLife

_PHONE = AppPassword("phone1", "ann", "Ann's phone", "a" * 64, 5.5)
_MAIL = AppPassword("mail01", "ann", "", "b" * 64, 2.0, None, 100.0)
_BOBS = AppPassword("bobs01", "bob", "ü", "c" * 64, 3.0, 4.0, None)


class AppPasswordConformance(StoreLife):
    """App passwords are kept, found by their id and by their account, and end with it."""

    async def add(self, *passwords: AppPassword) -> None:
        """Add app passwords, and the accounts ann and bob."""
        async with self.store.write() as transaction:
            await transaction.add_account(Account("ann"))
            await transaction.add_account(Account("bob"))
            for password in passwords:
                await transaction.add_app_password(password)

    async def of(self, account: str) -> list[AppPassword]:
        """Those of an account."""
        async with self.store.read() as view:
            found: list[AppPassword] = await view.app_passwords(account)
        return found

    async def one(self, id: str) -> AppPassword | None:
        """That of an id."""
        async with self.store.read() as view:
            found: AppPassword | None = await view.app_password(id)
        return found

    async def test_they_are_found_by_id_and_by_account(self) -> None:
        """As they were added, those of an account in the order of their making."""
        await self.add(_PHONE, _BOBS, _MAIL)
        self.assertEqual(await self.of("ann"), [_MAIL, _PHONE])
        self.assertEqual(await self.of("bob"), [_BOBS])
        self.assertEqual(await self.of("eve"), [])
        for password in (_PHONE, _MAIL, _BOBS):
            self.assertEqual(await self.one(password.id), password)
        self.assertIsNone(await self.one("PHONE1"))

    async def test_an_id_is_taken_once_and_an_account_is_needed(self) -> None:
        """ValueError and KeyError."""
        await self.add(_PHONE)
        await self.refused(ValueError, lambda transaction: transaction.add_app_password(_PHONE))
        await self.refused(ValueError, lambda transaction: transaction.add_app_password(replace(_PHONE, account="bob")))
        await self.refused(KeyError, lambda transaction: transaction.add_app_password(replace(_MAIL, account="eve")))

    async def test_a_log_in_is_noted(self) -> None:
        """With the later one of two times; what is gone is ignored."""
        await self.add(_PHONE, _MAIL)
        for now, expected in ((7.0, 7.0), (6.0, 7.0), (8.5, 8.5)):
            async with self.store.write() as transaction:
                await transaction.note_app_password("phone1", now)
                await transaction.note_app_password("nobody", now)
            self.assertEqual(await self.of("ann"), [_MAIL, replace(_PHONE, last_used=expected)])

    async def test_one_is_removed_and_the_others_stay(self) -> None:
        """KeyError when it is gone; the generation tells everybody."""
        await self.add(_PHONE, _MAIL)
        before = self.store.generation()
        async with self.store.write() as transaction:
            await transaction.remove_app_password("phone1")
            self.assertIsNone(await transaction.app_password("phone1"))
            self.assertEqual(await transaction.app_passwords("ann"), [_MAIL])
        self.assertNotEqual(self.store.generation(), before)
        self.assertEqual((await self.one("phone1"), await self.of("ann")), (None, [_MAIL]))
        await self.refused(KeyError, lambda transaction: transaction.remove_app_password("phone1"))

    async def test_they_end_with_their_account(self) -> None:
        """A new account of that name has none of them; a changed one keeps them."""
        await self.add(_PHONE, _MAIL, _BOBS)
        async with self.store.write() as transaction:
            await transaction.update_account(Account("ann", "another", quota=1))
            self.assertEqual(await transaction.app_passwords("ann"), [_MAIL, _PHONE])
            await transaction.remove_account("ann")
            await transaction.add_account(Account("ann"))
        self.assertEqual((await self.of("ann"), await self.one("phone1"), await self.of("bob")), ([], None, [_BOBS]))

    async def test_those_long_expired_are_swept(self) -> None:
        """Not at once, so that one can see why a device is not let in."""
        await self.add(_PHONE, _MAIL)
        for now, left in ((100.0 + EXPIRED_SECONDS - 1, [_MAIL, _PHONE]), (100.0 + EXPIRED_SECONDS, [_PHONE])):
            async with self.store.write() as transaction:
                self.assertEqual(await transaction.sweep(now, 0.0), 2 - len(left))
            self.assertEqual(await self.of("ann"), left)

    async def test_what_was_done_is_undone_with_its_block(self) -> None:
        """Adding, noting and removing are parts of a transaction like all else."""
        await self.add(_PHONE)
        before = await self.everything()
        with self.assertRaises(ZeroDivisionError):
            async with self.store.write() as transaction:
                await transaction.add_app_password(_MAIL)
                await transaction.note_app_password("phone1", 9.0)
                await transaction.remove_app_password("phone1")
                raise ZeroDivisionError
        self.assertEqual(await self.everything(), before)

    async def test_they_outlive_the_process(self) -> None:
        """They are there when the store is opened again."""
        await self.add(_PHONE, _MAIL)
        await self.store.stop()
        again = self.reopen(self.store)
        if again is not None:
            self.store = again
            await self.store.start()
        self.assertEqual(await self.of("ann"), [_MAIL, _PHONE])
