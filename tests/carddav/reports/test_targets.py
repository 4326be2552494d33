"""What the reports of CardDAV are for.

Verifies: RFC 6352, 8
"""

from __future__ import annotations

import pytest

from davd.carddav.reports.targets import applies
from davd.model.resource import COLLECTION, FILE, PRINCIPAL, Resource


class TestApplies:
    """Verifies: RFC 6352, 8, 8.2"""

    @pytest.mark.parametrize(
        "type, kind, expected",
        [
            ("addressbook", "", True),
            (FILE, "text/vcard; charset=utf-8", True),
            (FILE, "text/plain", False),
            (FILE, "", False),
            (COLLECTION, "", False),
            (PRINCIPAL, "", False),
            ("calendar", "", False),
        ],
    )
    def test_by_type(self, type: str, kind: str, expected: bool) -> None:
        assert applies(Resource(1, 2, "a", type, "alice", "", kind, 0, 0.0, 0.0, 1, 0, None, "")) is expected
