"""From a TOML file and the environment to validated settings, and where each of them came from."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, get_origin, get_type_hints

import msgspec

from davd.config.document import Fault, settings_of, short
from davd.config.keys import ENVIRONMENT_PREFIX, values
from davd.config.origin import DEFAULT, Loaded, digest_of
from davd.config.settings import Settings

# Far more than all settings that there are, with everything that is said about them.
MOST_BYTES: Final = 1 << 20
# Levels of sections and lists: a plugin's settings may be nested, but not so that walking through them is a risk.
MOST_DEEP: Final = 16
_TOO_DEEP: Final = f"it is nested more than {MOST_DEEP} levels deep"


class ConfigError(Exception):
    """The configuration cannot be used; the text names each setting that is wrong, and what it may be, in one line.

    `faults` are the same one by one, each with where it was written.
    """

    def __init__(self, *faults: str) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


def load(file: str | None, environment: Mapping[str, str]) -> Settings:
    """The settings of `load_with_origins` alone."""
    return load_with_origins(file, environment).settings


def load_with_origins(file: str | None, environment: Mapping[str, str]) -> Loaded:
    """The settings of `file` (TOML; None for none) with those of the environment over them.

    `DAVD_NET__MAX_CONNECTIONS=500` overrides `max_connections` in `[net]`; `DAVD_DATA=/srv/davd` a key outside any
    section. Texts are taken as they are, lists are given as TOML or separated by commas, the rest is TOML. Raises
    ConfigError with everything that is wrong.
    """
    document, digest = ({}, None) if file is None else _read(file)
    origins = dict.fromkeys(_names(document), f"file {file}")
    clashes = []
    for name, text in sorted(environment.items()):
        if name.startswith(ENVIRONMENT_PREFIX):
            words = name.removeprefix(ENVIRONMENT_PREFIX).lower().split("__")
            if not (name + text).isascii() and not _is_utf8(name + text):
                clashes.append(f"the environment variable {ascii(name)[1:-1]} is not UTF-8")
            elif len(words) <= MOST_DEEP and _overlay(document, words, text):
                key = ".".join(words)
                # A section of a plugin that is given by the environment alone was not there before.
                origins = {known: origin for known, origin in origins.items() if not known.startswith(key + ".")}
                origins[key] = f"environment {name}"
                for end in range(1, len(words)):
                    origins.setdefault(".".join(words[:end]), origins[key])
            else:
                clashes.append(f"the environment variable {short(name)} names no setting")
    settings, faults = settings_of(document)
    if settings is None or clashes:
        raise ConfigError(*clashes, *_told(faults, origins, file))
    return Loaded(settings, {key: origins.get(key, DEFAULT) for key, _ in values(settings)}, file, digest)


def _read(file: str) -> tuple[dict[str, Any], bytes]:
    """The document in a file, and the digest of its octets."""
    try:
        with open(file, "rb") as stream:
            octets = stream.read(MOST_BYTES + 1)
    except OSError as error:
        raise ConfigError(f"cannot read the configuration file {file}: {error.strerror}") from None
    except ValueError:
        raise ConfigError(f"cannot read the configuration file {file!r}: that is no path") from None
    if len(octets) > MOST_BYTES:
        raise ConfigError(f"the configuration file {file} has more than {MOST_BYTES:_} bytes; it is not read")
    try:
        # Some editors begin a file with a mark that says it is UTF-8.
        return _parsed(octets.decode("utf-8-sig")), digest_of(octets)
    except UnicodeDecodeError as error:
        line = octets.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"the configuration file {file} is not UTF-8, as TOML has to be (line {line})") from None
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"the configuration file {file} is not TOML: {error}") from None


def _parsed(text: str) -> dict[str, Any]:
    """A TOML document; TOMLDecodeError, also for one that no settings are nested as deeply as."""
    try:
        document = tomllib.loads(text)
    except RecursionError:
        raise tomllib.TOMLDecodeError(_TOO_DEEP) from None
    except tomllib.TOMLDecodeError:
        raise
    except ValueError as error:
        # A number of thousands of digits is no TOMLDecodeError.
        raise tomllib.TOMLDecodeError(str(error)) from None
    _bound(document, MOST_DEEP)
    return document


def _bound(value: Any, deep: int) -> None:
    """TOMLDecodeError for what is nested deeper than so many levels, which all that comes after may rely on."""
    if not deep:
        raise tomllib.TOMLDecodeError(_TOO_DEEP)
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        _bound(inner, deep - 1)


def _is_utf8(text: str) -> bool:
    """Whether a text of the environment is one; the system hands over any octets there."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _names(table: dict[str, Any], at: str = "") -> Iterator[str]:
    """The dotted names of all values of a document, sections included."""
    for name, value in table.items():
        yield at + name
        if isinstance(value, dict):
            yield from _names(value, f"{at}{name}.")


def _told(faults: Sequence[Fault], origins: Mapping[str, str], file: str | None) -> Iterator[str]:
    for fault in faults:
        kind, _, place = origins.get(fault.key, DEFAULT).partition(" ")
        if kind == "environment":
            yield f"the environment variable {place}: {fault.sentence}"
        else:
            yield f"the configuration file {file}: {fault.sentence}" if file else f"the settings: {fault.sentence}"


def _overlay(document: dict[str, Any], words: Sequence[str], text: str) -> bool:
    """Put a variable's text in its place; False when that is inside of something that is no section."""
    section: Any = document
    kind: Any = Settings
    for word in words[:-1]:
        section, kind = section.setdefault(word, {}), _kind(kind, word)
        if not isinstance(section, dict):
            return False
    section[words[-1]] = _value(text, _kind(kind, words[-1]))
    return True


def _kind(owner: Any, word: str) -> Any:
    """The type of a setting; None where the settings of a plugin leave it open."""
    return get_type_hints(owner).get(word) if isinstance(owner, type) and issubclass(owner, msgspec.Struct) else None


def _value(text: str, kind: Any) -> Any:
    if kind is str:
        return text
    try:
        parsed = _parsed(f"value = {text}")
        # What goes on in another line is no value.
        value = parsed["value"] if len(parsed) == 1 else text
    except tomllib.TOMLDecodeError:
        value = text.split(",") if "," in text and kind is None else text
    if get_origin(kind) is list and not isinstance(value, list):
        return [word.strip() for word in text.split(",") if word.strip()]
    return value
