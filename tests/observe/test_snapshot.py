"""The figures of several processes are added up.

Verifies: docs/operate/monitoring.md, Metrics
"""

from __future__ import annotations

import msgspec
import pytest

from davd.observe.snapshot import Family, Merge, Sample, Snapshot, merge, packed, unpacked


def counter(*values: tuple[dict[str, str], float]) -> Family:
    return Family("davd_requests", "counter", "Requests.", [Sample(labels, value) for labels, value in values])


def gauge(how: Merge, value: float) -> Family:
    return Family("davd_" + how, "gauge", "A figure.", [Sample({}, value)], how)


class TestMerge:
    """Verifies: docs/operate/monitoring.md, Metrics"""

    def test_the_same_labels_are_added_and_others_stand_beside(self) -> None:
        get, put = {"method": "GET"}, {"method": "PUT"}
        both = merge([Snapshot(1.0, [counter((get, 3))]), Snapshot(2.0, [counter((get, 4), (put, 1))])])
        assert both == Snapshot(2.0, [counter((get, 7), (put, 1))])
        assert (both.value("davd_requests"), both.value("davd_requests", method="GET")) == (8, 7)
        assert both.value("davd_requests", method="COPY") is None
        assert both.value("davd_nothing") is None

    def test_histograms_are_added_part_by_part(self) -> None:
        def one(low: int, high: int) -> Snapshot:
            samples = [
                Sample({"le": "1.0"}, low, "_bucket"),
                Sample({"le": "+Inf"}, high, "_bucket"),
                Sample({}, high, "_count"),
                Sample({}, high / 2, "_sum"),
            ]
            return Snapshot(1.0, [Family("davd_seconds", "histogram", "Seconds.", samples)])

        assert merge([one(1, 2), one(3, 6)]) == one(4, 8)
        assert one(1, 2).value("davd_seconds") is None

    def test_gauges_as_their_families_say(self) -> None:
        one = Snapshot(1.0, [gauge("sum", 2), gauge("max", 2), gauge("min", 2)])
        other = Snapshot(1.0, [gauge("sum", 5), gauge("max", 5), gauge("min", 5)])
        assert [family.samples[0].value for family in merge([one, other]).families] == [7, 5, 2]

    def test_what_only_one_has_stays(self) -> None:
        one, other = Snapshot(1.0, [gauge("max", 1)]), Snapshot(1.0, [gauge("min", 1)])
        assert merge([one, other]).families == [gauge("max", 1), gauge("min", 1)]
        assert merge([one]) is one
        with pytest.raises(ValueError, match="there is no snapshot"):
            merge([])

    def test_it_travels(self) -> None:
        snapshot = Snapshot(1.5, [counter(({"method": "GET"}, 3)), gauge("max", float("inf"))])
        assert unpacked(packed(snapshot)) == snapshot
        with pytest.raises(msgspec.ValidationError):
            unpacked(msgspec.msgpack.encode({"no": "snapshot"}))
