"""From a TOML file and the environment to validated settings."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any, get_origin, get_type_hints

import msgspec

from davd.config.check import check
from davd.config.settings import Settings

ENVIRONMENT_PREFIX = "DAVD_"


class ConfigError(Exception):
    """The configuration cannot be used; the text is one sentence that names the setting and what it may be."""


def load(file: str | None, environment: Mapping[str, str]) -> Settings:
    """The settings of `file` (TOML; None for none) with those of the environment over them.

    `DAVD_NET__MAX_CONNECTIONS=500` overrides `max_connections` in `[net]`; `DAVD_DATA=/srv/davd` a key outside any
    section. Texts are taken as they are, lists are given as TOML or separated by commas, the rest is TOML.
    """
    document: dict[str, Any] = {}
    if file is not None:
        try:
            with open(file, "rb") as stream:
                document = tomllib.load(stream)
        except OSError as error:
            raise ConfigError(f"cannot read the configuration file {file}: {error.strerror}") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise ConfigError(f"the configuration file {file} is not TOML: {error}") from None
    overlays = {name: text for name, text in sorted(environment.items()) if name.startswith(ENVIRONMENT_PREFIX)}
    for name, text in overlays.items():
        _overlay(document, name, text)
    origin = "the environment" if file is None else f"the configuration file {file}"
    if file is not None and overlays:
        origin += " with the environment over it"
    try:
        settings = msgspec.convert(document, Settings, strict=False)
        check(settings)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{origin}: {_sentence(error)}") from None
    except ValueError as error:
        raise ConfigError(f"{origin}: {error}") from None
    return settings


def _overlay(document: dict[str, Any], name: str, text: str) -> None:
    words = name.removeprefix(ENVIRONMENT_PREFIX).lower().split("__")
    section: Any = document
    kind: Any = Settings
    for word in words[:-1]:
        section, kind = section.setdefault(word, {}), _kind(kind, word)
        if not isinstance(section, dict):
            raise ConfigError(f"the environment variable {name} names no setting")
    section[words[-1]] = _value(text, _kind(kind, words[-1]))


def _kind(owner: Any, word: str) -> Any:
    """The type of a setting; None where the settings of a plugin leave it open."""
    return get_type_hints(owner).get(word) if isinstance(owner, type) and issubclass(owner, msgspec.Struct) else None


def _value(text: str, kind: Any) -> Any:
    if kind is str:
        return text
    try:
        value = tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        value = text.split(",") if "," in text and kind is None else text
    if get_origin(kind) is list and not isinstance(value, list):
        return [word.strip() for word in text.split(",") if word.strip()]
    return value


def _sentence(error: msgspec.ValidationError) -> str:
    """`Expected int >= 1 - at $.net.max_connections` as `net.max_connections: expected int >= 1`."""
    what, _, where = str(error).partition(" - at ")
    where = where.strip("`").removeprefix("$").removeprefix(".")
    what = what.replace("Object contains unknown field", "there is no setting called")
    what = what[:1].lower() + what[1:]
    return f"{where}: {what}" if where else what
