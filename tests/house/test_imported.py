"""The rules that import davd see its classes.

Verifies: docs/architecture.md, Rules
"""

import shutil
from pathlib import Path

from tests.house import imported
from tests.house.source import ROOT


def test_an_implementer_is_seen(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "davd", tmp_path / "davd", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "davd/interfaces/planted.py").write_text(
        '"""Planted."""\nfrom zope.interface import Interface, implementer\n'
        "class IPlanted(Interface):\n    def grow(water): 'Grow.'\n"
        "@implementer(IPlanted)\nclass Planted:\n    def grow(self, water): 'Grow.'\n"
    )
    assert "davd.interfaces.planted Planted IPlanted" in imported.promises(tmp_path)
