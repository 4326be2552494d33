"""HTML that nobody's text can break out of.

Verifies: docs/operate/monitoring.md, Dashboard
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from davd.admin.markup import Markup, markup, name, table, tag, visible


class TestEscaping:
    """Verifies: docs/operate/monitoring.md, Dashboard"""

    @given(st.text())
    def test_text_stays_text_in_content_and_in_attributes(self, text: str) -> None:
        element = html.fromstring(tag("div", tag("b", text, title=text)).encode("utf-8", "replace").decode())
        assert [one.tag for one in element.iter()] == ["div", "b"]
        assert set(element[0].attrib) == {"title"}

    def test_markup_is_escaped_once(self) -> None:
        inner = tag("i", "a < b & c")
        assert inner == "<i>a &lt; b &amp; c</i>"
        assert markup(inner, " > ", 3, None, [inner]) == f"{inner} &gt; 3{inner}"
        assert isinstance(markup("x"), Markup)

    def test_attributes_are_left_out_bare_or_named_with_hyphens(self) -> None:
        made = tag("input", required=True, hidden=False, value=None, hx_get="/a?b=1&c", class_='"x"')
        assert made == '<input required hx-get="/a?b=1&amp;c" class="&quot;x&quot;">'


class TestVisible:
    """Verifies: docs/operate/monitoring.md, Dashboard"""

    def test_signs_that_steer_or_hide_are_written_out(self) -> None:
        assert visible("\u202egnp.exe\u2069\x1b\u200b\ud800") == r"\u202egnp.exe\u2069\u001b\u200b\ud800"
        assert visible("Zoë 日本 عربى 🎉\tx\ny") == "Zoë 日本 عربى 🎉\tx\ny"

    def test_names_are_kept_apart_from_what_stands_beside_them(self) -> None:
        assert name("<a>") == "<bdi>&lt;a&gt;</bdi>"


class TestTable:
    """Verifies: docs/operate/monitoring.md, Dashboard"""

    def test_it_has_a_caption_scopes_and_a_name_by_which_it_is_scrolled(self) -> None:
        box = html.fromstring(table("All", ("Who", "#Count", "-#More"), [("a", 1, 2)]))
        assert (box.get("tabindex"), box.get("aria-label")) == ("0", "All")
        assert box.findtext(".//caption") == "All"
        assert [one.get("scope") for one in box.iter("th")] == ["col", "col", "col", "row"]
        assert [one.get("class") for one in box.iter("td")] == ["number", "minor number"]
        assert [one.text for one in box.findall(".//thead//th")] == ["Who", "Count", "More"]

    def test_an_empty_one_says_so(self) -> None:
        box = html.fromstring(table("All", ("Who", "Count"), [], "Nobody."))
        assert [(one.text, one.get("colspan")) for one in box.iter("td")] == [("Nobody.", "2")]
