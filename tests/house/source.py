"""The Python files below a folder, read and parsed, for the rules that look at them."""

import ast
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# The floors that know nothing of Twisted (docs/architecture.md), 0 to 5.
INNER_FLOORS = ("model", "http", "formats", "interfaces", "tree", "dav", "caldav", "carddav", "push")


@dataclass(slots=True)
class Source:
    """One module: its path from the root (`davd/dav/guard.py`), its text and its syntax tree."""

    path: str
    text: str
    tree: ast.Module

    @property
    def name(self) -> str:
        """The file's name without `.py`."""
        return self.path.rpartition("/")[2].removesuffix(".py")

    @property
    def module(self) -> str:
        """The dotted name it is imported by."""
        return self.path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")

    @property
    def package(self) -> str:
        """The folder below the first one: `dav` for `davd/dav/guard.py`, empty for `davd/version.py`."""
        parts = self.path.split("/")
        return parts[1] if len(parts) > 2 else ""


def sources(root: Path, folder: str) -> Iterator[Source]:
    """Every module below `root/folder`, in the order of their paths; a file that does not parse raises SyntaxError."""
    for path in sorted((root / folder).rglob("*.py")):
        name = path.relative_to(root).as_posix()
        text = path.read_text(encoding="utf-8")
        yield Source(name, text, ast.parse(text, name))


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Line and full dotted name of all that is imported anywhere in the tree.

    `from a import b` gives `a.b`, whether b is a module or a name in one.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield node.lineno, f"{node.module}.{alias.name}"


def defined(tree: ast.Module) -> Iterator[str]:
    """The names a module has once it is imported, those among them that it imports itself."""
    waiting: list[ast.AST] = [*tree.body]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name
        elif isinstance(node, ast.alias):
            yield node.asname or node.name.partition(".")[0]
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        else:
            waiting += ast.iter_child_nodes(node)


def within(name: str, *packages: str) -> bool:
    """Whether the dotted name is one of the packages or something inside of one."""
    return any(name == package or name.startswith(package + ".") for package in packages)


def is_stdlib(name: str) -> bool:
    """Whether the dotted name belongs to Python's own library."""
    return name.partition(".")[0] in sys.stdlib_module_names
