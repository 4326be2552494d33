"""Access control entries as text.

Verifies: RFC 3744, 5.5
"""

from hypothesis import given
from hypothesis import strategies as st

from davd.model.acl import AUTHENTICATED, OWNER, Ace, parse, without, write

READ, ALL = "{DAV:}read", "{DAV:}all"
_words = st.text(st.characters(blacklist_characters="\t\n", blacklist_categories=["Cs"]), min_size=1)
_entries = st.lists(st.builds(Ace, _words, st.lists(_words, max_size=3).map(tuple)), max_size=4).map(tuple)


@given(_entries)
def test_what_is_written_is_read_again(entries: tuple[Ace, ...]) -> None:
    assert parse(write(entries)) == entries


def test_no_entries_are_empty_text() -> None:
    assert write(()) == ""
    assert parse("") == ()


def test_the_text_is_one_line_an_entry() -> None:
    text = write((Ace("name:bob", (READ, ALL)), Ace(OWNER, (ALL,))))
    assert text == "name:bob\t{DAV:}read\t{DAV:}all\nowner\t{DAV:}all"


def test_entries_for_one_name_are_left_out() -> None:
    bob, bobby, all_ = Ace("name:bob", (READ,)), Ace("name:bobby", (READ,)), Ace(AUTHENTICATED, (READ,))
    assert without(write((bob, bobby, bob, all_)), "bob") == write((bobby, all_))
    assert without(write((bob,)), "bob") == ""
    for text in ("", write((bobby, all_))):
        assert without(text, "bob") is text
