"""Property values that survive being stored and pasted.

Verifies: RFC 4918, 4.3, 4.3.1, 14.17, 14.26
"""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from davd.formats.xml import names, writer
from davd.formats.xml.fragment import canonical_fragment, string_value, xml_lang
from davd.formats.xml.names import XML_LANG
from davd.formats.xml.reader import parse
from tests.formats.xml.documents import NAMESPACE, PREFIX, c14n, documents

WELL_KNOWN = st.frozensets(st.sampled_from(sorted(names.PREFIXES)))


LANGUAGE = ' xml:lang="en"'


def paste(fragment: bytes, declared: frozenset[str] = writer.DAV_ONLY) -> etree._Element:
    body = writer.multistatus_open(declared) + writer.response("/x", [writer.propstat(200, [fragment])])
    found = etree.fromstring(body + writer.MULTISTATUS_CLOSE).find("{DAV:}response/{DAV:}propstat/{DAV:}prop")
    assert found is not None
    return found[0]


@given(st.data(), WELL_KNOWN)
def test_a_pasted_fragment_means_what_was_sent(data: st.DataObject, declared: frozenset[str]) -> None:
    scope = data.draw(st.dictionaries(PREFIX, NAMESPACE.filter(bool), max_size=4))
    written = "".join([f' xmlns{":" if p else ""}{p}="{n.replace("&", "&amp;")}"' for p, n in scope.items()])
    inside = data.draw(documents(scope))
    around = f"<prop{written}{data.draw(st.sampled_from(['', LANGUAGE]))}>{inside}</prop>"
    received = parse(around.encode())[0]
    pasted = paste(canonical_fragment(received), declared)
    if (language := xml_lang(received)) and received.get(XML_LANG) is None:
        assert pasted.get(XML_LANG) == language
        del pasted.attrib[XML_LANG]
    assert c14n(pasted) == c14n(received)
    # Whatever may be a QName in content still has its prefix.
    text = string_value(received)
    for prefix, namespace in received.nsmap.items():
        if prefix is not None and f"{prefix}:" in text:
            assert pasted.nsmap[prefix] == namespace


@given(documents())
def test_a_fragment_of_a_fragment_is_itself(document: str) -> None:
    fragment = canonical_fragment(parse(document.encode()))
    assert c14n(parse(canonical_fragment(parse(fragment)))) == c14n(parse(fragment))


def test_the_example_of_the_rfc() -> None:
    root = parse(
        b"""<D:prop xml:lang="en" xmlns:D="DAV:"><x:author xmlns:x='http://example.com/ns'>
  <x:name>Jane Doe</x:name><!-- Jane's contact info -->
  <x:uri type='email' added='2005-11-26'>mailto:jane.doe@example.com</x:uri>
  <x:notes xmlns:h='http://www.w3.org/1999/xhtml'>
    <h:em>too</h:em> long on <![CDATA[<RFC2518>]]>.
  </x:notes></x:author></D:prop>"""
    )
    assert (
        canonical_fragment(root[0]).decode()
        == """<x:author xmlns:x="http://example.com/ns" xml:lang="en">
  <x:name>Jane Doe</x:name>
  <x:uri type="email" added="2005-11-26">mailto:jane.doe@example.com</x:uri>
  <x:notes xmlns:h="http://www.w3.org/1999/xhtml">
    <h:em>too</h:em> long on &lt;RFC2518&gt;.
  </x:notes></x:author>"""
    )


def test_prefixes_used_in_content_stay_declared() -> None:
    root = parse(
        b'<p xmlns:q="urn:q" xmlns:r="urn:r" xmlns:s="urn:s" xmlns:t="urn:t">'
        b'<a>q:name<b c="r:name"/>then t:name</a>tail s:name</p>'
    )
    fragment = canonical_fragment(root[0])
    assert fragment.startswith(b'<a xmlns:q="urn:q" xmlns:r="urn:r" xmlns:t="urn:t">')
    assert paste(fragment).nsmap["q"] == "urn:q"


def test_a_default_namespace_and_its_end_are_kept() -> None:
    root = parse(b'<prop xmlns="DAV:"><z xmlns="urn:z">one<b xmlns="">two</b></z><c xmlns=""/><owner>me</owner></prop>')
    assert [c14n(paste(canonical_fragment(child))) for child in root] == [c14n(child) for child in root]
    assert paste(canonical_fragment(root[1])).tag == "c"
    assert paste(canonical_fragment(root[2])).tag == "{DAV:}owner"


def test_characters_come_back() -> None:
    text = "a\r\n\tb\x85\u2028&<>\U0001f600"
    root = etree.Element("a", {"v": text})
    root.text = text
    pasted = paste(canonical_fragment(parse(etree.tostring(root))))
    assert pasted.text == text and pasted.get("v") == text


def test_a_nearer_language_wins_and_none_is_none() -> None:
    root = parse(b'<p xml:lang="en"><a xml:lang="de"/><b/><c xml:lang=""><d/></c></p>')
    assert canonical_fragment(root[0]) == b'<a xml:lang="de"/>'
    assert canonical_fragment(root[1]) == b'<b xml:lang="en"/>'
    assert canonical_fragment(root[2][0]) == b"<d/>"
    assert [xml_lang(root[0]), xml_lang(root[1]), xml_lang(root[2][0])] == ["de", "en", ""]


def test_the_element_itself_is_left_alone() -> None:
    root = etree.fromstring(b'<p xml:lang="en"><a>x<!-- y --></a>tail</p>')
    before = etree.tostring(root)
    assert canonical_fragment(root[0]) == b'<a xml:lang="en">x</a>'
    assert etree.tostring(root) == before


def test_the_string_value_is_all_text() -> None:
    assert string_value(parse(b"<a>one<b>two</b><c/>three</a>")) == "onetwothree"
    assert string_value(parse(b"<a/>")) == ""
