"""Byte ranges.

Verifies: RFC 9110, 13.1.5, 14.1.1, 14.1.2, 14.2, 14.4, 14.6, 15.3.7, 15.5.17
"""

from __future__ import annotations

from email import message_from_bytes

import pytest
from hypothesis import given
from hypothesis import strategies as st

from davd.http.dates import http_date
from davd.http.ranges import MAX_RANGES, content_range, multipart, select
from davd.model.errors import HTTPError


def _select(value: str, length: int = 10000) -> list[tuple[int, int]] | None:
    return select({"range": value}, length, '"a"', 784111777.5)


class TestSelect:
    """Verifies: RFC 9110, 14.1.1, 14.1.2, 14.2"""

    @pytest.mark.parametrize(
        ("value", "ranges"),
        [
            ("bytes=0-499", [(0, 500)]),
            ("bytes=500-999", [(500, 1000)]),
            ("bytes=-500", [(9500, 10000)]),
            ("bytes=9500-", [(9500, 10000)]),
            ("bytes=0-0,-1", [(0, 1), (9999, 10000)]),
            ("bytes= 0-0 ,\t4500-5499 , -1000", [(0, 1), (4500, 5500), (9000, 10000)]),
            ("Bytes=0-", [(0, 10000)]),
            ("bytes=-99999", [(0, 10000)]),
            ("bytes=9999-99999", [(9999, 10000)]),
            ("bytes=10000-10001,5-6", [(5, 7)]),
            ("bytes=5000-5001,0-1", [(5000, 5002), (0, 2)]),
            ("bytes=,0-1,,", [(0, 2)]),
        ],
    )
    def test_ranges(self, value: str, ranges: list[tuple[int, int]]) -> None:
        assert _select(value) == ranges

    @pytest.mark.parametrize(
        "value",
        [
            "",
            "bytes",
            "bytes=",
            "bytes=,",
            "bytes=-",
            "bytes=5-4",
            "bytes=a-b",
            "bytes=0-1;2-3",
            "bytes=0 - 1",
            "bytes=+0-1",
            "bytes=0-1,x",
            "bytes=0-\u0661",
            "bytes=0-" + "9" * 19,
            "items=0-1",
            "0-1",
        ],
    )
    def test_what_is_ignored(self, value: str) -> None:
        assert _select(value) is None

    @pytest.mark.parametrize("value", ["bytes=10000-", "bytes=10000-10001,20000-", "bytes=-0"])
    def test_what_cannot_be_satisfied(self, value: str) -> None:
        with pytest.raises(HTTPError) as caught:
            _select(value)
        assert caught.value.status == 416
        assert caught.value.headers == {"Content-Range": "bytes */10000"}

    def test_empty_representation(self) -> None:
        assert _select("bytes=-5", 0) is None
        with pytest.raises(HTTPError) as caught:
            _select("bytes=0-", 0)
        assert caught.value.headers == {"Content-Range": "bytes */0"}

    def test_many_ranges(self) -> None:
        spread = [f"{number * 500}-{number * 500}" for number in range(MAX_RANGES + 1)]
        assert _select("bytes=" + ",".join(spread)) is None
        assert len(_select("bytes=" + ",".join(spread[:-1])) or []) == MAX_RANGES

    def test_overlapping_and_near_ranges_are_joined(self) -> None:
        assert _select("bytes=0-,0-,0-,0-") == [(0, 10000)]
        assert _select("bytes=1000-1999,0-9,20-29,1500-2500") == [(0, 30), (1000, 2501)]

    @given(st.lists(st.tuples(st.integers(0, 3000), st.integers(0, 3000)), min_size=1, max_size=MAX_RANGES))
    def test_nothing_asked_for_is_left_out_and_nothing_sent_twice(self, pairs: list[tuple[int, int]]) -> None:
        asked = {place for low, high in pairs for place in range(min(low, high), min(max(low, high) + 1, 2000))}
        value = "bytes=" + ",".join([f"{min(pair)}-{max(pair)}" for pair in pairs])
        if not asked:
            with pytest.raises(HTTPError):
                _select(value, 2000)
            return
        ranges = _select(value, 2000) or []
        sent = [place for start, stop in ranges for place in range(start, stop)]
        assert asked <= set(sent)
        assert len(sent) == len(set(sent))
        assert all(0 <= start < stop <= 2000 for start, stop in ranges)

    @given(st.text(max_size=40))
    def test_any_text(self, text: str) -> None:
        try:
            ranges = _select("bytes=" + text)
        except HTTPError as error:
            assert error.status == 416
        else:
            assert ranges is None or ranges


class TestIfRange:
    """Verifies: RFC 9110, 13.1.5"""

    @pytest.mark.parametrize(
        ("value", "holds"),
        [
            ('"a"', True),
            ('"b"', False),
            ('W/"a"', False),
            ('"a", "b"', False),
            ("*", False),
            ("", False),
            (http_date(784111777), True),
            (http_date(784111778), False),
            (http_date(784111776), False),
        ],
    )
    def test_validators(self, value: str, holds: bool) -> None:
        headers = {"range": "bytes=0-0", "if-range": value}
        assert select(headers, 10, '"a"', 784111777.5) == ([(0, 1)] if holds else None)

    def test_without_validators(self) -> None:
        for value in ('"a"', http_date(0)):
            assert select({"range": "bytes=0-0", "if-range": value}, 10, None, None) is None

    def test_an_unsatisfiable_range_of_an_older_state_sends_the_whole(self) -> None:
        assert select({"range": "bytes=99-", "if-range": '"b"'}, 10, '"a"', None) is None

    def test_a_date_of_this_second_is_no_strong_validator(self) -> None:
        headers = {"range": "bytes=0-0", "if-range": http_date(784111777)}
        assert select(headers, 10, None, 784111777.5, now=784111777.9) is None
        assert select(headers, 10, None, 784111777.5, now=784111778.0) == [(0, 1)]


class TestMultipart:
    """Verifies: RFC 9110, 14.4, 14.6, 15.3.7.2"""

    def test_content_range(self) -> None:
        assert content_range(0, 500, 1234) == "bytes 0-499/1234"

    def test_a_mail_reader_finds_the_parts(self) -> None:
        content = bytes(range(256)) * 4
        ranges = [(0, 10), (500, 501), (1000, 1024)]
        heads, closing, total = multipart(ranges, len(content), "text/x; a=b", "BOUNDARY")
        body = b""
        for head, (start, stop) in zip(heads, ranges, strict=True):
            body += head + content[start:stop]
        body += closing
        assert len(body) == total
        message = message_from_bytes(b"Content-Type: multipart/byteranges; boundary=BOUNDARY\r\n\r\n" + body)
        parts = message.get_payload()
        assert isinstance(parts, list) and len(parts) == 3
        for part, (start, stop) in zip(parts, ranges, strict=True):
            assert part["Content-Range"] == f"bytes {start}-{stop - 1}/1024"
            assert part["Content-Type"] == "text/x; a=b"
