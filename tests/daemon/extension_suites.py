"""The suites of davd.testing over the examples of docs/extend, as their authors would write them.

`test_extension.py` copies this file to where it runs it beside the installed examples.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from davd_folder import Folder
from davd_journal import JournalStore
from davd_shared import checker
from davd_spool import way
from davd_yesterday import forecast
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from davd.stores.memory.store import MemoryStore
from davd.testing.alert_conformance import AlertConformance
from davd.testing.cache_conformance import CacheConformance
from davd.testing.checker_conformance import CheckerConformance
from davd.testing.forecast_conformance import ForecastConformance
from davd.testing.store_conformance import StoreConformance


def folder() -> Path:
    """A new folder beside this file."""
    return Path(tempfile.mkdtemp(dir="."))


class SpoolTests(AlertConformance, TestCase):
    """Verifies: docs/operate/monitoring.md, Alerts"""

    def setUp(self) -> None:
        self.folder = folder()

    def make_alert(self) -> Any:
        return way({"folder": str(self.folder)})

    def make_broken(self) -> Any:
        return way({"folder": str(self.folder / "none")})

    def told(self) -> list[str]:
        return [path.read_text() for path in sorted(self.folder.iterdir())]


class TestYesterday(ForecastConformance):
    """Verifies: docs/operate/scaling.md, The forecast"""

    def make_forecast(self) -> Any:
        return forecast({"more": 0.2})


class SharedTests(CheckerConformance, TestCase):
    """Verifies: docs/architecture.md, Identity"""

    def make_checker(self) -> Any:
        return checker({"names": [self.known], "password": self.password}, None)


class FolderTests(CacheConformance, TestCase):
    """Verifies: docs/architecture.md, Caches"""

    def make_cache(self) -> Any:
        return Folder(str(folder()), 8 * 1024 * 1024, deferToThread)

    async def settled(self, cache: Any) -> None:
        await cache.settled()

    async def test_it_keeps_within_its_bytes(self) -> None:
        place = folder()
        tier = Folder(str(place), 64_000, deferToThread)
        await tier.start()
        for number in range(100):
            tier.put(b"%d" % number, bytes(4000))
            await tier.settled()
        held = sum(path.stat().st_size for path in place.iterdir())
        self.assertTrue(40_000 < held <= 64_000, held)
        self.assertEqual(await tier.get(b"99"), bytes(4000))
        self.assertIsNone(await tier.get(b"0"))
        await tier.stop()


class JournalTests(StoreConformance, TestCase):
    """Verifies: docs/architecture.md, Data"""

    def make_store(self) -> Any:
        place = folder()
        return JournalStore(MemoryStore(), str(place / "journal"), str(place / "copies"), deferToThread)

    async def test_what_is_undone_is_not_in_the_journal(self) -> None:
        place = folder()
        store = JournalStore(MemoryStore(), str(place / "journal"), str(place / "copies"), deferToThread)
        await store.start()
        async with store.write() as transaction:
            [root] = await transaction.resolve(())
            await transaction.create(root, "kept", "collection", "", 1.0)
            with self.assertRaises(ZeroDivisionError):
                async with transaction.savepoint():
                    await transaction.create(root, "undone", "collection", "", 1.0)
                    raise ZeroDivisionError
        with self.assertRaises(ZeroDivisionError):
            async with store.write() as transaction:
                await transaction.create(root, "lost", "collection", "", 1.0)
                raise ZeroDivisionError
        await store.stop()
        self.assertEqual((place / "journal").read_text(), '{"at": 1.0, "what": "create", "path": "/kept"}\n')

    async def test_copies_of_what_is_gone_are_collected(self) -> None:
        place, inner = folder(), MemoryStore()
        store = JournalStore(inner, str(place / "journal"), str(place / "copies"), deferToThread)
        await store.start()
        names = []
        for text in (b"one", b"two"):
            writer = store.blobs.create()
            await writer.write(text)
            names.append(await Deferred.fromCoroutine(writer.finish()))
        inner.blobs.delete(names[0])
        self.assertEqual(await store.collect(2.0), 1)
        self.assertEqual([path.name for path in (place / "copies").iterdir()], [names[1]])
        self.assertRaises(KeyError, store.blobs.open, names[0])
        await store.stop()
