"""The settings of the listeners.

Verifies: docs/architecture.md, Floors
"""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from davd.http.wire.head import WireLimits
from davd.net.settings import NetSettings


def test_defaults() -> None:
    settings = msgspec.convert({}, NetSettings)
    assert settings.listen == ["ssl:8443"]
    assert (settings.max_connections, settings.max_connections_per_address) == (10_000, 200)
    assert settings.wire_limits() == WireLimits()


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_connections": 0},
        {"header_timeout": 0},
        {"idle_timeout": "long"},
        {"unknown": 1},
        {"header_bytes": 10},
        {"read_ahead": 1},
    ],
)
def test_what_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert(wrong, NetSettings)


def test_limits_reach_the_codec() -> None:
    settings = msgspec.convert({"request_line": 500, "header_count": 20, "trailer_count": 11}, NetSettings)
    limits = settings.wire_limits()
    assert (limits.request_line, limits.header_count, limits.trailer_count) == (500, 20, 11)
