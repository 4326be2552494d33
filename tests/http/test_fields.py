"""Field values taken apart.

Verifies: RFC 9110, 5.6.1, 5.6.2, 5.6.4, 5.6.6, 8.3
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from davd.http.fields import (
    ContentType,
    parse_content_type,
    parse_parameter,
    quote,
    split_list,
    split_sections,
    unquote,
)

_QUOTABLE = st.text([chr(code) for code in (9, *range(32, 127), *range(128, 256))])


@given(_QUOTABLE)
def test_what_is_quoted_is_unquoted(text: str) -> None:
    assert unquote(quote(text)) == text


@given(st.lists(_QUOTABLE, min_size=1))
def test_separators_in_quotes_separate_nothing(texts: list[str]) -> None:
    quoted = [quote(text) for text in texts]
    assert split_list(", ".join(quoted)) == quoted
    assert split_sections(" ;".join(quoted)) == quoted


@given(st.text(max_size=60) | st.text('",;\\ a', max_size=60))
def test_any_text_is_split_or_refused(text: str) -> None:
    for split, separator in ((split_list, ","), (split_sections, ";")):
        try:
            parts = split(text)
        except ValueError:
            assert '"' in text
            continue
        assert all(parts)
        if '"' not in text:
            assert parts == [part.strip(" \t") for part in text.split(separator) if part.strip(" \t")]


def test_quote_refuses_what_no_quoted_string_holds() -> None:
    for text in ("a\r\nb", "\0", "\x7f", "\u20ac"):
        with pytest.raises(ValueError):
            quote(text)


def test_unquote_leaves_the_rest_alone() -> None:
    assert [unquote(text) for text in ("a", '"', '"a', 'a"b"', '""', r'"a\"b\\"')] == [
        "a",
        '"',
        '"a',
        'a"b"',
        "",
        'a"b\\',
    ]


def test_empty_members_are_dropped() -> None:
    assert split_list(" , a,, b\t,") == ["a", "b"]
    assert split_list(', "a,b" ,,c="d",') == ['"a,b"', 'c="d"']


@pytest.mark.parametrize("text", ['"', 'a, "b', '"a\\"', 'a"', '"a"" '])
def test_open_quotes_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        split_list(text)


def test_quotes_that_never_close_cost_linear_time() -> None:
    # A reader that tried again at every quote would look at the square of this, some 10^10 characters.
    with pytest.raises(ValueError):
        split_list('"' + '\\"' * 100_000)


def test_parameters() -> None:
    assert parse_parameter("Q=0.5") == ("q", "0.5")
    assert parse_parameter('a = "b;\\"c"') == ("a", 'b;"c')
    assert parse_parameter("flag") == ("flag", "")
    assert parse_parameter("flag=") == ("flag", "")
    for text in ("", "=a", "a=b c", "a b", 'a="b', "a=b=c"):
        with pytest.raises(ValueError):
            parse_parameter(text)


class TestContentType:
    """Verifies: RFC 9110, 8.3, 8.3.1, 8.3.2"""

    @pytest.mark.parametrize(
        ("text", "media_type", "charset"),
        [
            ("text/XML", "text/xml", None),
            ('Text/Calendar; Charset="UTF-8"; component=VEVENT', "text/calendar", "utf-8"),
            ("text/plain;charset=a;charset=b", "text/plain", "a"),
            ("text/plain; charset=", "text/plain", None),
            ("application/vnd.oasis+zip ;", "application/vnd.oasis+zip", None),
        ],
    )
    def test_types(self, text: str, media_type: str, charset: str | None) -> None:
        parsed = parse_content_type(text)
        assert parsed is not None
        assert (parsed.media_type, parsed.charset) == (media_type, charset)

    def test_parameters(self) -> None:
        assert parse_content_type('a/b;X="y;z";w=1') == ContentType("a/b", None, (("x", "y;z"), ("w", "1")))

    @pytest.mark.parametrize(
        "text", ["", ";", "text", "text/", "/xml", "text/xml/a", "text xml", 'text/xml;a="', "t/x;a b"]
    )
    def test_malformed(self, text: str) -> None:
        assert parse_content_type(text) is None
