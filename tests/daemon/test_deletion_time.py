"""However the clock jumps, what is kept for a while is kept for a while.

Verifies: docs/operate/backup.md, The trash; RFC 6578, 3.2
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.task import Clock

from davd.daemon.deletion_time import DeletionTime
from davd.daemon.trash import expiry_of
from davd.interfaces.store import StoreFull
from davd.model.trash import DAY
from davd.stores.memory.store import MemoryStore
from davd.testing.store_machine import drive

HOUR = 3600.0
YEAR = 365 * DAY
BEGAN = 1_700_000_000.0


class Machine:
    """A machine on which davd runs: `wall` is what its clock says, `passed` is how long it has run."""

    def __init__(self) -> None:
        self.store = MemoryStore()
        self.wall = BEGAN
        self.passed = 0.0
        self.start()

    def start(self) -> None:
        """Begin a process, whose monotonic clock begins where it likes."""
        self.time = DeletionTime(self.store, Clock(), lambda: self.wall, lambda: self.passed)

    def run(self, seconds: float) -> float:
        """Let davd run for so long, and give the time that it has reached then, which it asks for each hour."""
        left = seconds
        while left > 0:
            step = min(HOUR, left)
            left -= step
            self.wall += step
            self.passed += step
            reached = self.reached()
        return reached

    def reached(self) -> float:
        """Ask for it now."""
        return drive(self.time.reached())

    def delete(self, count: int) -> None:
        """Put so many entries into the trash."""

        async def work() -> None:
            async with self.store.write() as transaction:
                files = (await transaction.resolve(["files"]))[-1]
                for number in range(count):
                    made = await transaction.create(files, f"{number}", "collection", "ann", self.wall)
                    await transaction.delete(made, self.wall)

        drive(work())

    def expire(self) -> int:
        """Do the chore; how many entries are left."""
        drive(expiry_of(self.store, Clock(), self.time.reached)())
        return len(self.store.state.trash)


@pytest.fixture
def machine() -> Machine:
    """One that has run for an hour."""
    machine = Machine()
    assert machine.run(HOUR) == machine.wall
    return machine


def test_with_a_clock_that_is_right_it_is_the_clock(machine: Machine) -> None:
    assert machine.run(3 * DAY) == machine.wall
    machine.start()
    assert machine.run(3 * DAY) == machine.wall


def test_a_jump_by_years_and_back_leaves_the_trash_as_it_is(machine: Machine) -> None:
    machine.delete(3)
    machine.wall += 5 * YEAR
    assert machine.expire() == 3
    machine.run(DAY)
    assert machine.expire() == 3
    machine.wall -= 5 * YEAR
    assert machine.expire() == 3
    machine.run(28 * DAY)
    assert machine.expire() == 3
    machine.run(2 * DAY)
    assert machine.expire() == 0


def test_a_start_with_a_wrong_clock_again_and_again_removes_nothing(machine: Machine) -> None:
    machine.delete(3)
    machine.wall += 5 * YEAR
    for _ in range(20):
        machine.start()
        assert machine.expire() == 3
    machine.wall -= 5 * YEAR
    machine.start()
    assert machine.expire() == 3


def test_a_machine_that_does_not_know_the_time_when_it_starts(machine: Machine) -> None:
    machine.delete(1)
    right = machine.wall
    machine.wall = 0.0
    machine.start()
    assert machine.run(HOUR) == HOUR
    assert machine.expire() == 1
    machine.wall = right + HOUR
    assert machine.run(HOUR) == machine.wall


def test_an_absence_is_caught_up_with(machine: Machine) -> None:
    machine.wall += 5 * DAY
    machine.start()
    assert machine.reached() == machine.wall
    machine.wall += 27 * DAY
    machine.start()
    assert machine.reached() == machine.wall - 20 * DAY
    assert machine.run(10 * DAY) == machine.wall - 10 * DAY
    assert machine.run(10 * DAY) == machine.wall


def test_what_a_clock_has_said_for_two_months_is_believed(machine: Machine) -> None:
    machine.wall += 5 * YEAR
    assert machine.run(59 * DAY) < machine.wall
    assert machine.run(2 * DAY) == machine.wall
    machine.wall -= 5 * YEAR
    assert machine.run(59 * DAY) == machine.wall
    # Until it is believed that it went back, it is not known how far ahead is too far.
    machine.run(2 * DAY)
    machine.wall += YEAR
    assert machine.reached() == machine.wall - YEAR


def test_a_store_whose_past_nobody_knows_is_as_old_as_its_trash() -> None:
    machine = Machine()
    machine.delete(2)
    machine.wall += 5 * YEAR
    machine.start()
    assert machine.expire() == 2


def test_a_full_disk_does_not_stop_what_makes_room(machine: Machine) -> None:
    class Full(MemoryStore):
        """A store that has no room."""

        def write(self) -> None:  # type: ignore[override]
            raise StoreFull("the disk is full")

    full = Full()
    full.state = machine.store.state
    time = DeletionTime(full, Clock(), lambda: machine.wall, lambda: machine.passed)
    assert drive(time.reached()) == machine.wall


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.floats(-10 * YEAR, 10 * YEAR), st.floats(0, 2 * DAY), st.booleans()), max_size=7))
def test_what_has_thirty_days_has_half_of_them_whatever_the_clock_does(
    jumps: Sequence[tuple[float, float, bool]],
) -> None:
    """With each start a week may go, of which there is only the clock's word: here davd is started once at most."""
    machine = Machine()
    machine.run(HOUR)
    machine.delete(1)
    started = False
    for jump, seconds, start in jumps:
        machine.wall += jump
        if start and not started:
            started = True
            machine.start()
        if seconds:
            machine.run(seconds)
        if machine.passed < HOUR + (30 * DAY - 7 * DAY) / 2:
            assert machine.expire() == 1
