"""Two processes on one store.

Verifies: docs/architecture.md, Data; RFC 9110, 13.1.2
"""

import json
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from davd.testing.store_machine import drive
from tests.stores.life import add, add_blob, add_folder, findings, opened, process

PROCESSES = 3
ROUNDS = 60


class TestTogether(SynchronousTestCase):
    """Verifies: docs/architecture.md, Data; RFC 9110, 13.1.2"""

    def run_together(self, folder: str) -> list[dict[str, int]]:
        """Run the contest in several processes and give what each says of itself."""
        others = [process("tests.stores.sqlite.contest", folder, number, ROUNDS) for number in range(PROCESSES)]
        try:
            # All are at the start before any runs.
            for other in others:
                assert other.stdout and other.stdin
                self.assertEqual(other.stdout.readline(), "ready\n")
            for other in others:
                assert other.stdin
                other.stdin.write("go\n")
                other.stdin.flush()
            said = [other.communicate(timeout=60) for other in others]
        finally:
            for other in others:
                other.kill()
        self.assertEqual([errors for _, errors in said], [""] * PROCESSES)
        return [json.loads(output) for output, _ in said]

    def test_nothing_is_lost_and_one_creator_wins(self) -> None:
        folder = self.mktemp()
        with opened(folder) as store:
            drive(add(store, "counter", b"0"))
            drive(add_folder(store, "race"))
            said = self.run_together(folder)
            with opened(folder) as witness:
                self.assertEqual(drive(findings(witness)), [])

            async def look() -> tuple[bytes, int, list[int], list[int]]:
                async with store.read() as transaction:
                    counter = (await transaction.resolve(["files", "counter"]))[-1]
                    race = (await transaction.resolve(["files", "race"]))[-1]
                    members = await transaction.members(race.id, "", 1000)
                    changes = await transaction.changes(race.id, 0, 1 << 30, 1000)
                    return (
                        await transaction.content(counter),
                        race.sync_revision,
                        [member.revision for member in members],
                        [change.revision for change in changes],
                    )

            content, newest, revisions, log = drive(look())
        self.assertEqual(int(content), PROCESSES * ROUNDS)
        self.assertEqual(sum(each["won"] for each in said), ROUNDS)
        self.assertEqual(newest, ROUNDS)
        self.assertEqual(sorted(revisions), list(range(1, ROUNDS + 1)))
        self.assertEqual(log, list(range(1, ROUNDS + 1)))
        # Each commit that a process learned of by reading was also told by the generation.
        self.assertEqual([each["unseen"] for each in said], [0] * PROCESSES)
        self.assertGreater(sum(each["others"] for each in said), 0)

    def test_blobs_of_a_process_that_is_alive_are_not_collected(self) -> None:
        folder = self.mktemp()
        with opened(folder) as one:
            name = drive(add_blob(one, b"about to be referred to"))
            temporary = Path(one.blobs.folder, "tmp", "x")
            temporary.write_bytes(b"")
            with opened(folder) as two:
                self.assertEqual(two.blobs.names(), [name])
                self.assertTrue(temporary.exists())
        with opened(folder) as three:
            self.assertEqual(three.blobs.names(), [])
            self.assertFalse(temporary.exists())
