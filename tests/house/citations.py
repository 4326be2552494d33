"""The lines `Implements: RFC 4918, 9.1` and `Verifies: RFC 4918, 9.1` of docstrings, read.

A line names one document or several between semicolons; after each come, between commas, the sections meant, or none
when the whole document is meant. A line that ends with a comma or semicolon goes on in the next one. Where no RFC
speaks, the document is a page of docs/ and the section one of its headings.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.house.source import Source

_LINE = re.compile(r"^[ \t]*(Implements|Verifies):[ \t]*((?:.*[,;][ \t]*\n)*.*)$", re.MULTILINE)
_DOCUMENT = re.compile(r"(RFC [1-9]\d{2,4}|draft-[a-z0-9-]+|MS-[A-Z0-9]+|docs/[\w./-]+\.md)\Z")

# Specifications without a series and a number; further ones are added here, so that each has one spelling.
_TITLES = frozenset({"XML 1.0", "Namespaces in XML 1.0", "PROXY protocol"})


@dataclass(slots=True, frozen=True)
class Citation:
    """One document named by a docstring, with the sections meant of it, as written."""

    word: str
    document: str
    sections: tuple[str, ...]


class Unreadable(ValueError):
    """A citation that does not follow the form; the text says which part."""


def citations(docstring: str) -> Iterator[Citation]:
    """What the docstring cites; raises Unreadable for a line that has the word but not the form."""
    for match in _LINE.finditer(docstring):
        word, text = match.group(1), " ".join(match.group(2).split())
        for part in text.rstrip(".;").split(";"):
            document, *sections = (field.strip() for field in part.split(","))
            if not (_DOCUMENT.match(document) or document in _TITLES) or not all(sections):
                raise Unreadable(f"{word}: {text}")
            yield Citation(word, document, tuple(sections))


def docstrings(tree: ast.Module) -> Iterator[str]:
    """Every docstring of a module: its own, and those of classes and functions at any depth."""
    # Expressions, most of what there is, have no statements in them.
    waiting: list[ast.AST] = [tree]
    for node in waiting:
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            if text is not None:
                yield text
        inner = ast.iter_child_nodes(node)
        waiting += [child for child in inner if isinstance(child, ast.stmt | ast.ExceptHandler | ast.match_case)]


def cited(source: Source, word: str) -> list[Citation]:
    """All that a module's docstrings say after the word, `Implements` or `Verifies`; Unreadable names the module."""
    try:
        return [found for text in docstrings(source.tree) for found in citations(text) if found.word == word]
    except Unreadable as error:
        raise Unreadable(f"{source.path}: not the form `{word}: RFC 4918, 9.1, 9.2; RFC 9110, 13`: {error}") from error
