"""The house rules, each a function from the root of a tree to the list of what breaks it there.

They read the files and import nothing, so that they can look at a copy with a violation planted in it.
"""

import ast
import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path

from tests.house.citations import Unreadable, cited
from tests.house.source import INNER_FLOORS, Source, defined, imports, is_stdlib, sources, within

Rule = Callable[[Path], list[str]]

# Where an RFC or a page of docs/ speaks of every module but the settings.
_PROTOCOL = ("http", "formats", "dav", "caldav", "carddav", "push")
_SILENT = ("__init__", "settings")

_EMPTY_NAMES = frozenset(
    name + ending
    for name in ("handler", "processor", "engine", "manager", "component", "helper", "util", "base", "misc")
    for ending in ("", "s")
) | {"common", "utilities"}

_Documented = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def undocumented(root: Path) -> list[str]:
    """Public modules, classes, functions and methods of davd without a docstring."""
    found = []
    for source in sources(root, "davd"):
        if not ast.get_docstring(source.tree):
            found.append(f"{source.path}: the module has no docstring")
        found += [f"{source.path}:{node.lineno}: {node.name}" for node in _bare(source.tree)]
    return found


def _bare(scope: ast.Module | ast.ClassDef) -> Iterator[_Documented]:
    for node in scope.body:
        if not isinstance(node, _Documented) or node.name.startswith("_") or _speaks_for_another(node):
            continue
        if not ast.get_docstring(node):
            yield node
        if isinstance(node, ast.ClassDef):
            yield from _bare(node)


def _speaks_for_another(node: _Documented) -> bool:
    """An overload or a property's setter: the definition it belongs to carries the docstring."""
    decorators = {ast.unparse(decorator) for decorator in node.decorator_list}
    return bool(decorators & {"overload", "typing.overload", f"{node.name}.setter", f"{node.name}.deleter"})


def reactor_outside_its_rooms(root: Path) -> list[str]:
    """Imports of Twisted's reactor anywhere but in davd.daemon and davd.net."""
    return [
        f"{source.path}:{line}: imports the reactor"
        for source in sources(root, "davd")
        if source.package not in ("daemon", "net")
        for line, name in imports(source.tree)
        if within(name, "twisted.internet.reactor")
    ]


_ADMITTED = ("twisted.internet.defer", "twisted.internet.task", "twisted.internet.interfaces", "twisted.python.failure")


def twisted_on_inner_floors(root: Path) -> list[str]:
    """Imports of Twisted on floors 0 to 5, and of more than Deferreds, tasks and their types in davd.admission."""
    found = []
    for source in sources(root, "davd"):
        for line, name in imports(source.tree):
            if not within(name, "twisted"):
                continue
            if source.package in INNER_FLOORS:
                found.append(f"{source.path}:{line}: imports {name}")
            elif source.package == "admission" and not within(name, *_ADMITTED):
                found.append(f"{source.path}:{line}: imports {name}")
    return found


def model_beyond_stdlib(root: Path) -> list[str]:
    """Imports in davd.model of anything but the standard library and davd.model itself."""
    return [
        f"{source.path}:{line}: imports {name}"
        for source in sources(root, "davd/model")
        for line, name in imports(source.tree)
        if not is_stdlib(name) and not within(name, "davd.model")
    ]


def interfaces_elsewhere(root: Path) -> list[str]:
    """zope interfaces declared outside davd.interfaces."""
    return [
        f"{source.path}:{node.lineno}: {node.name}"
        for source in sources(root, "davd")
        if source.package != "interfaces"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.ClassDef) and any(ast.unparse(base).endswith("Interface") for base in node.bases)
    ]


def unsourced_protocol(root: Path) -> list[str]:
    """Modules of the protocol floors that do not say what they implement, and lines that say it in another form."""
    return [
        problem
        for source in sources(root, "davd")
        for problem in _citing(source, "Implements", source.package in _PROTOCOL and source.name not in _SILENT)
    ]


def unsourced_tests(root: Path) -> list[str]:
    """Test modules that do not say what they verify, and lines that say it in another form."""
    return [
        problem
        for source in sources(root, "tests")
        for problem in _citing(source, "Verifies", source.name.startswith("test_"))
    ]


def _citing(source: Source, word: str, required: bool) -> Iterator[str]:
    try:
        found = cited(source, word)
    except Unreadable as error:
        yield str(error)
        return
    if required and not found:
        yield f"{source.path}: no line `{word}:`"


def headings_that_are_gone(root: Path) -> list[str]:
    """Citations of a heading that a page of docs/ does not have."""
    found = []
    for folder, word in (("davd", "Implements"), ("tests", "Verifies")):
        for source in sources(root, folder):
            for citation in cited(source, word):
                if citation.document.startswith("docs/"):
                    headings = re.findall(r"^#+ (.+)$", (root / citation.document).read_text(encoding="utf-8"), re.M)
                    missing = [section for section in citation.sections if section not in headings]
                    found += [f"{source.path}: {citation.document} has no heading {name}" for name in missing]
    return found


def packages_with_code(root: Path) -> list[str]:
    """`__init__.py` files that hold anything but a docstring."""
    return [
        source.path
        for folder in ("davd", "tests")
        for source in sources(root, folder)
        if source.name == "__init__" and (len(source.tree.body) != 1 or not ast.get_docstring(source.tree))
    ]


def empty_names(root: Path) -> list[str]:
    """Modules and folders whose name says nothing: a part of it is one of the words the house avoids."""
    return [
        path.relative_to(root).as_posix()
        for folder in ("davd", "tests")
        for path in sorted((root / folder).rglob("*"))
        if (path.suffix == ".py" or (path.is_dir() and (path / "__init__.py").exists()))
        and _EMPTY_NAMES.intersection(path.stem.removeprefix("test_").lower().split("_"))
    ]


def floors_left_out(root: Path) -> list[str]:
    """Packages of floors 0 to 5 that the contract `no-twisted` of import-linter does not name."""
    settings = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = {contract["id"]: contract for contract in settings["tool"]["importlinter"]["contracts"]}
    named = set(contracts["no-twisted"]["source_modules"])
    return [
        f"davd.{floor}"
        for floor in INNER_FLOORS
        if (root / "davd" / floor / "__init__.py").exists() and f"davd.{floor}" not in named
    ]


def names_that_are_gone(root: Path) -> list[str]:
    """Imports of a name that its module, of davd or of the tests, does not have."""
    names: dict[str, set[str]] = {}
    wanted: list[tuple[str, str, str]] = []
    for folder in ("davd", "tests"):
        for source in sources(root, folder):
            names[source.module] = set(defined(source.tree))
            wanted += [
                (f"{source.path}:{node.lineno}", str(node.module), alias.name)
                for node in ast.walk(source.tree)
                if isinstance(node, ast.ImportFrom) and within(str(node.module), "davd", "tests")
                for alias in node.names
            ]
    return [
        f"{place}: {module} has no {name}"
        for place, module, name in wanted
        if f"{module}.{name}" not in names and name not in names.get(module, ())
    ]


RULES: tuple[Rule, ...] = (
    undocumented,
    reactor_outside_its_rooms,
    twisted_on_inner_floors,
    model_beyond_stdlib,
    interfaces_elsewhere,
    unsourced_protocol,
    unsourced_tests,
    headings_that_are_gone,
    packages_with_code,
    empty_names,
    floors_left_out,
    names_that_are_gone,
)
