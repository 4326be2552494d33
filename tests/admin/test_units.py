"""Figures as people read them.

Verifies: docs/operate/monitoring.md, Dashboard
"""

from __future__ import annotations

import pytest

from davd.admin import units


class TestUnits:
    """Verifies: docs/operate/monitoring.md, Dashboard"""

    @pytest.mark.parametrize(
        ("value", "text"),
        [(None, "–"), (0, "0"), (0.25, "0.25"), (12.34, "12.3"), (123.4, "123"), (1234567, "1 234 567")],
    )
    def test_numbers(self, value: float | None, text: str) -> None:
        assert units.number(value).replace("\u202f", " ") == text

    @pytest.mark.parametrize(
        ("value", "text"),
        [
            (None, "–"), (0, "0 s"), (0.00085, "850 µs"), (0.0123, "12.3 ms"), (0.5, "500 ms"), (3.2, "3.2 s"),
            (90, "90 s"), (300, "5 min"), (7200, "2 h"), (3 * 86_400, "3 d"),
        ],
    )  # fmt: skip
    def test_spans(self, value: float | None, text: str) -> None:
        assert units.seconds(value) == text

    @pytest.mark.parametrize(
        ("value", "text"),
        [(None, "–"), (0, "0 B"), (1023, "1023 B"), (1536, "1.5 KiB"), (200 << 20, "200 MiB"), (1 << 50, "1024 TiB")],
    )
    def test_sizes(self, value: float | None, text: str) -> None:
        assert units.size(value) == text

    @pytest.mark.parametrize(
        ("value", "text"),
        [(None, "–"), (0, "0 %"), (0.0012, "0.12 %"), (0.5, "50.0 %"), (0.9999, "100 %"), (1, "100 %")],
    )
    def test_shares(self, value: float | None, text: str) -> None:
        assert units.share(value) == text

    def test_moments(self) -> None:
        assert [units.ago(when, 1000.0) for when in (None, 1000.2, 997.0, 100.0, 1090.0)] == [
            "–", "now", "3 s ago", "15 min ago", "in 90 s",
        ]  # fmt: skip
