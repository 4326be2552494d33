"""PROPPATCH over a memory store, and what PROPFIND gives back of it.

Verifies: RFC 4918, 4.3, 4.4, 9.2, 14.26; RFC 8144, 2.2; MS-WDVME
"""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from davd.dav.exchange import Exchange
from davd.dav.registry import Extension, LiveProperty
from davd.dav.settings import DavSettings
from davd.model.errors import HTTPError
from davd.model.lock import EXCLUSIVE, Lock
from davd.model.resource import Resource
from davd.testing.exchange import Trial, run
from tests.dav.answers import Answer, by_href, condition, prop

FILE = "/files/alice/a.txt"
PROTECTED = "{DAV:}cannot-modify-protected-property"
WIN32 = "{urn:schemas-microsoft-com:}"


def filled(settings: DavSettings | None = None) -> Trial:
    made = Trial(settings=settings)
    made.request("PUT", FILE, {}, b"content")
    return made


def update(*instructions: str, namespaces: str = "") -> bytes:
    return f'<D:propertyupdate xmlns:D="DAV:" {namespaces}>{"".join(instructions)}</D:propertyupdate>'.encode()


def set_(content: str, attributes: str = "") -> str:
    return f"<D:set><D:prop {attributes}>{content}</D:prop></D:set>"


def remove(content: str) -> str:
    return f"<D:remove><D:prop>{content}</D:prop></D:remove>"


def patch(made: Trial, body: bytes, path: str = FILE, user: str = "alice", **headers: str) -> Any:
    return made.request("PROPPATCH", path, headers, body, user)


def outcome(made: Trial, body: bytes, path: str = FILE) -> Answer:
    (answer,) = by_href(made, patch(made, body, path)).values()
    assert answer.href == path
    return answer


def found(made: Trial, *names: str, path: str = FILE) -> Answer:
    (answer,) = by_href(made, made.request("PROPFIND", path, {"Depth": "0"}, prop(*names))).values()
    return answer


def canonical(element: etree._Element) -> bytes:
    """Exclusive canonical XML of the element alone, with the language in scope."""
    alone = copy.deepcopy(element)
    alone.tail = None
    return etree.tostring(alone, method="c14n", exclusive=True, with_comments=False)


class TestDead:
    """Verifies: RFC 4918, 4.3, 4.4, 9.2, 14.26"""

    @pytest.mark.parametrize("path", [FILE, "/files/alice/"])
    def test_what_was_set_comes_back_and_goes_when_removed(self, path: str) -> None:
        made = filled()
        answer = outcome(made, update(set_('<x:p xmlns:x="urn:x">value</x:p><q xmlns="">2</q>')), path)
        assert answer.statuses() == {"{urn:x}p": 200, "q": 200}
        assert found(made, "{urn:x}p", path=path).text("{urn:x}p") == "value"
        assert found(made, "q", path=path).text("q") == "2"
        assert outcome(made, update(remove('<x:p xmlns:x="urn:x"/>')), path).statuses() == {"{urn:x}p": 200}
        assert found(made, "{urn:x}p", "q", path=path).statuses() == {"q": 200, "{urn:x}p": 404}

    @pytest.mark.parametrize(
        "element",
        [
            '<p xmlns="http://example.com/neon/litmus/">value</p>',
            '<p xmlns="">null namespace</p>',
            "<p>no declaration at all</p>",
            '<x:p xmlns:x="urn:x"><x:q>a</x:q>mixed <b>content</b> tail</x:p>',
            '<x:p xmlns:x="urn:x">x:name <y xmlns:x="urn:other" at="x:v"/></x:p>',
            '<p xmlns="urn:x" a="1" z:b="2" xmlns:z="urn:z"/>',
            '<p xmlns="urn:x">&#x10000;&#x10ffff; \u00fc\u4e2d\U0001f4c5</p>',
            '<\u00fcmlaut xmlns="urn:x">v</\u00fcmlaut>',
            '<p xmlns="urn:x"> white \n\t space &#13;&amp;&lt;&gt;&quot; ]]&gt; </p>',
            '<p xmlns="urn:x"><![CDATA[<not> & markup]]></p>',
            '<p xmlns="urn:x" xml:lang="de-AT">Text</p>',
            '<p xmlns="urn:a?b=1&amp;c=2">odd namespace</p>',
            '<D:made-up xmlns:D="DAV:"/>',
            '<oc:checksums xmlns:oc="http://owncloud.org/ns"><oc:checksum>SHA1:00</oc:checksum></oc:checksums>',
        ],
    )
    def test_any_element_comes_back_as_it_was(self, element: str) -> None:
        made = filled()
        sent = etree.fromstring(element)
        assert outcome(made, update(set_(element))).statuses() == {str(sent.tag): 200}
        assert canonical(found(made, str(sent.tag)).element(str(sent.tag))) == canonical(sent)
        everything = by_href(made, made.request("PROPFIND", "/files/alice/", {"Depth": "1"}))[FILE]
        assert canonical(everything.element(str(sent.tag))) == canonical(sent)

    def test_the_language_in_scope_is_kept(self) -> None:
        made = filled()
        patch(made, update(set_('<p xmlns="urn:x">Text</p>', 'xml:lang="fr"')))
        element = found(made, "{urn:x}p").element("{urn:x}p")
        assert element.get("{http://www.w3.org/XML/1998/namespace}lang") == "fr"

    def test_comments_are_not_content(self) -> None:
        made = filled()
        patch(made, update(set_('<p xmlns="urn:x">a<!-- b -->c<?d e?>f</p>')))
        assert found(made, "{urn:x}p").text("{urn:x}p") == "acf"

    def test_instructions_are_carried_out_in_document_order(self) -> None:
        made = filled()
        first, second = (set_(f'<p xmlns="urn:x">{value}</p>') for value in "12")
        gone = remove('<p xmlns="urn:x"/>')
        for instructions, expected in [
            ((first, second), "2"),
            ((second, first), "1"),
            ((gone, first), "1"),
            ((first, gone, second), "2"),
            ((first, second, gone), None),
        ]:
            assert outcome(made, update(*instructions)).statuses() == {"{urn:x}p": 200}
            answer = found(made, "{urn:x}p")
            assert answer.statuses() == {"{urn:x}p": 200 if expected else 404}
            if expected:
                assert answer.text("{urn:x}p") == expected

    def test_removing_what_is_not_there_is_no_error(self) -> None:
        made = filled()
        assert outcome(made, update(remove('<p xmlns="urn:x"/>'))).statuses() == {"{urn:x}p": 200}

    def test_displayname_and_language_are_what_clients_make_them(self) -> None:
        made = filled()
        body = update(set_("<D:displayname>N\u00e4me</D:displayname><D:getcontentlanguage>de</D:getcontentlanguage>"))
        assert set(outcome(made, body).statuses().values()) == {200}
        answer = by_href(made, made.request("PROPFIND", FILE, {"Depth": "0"}))[FILE]
        assert answer.text("{DAV:}displayname") == "N\u00e4me"
        assert answer.text("{DAV:}getcontentlanguage") == "de"
        assert by_href(made, made.request("PROPFIND", "/principals/users/alice/", {"Depth": "0"}))[
            "/principals/users/alice/"
        ].text("{DAV:}displayname") == "alice"  # fmt: skip

    def test_properties_go_with_the_member_and_not_with_its_name(self) -> None:
        made = filled()
        patch(made, update(set_('<p xmlns="urn:x">1</p>')))
        made.request("PUT", FILE, {}, b"other content")
        assert found(made, "{urn:x}p").text("{urn:x}p") == "1"
        made.request("DELETE", FILE)
        made.request("PUT", FILE, {}, b"new")
        assert found(made, "{urn:x}p").statuses() == {"{urn:x}p": 404}


_TEXT = st.text(
    st.characters(
        codec="utf-8", exclude_categories=("Cs", "Cc"), include_characters="\t\n\r", exclude_characters="\ufffe\uffff"
    ),
    max_size=12,
)
_LOCAL = st.from_regex(r"[A-Za-z_\u00e4\u4e2d][A-Za-z0-9._\u00e4\u4e2d-]{0,6}", fullmatch=True)
_NAMESPACE = st.sampled_from(
    ["", "DAV:", "urn:x", "urn:a&b", "http://example.com/%C3%BC", "urn:schemas-microsoft-com:"]
)
_QNAME = st.builds(lambda namespace, local: f"{{{namespace}}}{local}" if namespace else local, _NAMESPACE, _LOCAL)


def _build(name: str, attributes: dict[str, str], text: str, children: list[Any], tail: str) -> Any:
    element = etree.Element(name)
    for key, value in attributes.items():
        element.set(key, value)
    element.text = text
    element.tail = tail
    element.extend(children)
    return element


_ELEMENT = st.recursive(
    st.builds(_build, _QNAME, st.dictionaries(_QNAME, _TEXT, max_size=2), _TEXT, st.just([]), _TEXT),
    lambda inner: st.builds(
        _build, _QNAME, st.dictionaries(_QNAME, _TEXT, max_size=2), _TEXT, st.lists(inner, max_size=3), _TEXT
    ),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(_ELEMENT)
def test_whatever_is_set_comes_back_canonically_equal(element: etree._Element) -> None:
    """Verifies: RFC 4918, 4.3, 4.4"""
    made = filled()
    root = etree.Element("{DAV:}propertyupdate", nsmap={"x": "urn:x", "y": "urn:unused"})
    etree.SubElement(etree.SubElement(root, "{DAV:}set"), "{DAV:}prop").append(element)
    name = str(element.tag)
    if name in made.registry.properties:
        return
    sent = etree.fromstring(etree.tostring(root, encoding="utf-8"))[0][0][0]
    assert outcome(made, etree.tostring(root, encoding="utf-8")).statuses() == {name: 200}
    assert canonical(found(made, name).element(name)) == canonical(sent)


class TestAllOrNothing:
    """Verifies: RFC 4918, 9.2, 9.2.1, 11.4, 16"""

    @pytest.mark.parametrize(
        "name",
        ["getetag", "resourcetype", "creationdate", "getlastmodified", "lockdiscovery", "owner", "sync-token", "acl"],
    )
    @pytest.mark.parametrize("instruction", [set_, remove])
    def test_protected_properties_fail_and_take_the_others_along(self, name: str, instruction: Any) -> None:
        made = filled()
        before = made.store.generation(), found(made, f"{{DAV:}}{name}").statuses()
        answer = outcome(
            made, update(set_('<p xmlns="urn:x"/>'), instruction(f"<D:{name}/>"), set_('<q xmlns="urn:x"/>'))
        )
        assert answer.statuses() == {"{urn:x}p": 424, f"{{DAV:}}{name}": 403, "{urn:x}q": 424}
        assert answer.conditions == {f"{{DAV:}}{name}": PROTECTED}
        assert found(made, "{urn:x}p", "{urn:x}q").statuses() == {"{urn:x}p": 404, "{urn:x}q": 404}
        assert found(made, f"{{DAV:}}{name}").statuses() == before[1]

    def test_a_refused_value_of_a_live_property_undoes_the_others(self) -> None:
        made = filled()
        body = update(
            set_("<D:lastmodified>1000000000</D:lastmodified>"),
            set_(f'<Win32CreationTime xmlns="{WIN32[1:-1]}">yesterday</Win32CreationTime><p xmlns="urn:x"/>'),
        )
        answer = outcome(made, body)
        assert answer.statuses() == {WIN32 + "Win32CreationTime": 409, "{DAV:}lastmodified": 424, "{urn:x}p": 424}
        assert found(made, "{DAV:}getlastmodified").text("{DAV:}getlastmodified") == "Tue, 14 Nov 2023 22:13:20 GMT"

    def test_a_property_too_large_is_507(self) -> None:
        made = filled(DavSettings(max_dead_property_bytes=100))
        answer = outcome(made, update(set_(f'<p xmlns="urn:x">{"v" * 100}</p><q xmlns="urn:x">v</q>')))
        assert answer.statuses() == {"{urn:x}p": 507, "{urn:x}q": 424}
        assert found(made, "{urn:x}q").statuses() == {"{urn:x}q": 404}

    def test_too_much_in_all_is_507(self) -> None:
        made = filled(DavSettings(max_dead_bytes=200))
        one, two = (f'<p{number} xmlns="urn:x">{"v" * 70}</p{number}>' for number in (1, 2))
        assert set(outcome(made, update(set_(one + two))).statuses().values()) == {200}
        assert outcome(made, update(set_('<p3 xmlns="urn:x"/>'))).statuses() == {"{urn:x}p3": 507}
        # A new value takes the place of the old one.
        assert set(outcome(made, update(set_(two))).statuses().values()) == {200}
        assert set(outcome(made, update(remove(one), set_('<p3 xmlns="urn:x"/>'))).statuses().values()) == {200}

    def test_too_many_properties_are_507(self) -> None:
        made = filled(DavSettings(max_dead_properties=2))
        one, two, three = (f'<p{number} xmlns="urn:x"/>' for number in (1, 2, 3))
        assert set(outcome(made, update(set_(one + two))).statuses().values()) == {200}
        assert outcome(made, update(set_(one + three))).statuses() == {"{urn:x}p1": 424, "{urn:x}p3": 507}
        # What goes makes room for what comes after it.
        assert set(outcome(made, update(remove(one), set_(three))).statuses().values()) == {200}
        assert set(outcome(made, update(set_(two))).statuses().values()) == {200}

    def test_a_change_is_logged_for_synchronisation(self) -> None:
        made = filled()
        before = found(made, "{DAV:}sync-token", path="/files/alice/").text("{DAV:}sync-token")
        patch(made, update(set_('<p xmlns="urn:x"/>')))
        assert found(made, "{DAV:}sync-token", path="/files/alice/").text("{DAV:}sync-token") != before

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"no xml",
            b'<propertyupdate xmlns="DAV:"/>',
            b'<propertyupdate xmlns="DAV:"><set/></propertyupdate>',
            b'<propfind xmlns="DAV:"><allprop/></propfind>',
            b'<propertyupdate xmlns="DAV:"><set><prop><x:p/></prop></set></propertyupdate>',
            b'<propertyupdate xmlns="DAV:"><set><prop><p xmlns:x=""/></prop></set></propertyupdate>',
        ],
    )
    def test_malformed_bodies_are_400(self, body: bytes) -> None:
        made = filled()
        assert patch(made, body).status == 400


class TestGuards:
    """Verifies: RFC 4918, 7, 9.2, 10.4; RFC 3744, 3.3; RFC 9110, 13.1.1"""

    BODY = update(set_('<p xmlns="urn:x"/>'))

    async def _lock(self, made: Trial, *segments: str, infinite: bool = False) -> Lock:
        async with made.store.write() as transaction:
            root = (await transaction.resolve(segments))[-1]
            lock = Lock("urn:uuid:0001", root.id, EXCLUSIVE, infinite, "alice", b"", 60, made.now + 60)
            await transaction.add_lock(lock)
            return lock

    def test_unmapped_and_concealed_resources_are_404(self) -> None:
        made = filled()
        assert patch(made, self.BODY, "/files/alice/none").status == 404
        assert patch(made, self.BODY, FILE, user="bob").status == 404

    def test_above_the_homes_nothing_may_be_written(self) -> None:
        made = filled()
        for path in ("/", "/files/", "/principals/users/"):
            response = patch(made, self.BODY, path)
            assert response.status == 403
            assert condition(made, response) == "{DAV:}need-privileges"

    def test_a_locked_resource_asks_for_the_token(self) -> None:
        made = filled()
        lock = run(self._lock(made, "files", "alice", infinite=True))
        assert patch(made, self.BODY).status == 423
        assert patch(made, self.BODY, If=f"(<{lock.token}>)").status == 207
        assert patch(made, self.BODY, If="(<urn:uuid:0002>)").status == 412

    def test_a_lock_on_the_collection_alone_does_not_cover_members(self) -> None:
        made = filled()
        run(self._lock(made, "files", "alice"))
        assert patch(made, self.BODY).status == 207
        assert patch(made, self.BODY, "/files/alice/").status == 423

    def test_conditional_fields_hold(self) -> None:
        made = filled()
        headers = {"If-Match": '"other"'}
        assert made.request("PROPPATCH", FILE, headers, self.BODY).status == 412
        assert found(made, "{urn:x}p").statuses() == {"{urn:x}p": 404}


class TestMinimal:
    """Verifies: RFC 8144, 2.2; RFC 7240, 3"""

    @pytest.mark.parametrize("headers", [{"Prefer": "return=minimal"}, {"Brief": "t"}])
    def test_success_has_no_body(self, headers: dict[str, str]) -> None:
        made = filled()
        response = made.request("PROPPATCH", FILE, headers, update(set_('<p xmlns="urn:x"/>')))
        assert (response.status, made.read(response)) == (200, b"")
        assert response.headers.get("Preference-Applied") == headers.get("Prefer")
        assert found(made, "{urn:x}p").statuses() == {"{urn:x}p": 200}

    def test_failure_is_told_in_full(self) -> None:
        made = filled()
        response = made.request("PROPPATCH", FILE, {"Prefer": "return=minimal"}, update(set_("<D:getetag/>")))
        assert by_href(made, response)[FILE].statuses() == {"{DAV:}getetag": 403}


async def _forget_b(exchange: Exchange, resource: Resource, text: str | None) -> Resource:
    changed: Resource = await exchange.transaction.set_properties(resource, [("{urn:toy}b", None)], exchange.now)
    return changed


async def _forget_a(exchange: Exchange, resource: Resource, text: str | None) -> Resource:
    changed: Resource = await exchange.transaction.set_properties(resource, [("{urn:toy}a", None)], exchange.now)
    return changed


def _check_element(fragment: bytes) -> None:
    if b"<bad" in fragment or b":bad" in fragment:
        raise HTTPError(409)


TOY = Extension(
    "toy",
    properties=[
        LiveProperty("{urn:toy}a", lambda view, row: None, set=_forget_b, stored=True, check_element=_check_element),
        LiveProperty("{urn:toy}b", lambda view, row: None, set=_forget_a, stored=True),
        LiveProperty("{urn:toy}born", lambda view, row: "as it is", stored=True, initial=True),
        LiveProperty("{urn:toy}quiet", lambda view, row: None, in_allprop=False, stored=True),
    ],
)


class TestStored:
    """Verifies: RFC 4918, 9.1, 9.2; RFC 4791, 5.2.3; docs/extend/extensions.md, Live properties"""

    def made(self) -> Trial:
        made = Trial(TOY)
        made.request("PUT", FILE, {}, b"content")
        return made

    def test_setting_one_may_undo_another_and_the_last_one_counts(self) -> None:
        made = self.made()
        for order, kept in (("ab", "b"), ("ba", "a"), ("a", "a"), ("b", "b")):
            body = update(set_("".join([f'<{name} xmlns="urn:toy">{name}</{name}>' for name in order])))
            assert set(outcome(made, body).statuses().values()) == {200}
            assert found(made, "{urn:toy}a", "{urn:toy}b").found() == [f"{{urn:toy}}{kept}"]

    def test_an_element_that_cannot_be_stored(self) -> None:
        made = self.made()
        assert outcome(made, update(set_('<a xmlns="urn:toy"><bad/></a>'))).statuses() == {"{urn:toy}a": 409}
        assert outcome(made, update(set_('<a xmlns="urn:toy"><good/></a>'))).statuses() == {"{urn:toy}a": 200}
        assert outcome(made, update(remove('<a xmlns="urn:toy"/>'))).statuses() == {"{urn:toy}a": 200}

    def test_what_a_collection_is_born_with_stays(self) -> None:
        made = self.made()
        born = '<born xmlns="urn:toy">so</born>'
        body = f'<D:mkcol xmlns:D="DAV:"><D:set><D:prop>{born}</D:prop></D:set></D:mkcol>'.encode()
        path = "/files/alice/folder/"
        assert made.request("MKCOL", path, {"Content-Type": "application/xml"}, body).status == 201
        assert found(made, "{urn:toy}born", path=path).text("{urn:toy}born") == "so"
        assert found(made, "{urn:toy}born").text("{urn:toy}born") == "as it is"
        for instruction in (set_(born.replace("so", "not so")), remove('<born xmlns="urn:toy"/>')):
            answer = outcome(made, update(instruction), path)
            assert answer.conditions == {"{urn:toy}born": PROTECTED}
        assert found(made, "{urn:toy}born", path=path).text("{urn:toy}born") == "so"

    def test_allprop_leaves_out_what_does_not_belong_there(self) -> None:
        made = self.made()
        outcome(made, update(set_('<quiet xmlns="urn:toy">q</quiet><dead xmlns="urn:toy"/>')))
        everything = by_href(made, made.request("PROPFIND", FILE, {"Depth": "0"}))[FILE]
        assert "{urn:toy}dead" in everything.found()
        assert "{urn:toy}quiet" not in everything.found()
        names = made.request("PROPFIND", FILE, {"Depth": "0"}, b'<propfind xmlns="DAV:"><propname/></propfind>')
        assert "{urn:toy}quiet" in by_href(made, names)[FILE].found()
        include = b'<propfind xmlns="DAV:"><allprop/><include><quiet xmlns="urn:toy"/></include></propfind>'
        included = by_href(made, made.request("PROPFIND", FILE, {"Depth": "0"}, include))[FILE]
        assert included.text("{urn:toy}quiet") == "q"
