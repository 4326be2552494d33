"""What people call a collection.

Verifies: RFC 4918, 15.2
"""

from __future__ import annotations

import pytest

from davd.dav.title import DISPLAYNAME, title_in, titled
from davd.formats.xml.reader import parse


@pytest.mark.parametrize("text", ["Work", "Größe <&> ]]>", "a  b"])
def test_a_title_is_read_as_it_was_written(text: str) -> None:
    ((name, written),) = titled(text)
    assert written is not None
    assert (name, parse(written).tag, parse(written).text) == (DISPLAYNAME, DISPLAYNAME, text)
    assert title_in({name: written}) == text


def test_there_need_not_be_one() -> None:
    assert titled("") == []
    assert title_in({}) == ""
    assert title_in({DISPLAYNAME: b'<displayname xmlns="DAV:"> \n x </displayname>'}) == "x"
