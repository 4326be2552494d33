"""Sync tokens as text.

Verifies: RFC 6578, 3.2, 6.2
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from davd.model.synctoken import SyncToken

_NUMBER = st.integers(0, 10**18 - 1)


@given(st.builds(SyncToken, st.from_regex("[0-9a-f]{1,32}", fullmatch=True), _NUMBER, _NUMBER, _NUMBER))
def test_a_token_comes_back_as_it_was(token: SyncToken) -> None:
    assert SyncToken.parse(str(token)) == token
    assert SyncToken.parse(f" {token}\n") == token


def test_the_beginning_is_told_only_in_the_middle_of_a_first_synchronisation() -> None:
    assert str(SyncToken("e0", 5, 7)) == "urn:davd:sync:e0:5:7"
    assert str(SyncToken("e0", 5, 7, 9)) == "urn:davd:sync:e0:5:7:9"


@pytest.mark.parametrize(
    "text",
    ["", "urn:davd:sync:", "urn:davd:sync:e0:5", "urn:davd:sync:xyz:5:7", "urn:davd:sync:e0:5:-7", "http://a/sync/5",
     "urn:davd:sync:e0:5:7:", "urn:davd:sync:e0:5:7:9:1", "urn:davd:sync:e0:5:1234567890123456789"],
)  # fmt: skip
def test_other_texts_are_none_of_ours(text: str) -> None:
    assert SyncToken.parse(text) is None
