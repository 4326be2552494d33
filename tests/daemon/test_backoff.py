"""How long a worker that fails is left alone.

Verifies: docs/architecture.md, Overload
"""

from __future__ import annotations

from davd.daemon.backoff import CALM_SECONDS, FIRST_SECONDS, MOST_SECONDS, Backoff


class TestBackoff:
    """Verifies: docs/architecture.md, Overload."""

    def test_it_doubles_up_to_a_bound_and_begins_anew(self) -> None:
        backoff = Backoff(lambda: 0.0)
        waits = [backoff.wait(0) for _ in range(2000)]
        assert waits[:4] == [FIRST_SECONDS * factor for factor in (1, 2, 4, 8)]
        assert waits[20:] == [MOST_SECONDS] * 1980
        assert backoff.wait(CALM_SECONDS) == FIRST_SECONDS
        assert backoff.wait(0) == 2 * FIRST_SECONDS

    def test_chance_takes_up_to_a_half(self) -> None:
        assert Backoff(lambda: 1.0).wait(0) == FIRST_SECONDS / 2
        assert len({Backoff().wait(0) for _ in range(20)}) > 1
