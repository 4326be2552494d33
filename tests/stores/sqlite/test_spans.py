"""The rows of an object find what its spans would.

Verifies: RFC 4791, 9.9
"""

from hypothesis import example, given
from hypothesis import strategies as st

from davd.model.index import FOREVER, IndexQuery, ObjectIndex, Span
from davd.stores.memory.matching import matches
from davd.stores.sqlite.spans import ENDLESS, LOWEST, MOST, SIZE, level, overlap, pack, rows

DAY = 86400
_starts = st.integers(-100, 100).map(lambda number: number * 40_000)
_lengths = st.sampled_from([0, 1, 3600, DAY, 131_072, 131_073, 3_000_000])
_finite = st.builds(lambda start, length, exact: Span(start, start + length, exact), _starts, _lengths, st.booleans())
_endless = st.builds(Span, st.just(-FOREVER), _starts | st.just(FOREVER), st.booleans()) | st.builds(
    Span, _starts, st.just(FOREVER), st.booleans()
)
_few = st.lists(_finite | _endless, max_size=6)
_many = st.lists(_finite, min_size=MOST, max_size=3 * MOST)
_series = st.builds(
    lambda start, step, length: [Span(start + n * step, start + n * step + length, n % 5 > 0) for n in range(200)],
    _starts,
    st.sampled_from([1, 3600, DAY, 7 * DAY, 365 * DAY]),
    _lengths,
)


def test_levels_are_powers_of_two_but_the_lowest_and_the_endless() -> None:
    assert [level(0, length) for length in (1, 3600, 2**17)] == [LOWEST] * 3
    assert [level(-5, length - 5) for length in (2**17 + 1, 2**18, 2**18 + 1, 2**40)] == [18, 18, 19, 40]
    assert [level(*ends) for ends in ((-FOREVER, 0), (0, FOREVER), (-FOREVER, FOREVER))] == [ENDLESS] * 3


def test_a_few_spans_have_a_row_each_and_many_share_rows() -> None:
    daily = [Span(day * DAY, day * DAY + 3600, True) for day in range(200)]
    assert [row[1:3] for row in rows(pack(daily[:MOST]))] == [(span.start, span.end) for span in daily[:MOST]]
    grouped = rows(pack(daily))
    assert len(grouped) <= 2 * MOST
    assert sum(row[5] for row in grouped) == 200
    assert pack([]) is None and rows(None) == []


@given(_series | _many.flatmap(lambda many: _few.map(lambda few: [*few, *many])) | _few, _starts, _lengths)
@example([Span(0, 10, False), Span(0, 10, True), Span(0, FOREVER, False)], 5, 1)
def test_the_rows_find_what_the_spans_do(spans: list[Span], start: int, length: int) -> None:
    packed = pack(spans)
    end = start + length + 1
    found = None
    places = set()
    for depth, begin, finish, exact, first, count in rows(packed):
        assert packed is not None and begin < finish
        assert finish - begin <= 1 << depth
        assert depth in (LOWEST, ENDLESS) or finish - begin > 1 << (depth - 1)
        places.add((depth, begin))
        several = packed[SIZE * first : SIZE * (first + count)]
        if count == 1:
            several = pack([Span(begin, finish, bool(exact))]) or b""
        seen = overlap(several, start, end)
        # A row that does not reach into the range has nothing to be looked at; of one that lies in it all is known.
        if not (begin < end and finish > start):
            assert seen is None
        elif begin >= start and finish <= end:
            assert seen is bool(exact)
        if seen is not None:
            found = found or seen
    assert len(places) == len(rows(packed))
    assert sum(row[5] for row in rows(packed)) == len(spans)
    assert found is matches(ObjectIndex("", "", tuple(spans)), IndexQuery(start=start, end=end))
