"""Fields of the dashboard's forms and links.

Implements: docs/operate/monitoring.md, Dashboard
"""

from __future__ import annotations

from typing import Any

from davd.admin.entrance import login_of
from davd.model.errors import HTTPError
from davd.model.trash import NEWEST


def csrf_of(request: Any) -> str:
    """The value that forms of this session repeat; empty for who came by the token."""
    session = login_of(request).session
    return "" if session is None else session.csrf


def field(request: Any, name: str) -> str:
    """A field of the query or of a form; empty when it is not there."""
    value: bytes = (request.args.get(name.encode()) or [b""])[0]
    return value.decode(errors="replace")


def numbers(request: Any, name: str) -> list[int]:
    """All fields of that name, which are ids; HTTPError 422."""
    values: list[bytes] = request.args.get(name.encode()) or []
    try:
        found = [int(value) for value in values if len(value) < 20]
    except ValueError:
        found = []
    if len(found) != len(values) or not all(0 < one <= NEWEST for one in found):
        raise HTTPError(422, detail=f"{name}: expected numbers of entries")
    return found


def id_in(request: Any, name: str, default: int) -> int:
    """The field of that name, which is an id; `default` when it is not there or empty. HTTPError 422."""
    return numbers(request, name)[0] if field(request, name) else default
