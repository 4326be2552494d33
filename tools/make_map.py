"""Writes docs/map.md: which file implements a section of an RFC, and which test verifies it.

usage: tools/make_map.py [--check]      with --check it writes nothing and fails when the page is not up to date
"""

import argparse
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.house.citations import Unreadable, cited  # noqa: E402
from tests.house.source import sources  # noqa: E402

HEAD = """# Where each section lives

Made by `make map` from the lines `Implements:` and `Verifies:` of the docstrings; do not edit.
"""

Places = dict[str, dict[str, tuple[set[str], set[str]]]]


def places(root: Path) -> Places:
    """Document -> section -> (files that implement it, tests that verify it); no section is the empty string.

    Raises Unreadable, with the file's name, for a line that has another form.
    """
    found: Places = {}
    for column, (folder, word) in enumerate((("davd", "Implements"), ("tests", "Verifies"))):
        for source in sources(root, folder):
            for citation in cited(source, word):
                sections = found.setdefault(citation.document, {})
                for section in citation.sections or ("",):
                    sections.setdefault(section, (set(), set()))[column].add(source.path)
    return found


def natural(text: str) -> list[tuple[int, int, str]]:
    """A key that puts 9.2 before 9.10 and RFC 822 before RFC 4918."""
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.findall(r"\d+|[^\d.]+", text)]


def page(root: Path) -> str:
    """The text of docs/map.md for the tree at root."""
    lines = [HEAD]
    found = places(root)
    for document in sorted(found, key=lambda name: (not name.startswith("RFC"), natural(name))):
        lines += [f"## {document}", "", "| section | files | tests |", "|---|---|---|"]
        for section in sorted(found[document], key=natural):
            files, tests = found[document][section]
            lines.append(f"| {section or 'all'} | {listed(files)} | {listed(tests)} |")
        lines.append("")
    return "\n".join(lines)


def listed(paths: set[str]) -> str:
    """Paths as one table cell."""
    return "<br>".join(f"`{path}`" for path in sorted(paths)) or "none"


def main() -> int:
    """The exit status: 1 when --check finds the page out of date or a line cannot be read, else 0."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    target = ROOT / "docs/map.md"
    try:
        text = page(ROOT)
    except Unreadable as error:
        print(error, file=sys.stderr)
        return 1
    if not options.check:
        target.parent.mkdir(exist_ok=True)
        target.write_text(text, encoding="utf-8")
        return 0
    if target.exists() and target.read_text(encoding="utf-8") == text:
        return 0
    print("docs/map.md is not up to date: run `make map`", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
