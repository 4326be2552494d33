"""What the settings classes say of each key: its type and range in words, its unit, whether it changes at once."""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_origin

import msgspec

from davd.config.settings import Settings

ENVIRONMENT_PREFIX = "DAVD_"

# What `Meta(extra=...)` of a key may hold: whether a reload brings it into force, whether it is shown to nobody, what
# its number counts, and what a text has to look like where a pattern would be all there is to say.
RELOAD, SECRET, UNIT, FORM = "reload", "secret", "unit", "form"

_KINDS = (
    (msgspec.inspect.BoolType, "true or false"),
    (msgspec.inspect.IntType, "a whole number"),
    (msgspec.inspect.FloatType, "a number"),
    (msgspec.inspect.StrType, "a text"),
    (msgspec.inspect.ListType, "a list of texts"),
    (msgspec.inspect.DictType, "a section"),
)


@dataclass(frozen=True, slots=True)
class Key:
    """One key of the document.

    `name` is its dotted name (`net.max_connections`), `type` its annotation, `default` its default. `hot` tells that a
    reload brings a change into force, `secret` that its value is not for logs and pages. `unit` and `limits` are for
    people and may be empty.
    """

    name: str
    type: Any
    default: Any
    hot: bool
    secret: bool
    unit: str
    limits: str

    @property
    def environment(self) -> str:
        """The environment variable that overrides it."""
        return ENVIRONMENT_PREFIX + self.name.replace(".", "__").upper()

    @property
    def expected(self) -> str:
        """What a value of it has to be, in words: `a whole number, 1 or more`."""
        return expected(self.type)


@functools.cache
def keys() -> Mapping[str, Key]:
    """Every key that the settings classes have, by dotted name, in the order of the document.

    Sections that plugins fill (`checkers`, `extensions`, `rules`) have no keys of their own here.
    """
    return {key.name: key for key in _of(Settings, "")}


def _of(owner: type[msgspec.Struct], at: str) -> Iterator[Key]:
    defaults = owner()
    for field in msgspec.structs.fields(owner):
        if is_section(field.type):
            yield from _of(field.type, f"{at}{field.name}.")
            continue
        default = getattr(defaults, field.name)
        if isinstance(default, dict):
            continue
        extra = _extra(field.type)
        yield Key(
            at + field.name,
            field.type,
            default,
            bool(extra.get(RELOAD)),
            bool(extra.get(SECRET)),
            str(extra.get(UNIT, "")),
            limits(field.type),
        )


def is_section(kind: Any) -> bool:
    """Whether a field of that type is a section with a settings class of its own."""
    return isinstance(kind, type) and issubclass(kind, msgspec.Struct)


def values(settings: msgspec.Struct, at: str = "") -> Iterator[tuple[str, Any]]:
    """Dotted names and values of all that `settings` hold, plugins' sections included, in the document's order."""
    for name in settings.__struct_fields__:
        value = getattr(settings, name)
        if isinstance(value, msgspec.Struct):
            yield from values(value, f"{at}{name}.")
        elif isinstance(value, dict):
            yield from _inside(value, f"{at}{name}")
        else:
            yield at + name, value


def _inside(table: dict[str, Any], at: str, depth: int = 0) -> Iterator[tuple[str, Any]]:
    """The values of a plugin's tables; one that is empty is told of as such, since being there says something."""
    for name, value in table.items():
        if isinstance(value, dict) and value and depth < 8:
            yield from _inside(value, f"{at}.{name}", depth + 1)
        else:
            yield f"{at}.{name}", value


def expected(kind: Any) -> str:
    """What a type takes, in words, with its range."""
    info = _plain(kind)
    if isinstance(info, msgspec.inspect.LiteralType):
        return " or ".join(written(value) for value in info.values)
    word = next((word for known, word in _KINDS if isinstance(info, known)), "another kind of value")
    range_ = limits(kind)
    return f"{word}, {range_}" if range_ else word


def limits(kind: Any) -> str:
    """The range that a type allows, in words; empty where it allows everything of its kind."""
    info = _plain(kind)
    if isinstance(info, msgspec.inspect.LiteralType):
        return " or ".join(written(value) for value in info.values)
    form = _extra(kind).get(FORM)
    if form:
        return str(form)
    if isinstance(info, msgspec.inspect.StrType):
        sizes = ["not empty"] if info.min_length else []
        sizes += [f"at most {info.max_length} characters"] if info.max_length else []
        return ", ".join(sizes)
    ends: list[float | None] = [getattr(info, name, None) for name in ("ge", "le", "gt")]
    least, most, above = ends
    if least is not None and most is not None:
        return f"{_number(least)} to {_number(most)}"
    if above is not None:
        return f"more than {_number(above)}" + (f", at most {_number(most)}" if most is not None else "")
    return f"{_number(least)} or more" if least is not None else ""


def written(value: Any) -> str:
    """A value as TOML."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "[" + ", ".join(written(item) for item in value) + "]"
    if isinstance(value, dict):
        return "{" + ", ".join(f"{name} = {written(item)}" for name, item in value.items()) + "}"
    if isinstance(value, str):
        return msgspec.json.encode(value).decode()
    return f"{value:_}" if isinstance(value, int) and value >= 10_000 else str(value)


def _number(value: float) -> str:
    return f"{value:_}" if isinstance(value, int) and value >= 10_000 else f"{value:g}"


def _plain(kind: Any) -> Any:
    info = msgspec.inspect.type_info(kind)
    while isinstance(info, msgspec.inspect.Metadata):
        info = info.type
    return info


def _extra(kind: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if get_origin(kind) is Annotated:
        for meta in get_args(kind)[1:]:
            found |= getattr(meta, "extra", None) or {}
    return found
