"""Pages of docs/ as text: their blocks of code, what they put between backticks, and their links."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.conformance.daemon import ROOT

_FENCE = re.compile(r"^```([\w-]*)(?: ([\w -]+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\]\(([^)#\s]*)(?:#([\w-]+))?\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: its language, the words behind it, and its text."""

    language: str
    words: str
    text: str


def pages(folder: str) -> list[Path]:
    """The Markdown files of a folder of docs/, by name."""
    return sorted((ROOT / "docs" / folder).glob("*.md"))


def blocks(text: str) -> list[Block]:
    """The fenced blocks of a page, in their order."""
    return [Block(*match.groups(default="")) for match in _FENCE.finditer(text)]


def prose(text: str) -> str:
    """A page without its fenced blocks."""
    return _FENCE.sub("", text)


def quoted(text: str) -> Iterator[str]:
    """What stands between backticks in the prose."""
    for match in _CODE.finditer(prose(text)):
        yield match.group(1)


def broken_links(page: Path) -> list[str]:
    """Links of a page to files or headings that are not there; other hosts are not asked."""
    found = []
    for target, anchor in _LINK.findall(prose(page.read_text())):
        if "://" in target:
            continue
        file = page.parent / target if target else page
        if not file.exists():
            found.append(f"{page.name}: {target}")
        elif anchor and anchor not in map(_anchor, _HEADING.findall(prose(file.read_text()))):
            found.append(f"{page.name}: {target}#{anchor}")
    return found


def _anchor(heading: str) -> str:
    """What a heading is called in links: small letters, hyphens for spaces, no other signs."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
