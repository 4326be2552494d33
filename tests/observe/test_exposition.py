"""What is written is read by the readers of these formats.

Verifies: docs/operate/monitoring.md, Metrics
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from davd.observe.exposition import OPENMETRICS, TEXT, render
from davd.observe.snapshot import Family, Sample, Snapshot

_ASK = "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;q=0.5"
_HISTOGRAM = Family(
    "davd_seconds",
    "histogram",
    "Seconds.",
    [
        Sample({"class": "low", "le": "0.5"}, 1, "_bucket"),
        Sample({"class": "low", "le": "+Inf"}, 3, "_bucket"),
        Sample({"class": "low"}, 3, "_count"),
        Sample({"class": "low"}, 4.25, "_sum"),
    ],
)


def both(*families: Family) -> tuple[dict[str, float], dict[str, float]]:
    """What either reader makes of it: values by sample."""
    snapshot = Snapshot(1.0, families)
    found = []
    for read, accept in ((read_text, ""), (read_openmetrics, _ASK)):
        text = render(snapshot, accept)[0].decode()
        samples = [sample for family in read(text) for sample in family.samples]
        found.append({f"{sample.name} {sorted(sample.labels.items())}": sample.value for sample in samples})
    return found[0], found[1]


class TestRender:
    """Verifies: docs/operate/monitoring.md, Metrics"""

    def test_every_type_in_both_formats(self) -> None:
        told, openly = both(
            Family("davd_requests", "counter", "Requests.", [Sample({"method": "GET"}, 3)]),
            Family("davd_room_bytes", "gauge", "Room.", [Sample({}, 2.5)]),
            _HISTOGRAM,
        )
        assert told == openly
        assert told["davd_requests_total [('method', 'GET')]"] == 3
        assert told["davd_seconds_bucket [('class', 'low'), ('le', '+Inf')]"] == 3
        assert told["davd_room_bytes []"] == 2.5

    @given(st.text(), st.text())
    def test_no_text_breaks_a_line(self, value: str, help: str) -> None:
        told, openly = both(Family("davd_x", "gauge", "About " + help, [Sample({"name": value}, 1)]))
        assert told == openly == {f"davd_x {[('name', value)]}": 1}

    def test_words_for_numbers_that_have_no_digits(self) -> None:
        values = [float("inf"), float("-inf")]
        samples = [Sample({"n": str(number)}, value) for number, value in enumerate(values)]
        told, openly = both(Family("davd_x", "gauge", "X.", samples))
        assert list(told.values()) == list(openly.values()) == values
        assert (
            b"davd_x NaN\n" in render(Snapshot(0.0, [Family("davd_x", "gauge", "X.", [Sample({}, float("nan"))])]))[0]
        )

    def test_the_format_is_the_scrapers_choice(self) -> None:
        empty = Snapshot(0.0, [])
        assert render(empty, _ASK) == (b"# EOF\n", OPENMETRICS)
        for accept in ("", "text/plain", "*/*", "application/openmetrics-text; q=0.0, */*"):
            assert render(empty, accept) == (b"", TEXT)
