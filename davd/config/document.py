"""From a document to settings, with every fault of it told and not only the first."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import msgspec

from davd.config.check import faults_of
from davd.config.keys import expected, is_section, keys, written
from davd.config.settings import Settings

# Of a long text that is refused so much is repeated.
_SHOWN = 60
# So many faults are told one by one.
_MOST_FAULTS = 20


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong: `key` is the dotted name of the setting, `sentence` says what it is, beginning with a name."""

    key: str
    sentence: str


def settings_of(document: dict[str, Any]) -> tuple[Settings | None, list[Fault]]:
    """The settings that a document means, or None and what is wrong with it, everything at once unless that is much."""
    # For each name that is not known the one that was meant is sought: not for those of a file that is none of davd's.
    faults = list(islice(_faults(Settings, document, ""), _MOST_FAULTS + 1))
    if len(faults) > _MOST_FAULTS:
        faults[-1] = Fault("", "and there is more that is wrong")
    if faults:
        return None, faults
    try:
        settings = msgspec.convert(document, Settings, strict=False)
    except msgspec.ValidationError as error:
        return None, [Fault("", str(error))]
    faults = [Fault(key, f"{key}: {text}") for key, text in faults_of(settings)]
    return (None if faults else settings), faults


def _faults(owner: type[msgspec.Struct], table: dict[str, Any], at: str) -> Iterator[Fault]:
    fields = {field.name: field for field in msgspec.structs.fields(owner)}
    for name, value in table.items():
        key = at + name
        field = fields.get(name)
        if field is None:
            yield Fault(key, _unknown(owner, at, name))
        elif is_section(field.type):
            if isinstance(value, dict):
                yield from _faults(field.type, value, f"{key}.")
            else:
                yield Fault(key, f"{key}: {_shown(value)} is not a section: write [{key}] and its settings below it")
        else:
            try:
                msgspec.convert(value, field.type, strict=False)
            except msgspec.ValidationError:
                yield Fault(key, _refused(key, field.type, value))


def _refused(key: str, kind: Any, value: Any) -> str:
    known = keys().get(key)
    if known is None:
        # What plugins are given may be secret.
        return f"{key}: expected sections: [{key}.NAME]"
    if known.secret:
        return f"{key}: expected {known.expected}"
    return f"{key}: expected {expected(kind)}, not {_shown(value)}"


def _unknown(owner: type[msgspec.Struct], at: str, name: str) -> str:
    section = at.removesuffix(".")
    sentence = f"there is no setting called `{short(name)}`"
    meant = _meant(owner, name)
    if meant:
        sentence += f"; did you mean `{meant}`?"
    return f"{section}: {sentence}" if section else sentence


def _meant(owner: type[msgspec.Struct], name: str) -> str:
    """The setting that somebody who wrote `name` may have had in mind; empty when none is like it."""
    near = difflib.get_close_matches(name, [field.name for field in msgspec.structs.fields(owner)], 1, 0.75)
    if near:
        return near[0]
    elsewhere = [key.name for key in keys().values() if key.name.rpartition(".")[2] == name]
    if elsewhere:
        return elsewhere[0]
    near = difflib.get_close_matches(name, [field.name for field in msgspec.structs.fields(owner)], 1)
    return near[0] if near else ""


def _shown(value: Any) -> str:
    try:
        return short(written(value))
    except ValueError:
        # A text of the environment that is no UTF-8, or a number of more digits than Python writes.
        return "what was given"


def short(text: str) -> str:
    """A text for a line of the log: not too long, and with nothing in it that ends the line or moves the cursor."""
    begun = text if len(text) <= _SHOWN else text[:_SHOWN] + "..."
    return begun if begun.isprintable() else repr(begun)[1:-1]
