"""From a TOML file and the environment to validated settings."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from typing import Any

import msgspec

from davd.config.settings import Settings

ENVIRONMENT_PREFIX = "DAVD_"


class ConfigError(Exception):
    """The configuration cannot be used; the text is one sentence that names the setting and what it may be."""


def load(file: str | None, environment: Mapping[str, str]) -> Settings:
    """The settings of `file` (TOML; None for none) with those of the environment over them.

    `DAVD_NET__MAX_CONNECTIONS=500` overrides `max_connections` in `[net]`; `DAVD_DATA=/srv/davd` a key outside any
    section. Lists are given as TOML or separated by commas.
    """
    document: dict[str, Any] = {}
    if file is not None:
        try:
            with open(file, "rb") as stream:
                document = tomllib.load(stream)
        except OSError as error:
            raise ConfigError(f"cannot read the configuration file {file}: {error.strerror}") from None
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(f"the configuration file {file} is not TOML: {error}") from None
    origin = f"the configuration file {file}" if file is not None else "the environment"
    for name, text in sorted(environment.items()):
        if name.startswith(ENVIRONMENT_PREFIX):
            _overlay(document, name, text)
    try:
        return msgspec.convert(document, Settings, strict=False)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{origin}: {_sentence(error)}") from None


def _overlay(document: dict[str, Any], name: str, text: str) -> None:
    words = name.removeprefix(ENVIRONMENT_PREFIX).lower().split("__")
    section = document
    for word in words[:-1]:
        section = section.setdefault(word, {})
        if not isinstance(section, dict):
            raise ConfigError(f"the environment variable {name} names no setting")
    section[words[-1]] = _value(text)


def _value(text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text.split(",") if "," in text else text


def _sentence(error: msgspec.ValidationError) -> str:
    """`Expected int >= 1 - at $.net.max_connections` as `net.max_connections: expected int >= 1`."""
    what, _, where = str(error).partition(" - at ")
    where = where.strip("`").removeprefix("$").removeprefix(".")
    what = what.replace("Object contains unknown field", "there is no setting called")
    what = what[:1].lower() + what[1:]
    return f"{where}: {what}" if where else what
