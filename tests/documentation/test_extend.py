"""docs/extend: a page and an example for each interface, and no name that is not there.

Verifies: docs/architecture.md, Where to put something
"""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from zope.interface.interface import InterfaceClass

import davd.interfaces
from tests.conformance.daemon import ROOT
from tests.documentation.pages import blocks, broken_links, pages, prose, quoted

EXAMPLE = ROOT / "docs/extend/example"
PAGES = pages("extend")
MODULES = sorted(EXAMPLE.glob("*.py"))
# Names with dots whose first part is one of these are looked up.
DOTTED = re.compile(r"(?:davd|davd_[a-z]+|twisted)(?:\.\w+)+")
PLAIN = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")


def interfaces() -> list[InterfaceClass]:
    """All that davd.interfaces declares."""
    found = {}
    for module in pkgutil.iter_modules(davd.interfaces.__path__):
        for name, value in vars(importlib.import_module(f"davd.interfaces.{module.name}")).items():
            if isinstance(value, InterfaceClass) and value.__module__.startswith("davd.interfaces."):
                found[name] = value
    return list(found.values())


@contextmanager
def examples_on_path() -> Iterator[None]:
    """Let the modules of the example be imported, without leaving files beside them."""
    written = sys.dont_write_bytecode
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(EXAMPLE))
    try:
        yield
    finally:
        sys.path.remove(str(EXAMPLE))
        sys.dont_write_bytecode = written


def implemented() -> set[str]:
    """The names in `@implementer(...)` of all files of the example."""
    return {
        argument.id
        for file in EXAMPLE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.ClassDef)
        for decorator in node.decorator_list
        if isinstance(decorator, ast.Call) and ast.unparse(decorator.func) == "implementer"
        for argument in decorator.args
        if isinstance(argument, ast.Name)
    }


def resolves(name: str) -> bool:
    """Whether a dotted name leads to a module, or to an attribute of one."""
    parts = name.split(".")
    for end in range(len(parts), 0, -1):
        try:
            found = importlib.import_module(".".join(parts[:end]))
        except ModuleNotFoundError:
            continue
        for part in parts[end:]:
            if isinstance(found, InterfaceClass) and part in found:
                found = found[part]
            elif part in getattr(found, "__annotations__", {}) or part in getattr(found, "__slots__", ()):
                return True
            elif not hasattr(found, part):
                return False
            else:
                found = getattr(found, part)
        return True
    return False


class TestInterfaces:
    """Verifies: docs/architecture.md, Where to put something"""

    def test_they_are_found(self) -> None:
        names = {interface.__name__ for interface in interfaces()}
        assert {"IAlert", "IBlobWriter", "ICache", "IExtensionMaker", "IStore", "IUpkeep"} <= names

    @pytest.mark.parametrize("interface", interfaces(), ids=lambda interface: interface.__name__)
    def test_each_has_an_example(self, interface: InterfaceClass) -> None:
        done = implemented()
        inherited = {each.__name__ for each in interfaces() if each.extends(interface, strict=False)}
        assert done & inherited, f"nothing in {EXAMPLE} provides {interface.__name__}"

    @pytest.mark.parametrize("interface", interfaces(), ids=lambda interface: interface.__name__)
    def test_each_has_a_page_and_a_row_in_the_index(self, interface: InterfaceClass) -> None:
        index = (ROOT / "docs/extend/index.md").read_text()
        rows = [line for line in index.splitlines() if line.startswith("|") and f"`{interface.__name__}`" in line]
        assert len(rows) == 1
        [linked] = re.findall(r"\]\((\w+\.md)\)", rows[0])
        assert interface.__name__ in (ROOT / "docs/extend" / linked).read_text()
        for module in re.findall(r"`(davd_\w+\.py)`", rows[0]):
            assert (EXAMPLE / module).exists(), module

    def test_each_plugin_category_that_davd_looks_for_has_a_maker_in_the_example(self) -> None:
        sought = set()
        for file in (ROOT / "davd").rglob("*.py"):
            sought |= set(re.findall(r"getPlugins\((\w+)\)", file.read_text()))
        assert "IExtensionMaker" in sought
        assert sought <= implemented()

    @pytest.mark.parametrize("module", [file.stem for file in MODULES if file.stem != "setup"])
    def test_each_module_of_the_example_is_installed_and_told_of(self, module: str) -> None:
        assert f'"{module}"' in (EXAMPLE / "setup.py").read_text()
        assert any(f"`{module}" in page.read_text() for page in PAGES)


class TestPages:
    """Verifies: docs/architecture.md, Where to put something"""

    def test_they_are_found(self) -> None:
        assert {"alerts.md", "extensions.md", "index.md", "stores.md"} <= {page.name for page in PAGES}

    @pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
    def test_dotted_names_exist(self, page: Path) -> None:
        named = set(DOTTED.findall("\n".join(quoted(page.read_text()))))
        for block in blocks(page.read_text()):
            if block.language == "python":
                named |= set(re.findall(r"^from (davd\S*) import", block.text, re.MULTILINE))
        names = {name.removesuffix(".py") for name in named if not name.startswith("twisted.plugins")}
        with examples_on_path():
            assert not [name for name in sorted(names) if not resolves(name)]

    @pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
    def test_files_exist(self, page: Path) -> None:
        named = set(re.findall(r"(?:davd|docs|tests|conf|tools)/[\w./-]+", "\n".join(quoted(page.read_text()))))
        assert not [name for name in sorted(named) if not (ROOT / name).exists()]

    @pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
    def test_links_lead_somewhere(self, page: Path) -> None:
        assert broken_links(page) == []

    @pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
    def test_python_is_python(self, page: Path) -> None:
        for block in blocks(page.read_text()):
            if block.language == "python":
                compile(block.text, page.name, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)

    def test_fields_of_rows_are_those_there_are(self) -> None:
        """The bullets of the pages name fields of `CollectionType` and others in the words of the code."""
        from davd.dav import registry

        rows = [row for _, row in inspect.getmembers(registry, inspect.isclass) if hasattr(row, "__annotations__")]
        known = {name for row in rows for name in row.__annotations__}
        text = prose((ROOT / "docs/extend/extensions.md").read_text())
        part = text.partition("# Collection types")[2].partition("# The index")[0]
        bullets = re.findall(r"^- (`[^:]+):", part, re.MULTILINE)
        named = {name for bullet in bullets for name in PLAIN.findall(" ".join(re.findall(r"`([^`]+)`", bullet)))}
        assert named <= known
        assert len(named) > 5
