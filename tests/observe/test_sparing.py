"""How often what anybody may cause is said.

Verifies: docs/operate/monitoring.md, Access log
"""

from __future__ import annotations

from davd.observe.sparing import Sparing


class TestSparing:
    """Verifies: docs/operate/monitoring.md, Access log"""

    def test_a_burst_and_then_so_many_in_a_second(self) -> None:
        sparing = Sparing(rate=2.0, burst=3.0)
        assert [sparing.left_out(100.0) for _ in range(5)] == [0, 0, 0, None, None]
        assert sparing.left_out(100.25) is None
        # What was left out is told with the next one, once.
        assert [sparing.left_out(101.25) for _ in range(3)] == [3, 0, None]

    def test_rest_gives_no_more_than_a_burst(self) -> None:
        sparing = Sparing(rate=2.0, burst=3.0)
        sparing.left_out(0.0)
        assert [sparing.left_out(1e9) for _ in range(4)] == [0, 0, 0, None]

    def test_a_clock_that_is_set_back(self) -> None:
        sparing = Sparing(rate=1.0, burst=1.0)
        assert sparing.left_out(1000.0) == 0
        assert sparing.left_out(10.0) is None
        assert sparing.left_out(11.0) == 1
