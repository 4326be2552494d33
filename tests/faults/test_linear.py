"""Clients at once, one or two processes, processes killed: every file is as if requests were done one after the other.

FAULT_HISTORIES asks for more or fewer histories (`python -m tests.faults.linear` does so too), FAULT_SEED repeats what
the clients choose; when who comes first is left to the machine.

Verifies: docs/architecture.md, Data; RFC 9110, 8.8.1, 9.3.1, 9.3.4, 13.1.1, 13.1.2; RFC 4918, 9.1, 9.6, 9.7, 9.9
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from davd.testing.file_history import check_files, load
from tests.faults.linear.run import SEEDS, make, plan, verify
from tests.faults.linear.servers import CONFIGURATIONS, Servers, Setup
from tests.faults.linear.updates import count_together, create_together
from tests.testing.simulated import NAMES

HISTORIES = int(os.environ.get("FAULT_HISTORIES", "12"))
SEED = int(os.environ.get("FAULT_SEED", "0")) or int.from_bytes(os.urandom(3))
RUNS = plan(HISTORIES, SEED)
SETUPS = [Setup(configuration, processes) for configuration in CONFIGURATIONS for processes in (2, 1)]

COUNTING_CLIENTS = 16
COUNTING_SECONDS = 2.0
ROUNDS = 40


@pytest.fixture(scope="module", params=SETUPS, ids=str)
def servers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """The servers of one setup, for all tests that need it."""
    with Servers(request.param, tmp_path_factory.mktemp("linear")) as running:
        yield running


@pytest.mark.timeout(60 + 30 * HISTORIES)
def test_every_history_has_an_order(servers: Servers) -> None:
    sys.stdout.write(f"FAULT_SEED={SEED}\n")
    runs = [run for run in RUNS if run.setup == servers.setup]
    shared = 0
    for run in runs:
        history = make(servers, run)
        verify(run, history)
        assert {"GET", "PROPFIND", "LIST", "PUT", "DELETE", "MOVE"} <= {event.op.method for event in history}
        # Nothing but a kill loses an answer.
        assert run.kills or all(event.result is not None for event in history)
        shared = max(shared, servers.shared())
    sys.stdout.write(f"{len(runs)} histories, at least {shared} answers found in Redis\n")
    # Of two processes each finds what the other has answered.
    assert shared > 0 or servers.setup != Setup("caches", 2) or not runs


def test_no_update_is_lost(servers: Servers) -> None:
    final, counted, refused = count_together(servers, COUNTING_CLIENTS, COUNTING_SECONDS)
    # Each number was stored by one client only: whoever was told to have counted has.
    assert final == counted > 0
    assert refused > 0


def test_one_creator_wins(servers: Servers) -> None:
    assert create_together(servers, 8, ROUNDS) == [1] * ROUNDS


def test_the_plan_has_all_there_is_to_try() -> None:
    runs = plan(20, 1)
    assert len(runs) == 20
    assert {run.setup for run in runs} == set(SETUPS)
    assert 4 <= sum(bool(run.kills) for run in runs) <= 6
    assert len({run.seed for run in runs}) == 20
    assert {run.setup for run in runs if run.kills} >= {Setup("caches", 2), Setup("caches", 1)}
    assert len(plan(200, 1)) == 200


@pytest.mark.parametrize("path", sorted(SEEDS.glob("*.jsonl")), ids=lambda path: path.stem)
def test_a_history_that_failed_is_still_seen_to_fail(path: Path) -> None:
    """Those called `planted` were made by servers that had been broken on purpose."""
    assert check_files(NAMES, load(path.read_bytes())) is not None
