"""Slow statements are told of, without their values.

Verifies: docs/architecture.md, Data
"""

from threading import Thread

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import LogEvent, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from davd.stores.settings import StoreSettings
from davd.stores.slow import SlowQueries
from davd.stores.threads import run_here
from davd.testing.store_machine import drive
from tests.stores.life import add, names, opened


class LogCase(SynchronousTestCase):
    def setUp(self) -> None:
        self.lines: list[LogEvent] = []

        def observe(event: LogEvent) -> None:
            if event["log_namespace"] == "davd.stores.slow":
                self.lines.append(event)

        globalLogPublisher.addObserver(observe)
        self.addCleanup(globalLogPublisher.removeObserver, observe)


class TestSlowQueries(LogCase):
    """Verifies: docs/architecture.md, Data"""

    def setUp(self) -> None:
        super().setUp()
        self.clock = Clock()
        self.slow = SlowQueries(0.1, run_here, self.explain, self.clock.seconds)

    def explain(self, statement: str, parameters: int) -> list[str]:
        if "broken" in statement:
            raise ValueError("no such table")
        return [f"SCAN {parameters}"]

    def test_a_statement_is_told_of_once_a_minute(self) -> None:
        for _ in range(3):
            self.slow.note("SELECT 1", (), 0.5, 1)
        self.slow.note("SELECT 2", (), 0.5, 1)
        self.clock.advance(60)
        self.slow.note("SELECT 1", (), 0.5, 1)
        self.assertEqual(
            [(line["statement"], line["unsaid"]) for line in self.lines],
            [("SELECT 1", 0), ("SELECT 2", 0), ("SELECT 1", 2)],
        )
        self.assertEqual(self.slow.count, 5)

    def test_values_are_not_told(self) -> None:
        self.slow.note("SELECT ?, ?", ("secret name", 4711), 0.5, 3)
        (line,) = self.lines
        self.assertEqual((line["types"], line["rows"], line["milliseconds"]), ("str, int", 3, 500.0))
        self.assertEqual(line["plan"], "SCAN 2")
        # Beside what is told stands what the logger adds: times, and addresses of objects.
        told = {key: value for key, value in line.items() if not key.startswith("log")}
        self.assertNotIn("secret", repr(told))
        self.assertNotIn("4711", repr({key: value for key, value in told.items() if key != "time"}))

    def test_what_has_no_plan_is_told_of_all_the_same(self) -> None:
        self.slow.note("COMMIT", (), 0.5, 0)
        self.slow.note("SELECT broken", (), 0.5, 0)
        self.assertEqual([line["plan"] for line in self.lines], ["none", "unknown (no such table)"])

    def test_many_statements_are_not_remembered_for_ever(self) -> None:
        for number in range(1200):
            self.slow.note(f"SELECT {number}", (), 0.5, 0)
        self.assertEqual(len(self.lines), 1200)
        self.assertLessEqual(len(self.slow._told), 500)

    def test_a_thread_finds_the_plan_itself(self) -> None:
        asked: list[object] = []

        def never(call: object) -> Deferred[None]:
            asked.append(call)
            return Deferred()

        slow = SlowQueries(0.1, never, self.explain)
        thread = Thread(target=slow.note, args=("SELECT 1", (), 0.5, 1))
        thread.start()
        thread.join()
        self.assertEqual(asked, [])
        self.assertEqual(len(self.lines), 1)
        slow.note("SELECT 2", (), 0.5, 1)
        # On the reactor's thread the plan is found elsewhere.
        self.assertEqual(len(asked), 1)
        self.assertEqual(len(self.lines), 1)


class TestStore(LogCase):
    """Verifies: docs/architecture.md, Data"""

    def test_scans_and_commits_of_a_store_are_told_of_with_the_plan(self) -> None:
        with opened(self.mktemp(), StoreSettings(slow_query_ms=1e-6)) as store:
            drive(add(store, "a"))
            drive(names(store, "files"))
            self.assertGreaterEqual(store.statistics()["slow.count"], 2)
        told = {line["statement"]: line for line in self.lines}
        self.assertIn("COMMIT", told)
        (scan,) = (line for statement, line in told.items() if "ORDER BY name LIMIT" in statement)
        self.assertIn("USING INDEX", scan["plan"])
        self.assertEqual((scan["rows"], scan["types"]), (1, "int, str, int"))

    def test_nothing_is_told_of_when_it_is_off(self) -> None:
        with opened(self.mktemp(), StoreSettings(slow_query_ms=0)) as store:
            drive(add(store, "a"))
            drive(names(store, "files"))
            self.assertEqual(store.statistics()["slow.count"], 0)
        self.assertEqual(self.lines, [])
