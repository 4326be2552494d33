"""The header fields of WebDAV requests.

Verifies: RFC 4918, 8.3, 10.2, 10.3, 10.5, 10.6, 10.7; RFC 3986, 3.2, 4.3
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from davd.dav.fields import INFINITE, NO_FIELDS, Fields, parse_destination, parse_fields, parse_reference
from davd.model.errors import HTTPError
from davd.model.path import Path

TOKEN = "urn:uuid:e71d4fae-5dec-22d6-fea5-00a0c91e6be4"


def refused(name: str, value: str) -> int:
    with pytest.raises(HTTPError) as caught:
        parse_fields({name: value})
    return caught.value.status


class TestFields:
    """Verifies: RFC 4918, 10.2, 10.5, 10.6, 10.7"""

    def test_a_request_without_any_gets_the_shared_value(self) -> None:
        assert parse_fields({"host": "a", "accept": "*/*"}) is NO_FIELDS
        assert Fields() == NO_FIELDS

    @pytest.mark.parametrize(
        ("sent", "read"), [("0", "0"), ("1", "1"), ("infinity", "infinity"), (" Infinity", "infinity")]
    )
    def test_depth(self, sent: str, read: str) -> None:
        assert parse_fields({"depth": sent}).depth == read

    @pytest.mark.parametrize("sent", ["", "2", "-1", "infinite", "0, 0", "1,noroot", "٠"])
    def test_bad_depth(self, sent: str) -> None:
        assert refused("depth", sent) == 400

    def test_overwrite(self) -> None:
        assert [parse_fields({"overwrite": sent}).overwrite for sent in ("T", "F", "t", "f")] == [True, False] * 2
        assert parse_fields({"depth": "0"}).overwrite is True

    @pytest.mark.parametrize("sent", ["", "true", "0", "T, F"])
    def test_bad_overwrite(self, sent: str) -> None:
        assert refused("overwrite", sent) == 400

    @pytest.mark.parametrize(
        ("sent", "read"),
        [
            ("Second-604800", 604800),
            ("Infinite", INFINITE),
            ("Infinite, Second-4100000000", INFINITE),
            ("Extend-1, second-5, Infinite", 5),
            ("Second-4294967295", INFINITE),
            ("Second-4294967296, Second-7", 7),
            ("Second-", None),
            ("Second--1", None),
            ("Second-1.5", None),
            ("Second-" + "9" * 5000, None),
            ("", None),
            ("," * 5000, None),
            ("Second-0", 0),
        ],
    )
    def test_timeout(self, sent: str, read: int | None) -> None:
        assert parse_fields({"timeout": sent}).timeout == read

    @pytest.mark.parametrize("sent", [f"<{TOKEN}>", TOKEN, f" <{TOKEN}> "])
    def test_lock_token(self, sent: str) -> None:
        assert parse_fields({"lock-token": sent}).lock_token == TOKEN

    @pytest.mark.parametrize(
        "sent", ["", "<>", f"<{TOKEN}", f"{TOKEN}>", "no-scheme", "<a b:c>", f"<{TOKEN}>, <{TOKEN}>"]
    )
    def test_bad_lock_token(self, sent: str) -> None:
        assert refused("lock-token", sent) == 400

    def test_the_rest_is_passed_on(self) -> None:
        fields = parse_fields({"if": "(<a:b>", "destination": "http://x/y?"})
        assert fields == Fields(destination="http://x/y?", if_="(<a:b>")

    @given(st.sampled_from(["depth", "overwrite", "timeout", "lock-token"]), st.text(max_size=30))
    def test_nothing_raises_anything_but_400(self, name: str, value: str) -> None:
        try:
            parse_fields({name: value})
        except HTTPError as error:
            assert error.status == 400


HERE = "dav.example.com"


class TestDestination:
    """Verifies: RFC 4918, 8.3, 10.3"""

    @pytest.mark.parametrize(
        ("text", "authority", "scheme"),
        [
            ("/a/b%20c", HERE, "https"),
            ("https://dav.example.com/a/b%20c", HERE, "https"),
            ("HTTPS://DAV.example.COM/a/b%20c", HERE, "https"),
            ("https://dav.example.com:443/a/b%20c", HERE, "https"),
            ("https://dav.example.com:/a/b%20c", HERE, "https"),
            ("https://dav.example.com./a/b%20c", HERE, "https"),
            ("https://dav.example.com/a/b%20c", HERE + ":443", "https"),
            ("https://dav.example.com/a/b%20c", HERE + ":443", "http"),
            ("https://dav.example.com/a/b%20c", HERE, "http"),
            ("http://dav.example.com/a/b%20c", HERE, "https"),
            ("http://dav.example.com:80/a/b%20c", HERE, "http"),
            ("https://dav.example.com:8443/a/b%20c", HERE + ":8443", "https"),
            ("https://[::1]:8443/a/b%20c", "[::1]:8443", "https"),
            ("https://127.0.0.1:8443/a/b%20c", "127.0.0.1:8443", "https"),
        ],
    )
    def test_here(self, text: str, authority: str, scheme: str) -> None:
        assert parse_destination(text, authority, (), scheme) == Path(("a", "b c"))

    def test_collections_and_the_root(self) -> None:
        assert parse_destination("/a/", HERE) == Path(("a",), True)
        assert parse_destination("https://dav.example.com", HERE).segments == ()
        assert parse_destination("https://dav.example.com/", HERE).segments == ()

    @pytest.mark.parametrize(
        "text",
        [
            "https://other.example.com/a",
            "https://dav.example.com.evil.org/a",
            "https://dav.example.com:8443/a",
            "http://dav.example.com:443/a",
            "ftp://dav.example.com/a",
            "https://example.com/a",
        ],
    )
    def test_elsewhere_is_502(self, text: str) -> None:
        with pytest.raises(HTTPError) as caught:
            parse_destination(text, HERE)
        assert caught.value.status == 502
        assert parse_reference(text, HERE) is None

    def test_configured_names_are_ours(self) -> None:
        own = ["Files.Example.com", "cloud.example.com:8443", "[::1]"]
        for authority in ("files.example.com", "files.example.com:8443", "cloud.example.com:8443", "[::1]:1"):
            assert parse_destination(f"https://{authority}/a", HERE, own) == Path(("a",))
        for authority in ("cloud.example.com", "cloud.example.com:443", "files.example.com.org"):
            assert parse_reference(f"https://{authority}/a", HERE, own) is None

    @pytest.mark.parametrize(
        "text",
        [
            None,
            "",
            "a/b",
            "//dav.example.com/a",
            "https:/a",
            "https:///a",
            "mailto:me@example.com",
            "https://user@dav.example.com/a",
            "https://user:secret@dav.example.com/a",
            "/a?query",
            "/a#fragment",
            "https://dav.example.com/a?b",
            "https://dav.example.com?b",
            "https://dav.example.com:port/a",
            "https://dav.example.com:123456/a",
            "https://[::1/a",
            "/a b",
            "/a\x00",
            "/é",
            "/a/../b",
            "/%2e%2e/b",
            "/a%2fb",
            "/a%zz",
            "/%ff",
            "/" + "a" * 300,
            "/a" * 100,
            "/" + "a/" * 5000,
            f"https://{'a' * 400}/b",
            "https://dav.example.com/a, https://dav.example.com/b",
        ],
    )
    def test_what_is_malformed_is_400(self, text: str | None) -> None:
        with pytest.raises(HTTPError) as caught:
            parse_destination(text, HERE)
        assert caught.value.status == 400

    def test_a_prefix_is_stripped(self) -> None:
        for text in ("/dav/a", "https://dav.example.com/dav/a"):
            assert parse_destination(text, HERE, prefix="/dav") == Path(("a",))
        assert parse_destination("/dav", HERE, prefix="/dav").segments == ()
        for text in ("/a", "/davd/a", "/", "https://dav.example.com"):
            with pytest.raises(HTTPError) as caught:
                parse_destination(text, HERE, prefix="/dav")
            assert caught.value.status == 502

    @given(
        st.one_of(
            st.text(max_size=40),
            st.lists(
                st.sampled_from(
                    ["http", "s", "://", "/", "dav.example.com", ":", "443", "@", "[", "]", "%41", "%", "?", ".."]
                )
            ).map("".join),
        ),
        st.sampled_from([HERE, "", "[::1]:8443", "x y"]),
    )
    def test_nothing_raises_anything_but_400_and_502(self, text: str, authority: str) -> None:
        try:
            assert isinstance(parse_destination(text, authority, ["x"]), Path)
        except HTTPError as error:
            assert error.status in (400, 502)

    @given(
        st.lists(
            st.text(
                st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters="/\\"), min_size=1, max_size=9
            ),
            max_size=4,
        )
    )
    def test_the_href_of_a_path_leads_to_it(self, names: list[str]) -> None:
        try:
            path = Path.parse("/" + "/".join(Path((name,)).href[1:] for name in names))
        except HTTPError:
            return
        assert parse_destination(f"https://{HERE}{path.href}", HERE) == path
