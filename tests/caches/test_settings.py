"""The settings of the caches.

Verifies: docs/architecture.md, Caches
"""

from __future__ import annotations

import msgspec
import pytest

from davd.caches.settings import CacheSettings


def test_without_any_there_is_no_redis() -> None:
    """Verifies: docs/architecture.md, Caches"""
    settings = msgspec.convert({}, CacheSettings)
    assert settings.redis == ""
    assert settings.redis_timeout_ms == 40.0


@pytest.mark.parametrize(
    "given",
    [
        {"redis": "localhost"},
        {"redis": "http://localhost"},
        {"redis_timeout_ms": 0},
        {"redis_ttl": 0},
        {"redis_prefix": "a b"},
        {"redis_prefix": "a\n"},
        {"redis_connections": 0},
        {"redis_calls": 0},
        {"memory_bytes": -1},
        {"derived_bytes": -1},
        {"shared_after_ms": -1.0},
        {"unknown": 1},
    ],
)
def test_what_is_refused(given: dict[str, object]) -> None:
    """Verifies: docs/architecture.md, Caches"""
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(given, CacheSettings)


@pytest.mark.parametrize("url", ["", "redis://h", "rediss://h:1/2", "unix:///r"])
def test_urls(url: str) -> None:
    """Verifies: docs/architecture.md, Caches"""
    assert msgspec.convert({"redis": url}, CacheSettings).redis == url
