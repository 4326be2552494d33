"""Bodies of addressbook-multiget.

Verifies: RFC 6352, 8.7, 10.7
"""

from __future__ import annotations

import pytest

from davd.carddav.elements.addressbook_multiget import parse_addressbook_multiget
from davd.dav.elements.asked import Asked
from davd.model.errors import HTTPError

BODY = '<C:addressbook-multiget xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav">{}</C:addressbook-multiget>'


class TestRead:
    """Verifies: RFC 6352, 8.7, 10.7"""

    def test_hrefs_are_kept_as_written_and_once(self) -> None:
        found = parse_addressbook_multiget(
            BODY.format(
                "<prop><getetag/></prop><href>\n /a/%62.vcf </href><href>/a/b.vcf</href><href>/a/b.vcf</href>"
            ).encode()
        )
        assert found.hrefs == ("/a/%62.vcf", "/a/b.vcf") and found.asked == Asked("prop", ("{DAV:}getetag",))

    def test_without_any(self) -> None:
        with pytest.raises(HTTPError) as caught:
            parse_addressbook_multiget(BODY.format("<prop/>").encode())
        assert caught.value.status == 400
