"""Settings for people: what is in force, where it comes from, and nothing that is secret."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from msgspec import Struct

from davd.config.keys import keys, values
from davd.config.origin import DEFAULT, Loaded

MASK = "***"

# Up to the last @: whoever forgot to write %2F or %40 has a password as well.
_LOGIN = re.compile(r"(?<=://)([^:@]*)(:?).*@")
# What plugins' sections may tell of themselves; any other text in them is somebody's secret for all davd knows.
_PLAIN = ("kind", "file")
_SECRET_NAME = re.compile(r"pass|secret|token|key|credential", re.IGNORECASE)


class Row(Struct, frozen=True):
    """One setting: its dotted name, its value with secrets masked, where it comes from, whether a reload changes it."""

    key: str
    value: Any
    origin: str
    hot: bool


def rows(loaded: Loaded, changed: bool = False) -> Iterator[Row]:
    """Every setting in the order of the document; with `changed` only those that are not at their default."""
    known = keys()
    for name, value in values(loaded.settings):
        key = known.get(name)
        if changed and key is not None and value == key.default:
            continue
        origin = loaded.origins.get(name, DEFAULT)
        if key is None:
            yield Row(name, _masked(name, value), origin, False)
        else:
            yield Row(name, url_masked(value) if key.secret else value, origin, key.hot)


def url_masked(value: Any) -> Any:
    """A secret, which is masked; of a URL only the password is, so that its host can still be read."""
    if not isinstance(value, str) or not value:
        return value
    if "://" not in value:
        return MASK
    return _LOGIN.sub(lambda found: f"{found[1]}:{MASK}@" if found[2] else f"{MASK}@", value)


def _masked(name: str, value: Any) -> Any:
    """A value of a plugin's section, masked unless it is known that it is no secret."""
    word = name.rpartition(".")[2]
    if isinstance(value, dict):
        return {inner: _masked(inner, item) for inner, item in value.items()}
    if isinstance(value, bool) or (isinstance(value, int | float) and not _SECRET_NAME.search(word)):
        return value
    return value if word in _PLAIN else MASK
