"""The form of entity tags.

Verifies: RFC 9110, 8.8.3
"""

import hashlib
import re

from davd.stores.etag import etag


def test_a_tag_is_strong_and_its_own() -> None:
    digests = [hashlib.sha256(bytes([number])).hexdigest() for number in range(4)]
    tags = {etag(digest, number) for digest in digests for number in range(300)}
    assert len(tags) == 4 * 300
    assert all(re.fullmatch(r'"[\x21\x23-\x7e]+"', tag) for tag in tags)
