"""iCalendar objects as trees of components that remember their octets.

Implements: RFC 5545, 3.4, 3.5, 3.6
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from davd.formats.contentlines import LIMITS, ContentError, Limits, Line, folded, lines, make, unescape, write

# What a file may hold that is imported as a whole: many objects, by someone who may write.
IMPORT_LIMITS: Final = Limits(octets=256 * 1024 * 1024, lines=8_000_000)

_BOM: Final = b"\xef\xbb\xbf"


@dataclass(slots=True)
class Component:
    """One component: its properties in order, and the components inside it in order.

    `name` is in upper case. The component is `source[start:end]`, its BEGIN and END lines included; `head` is the octet
    behind its BEGIN line and `tail` the first one of its END line. All four are -1 for a component that davd made.
    """

    name: str
    lines: list[Line] = field(default_factory=list)
    components: list[Component] = field(default_factory=list)
    start: int = -1
    end: int = -1
    head: int = -1
    tail: int = -1

    def first(self, name: str) -> Line | None:
        """The first property of this name (in upper case), or None."""
        for line in self.lines:
            if line.name == name:
                return line
        return None

    def all(self, name: str) -> list[Line]:
        """Every property of this name (in upper case), in order."""
        return [line for line in self.lines if line.name == name]

    def text(self, name: str) -> str:
        """The unescaped value of the first property of this name; the empty string where there is none."""
        line = self.first(name)
        return unescape(line.value) if line is not None else ""

    def subs(self, name: str) -> list[Component]:
        """The components of this name (in upper case) directly inside, in order."""
        return [sub for sub in self.components if sub.name == name]


def parse(data: bytes, limits: Limits = LIMITS) -> Component:
    """The one VCALENDAR in `data`, whose span is all of `data`; ContentError for anything else."""
    roots = _roots(lines(data, limits), limits.depth)
    if len(roots) != 1:
        raise ContentError("There is no VCALENDAR." if not roots else "There is more than one VCALENDAR.")
    root = roots[0]
    root.start = 0
    root.end = len(data)
    return root


def parse_all(data: bytes, limits: Limits = IMPORT_LIMITS) -> list[Component]:
    """The VCALENDARs that follow each other in `data`, none when it is blank; ContentError for anything else."""
    return _roots(lines(data, limits), limits.depth)


def _roots(content: list[Line], depth: int) -> list[Component]:
    roots: list[Component] = []
    outer: list[Component] = []
    inside: Component | None = None
    for line in content:
        name = line.name
        if name == "BEGIN":
            component = Component(line.value.strip().upper(), [], [], line.start, -1, line.end, -1)
            if inside is not None:
                if len(outer) >= depth:
                    raise ContentError(f"Components are nested more than {depth} deep.", line.start)
                inside.components.append(component)
                outer.append(inside)
            elif component.name == "VCALENDAR":
                roots.append(component)
            else:
                raise ContentError("The outermost component is not a VCALENDAR.", line.start)
            inside = component
        elif inside is None:
            raise ContentError("A line stands outside of any VCALENDAR.", line.start)
        elif name == "END":
            if line.value.strip().upper() != inside.name:
                raise ContentError(f"{inside.name} is not ended where it has to be.", line.start)
            inside.tail = line.start
            inside.end = line.end
            inside = outer.pop() if outer else None
        else:
            inside.lines.append(line)
    if inside is not None:
        raise ContentError(f"{inside.name} is not ended.", inside.start)
    return roots


def serialize(component: Component, source: bytes = b"") -> bytes:
    """The component as octets; every part that is as it was read from `source` is its octets there."""
    if _intact(component):
        return source[component.start : component.end]
    out: list[bytes] = []
    _write(component, source, out)
    return b"".join(out)


def _write(component: Component, source: bytes, out: list[bytes]) -> None:
    if component.start >= 0:
        out.append(source[component.start : component.head].removeprefix(_BOM))
    else:
        out.append(folded(make("BEGIN", component.name)))
    out.append(write(component.lines, source))
    for inner in component.components:
        if _intact(inner):
            out.append(source[inner.start : inner.end])
        else:
            _write(inner, source, out)
    if component.start >= 0:
        out.append(source[component.tail : component.end])
    else:
        out.append(folded(make("END", component.name)))


def _intact(component: Component) -> bool:
    """Whether the component holds exactly what stood between its BEGIN and END lines.

    Parts in ascending order that neither leave these bounds nor overlap, and are as long together as the room between,
    are all that was there.
    """
    position = component.head
    size = component.tail - position
    if position < 0:
        return False
    for line in component.lines:
        if line.start < position:
            return False
        position = line.end
        size -= position - line.start
    if position > component.tail:
        return False
    position = component.head
    for inner in component.components:
        if inner.start < position or not _intact(inner):
            return False
        position = inner.end
        size -= position - inner.start
    return size == 0 and position <= component.tail
