"""Killed at any moment, a store has all it acknowledged and nothing half-done.

`DAVD_KILL_SEED` repeats a run, `DAVD_KILL_ROUNDS` says how many kills there are.

Verifies: docs/architecture.md, Rules, Data
"""

import json
import os
import random
import threading
import time
from pathlib import Path

import pytest

from davd.stores.sqlite.store import SQLiteStore
from davd.testing.store_machine import drive
from tests.faults.victim import NAMES, WRITERS
from tests.stores.life import findings, opened, process

SEED = int(os.environ.get("DAVD_KILL_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 32)
ROUNDS = int(os.environ.get("DAVD_KILL_ROUNDS", "50"))

# What a folder shows: digest by name, the mark, the kept value.
State = tuple[dict[str, str], int, int]


def applied(state: State, verb: str, *words: object) -> State:
    """What an operation makes of a folder."""
    files, mark, kept = dict(state[0]), state[1], state[2]
    if verb == "mark":
        mark = int(str(words[0]))
    elif verb == "keep":
        kept = int(str(words[0]))
    else:
        name = str(words[0])
        if verb == "put":
            files[name] = str(words[1])
        elif verb == "delete":
            files.pop(name, None)
        elif name in files:
            files[str(words[1])] = files[name]
            if verb == "move":
                del files[name]
    return files, mark, kept


class Ledger:
    """What each folder must show, by what the victim said."""

    def __init__(self) -> None:
        self.states: dict[str, State] = {f"{writer}": ({}, 0, 0) for writer in range(WRITERS)}
        self.acknowledged = 0

    def read(self, lines: list[str]) -> dict[str, list[State]]:
        """Take down a life of the victim; gives the states that each folder may be in after it."""
        tried: dict[int, tuple[str, State]] = {}
        for line in lines:
            word, *words = json.loads(line)
            if word == "try":
                number, folder, verb, *more = words
                tried[number] = (folder, applied(self.states[folder], verb, *more))
            elif word == "done":
                folder, self.states[folder] = tried.pop(words[0])
                self.acknowledged += 1
        return {
            folder: [state, *(after for place, after in tried.values() if place == folder)]
            for folder, state in self.states.items()
        }


async def shown(store: SQLiteStore, folder: str) -> State:
    """What a folder shows."""
    async with store.read() as transaction:
        found = await transaction.resolve(["files", folder])
        if len(found) < 3:
            return {}, 0, 0
        members = await transaction.members(found[-1].id, "", NAMES + 1)
        properties = (await transaction.properties([found[-1].id])).get(found[-1].id, {})
        kept = await transaction.kept(folder, 0.0)
        return {member.name: member.sha256 for member in members}, int(properties.get("mark", 0)), int(kept or 0)


def life(folder: Path, seed: int, seconds: float) -> list[str]:
    """Let the victim live for so long after it is ready; gives the whole lines it said."""
    with process("tests.faults.victim", folder, seed) as victim:
        assert victim.stdout
        lines: list[str] = []
        assert victim.stdout.readline() == '["ready"]\n'
        reading = threading.Thread(target=lambda: lines.extend(victim.stdout or ()))
        reading.start()
        time.sleep(seconds)
        victim.kill()
        victim.wait(10)
        reading.join(10)
        assert victim.stderr
        assert victim.stderr.read() == ""
    return [line for line in lines if line.endswith("\n")]


@pytest.mark.faults
def test_killed_at_any_moment(tmp_path: Path) -> None:
    print(f"DAVD_KILL_SEED={SEED}")  # noqa: T201
    chance = random.Random(SEED)
    ledger = Ledger()
    longest = 0.0
    for round in range(ROUNDS):
        lines = life(tmp_path, chance.randrange(1 << 32), chance.expovariate(1 / 0.08))
        allowed = ledger.read(lines)
        began = time.monotonic()
        with opened(tmp_path) as store:
            longest = max(longest, time.monotonic() - began)
            for folder, states in allowed.items():
                state = drive(shown(store, folder))
                assert state in states, f"seed {SEED}, round {round}, folder {folder}"
                ledger.states[folder] = state
            assert drive(findings(store)) == [], f"seed {SEED}, round {round}"
            store.blobs.safe_age = -1.0
            assert drive(findings(store)) == [], f"seed {SEED}, round {round}"
            assert os.listdir(Path(store.blobs.folder, "tmp")) == []
    assert ledger.acknowledged > 20 * ROUNDS
    assert longest < 2.0
