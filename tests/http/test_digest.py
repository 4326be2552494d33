"""Digests of content.

Verifies: RFC 9530, 2, 3, 5; RFC 8941, 3.2, 3.3.5, 4.2
"""

from __future__ import annotations

import hashlib
import zlib
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from davd.http.digest import Adler32, Expected, content_digest, parse_digests
from davd.model.errors import HTTPError

_CONTENT = b'{"hello": "world"}\n'
_SHA256 = "sha-256=:RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=:"


def _digests(*names: str, content: bytes = _CONTENT) -> dict[str, str]:
    found = {name: hashlib.new(name, content).hexdigest() for name in names if name != "adler32"}
    return {**found, "adler32": f"{zlib.adler32(content):08x}"}


class TestDictionary:
    """Verifies: RFC 8941, 3.2, 3.3.5, 4.2, 4.2.2"""

    @pytest.mark.parametrize(
        ("text", "digests"),
        [
            ("a=:YWI=:", {"a": b"ab"}),
            (" a=:YWI=:\t,\t b=:: ", {"a": b"ab", "b": b""}),
            ('a=:YWI=:;x=1;y, c=?1, d, e=1.5, f="g,h", i=tok/en:', {"a": b"ab"}),
            ("a=:YWI=:, a=:YWM=:", {"a": b"ac"}),
            ("a=:YWI=:, a=1", {}),
        ],
    )
    def test_members(self, text: str, digests: dict[str, bytes]) -> None:
        assert parse_digests(text) == digests

    @pytest.mark.parametrize(
        "text",
        [
            "",
            ",",
            "a=:YWI=:,",
            "A=:YWI=:",
            "a=:YWI=",
            "a=:Y!I=:",
            "a=:YWI:",
            "a = :YWI=:",
            "a=:YWI=: b=:YWI=:",
            "a=\xe4",
            "a=:YWI=:," * 300,
        ],
    )
    def test_what_does_not_parse_is_ignored_as_a_whole(self, text: str) -> None:
        assert parse_digests(text) == {}

    @given(st.dictionaries(st.text("abz-_.*09", max_size=6).map(lambda text: "k" + text), st.binary(max_size=40)))
    def test_what_is_written_is_read(self, digests: dict[str, bytes]) -> None:
        text = ", ".join([f"{key}=:{b64encode(value).decode()}:" for key, value in digests.items()])
        assert parse_digests(text) == digests

    @given(st.text(max_size=60) | st.text('ab=:;,"\\ ?1', max_size=60))
    def test_any_text(self, text: str) -> None:
        assert isinstance(parse_digests(text), dict)


class TestExpected:
    """Verifies: RFC 9530, 2, 3, 5"""

    @pytest.mark.parametrize("name", ["content-digest", "repr-digest"])
    def test_the_example_of_the_rfc(self, name: str) -> None:
        expected = Expected.from_headers({name: _SHA256})
        assert expected.algorithms == ("sha256",)
        assert expected.verify(_digests("sha256"))
        assert not expected.verify(_digests("sha256", content=b"other"))
        assert not expected.verify({})

    def test_every_stated_digest_counts(self) -> None:
        sha512 = b64encode(hashlib.sha512(b"other").digest()).decode()
        expected = Expected.from_headers({"content-digest": f"{_SHA256}, sha-512=:{sha512}:"})
        assert set(expected.algorithms) == {"sha256", "sha512"}
        assert not expected.verify(_digests("sha256", "sha512"))

    def test_unknown_algorithms_state_nothing(self) -> None:
        for headers in (
            {"content-digest": "md5=:YWI=:, crc32c=:YWI=:"},
            {"content-md5": "x"},
            {"oc-checksum": "CRC:1"},
            {},
        ):
            expected = Expected.from_headers(headers)
            assert expected.algorithms == ()
            assert expected.verify({})

    @pytest.mark.parametrize("algorithm", ["SHA1", "MD5", "SHA256", "Adler32"])
    def test_oc_checksum(self, algorithm: str) -> None:
        name = algorithm.lower()
        expected = Expected.from_headers(
            {"oc-checksum": f"{algorithm}:{_digests('sha1', 'md5', 'sha256')[name].upper()}"}
        )
        assert expected.algorithms == (name,)
        assert expected.verify(_digests("sha1", "md5", "sha256"))
        assert not expected.verify(_digests("sha1", "md5", "sha256", content=b"other"))

    def test_adler_without_leading_zeros(self) -> None:
        assert Expected.from_headers({"oc-checksum": "ADLER32:620062"}).verify({"adler32": "00620062"})

    @pytest.mark.parametrize(
        "headers",
        [
            {"content-digest": "sha-256=:YWI=:"},
            {"oc-checksum": "SHA1:abcd"},
            {"content-digest": _SHA256, "repr-digest": f"sha-256=:{b64encode(bytes(32)).decode()}:"},
            {"content-digest": _SHA256, "oc-checksum": "SHA256:" + "0" * 64},
        ],
    )
    def test_what_no_content_can_satisfy(self, headers: dict[str, str]) -> None:
        with pytest.raises(HTTPError) as caught:
            Expected.from_headers(headers)
        assert caught.value.status == 400


def test_responses_state_what_requests_may_state() -> None:
    sha256 = hashlib.sha256(_CONTENT).hexdigest()
    assert content_digest(sha256) == _SHA256
    assert Expected.from_headers({"content-digest": content_digest(sha256)}).verify({"sha256": sha256})
    assert Expected.from_headers({"oc-checksum": f"SHA256:{sha256}"}).verify({"sha256": sha256})


@given(st.lists(st.binary(max_size=50)))
def test_adler(pieces: list[bytes]) -> None:
    checksum = Adler32()
    for piece in pieces:
        checksum.update(piece)
    assert checksum.hexdigest() == f"{zlib.adler32(b''.join(pieces)):08x}"
