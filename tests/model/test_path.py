"""Paths are decoded once and written in one form.

Verifies: RFC 3986, 2.1, 3.3, 6.2.2; RFC 4918, 8.3
"""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from davd.model.errors import HTTPError
from davd.model.path import MAX_SEGMENT_BYTES, MAX_SEGMENTS, Path

NAMES = st.text(
    st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="/\\"), min_size=1, max_size=40
).filter(
    lambda name: (
        unicodedata.normalize("NFC", name) not in (".", "..")
        and not set(unicodedata.normalize("NFC", name)) & {"/", "\\"}
    )
)


class TestParse:
    """Verifies: RFC 3986, 2.1, 3.3, 6.2.2."""

    @pytest.mark.parametrize(
        ("text", "segments", "slash"),
        [
            ("/", (), True),
            ("/a", ("a",), False),
            ("/a/", ("a",), True),
            ("//a//b//", ("a", "b"), True),
            ("/a/./b", ("a", "b"), False),
            ("/a/.", ("a",), True),
            ("/a%20b", ("a b",), False),
            ("/a+b", ("a+b",), False),
            ("/%41", ("A",), False),
            ("/a%40example.org", ("a@example.org",), False),
            ("/%e2%82%ac", ("€",), False),
            ("/a%25b", ("a%b",), False),
            ("/...", ("...",), False),
            ("/.hidden", (".hidden",), False),
            ("/u%CC%88", ("ü",), False),
        ],
    )
    def test_what_is_read(self, text: str, segments: tuple[str, ...], slash: bool) -> None:
        assert Path.parse(text) == Path(segments, slash)

    @pytest.mark.parametrize(
        "text",
        ["", "a", "/..", "/a/../b", "/%2e", "/%2E%2e/", "/a%2fb", "/a%5cb", "/a\\b", "/%00", "/%0a", "/%7f", "/%",
         "/%g0", "/%c0%ae", "/%ff", "/%ed%a0%80", "/a%2F..%2Fb"],
    )  # fmt: skip
    def test_what_is_refused(self, text: str) -> None:
        with pytest.raises(HTTPError) as caught:
            Path.parse(text)
        assert caught.value.status == 400

    def test_limits(self) -> None:
        assert Path.parse("/" + "a" * MAX_SEGMENT_BYTES).name == "a" * MAX_SEGMENT_BYTES
        for text in ("/" + "%61" * (MAX_SEGMENT_BYTES + 1), "/" + "a" * 256 + "/b", "/a" * (MAX_SEGMENTS + 1)):
            with pytest.raises(HTTPError) as caught:
                Path.parse(text)
            assert caught.value.status == 414

    @given(st.lists(NAMES, max_size=5), st.booleans())
    def test_what_is_written_is_read_back(self, names: list[str], slash: bool) -> None:
        segments = tuple(unicodedata.normalize("NFC", name) for name in names)
        path = Path(segments, slash or not segments)
        assert Path.parse(path.href) == path
        assert path.href.isascii()

    @given(st.text())
    def test_any_text_is_a_path_or_refused(self, text: str) -> None:
        try:
            path = Path.parse("/" + text)
        except HTTPError as error:
            assert error.status in (400, 414)
        else:
            assert ".." not in path.segments
            assert Path.parse(path.href).segments == path.segments


class TestPlaces:
    """Verifies: RFC 4918, 5.2."""

    def test_parent_child_and_contains(self) -> None:
        path = Path.parse("/a/b")
        assert path.parent == Path(("a",), True)
        assert path.child("c", True).href == "/a/b/c/"
        assert Path.parse("/a").contains(path) and not path.contains(Path.parse("/a"))
        assert not Path.parse("/a").contains(Path.parse("/ab"))
        assert Path((), True).parent == Path((), True)
