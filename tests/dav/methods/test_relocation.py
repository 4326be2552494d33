"""What COPY and MOVE find out before their transaction.

Verifies: RFC 4918, 9.8, 9.9
"""

from __future__ import annotations

import pytest

from davd.dav.core import EXTENSION
from davd.dav.methods.relocation import examine


@pytest.mark.parametrize("name", ["COPY", "MOVE"])
def test_both_look_at_large_content_beforehand(name: str) -> None:
    (row,) = [method for method in EXTENSION.methods if method.name == name]
    assert row.writes
    assert row.examine is examine
