"""Processor time and memory of a process tree.

Verifies: docs/architecture.md, Measuring
"""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.performance.accounting import Meter, cpu_seconds, peak_resident, process_tree, reset_peak, resident

# A parent that starts a child; the child does what it is told by a line: burn processor time, take memory, end.
CHILD = """
import sys, time
for line in sys.stdin:
    if line == "burn\\n":
        end = time.process_time() + 0.2
        while time.process_time() < end:
            pass
    elif line == "grow\\n":
        block = bytearray(64 << 20)
        del block
    elif line == "end\\n":
        break
    print("done", flush=True)
"""
PARENT = (
    f"import subprocess, sys; subprocess.run([sys.executable, '-c', {CHILD!r}]); print('reaped', flush=True); input()"
)


class Tree:
    """A parent with one child that takes orders."""

    def __init__(self) -> None:
        argv = [sys.executable, "-c", PARENT]
        self.process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def order(self, word: str) -> str:
        """Give an order and wait for what comes back."""
        assert self.process.stdin and self.process.stdout
        self.process.stdin.write(word + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()


@pytest.fixture
def tree() -> Iterator[Tree]:
    """A running parent and child."""
    started = Tree()
    try:
        assert started.order("ready") == "done"
        yield started
    finally:
        started.process.kill()
        started.process.communicate()


class TestAccounting:
    """Verifies: docs/architecture.md, Measuring"""

    def test_tree_holds_the_descendants(self, tree: Tree) -> None:
        """The root and its child, and not this process; an unknown root is no process."""
        found = process_tree([tree.process.pid])
        assert len(found) == 2 and tree.process.pid in found
        assert os.getpid() not in found
        assert process_tree([2**22 + 1]) == []

    def test_processor_time_of_a_child(self, tree: Tree) -> None:
        """0.2 s burnt by the child are counted while it lives and after it was reaped, once."""
        before = cpu_seconds(process_tree([tree.process.pid]))
        meter = Meter([tree.process.pid])
        assert tree.order("burn") == "done"
        assert 0.15 < meter.stop().cpu < 0.4
        assert tree.order("end") == "reaped"
        assert len(process_tree([tree.process.pid])) == 1
        assert 0.15 < cpu_seconds([tree.process.pid]) - before < 0.4

    def test_peak_and_growth(self, tree: Tree) -> None:
        """64 MiB taken and given back show in the peak, not in the present size; a reset forgets them."""
        meter = Meter([tree.process.pid])
        assert tree.order("grow") == "done"
        cost = meter.stop()
        assert 60 << 20 < cost.growth < 80 << 20
        pids = process_tree([tree.process.pid])
        assert resident(pids) < cost.before + (8 << 20)
        reset_peak(pids)
        assert peak_resident(pids) < cost.before + (8 << 20)
