"""Conditional requests.

Verifies: RFC 9110, 8.8.3.2, 13.1.1, 13.1.2, 13.1.3, 13.1.4, 13.2.1, 13.2.2
"""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from davd.http.conditional import evaluate, named_tag, parse_entity_tags, strong_match, weak_match
from davd.http.dates import http_date
from davd.model.errors import HTTPError

_NOW = 784111777.5
_BEFORE, _SAME, _AFTER = http_date(_NOW - 1), http_date(_NOW), http_date(_NOW + 1)


class TestComparison:
    """Verifies: RFC 9110, 8.8.3.2"""

    @pytest.mark.parametrize(
        ("one", "other", "strong", "weak"),
        [
            ('W/"1"', 'W/"1"', False, True),
            ('W/"1"', 'W/"2"', False, False),
            ('W/"1"', '"1"', False, True),
            ('"1"', '"1"', True, True),
        ],
    )
    def test_the_table_of_the_rfc(self, one: str, other: str, strong: bool, weak: bool) -> None:
        assert strong_match(one, other) is strong is strong_match(other, one)
        assert weak_match(one, other) is weak is weak_match(other, one)


class TestEntityTags:
    """Verifies: RFC 9110, 8.8.3, 13.1.1, 13.1.2"""

    @pytest.mark.parametrize(
        ("text", "tags"),
        [
            ("*", ("*",)),
            ('"a"', ('"a"',)),
            ('W/"a","b,c" ,\t"" , , "d"', ('W/"a"', '"b,c"', '""', '"d"')),
            ('"\xe4!#"', ('"\xe4!#"',)),
            ("abc", ('"abc"',)),
            ('W/abc, "d"', ('W/"abc"', '"d"')),
        ],
    )
    def test_lists(self, text: str, tags: tuple[str, ...]) -> None:
        assert parse_entity_tags(text) == tags

    @pytest.mark.parametrize(
        "text", ["", ",", " ", '"a', 'a"', '"a" "b"', '"a b"', 'w/"a"', '"a"b', "a b", '"\x7f"', '\\"a\\"']
    )
    def test_malformed(self, text: str) -> None:
        assert parse_entity_tags(text) is None

    @given(st.lists(st.tuples(st.booleans(), st.text("!#~az09,-", max_size=8)), min_size=1))
    def test_what_is_written_is_read(self, tags: list[tuple[bool, str]]) -> None:
        texts = tuple(f'W/"{text}"' if weak else f'"{text}"' for weak, text in tags)
        assert parse_entity_tags(" ,  ".join(texts)) == texts


def _evaluate(method: str, etag: str | None = '"a"', exists: bool = True, **fields: str) -> int | None:
    headers = {name.replace("_", "-"): value for name, value in fields.items()}
    return evaluate(method, headers, etag, _NOW if exists else None, exists)


class TestIfMatch:
    """Verifies: RFC 9110, 13.1.1"""

    @pytest.mark.parametrize(
        ("value", "answer"), [('"a"', None), ('"b"', 412), ('"b", "a"', None), ('W/"a"', 412), ("*", None), ("a", None)]
    )
    def test_lists(self, value: str, answer: int | None) -> None:
        assert _evaluate("PUT", if_match=value) == answer
        assert _evaluate("GET", if_match=value) == answer

    def test_absent(self) -> None:
        assert _evaluate("PUT", None, False, if_match="*") == 412
        assert _evaluate("PUT", None, False, if_match='"a"') == 412

    def test_no_tag(self) -> None:
        assert _evaluate("DELETE", None, if_match='"a"') == 412
        assert _evaluate("DELETE", None, if_match="*") is None

    def test_a_weak_tag_never_matches(self) -> None:
        assert _evaluate("PUT", 'W/"a"', if_match='W/"a"') == 412


class TestIfNoneMatch:
    """Verifies: RFC 9110, 13.1.2"""

    @pytest.mark.parametrize(
        ("value", "matches"), [('"a"', True), ('W/"a"', True), ('"b"', False), ('"b","a"', True), ("*", True)]
    )
    def test_lists(self, value: str, matches: bool) -> None:
        assert _evaluate("GET", if_none_match=value) == (304 if matches else None)
        assert _evaluate("HEAD", if_none_match=value) == (304 if matches else None)
        assert _evaluate("PUT", if_none_match=value) == (412 if matches else None)

    def test_creation(self) -> None:
        assert _evaluate("PUT", None, False, if_none_match="*") is None
        assert _evaluate("PUT", None, True, if_none_match="*") == 412


class TestDates:
    """Verifies: RFC 9110, 13.1.3, 13.1.4"""

    def test_if_modified_since(self) -> None:
        assert _evaluate("GET", if_modified_since=_BEFORE) is None
        assert _evaluate("GET", if_modified_since=_SAME) == 304
        assert _evaluate("HEAD", if_modified_since=_AFTER) == 304
        assert _evaluate("PUT", if_modified_since=_AFTER) is None
        assert _evaluate("GET", if_modified_since="yesterday") is None

    def test_if_unmodified_since(self) -> None:
        assert _evaluate("PUT", if_unmodified_since=_BEFORE) == 412
        assert _evaluate("PUT", if_unmodified_since=_SAME) is None
        assert _evaluate("GET", if_unmodified_since=_BEFORE) == 412
        assert _evaluate("PUT", if_unmodified_since="yesterday") is None
        assert _evaluate("PUT", exists=False, if_unmodified_since=_BEFORE) is None

    def test_without_a_modification_date(self) -> None:
        for name in ("if-modified-since", "if-unmodified-since"):
            assert evaluate("GET", {name: _BEFORE}, '"a"', None, True) is None


class TestPrecedence:
    """Every combination of fields against the five steps, followed to the letter.

    Verifies: RFC 9110, 13.2.1, 13.2.2
    """

    @pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PROPFIND", "OPTIONS"])
    def test_all(self, method: str) -> None:
        reading = method in ("GET", "HEAD")
        values = (None, True, False)
        for match, unmodified, none_match, modified in itertools.product(values, repeat=4):
            headers = {}
            if match is not None:
                headers["if-match"] = '"a"' if match else '"b"'
            if unmodified is not None:
                headers["if-unmodified-since"] = _SAME if unmodified else _BEFORE
            if none_match is not None:
                headers["if-none-match"] = '"b"' if none_match else '"a"'
            if modified is not None:
                headers["if-modified-since"] = _BEFORE if modified else _SAME
            first = match if match is not None else unmodified
            second = none_match if none_match is not None else (modified if reading else None)
            expected: int | None = None
            if method == "OPTIONS":
                pass
            elif first is False:
                expected = 412
            elif second is False:
                expected = 304 if reading else 412
            assert evaluate(method, headers, '"a"', _NOW, True) == expected, headers

    def test_a_missing_resource_is_missing_whatever_the_conditions(self) -> None:
        assert _evaluate("GET", None, False, if_match='"a"') is None
        assert _evaluate("HEAD", None, False, if_none_match="*") is None

    def test_unconditional(self) -> None:
        assert evaluate("GET", {"host": "a"}, None, None, False) is None


class TestMalformed:
    """Verifies: RFC 9110, 13.1.1, 13.1.2"""

    @pytest.mark.parametrize("name", ["if-match", "if-none-match"])
    def test_writes_are_refused_and_reads_go_on(self, name: str) -> None:
        assert evaluate("GET", {name: '"a'}, '"a"', _NOW, True) is None
        for method in ("PUT", "DELETE", "MOVE"):
            with pytest.raises(HTTPError) as caught:
                evaluate(method, {name: '"a'}, '"a"', _NOW, True)
            assert caught.value.status == 400

    def test_a_malformed_if_none_match_still_outranks_the_date(self) -> None:
        assert _evaluate("GET", if_none_match='"a', if_modified_since=_AFTER) is None


class TestSuffix:
    """Verifies: RFC 9110, 8.8.3.3"""

    def test_a_suffix_put_there_by_a_proxy_names_the_same_state(self) -> None:
        assert _evaluate("PUT", if_match='"a-gzip"') is None
        assert _evaluate("PUT", if_match='"b-gzip"') == 412
        assert _evaluate("PUT", if_match='W/"a-gzip"') == 412
        assert _evaluate("GET", if_none_match='W/"a-gzip"') == 304

    def test_the_tag_of_a_304_is_the_one_the_client_has(self) -> None:
        assert named_tag({"if-none-match": '"b", "a-gzip"'}, '"a"') == '"a-gzip"'
        assert named_tag({"if-none-match": 'W/"a"'}, '"a"') == '"a"'
        assert named_tag({"if-none-match": "*"}, '"a"') == '"a"'
        assert named_tag({}, '"a"') == '"a"'
