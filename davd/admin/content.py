"""Content of the JSON API: what requests bring and answers tell.

Implements: RFC 8259, 8.1; docs/operate/monitoring.md, JSON API
"""

from __future__ import annotations

import math
from typing import Any, Final

import msgspec

from davd.model.errors import HTTPError
from davd.model.trash import NEWEST

MOST_BODY: Final = 64 * 1024


def answer(request: Any, value: Any) -> bytes:
    """The answer that is a value, as JSON."""
    request.setHeader("Content-Type", "application/json")
    return msgspec.json.encode(value)


def body(request: Any, kind: type[Any]) -> Any:
    """The content of a request, as a `kind`; HTTPError 400, 413, 422."""
    data = request.content.read(MOST_BODY + 1)
    if len(data) > MOST_BODY:
        raise HTTPError(413, detail="too much content")
    try:
        return msgspec.json.decode(data, type=kind)
    except UnicodeDecodeError:
        # RFC 8259, 8.1: "JSON text exchanged between systems that are not part of a closed ecosystem MUST be encoded
        # using UTF-8".
        raise HTTPError(400, detail="the content is not in UTF-8") from None
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        raise HTTPError(422, detail=str(error)) from None


def number(request: Any, name: bytes, default: float) -> float:
    """A number of the query; HTTPError 422."""
    try:
        value = float(request.args.get(name, [default])[0])
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise HTTPError(422, detail=f"{name.decode()}: expected a number")
    return value


def there(part: Any) -> Any:
    """A part of the plane; HTTPError 404 where this process has none."""
    if part is None:
        raise HTTPError(404, detail="this process has none")
    return part


def whole(request: Any, name: bytes, default: int) -> int:
    """A whole number of the query that is not negative; HTTPError 422."""
    value = request.args.get(name, [b"%d" % default])[0]
    if not value.isdigit() or len(value) > 19 or int(value) > NEWEST:
        raise HTTPError(422, detail=f"{name.decode()}: expected a whole number")
    return int(value)


def text(request: Any, name: bytes) -> str:
    """A text of the query; empty when it is not there."""
    value: bytes = request.args.get(name, [b""])[0]
    return value.decode(errors="replace")


def id_of(segment: str) -> int:
    """The id that a part of a path is; HTTPError 404 for what can be none."""
    if not segment.isdecimal() or not segment.isascii() or len(segment) > 18:
        raise HTTPError(404, detail="there is nothing of that id")
    return int(segment)
