"""Settings together with where each of them comes from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b

from davd.config.settings import Settings

DEFAULT = "default"
COMMAND_LINE = "command line"


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings, and by dotted key where each comes from: `default`, `file PATH`, `environment NAME`, `command line`.

    `file` is the path of the configuration file, None when there is none; `digest` is that of the octets that were
    read from it, by which a later change is noticed.
    """

    settings: Settings
    origins: Mapping[str, str] = field(default_factory=dict)
    file: str | None = None
    digest: bytes | None = None


def digest_of(octets: bytes) -> bytes:
    """What tells one content of a configuration file from another."""
    return blake2b(octets, digest_size=32).digest()
