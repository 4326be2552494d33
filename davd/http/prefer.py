"""What the client would like, but does not insist on.

Implements: RFC 7240, 2, 3, 4; RFC 8144, 2, 3
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from davd.http.fields import parse_parameter, split_list, split_sections

_MAX_FIELD: Final = 1024
_MAX_WAIT: Final = 86400


@dataclass(frozen=True, slots=True)
class Preferences:
    """The preferences a DAV server can honour.

    `return_minimal` and `return_representation` are never both set. `depth_noroot` leaves the target itself out of a
    multistatus. `wait` is in seconds, None when not asked for. `handling` is `"strict"`, `"lenient"` or None. `brief`
    tells that the wish for a minimal answer came as `Brief: t`, which has no `Preference-Applied`.
    """

    return_minimal: bool = False
    return_representation: bool = False
    depth_noroot: bool = False
    wait: int | None = None
    handling: str | None = None
    brief: bool = False

    @classmethod
    def from_headers(cls, headers: Mapping[str, str]) -> Preferences:
        """Read `Prefer` and Microsoft's `Brief`; whatever is unknown or malformed is ignored."""
        prefer = headers.get("prefer")
        brief = headers.get("brief")
        if prefer is None and brief is None:
            return NO_PREFERENCES
        return _read(prefer or "", brief is not None and brief.lower() == "t")

    def applied(self, *names: str) -> str:
        """The value of `Preference-Applied` for those of `names` that the client stated; empty for none of them.

        A name is `"return"`, `"depth-noroot"`, `"wait"` or `"handling"`: what the response has honoured.
        """
        texts = []
        for name in names:
            if name == "return":
                if self.return_representation:
                    texts.append("return=representation")
                elif self.return_minimal and not self.brief:
                    texts.append("return=minimal")
            elif name == "depth-noroot" and self.depth_noroot:
                texts.append("depth-noroot")
            elif name == "wait" and self.wait is not None:
                texts.append(f"wait={self.wait}")
            elif name == "handling" and self.handling is not None:
                texts.append(f"handling={self.handling}")
        return ", ".join(texts)


NO_PREFERENCES: Final = Preferences()


@lru_cache(maxsize=256)
def _read(prefer: str, brief: bool) -> Preferences:
    stated = _parse(prefer)
    wish = stated.get("return", "").lower()
    wait = stated.get("wait", "")
    handling = stated.get("handling", "").lower()
    minimal = wish == "minimal"
    representation = wish == "representation"
    return Preferences(
        return_minimal=minimal or (brief and not representation),
        return_representation=representation,
        depth_noroot="depth-noroot" in stated,
        wait=min(int(wait), _MAX_WAIT) if wait.isdecimal() and len(wait) < 10 else None,
        handling=handling if handling in ("strict", "lenient") else None,
        brief=brief and not minimal and not representation,
    )


def _parse(prefer: str) -> dict[str, str]:
    """Preferences by lower-case name; their own parameters are dropped, as none of ours has any."""
    stated: dict[str, str] = {}
    if len(prefer) > _MAX_FIELD:
        return stated
    try:
        members = split_list(prefer)
    except ValueError:
        return stated
    for member in members:
        try:
            name, value = parse_parameter(split_sections(member)[0])
        except (ValueError, IndexError):
            continue
        # "If any preference is specified more than once, only the first instance is to be considered."
        stated.setdefault(name, value)
    return stated
