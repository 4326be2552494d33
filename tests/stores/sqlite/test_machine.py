"""Random work on the SQLite store means what it means in memory.

Verifies: docs/architecture.md, Data
"""

import shutil
import tempfile
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from davd.interfaces.store import IStore
from davd.model.trash import TrashLimits
from davd.stores.settings import StoreSettings
from davd.stores.sqlite.store import SQLiteStore
from davd.testing.store_machine import store_machine


@pytest.fixture
def folders() -> Iterator[str]:
    folder = tempfile.mkdtemp()
    yield folder
    shutil.rmtree(folder)


@pytest.mark.parametrize("trash", [(30, 10, 1 << 30), (30, 1, 2500), (0, 1, 1 << 30)])
def test_random_work_means_the_same(folders: str, trash: tuple[int, int, int]) -> None:
    # Small limits, so that threads, checkpoints, full caches and a full trash are met.
    days, versions, size = trash
    limits = StoreSettings(
        long_nodes=2, checkpoint_pages=20, route_cache=5, trash_days=days, trash_versions=versions, trash_bytes=size
    )

    def make() -> SQLiteStore:
        return SQLiteStore(tempfile.mkdtemp(dir=folders), limits)

    def again(store: IStore) -> SQLiteStore:
        assert isinstance(store, SQLiteStore)
        return SQLiteStore(store.folder, limits)

    run_state_machine_as_test(
        store_machine(make, again, TrashLimits(days, versions, size)),
        settings=settings(
            max_examples=20,
            stateful_step_count=20,
            deadline=None,
            # A run is short enough to be read as it is; to make it shorter takes minutes.
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
            suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        ),
    )
