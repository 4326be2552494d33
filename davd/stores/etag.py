"""Entity tags of stored content.

Implements: RFC 9110, 8.8.3; RFC 4918, 8.6
"""

from __future__ import annotations


def etag(sha256: str, number: int) -> str:
    """The strong tag, in its quotes, of content with that digest stored under a number the store never uses again.

    The number makes the tag of a resource differ from every tag that any resource of the store ever had, so that a tag
    seen before is never met again with other bytes or at another resource.
    """
    return f'"{sha256[:20]}-{number:x}"'
