"""The tests that every checker passes; a plugin's author mixes them into a TestCase of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from zope.interface.verify import verifyObject

from davd.interfaces.identity import IChecker

if TYPE_CHECKING:
    from twisted.trial.unittest import TestCase as _Base
else:
    _Base = object


class CheckerConformance(_Base):
    """Verifies: docs/architecture.md, Identity

    `make_checker` gives a checker, not yet started, that knows `known` with `password`, and does not know `unknown`.
    """

    known = "alice"
    password = "wonderland"
    unknown = "nobody"

    def make_checker(self) -> IChecker:
        """The checker under test."""
        raise NotImplementedError

    async def test_it_provides_the_interface(self) -> None:
        """All of `IChecker`, with the right signatures."""
        checker = self.make_checker()
        verifyObject(IChecker, checker)
        self.assertRegex(checker.name, r"^[a-z][a-z0-9_-]*$")

    async def test_the_right_password(self) -> None:
        """It gives the canonical name, as often as it is asked."""
        checker = self.make_checker()
        await checker.start()
        for _ in range(2):
            self.assertEqual(await checker.check(self.known, self.password), self.known)
        await checker.stop()

    async def test_wrong_passwords(self) -> None:
        """None, for what is near the password as for what is not."""
        checker = self.make_checker()
        await checker.start()
        for wrong in ("", self.password + "x", self.password[:-1], self.password.swapcase(), "x" * 1000, "pä\x00ss"):
            self.assertIsNone(await checker.check(self.known, wrong), wrong)
        await checker.stop()

    async def test_unknown_names(self) -> None:
        """LookupError, or None from a checker that cannot tell; never a name."""
        checker = self.make_checker()
        await checker.start()
        for name in (self.unknown, self.known + "x", "", "x" * 1000):
            try:
                self.assertIsNone(await checker.check(name, self.password), name)
            except LookupError:
                continue
        await checker.stop()

    async def test_what_a_success_rests_on_stays_while_nothing_changes(self) -> None:
        """Equal stamps and generations before and after a check, and a stamp that is not None."""
        checker = self.make_checker()
        await checker.start()
        before = checker.generation(), await checker.stamp(self.known)
        await checker.check(self.known, self.password)
        self.assertEqual(before, (checker.generation(), await checker.stamp(self.known)))
        self.assertIsNotNone(before[1])
        hash(before)
        await checker.stop()
