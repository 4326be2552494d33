"""Cards as character data.

Verifies: RFC 6352, 10.4
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from davd.carddav.reports.cards import text_of


class TestText:
    """Verifies: RFC 6352, 10.4"""

    def test_line_ends_and_what_xml_cannot_hold(self) -> None:
        assert text_of(b"a\r\nb\rc<\x0b&\xef\xbf\xbe>") == "a\nb&#13;c&lt;&amp;&gt;"

    @given(st.binary(max_size=60))
    def test_anything_can_be_read(self, data: bytes) -> None:
        assert etree.fromstring(f"<a>{text_of(data)}</a>".encode()).tag == "a"
