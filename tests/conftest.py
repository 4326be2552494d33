"""What holds for every test: the markers of the folders that have one, and Hypothesis without a stopwatch."""

import gc
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from twisted.trial.unittest import TestCase

# A slow example on a busy machine is no failure; limits on time are tested where they are promised.
settings.register_profile("davd", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile("davd")

_HERE = Path(__file__).parent
_MARKED_FOLDERS = ("conformance", "faults")
_LONG_FOLDERS = ("conformance", "daemon", "faults", "house", "performance")


@pytest.fixture(autouse=True)
def _trial_names(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Gives trial's `mktemp` names in pytest's temporary folder instead of the current one."""
    if isinstance(request.instance, TestCase):
        numbers = count()
        monkeypatch.setattr(request.instance, "mktemp", lambda: str(tmp_path / f"mktemp-{next(numbers)}"))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Gives the tests in tests/conformance the marker `conformance`, and so on; the files that take long come first.

    What is left for the end is then short, and the processes that share the tests end together.
    """
    for item in items:
        folder = item.path.relative_to(_HERE).parts[0] if item.path.is_relative_to(_HERE) else ""
        if folder in _MARKED_FOLDERS:
            item.add_marker(folder)
    items.sort(key=lambda item: not item.path.is_relative_to(_HERE) or not _takes_long(item.path))


def _takes_long(path: Path) -> bool:
    return path.relative_to(_HERE).parts[0] in _LONG_FOLDERS


def pytest_collection_finish() -> None:
    """Keeps the collector from the tests themselves: there are so many that a walk through them takes a second."""
    gc.collect()
    gc.freeze()
