"""The If header field.

Verifies: RFC 4918, 10.4; RFC 6578, 5
"""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from davd.dav.if_header import (
    MAX_CONDITIONS,
    MAX_LENGTH,
    UNMAPPED,
    Condition,
    IfHeader,
    IfList,
    State,
    evaluate,
    parse_if,
)
from davd.model.errors import HTTPError

LOCK = "urn:uuid:181d4fae-7d8c-11d0-a765-00a0c91e6bf2"
OTHER = "urn:uuid:58f202ac-22cf-11d1-b12d-002035b29092"

_URI_CHARACTERS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E, blacklist_characters="<>"), max_size=12)
TOKENS = st.builds("{}:{}".format, st.sampled_from(["urn", "DAV", "opaquelocktoken", "a+b-c.1"]), _URI_CHARACTERS)
TAGS = st.one_of(TOKENS, _URI_CHARACTERS.filter(lambda text: not text.startswith("/")).map("/{}".format))
ETAGS = st.builds(
    '{}"{}"'.format,
    st.sampled_from(["", "W/"]),
    st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, blacklist_characters='"\x7f'), max_size=8),
)
CONDITIONS = st.one_of(
    st.builds(Condition, st.booleans(), token=TOKENS), st.builds(Condition, st.booleans(), etag=ETAGS)
)
LISTS = st.lists(CONDITIONS, min_size=1, max_size=4).map(tuple)
HEADERS = st.one_of(
    st.lists(st.builds(IfList, st.none(), LISTS), min_size=1, max_size=4),
    st.lists(st.builds(IfList, TAGS, LISTS), min_size=1, max_size=4),
).map(lambda lists: IfHeader(tuple(lists)))


class TestSyntax:
    """Verifies: RFC 4918, 10.4.2"""

    @given(HEADERS)
    def test_what_is_printed_is_read(self, header: IfHeader) -> None:
        assert parse_if(str(header)) == header

    @given(HEADERS, st.data())
    def test_white_space_between_pieces_means_nothing(self, header: IfHeader, data: st.DataObject) -> None:
        space = data.draw(st.sampled_from(["", " ", "\t  "]))
        text = ""
        for tested in header.lists:
            text += space + (f"<{tested.tag}>" if tested.tag is not None else "") + space + "("
            text += "".join([space + str(condition) for condition in tested.conditions]) + space + ")" + space
        assert parse_if(text) == header

    def test_a_tag_holds_for_all_lists_up_to_the_next(self) -> None:
        header = parse_if('</a> (["x"]) (["y"])</b>(NOT ["z"]not<DAV:no-lock>)')
        assert header.lists == (
            IfList("/a", (Condition(False, etag='"x"'),)),
            IfList("/a", (Condition(False, etag='"y"'),)),
            IfList("/b", (Condition(True, etag='"z"'), Condition(True, token="DAV:no-lock"))),
        )
        assert header.tags() == ("/a", "/b") and parse_if(f"(<{LOCK}>)").tags() == (None,)

    @pytest.mark.parametrize(
        "text",
        [
            "",
            " ",
            "()",
            "(",
            ")",
            "x",
            f"<{LOCK}>",
            f"<{LOCK}",
            f"(<{LOCK}>",
            f"(<{LOCK}>))",
            f"(<{LOCK}>) x",
            f"(<{LOCK}>), (<{OTHER}>)",
            f"((<{LOCK}>))",
            "(Not)",
            f"(Not Not <{LOCK}>)",
            f"Not (<{LOCK}>)",
            f"(<{LOCK}> Not)",
            "(<>)",
            "(<a b:c>)",
            "(</path>)",
            "(<no-scheme>)",
            "(<urn:uuid:1\n>)",
            '("etag")',
            "([etag])",
            '(["etag"',
            '(["etag" ])',
            '([ "etag"])',
            '([w/"etag"])',
            '(["a"b"])',
            "([*])",
            "<relative> (<a:b>)",
            "<//host/path> (<a:b>)",
            "</a> </b> (<a:b>)",
            "</a> (<a:b>) </b>",
            "(<a:b>) </b> (<a:b>)",
            "</a>",
        ],
    )
    def test_what_is_malformed_is_400(self, text: str) -> None:
        with pytest.raises(HTTPError) as caught:
            parse_if(text)
        assert caught.value.status == 400

    @given(
        st.one_of(
            st.text(max_size=60),
            st.lists(
                st.sampled_from(["(", ")", "<", ">", "[", "]", '"', "Not", " ", "a:b", "/x", "W/", "<a:b>", '["e"]'])
            ).map("".join),
        )
    )
    def test_nothing_raises_anything_but_400(self, text: str) -> None:
        try:
            assert parse_if(str(parse_if(text))) == parse_if(text)
        except HTTPError as error:
            assert error.status == 400


class TestLimits:
    """Verifies: RFC 4918, 20.2"""

    def test_conditions(self) -> None:
        assert len(parse_if("(<a:b>)" * MAX_CONDITIONS).lists) == MAX_CONDITIONS
        for text in ("(<a:b>)" * (MAX_CONDITIONS + 1), "(" + "<a:b>" * (MAX_CONDITIONS + 1) + ")"):
            with pytest.raises(HTTPError) as caught:
                parse_if(text)
            assert caught.value.status == 400

    def test_length(self) -> None:
        text = f"(<a:{'b' * (MAX_LENGTH - 6)}>)"
        assert len(text) == MAX_LENGTH and parse_if(text).tags() == (None,)
        with pytest.raises(HTTPError) as caught:
            parse_if(text + " ")
        assert caught.value.status == 400

    @pytest.mark.parametrize(
        "piece", ["(", "<a:b>", "<", "[", '["', "Not ", " ", "(<a:b>", '(["x"]', "(Not", "</a>", "W/", "(<a:b>)"]
    )
    def test_time_is_linear(self, piece: str) -> None:
        text = (piece * MAX_LENGTH)[:MAX_LENGTH]
        times = []
        for _ in range(10):
            start = time.process_time()
            with pytest.raises(HTTPError):
                parse_if(text)
            times.append(time.process_time() - start)
        # The quickest one tells of the parser, the others of the machine; what grows with the square takes a second.
        assert min(times) < 0.02


class TestSubmittedTokens:
    """Verifies: RFC 4918, 10.4.1, 10.4.8"""

    def test_a_token_is_submitted_wherever_it_stands(self) -> None:
        header = parse_if(f'</a> (Not <{LOCK}> ["x"]) </b> (<{OTHER}>) (Not <DAV:no-lock>)')
        assert header.submitted_tokens() == {LOCK, OTHER, "DAV:no-lock"}
        assert parse_if('(["x"])').submitted_tokens() == frozenset()


class TestEvaluation:
    """Verifies: RFC 4918, 10.4.3, 10.4.4, 10.4.6, 10.4.7, 10.4.8, 10.4.9, 10.4.10, 10.4.11; RFC 6578, 5"""

    @pytest.mark.parametrize(
        ("text", "state", "expected"),
        [
            (f'(<{LOCK}> ["one"]) (["two"])', State('"one"', {LOCK}), True),
            (f'(<{LOCK}> ["one"]) (["two"])', State('"two"'), True),
            (f'(<{LOCK}> ["one"]) (["two"])', State('"one"'), False),
            (f'(<{LOCK}> ["one"]) (["two"])', State('"three"', {LOCK}), False),
            (f"(Not <{LOCK}> <{OTHER}>)", State(None, {OTHER}), True),
            (f"(Not <{LOCK}> <{OTHER}>)", State(None, {OTHER, LOCK}), False),
            (f"(<{LOCK}>) (Not <DAV:no-lock>)", UNMAPPED, True),
            ("(<DAV:no-lock>)", State(None, {"DAV:no-lock"}), False),
            (f"(<{LOCK.upper()}>)", State(None, {LOCK}), False),
            ('(["4217"])', UNMAPPED, False),
            ('(Not ["4217"])', UNMAPPED, True),
            (f"(<{LOCK}>)", UNMAPPED, False),
            (f"(Not <{LOCK}>)", UNMAPPED, True),
            ('([W/"one"])', State('"one"'), True),
            ('(["one"])', State('W/"one"'), True),
            ('(["ONE"])', State('"one"'), False),
            ('([""])', UNMAPPED, False),
            ("(<urn:davd:sync:0:1:2>)", State(None, ["urn:davd:sync:0:1:2"]), True),
        ],
    )
    def test_untagged(self, text: str, state: State, expected: bool) -> None:
        assert evaluate(parse_if(text), lambda tag: state) is expected

    def test_each_tag_has_its_own_state(self) -> None:
        states: dict[str | None, State] = {"/a": State('"a"'), "/b": State('"b"', {LOCK})}
        assert evaluate(parse_if(f'</a> (["b"]) </b> (<{LOCK}> ["b"])'), states.__getitem__)
        assert not evaluate(parse_if(f'</a> (<{LOCK}>) (["b"]) </b> (["a"])'), states.__getitem__)

    def test_a_state_is_asked_for_once(self) -> None:
        asked: list[str | None] = []

        def states(tag: str | None) -> State:
            asked.append(tag)
            return UNMAPPED

        assert not evaluate(parse_if("</a> (<a:b>) (<a:c>) </b> (<a:b>) </a> (<a:d>)"), states)
        assert asked == ["/a", "/b"]

    @given(HEADERS, st.frozensets(TOKENS, max_size=2), st.one_of(st.none(), ETAGS))
    def test_negating_each_condition_of_a_single_one_negates_all(
        self, header: IfHeader, tokens: frozenset[str], etag: str | None
    ) -> None:
        state = State(etag, tokens | header.submitted_tokens())
        condition = header.lists[0].conditions[0]
        opposite = Condition(not condition.negated, condition.token, condition.etag)
        both = [IfHeader((IfList(None, (one,)),)) for one in (condition, opposite)]
        assert sorted([evaluate(one, lambda tag: state) for one in both]) == [False, True]
