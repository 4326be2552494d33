"""A store whose failure ends nothing.

Verifies: docs/operate/scaling.md, The process that looks after the others
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from davd.daemon.backoff import MOST_SECONDS
from davd.daemon.enduring_store import EnduringStore
from davd.interfaces.store import StoreError
from davd.stores.settings import StoreSettings
from tests.stores.life import add, names


class Here:
    """Threads whose work is done at once, where it is asked for."""

    def run(self, work: Callable[[], Any]) -> Deferred[Any]:
        done: Deferred[Any] = Deferred()
        try:
            done.callback(work())
        except BaseException:
            done.errback()
        return done

    def one(self, name: str) -> Callable[[Callable[[], Any]], Deferred[Any]]:
        return self.run


class TestEnduring(SynchronousTestCase):
    """Verifies: docs/operate/scaling.md, The process that looks after the others."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.folder = Path(tempfile.mkdtemp()) / "data"
        self.store = EnduringStore(str(self.folder), StoreSettings(), Here(), self.clock)  # type: ignore[arg-type]

    def ask(self, work: Any) -> Any:
        """The result of a coroutine."""
        return self.successResultOf(Deferred.fromCoroutine(work))

    def refused(self, work: Any) -> str:
        """The sentence by which a coroutine is refused."""
        return str(self.failureResultOf(Deferred.fromCoroutine(work), StoreError).value)

    def test_what_cannot_be_opened_is_opened_later(self) -> None:
        self.folder.write_text("in the way")
        self.successResultOf(self.store.open())
        self.assertIn("cannot be made", self.store.failure)
        self.assertFalse(self.ask(self.store.healthy()))
        self.assertEqual(self.store.statistics(), {})
        for work in (
            names(self.store, "files"),
            self.store.checkpoint(),
            self.store.refresh(),
            self.store.collect(0.0),
        ):
            self.assertEqual(self.refused(work), self.store.failure)
        self.refused(add(self.store, "a"))
        self.folder.unlink()
        self.clock.advance(MOST_SECONDS)
        self.assertEqual(self.store.failure, "")
        self.assertTrue(self.ask(self.store.healthy()))
        self.ask(add(self.store, "a"))
        self.assertEqual(self.ask(names(self.store, "files")), ["a"])
        self.ask(self.store.close())

    def test_after_a_failure_of_the_disk_it_is_opened_anew(self) -> None:
        self.successResultOf(self.store.open())
        self.ask(add(self.store, "before"))
        self.store.writer.fail("an error of input or output")
        self.assertIn("an error of input or output", self.refused(add(self.store, "meanwhile")))
        self.assertIn("an error of input or output", self.refused(names(self.store, "files")))
        self.clock.advance(MOST_SECONDS)
        self.ask(add(self.store, "after"))
        self.assertEqual(self.ask(names(self.store, "files")), ["after", "before"])
        self.ask(self.store.close())

    def test_a_file_that_another_took_the_place_of(self) -> None:
        self.successResultOf(self.store.open())
        self.assertTrue(self.ask(self.store.healthy()))
        os.rename(self.store.path, self.store.path + ".away")
        self.assertFalse(self.ask(self.store.healthy()))
        self.ask(self.store.close())

    def test_one_that_was_closed_stays_closed(self) -> None:
        self.folder.write_text("in the way")
        self.successResultOf(self.store.open())
        self.ask(self.store.close())
        self.folder.unlink()
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.clock.advance(MOST_SECONDS)
        self.assertFalse(self.folder.exists())
