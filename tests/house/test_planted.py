"""Each check fails on a violation planted in a copy of the tree: a check that cannot fail proves nothing.

Verifies: docs/architecture.md, Rules, Floors
"""

import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.house import imported
from tests.house.rules import (
    Rule,
    empty_names,
    floors_left_out,
    headings_that_are_gone,
    interfaces_elsewhere,
    model_beyond_stdlib,
    names_that_are_gone,
    packages_with_code,
    reactor_outside_its_rooms,
    twisted_on_inner_floors,
    undocumented,
    unsourced_protocol,
    unsourced_tests,
)
from tests.house.source import ROOT

pytestmark = pytest.mark.planted

DOC = '"""Planted.\n\nImplements: RFC 4918, 1\n"""\n'


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of davd, of these rules and of the settings of all tools."""
    skip = shutil.ignore_patterns("__pycache__")
    for folder in ("davd", "docs", "tests/house", "tools"):
        shutil.copytree(ROOT / folder, tmp_path / folder, ignore=skip)
    for file in ("pyproject.toml", "tests/__init__.py"):
        shutil.copy2(ROOT / file, tmp_path / file)
    return tmp_path


def plant(tree: Path, files: dict[str, str]) -> None:
    """Writes texts by file name; a new folder becomes a package."""
    for name, text in files.items():
        path = tree / name
        if not path.parent.exists():
            path.parent.mkdir(parents=True)
            (path.parent / "__init__.py").write_text('"""Planted."""\n')
        path.write_text(text)


def run(tree: Path, tool: str, *arguments: str) -> tuple[int, str]:
    """Exit status and output of one of the tools that are installed beside this Python."""
    program = Path(sys.executable).parent / tool
    done = subprocess.run([program, *arguments], cwd=tree, capture_output=True, text=True, timeout=120)
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("rule", "name", "text"),
    [
        (undocumented, "davd/model/planted.py", "x = 1\n"),
        (
            headings_that_are_gone,
            "davd/model/planted.py",
            '"""Planted.\n\nImplements: docs/architecture.md, No such heading\n"""\n',
        ),
        (undocumented, "davd/model/planted.py", DOC + "class Planted:\n    pass\n"),
        (undocumented, "davd/model/planted.py", DOC + "async def planted(): pass\n"),
        (undocumented, "davd/model/planted.py", DOC + "class Planted:\n    'P.'\n    def grow(self): pass\n"),
        (reactor_outside_its_rooms, "davd/stores/planted.py", DOC + "from twisted.internet import reactor\n"),
        (reactor_outside_its_rooms, "davd/admin/planted.py", DOC + "def f():\n    import twisted.internet.reactor\n"),
        (twisted_on_inner_floors, "davd/caldav/planted.py", DOC + "from twisted.internet import defer\n"),
        (twisted_on_inner_floors, "davd/tree/planted.py", DOC + "def f():\n    import twisted\n"),
        (twisted_on_inner_floors, "davd/admission/planted.py", DOC + "from twisted.web import server\n"),
        (model_beyond_stdlib, "davd/model/planted.py", DOC + "import lxml\n"),
        (model_beyond_stdlib, "davd/model/planted.py", DOC + "from davd.http.request import Request\n"),
        (interfaces_elsewhere, "davd/stores/planted.py", DOC + "class IPlanted(Interface):\n    'P.'\n"),
        (unsourced_protocol, "davd/dav/planted.py", '"""Planted."""\n'),
        (unsourced_protocol, "davd/carddav/planted.py", '"""Planted."""\n'),
        (unsourced_protocol, "davd/net/planted.py", '"""Planted.\n\nImplements: RFC4918\n"""\n'),
        (unsourced_tests, "tests/house/test_sown.py", '"""Planted."""\n'),
        (packages_with_code, "davd/planted/__init__.py", '"""Planted."""\nx = 1\n'),
        (empty_names, "davd/net/planted_helpers.py", DOC),
        (empty_names, "tests/house/test_utils.py", DOC),
        (floors_left_out, "davd/push/planted.py", DOC),
        (names_that_are_gone, "tests/house/test_sown.py", DOC + "from davd.net.listeners import accept_nobody\n"),
        (names_that_are_gone, "davd/net/planted.py", DOC + "def f():\n    from davd.net.absent import f\n"),
    ],
)
def test_a_house_rule_fails(tree: Path, rule: Rule, name: str, text: str) -> None:
    before = _found_before(rule)
    plant(tree, {name: text})
    assert len(rule(tree)) == before + 1


@cache
def _found_before(rule: Rule) -> int:
    """How much a rule finds where nothing is planted."""
    return len(rule(ROOT))


def test_verify_class_fails(tree: Path) -> None:
    plant(
        tree,
        {
            "davd/interfaces/planted.py": '"""P."""\nfrom zope.interface import Interface\n'
            "class IPlanted(Interface):\n    def grow(water): 'Grow.'\n",
            "davd/model/planted.py": '"""P."""\nfrom zope.interface import implementer\n'
            "from davd.interfaces.planted import IPlanted\n"
            "@implementer(IPlanted)\nclass Missing: pass\n"
            "@implementer(IPlanted)\nclass Other:\n    def grow(self): pass\n",
        },
    )
    found = imported.broken_promises(tree)
    assert any("Missing" in line for line in found)
    assert any("Other" in line for line in found)


def test_a_hidden_way_to_twisted_fails(tree: Path) -> None:
    plant(tree, {"davd/tree/planted.py": DOC + "import importlib\nimportlib.import_module('twisted.internet.defer')\n"})
    assert "importing davd.tree.planted loads twisted" in imported.floors_that_load_twisted(tree)


def test_a_module_that_cannot_be_imported_fails(tree: Path) -> None:
    plant(tree, {"davd/model/planted.py": DOC + "import davd.model.absent\n"})
    assert any("davd.model.planted cannot be imported" in line for line in imported.broken_promises(tree))


def test_the_map_goes_out_of_date(tree: Path) -> None:
    assert run(tree, "python", "tools/make_map.py")[0] == 0
    assert run(tree, "python", "tools/make_map.py", "--check")[0] == 0
    plant(tree, {"davd/dav/planted.py": '"""Planted.\n\nImplements: RFC 4918, 99.9\n"""\n'})
    assert run(tree, "python", "tools/make_map.py", "--check")[0] == 1
    run(tree, "python", "tools/make_map.py")
    assert "| 99.9 | `davd/dav/planted.py` | none |" in (tree / "docs/map.md").read_text()


@pytest.mark.parametrize(
    ("contract", "files"),
    [
        ("A package imports only from lower floors", {"davd/model/planted.py": "import davd.dav.planted\n"}),
        ("A package imports only from lower floors", {"davd/formats/planted.py": "import davd.http.planted\n"}),
        ("A package imports only from lower floors", {"davd/daemon/planted.py": "import davd.testing.planted\n"}),
        ("A package imports only from lower floors", {"davd/planted/sown.py": "x = 1\n"}),
        ("A package imports only from lower floors", {"davd/planted.py": "x = 1\n"}),
        ("Floors 0 to 5 know nothing of Twisted", {"davd/http/planted.py": "import twisted.internet.defer\n"}),
        ("Floors 0 to 5 know nothing of Twisted", {"davd/dav/planted.py": "def f():\n    import asyncio\n"}),
        (
            "No cycles between neighbours, at any depth",
            {"davd/http/planted.py": "import davd.http.sown\n", "davd/http/sown.py": "import davd.http.planted\n"},
        ),
    ],
)
def test_import_linter_fails(tree: Path, contract: str, files: dict[str, str]) -> None:
    targets = [line.split()[1] for line in files.values() if line.startswith("import davd")]
    plant(tree, {target.replace(".", "/") + ".py": "" for target in targets} | files)
    status, output = run(tree, "lint-imports", "--no-cache")
    assert status == 1
    assert f"{contract} BROKEN" in output
    assert "planted" in output.partition("Broken contracts")[2]


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("D100", "x = 1\n"),
        ("E501", DOC + "x = '" + "x" * 120 + "'\n"),
        ("F401", DOC + "import os\n"),
        ("I001", DOC + "import sys\nimport os\n\nprint(os, sys)\n"),
        ("UP006", DOC + "from typing import List\n\nx: List[int] = []\n"),
        ("B006", DOC + "def f(x=[]):\n    return x\n"),
        ("FIX002", DOC + "# TO" + "DO: later\n"),
        ("T201", DOC + "print(1)\n"),
        ("TID251", DOC + "from unittest.mock import Mock\n\nx = Mock()\n"),
        ("TID252", DOC + "from . import path\n\nx = path\n"),
    ],
)
def test_ruff_fails(tree: Path, code: str, text: str) -> None:
    plant(tree, {"davd/model/planted.py": text})
    status, output = run(tree, "ruff", "check", "--no-cache", "--output-format=concise", "davd/model/planted.py")
    assert status == 1
    assert f" {code} " in output


def test_ruff_format_fails(tree: Path) -> None:
    plant(tree, {"davd/model/planted.py": DOC + "x = ( 1,2 )\n"})
    status, output = run(tree, "ruff", "format", "--no-cache", "--check", "davd/model/planted.py")
    assert status == 1
    assert "planted.py" in output


def test_mypy_fails(tree: Path) -> None:
    plant(
        tree,
        {
            "davd/model/planted.py": DOC + "def untyped(x):\n    return x\n",
            "davd/net/planted.py": DOC + "x: int = 'text'\n",
            "davd/interfaces/planted.py": DOC + "from zope.interface import Interface, implementer\n"
            "class IPlanted(Interface):\n    def grow(water: int) -> int: 'Grow.'\n"
            "@implementer(IPlanted)\nclass Planted: pass\n",
        },
    )
    files = [f"davd/{floor}/planted.py" for floor in ("model", "net", "interfaces")]
    status, output = run(tree, "mypy", "--cache-dir", str(tree / "cache"), "--follow-imports=silent", *files)
    assert status == 1
    assert "davd/model/planted.py:5: error: Function is missing a type annotation" in output
    assert "davd/net/planted.py:5: error: Incompatible types in assignment" in output
    assert "davd/interfaces/planted.py:9: error: 'Planted' is missing following 'IPlanted' interface members" in output
