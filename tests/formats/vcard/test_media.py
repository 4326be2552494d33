"""Pictures, sounds and keys in both versions.

Verifies: RFC 6350, 6.2.4, 6.6.3, 6.7.5, 6.8.1; RFC 2397, 2, 3
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from davd.formats.vcard.card import parse
from davd.formats.vcard.media import downward, is_uri, upward, uri
from davd.formats.vcard.params import pairs

BOTH_WAYS = [
    ("PHOTO;ENCODING=b;TYPE=JPEG:/9j/4AAQ", "PHOTO:data:image/jpeg;base64,/9j/4AAQ"),
    ("LOGO;ENCODING=b;TYPE=SVG+XML:AAAA", "LOGO:data:image/svg+xml;base64,AAAA"), ("SOUND;ENCODING=b;TYPE=BASIC:AAAA",
    "SOUND:data:audio/basic;base64,AAAA"), ("SOUND;ENCODING=b;TYPE=WAVE:AAAA", "SOUND:data:audio/wav;base64,AAAA"),
    ("KEY;ENCODING=b;TYPE=PGP:AAAA", "KEY:data:application/pgp-keys;base64,AAAA"), ("KEY;ENCODING=b;TYPE=X509:AAAA",
    "KEY:data:application/pkix-cert;base64,AAAA"), ("KEY;ENCODING=b:AAAA",
    "KEY:data:application/octet-stream;base64,AAAA"), ("PHOTO;ENCODING=b;TYPE=image/x-icon:AAAA",
    "PHOTO:data:image/x-icon;base64,AAAA"), ("PHOTO;ENCODING=b;TYPE=JPEG,HOME:AAAA",
    "PHOTO;TYPE=HOME:data:image/jpeg;base64,AAAA"), ('PHOTO;ENCODING=b;MEDIATYPE="image/x;a=b":AAAA',
    "PHOTO:data:image/x;a=b;base64,AAAA"), ("PHOTO;VALUE=uri;TYPE=GIF:http://a.example/b.gif",
    "PHOTO;MEDIATYPE=image/gif:http://a.example/b.gif"), ("PHOTO;VALUE=uri:http://a.example/b",
    "PHOTO:http://a.example/b"), ("SOUND;VALUE=uri;TYPE=OGG:CID:JOHNQPUBLIC.part8@host1.com",
    "SOUND;MEDIATYPE=audio/ogg:CID:JOHNQPUBLIC.part8@host1.com"), ("KEY;VALUE=text;TYPE=PGP:-----BEGIN",
    "KEY;VALUE=text;TYPE=PGP:-----BEGIN"),
    ("PHOTO;ENCODING=b;TYPE=PNG;X-ABCROP-RECTANGLE=ABClipRect_1&0&0:iVBORw0KGgo=",
     "PHOTO;X-ABCROP-RECTANGLE=ABClipRect_1&0&0:data:image/png;base64,iVBORw0KGgo="),
]  # fmt: skip
UP = [
    ("PHOTO;TYPE=JPEG:/9j/4AAQ", "PHOTO:data:image/jpeg;base64,/9j/4AAQ"),
    ("PHOTO;ENCODING=b:iVBORw0KGgo=", "PHOTO:data:image/png;base64,iVBORw0KGgo="),
    ("PHOTO;ENCODING=BASE64;JPEG:AA AA", "PHOTO:data:image/jpeg;base64,AAAA"),
    ("PHOTO;ENCODING=b;VALUE=binary;TYPE=jpg:AAAA", "PHOTO:data:image/jpeg;base64,AAAA"),
    ("PHOTO;TYPE=JPEG:http\\://a.example/b\\,c", "PHOTO;MEDIATYPE=image/jpeg:http://a.example/b,c"),
    ("PHOTO:data:image/png;base64,AAAA", "PHOTO:data:image/png;base64,AAAA"),
    ("PHOTO:what is this", "PHOTO:what is this"),
    ("SOUND:ada lovelace", "SOUND;VALUE=text:ada lovelace"),
]
DOWN = [
    ("PHOTO:data:image/jpeg;base64\\,AAAA", "PHOTO;ENCODING=b;TYPE=JPEG:AAAA"),
    ("PHOTO:DATA:image/jpeg;base64,AA AA", "PHOTO;ENCODING=b;TYPE=JPEG:AAAA"),
    ("NOTE:x", "NOTE:x"),
    ("PHOTO:data:,A%20brief%20note", "PHOTO;ENCODING=b:QSBicmllZiBub3Rl"),
    ("PHOTO;MEDIATYPE=text/html:http://a.example/b", "PHOTO;VALUE=uri;TYPE=text/html:http://a.example/b"),
    ("PHOTO;MEDIATYPE=odd:http://a.example/b", "PHOTO;VALUE=uri;MEDIATYPE=odd:http://a.example/b"),
]


def converted(written: str, *, up: bool) -> str:
    line = parse(f"BEGIN:VCARD\r\nVERSION:4.0\r\n{written}\r\nEND:VCARD\r\n".encode()).lines[1]
    if line.name == "NOTE":
        return written
    made = (upward if up else downward)(line, pairs(line))
    return f"{made.name}{made.raw_params}:{made.value}"


class TestBothWays:
    """Verifies: RFC 6350, 6.2.4, 6.6.3, 6.7.5, 6.8.1; RFC 2426, 3.1.4, 3.5.4, 3.6.6, 3.7.2"""

    @pytest.mark.parametrize("three, four", BOTH_WAYS)
    def test_up(self, three: str, four: str) -> None:
        assert converted(three, up=True) == four

    @pytest.mark.parametrize("three, four", BOTH_WAYS)
    def test_down(self, three: str, four: str) -> None:
        assert converted(four, up=False) == three

    @pytest.mark.parametrize("three, four", UP)
    def test_what_only_comes_up(self, three: str, four: str) -> None:
        assert converted(three, up=True) == four

    @pytest.mark.parametrize("four, three", DOWN)
    def test_what_only_goes_down(self, four: str, three: str) -> None:
        assert converted(four, up=False) == three

    @given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=40))
    def test_any_data_uri_goes_down(self, text: str) -> None:
        assert converted(f"PHOTO:data:{text}", up=False).startswith("PHOTO;ENCODING=b")


class TestURIs:
    """Verifies: RFC 6350, 4.2"""

    def test_backslashes_of_careless_writers(self) -> None:
        assert uri("http\\://a/b\\,c\\;d\\e") == "http://a/b,c;d\\e"

    def test_scheme(self) -> None:
        assert is_uri("urn:uuid:x") and is_uri("tel:+1")
        assert not is_uri("1234-5678") and not is_uri("Note: this") and not is_uri(":x")
