"""The table, the ratios to the best peer and the verdicts.

Verifies: docs/architecture.md, Measuring
"""

from tests.performance.figures import Cell, best, percentile, table
from tests.performance.targets import verdicts

OURS = ("davd",)


def cells() -> list[Cell]:
    """One row with a server of ours and three peers, the fastest of which answered wrongly."""
    return [
        Cell("get", "davd", rate=20_000, p50=2, p99=5, cpu=15, peak=60),
        Cell("get", "nginx", rate=40_000, p50=1, p99=4, cpu=10, peak=30),
        Cell("get", "apache", rate=20_000, p50=2, p99=8, cpu=50, peak=30),
        Cell("get", "broken", rate=90_000, p50=1, p99=2, cpu=1, peak=1, fault="90000 status"),
    ]


class TestTable:
    """Verifies: docs/architecture.md, Measuring"""

    def test_best_is_a_peer_that_answered_rightly(self) -> None:
        """Neither our own figures nor wrong answers count as the best peer's."""
        assert best(cells(), OURS) == (40_000, 10)

    def test_ratios(self) -> None:
        """Each server stands beside the best peer."""
        lines = table("GET", cells(), OURS).splitlines()
        assert lines[0] == "GET"
        assert lines[2].split() == ["davd", "20,000", "2", "5", "15", "60", "0.50", "1.50"]
        assert lines[5].endswith("WRONG: 90000 status")

    def test_missing_figures(self) -> None:
        """What was not measured is a dash; further figures get a column."""
        lines = table("GET", [Cell("get", "davd", extra={"held": 10_000})], OURS).splitlines()
        assert lines[1].split()[-1] == "held"
        assert lines[2].split() == ["davd", *["-"] * 7, "10,000"]

    def test_percentile(self) -> None:
        """Nearest rank, also of one value."""
        assert percentile(range(1, 101), 0.99) == 100
        assert percentile(range(1, 101), 0.5) == 51
        assert percentile([7.0], 0.99) == 7.0


class TestVerdicts:
    """Verifies: docs/architecture.md, Measuring"""

    def test_reached_and_missed(self) -> None:
        """1.5 times nginx's processor time is reached, anything above is not; unmeasured figures are not told."""
        (line,) = verdicts(cells(), OURS)
        assert line.split()[0] == "reached"
        slower = cells()
        slower[0].cpu = 15.1
        (line,) = verdicts(slower, OURS)
        assert line.split()[0] == "MISSED"

    def test_a_wrong_answer_reaches_nothing(self) -> None:
        """A cell at fault gives no verdict."""
        wrong = cells()
        wrong[0].fault = "1 read"
        assert verdicts(wrong, OURS) == []

    def test_at_least(self) -> None:
        """Rates must reach their bound."""
        (line,) = verdicts([Cell("get-1000", "davd", rate=19_999)], OURS)
        assert line.split()[0] == "MISSED"
        (line,) = verdicts([Cell("get-1000", "davd", rate=20_000)], OURS)
        assert line.split()[0] == "reached"
