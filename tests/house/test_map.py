"""docs/map.md says where each section of an RFC lives, and says it of this tree.

Verifies: docs/architecture.md, Rules
"""

import subprocess
import sys

from tests.house.source import ROOT


def test_the_map_is_up_to_date() -> None:
    done = subprocess.run(
        [sys.executable, "tools/make_map.py", "--check"], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
