"""The proof in its short form: davd as its unit restricts it, with a kill, a refused reload, restarts and backups.

Memory is not judged here, since nothing lives long enough to be warm; `python -m tests.conformance.proof` does that.

Verifies: docs/architecture.md, Processes; docs/operate/operate.md, Signals
"""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.proof.install import install
from tests.conformance.proof.run import Options, prove

FEW = Options(
    duration=8.0,
    minute=4.0,
    rate=40.0,
    workers=2,
    worker_bytes=2**30,
    supervisor_bytes=2**30,
    descriptors=1000,
    accounts=2,
)


@pytest.fixture
def base() -> Iterator[Path]:
    """A folder that everyone may look into, as those of pytest are not."""
    folder = Path(tempfile.mkdtemp(prefix="davd-proof-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


def test_nothing_is_lost_in_trouble(base: Path) -> None:
    programs = install(base / "installed", borrow=True)
    said: list[str] = []
    findings = prove(base, programs, FEW, said.append)
    faults = [f"{finding.name}: {fault}" for finding in findings for fault in finding.faults]
    assert not faults, "\n".join([*faults, *said])
    assert {"lost writes", "failed requests", "metrics", "backup 1", "backup 2"} <= {one.name for one in findings}
