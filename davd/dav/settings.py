"""Settings of the WebDAV floor."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

from davd.formats.xml.reader import DEFAULT

Count = Annotated[int, Meta(ge=1)]
Bytes = Annotated[int, Meta(ge=0)]
# The reader of XML takes no more, whatever is set.
XMLBytes = Annotated[int, Meta(ge=0, le=DEFAULT.size)]
Seconds = Annotated[int, Meta(ge=1)]


class DavSettings(Struct, forbid_unknown_fields=True, kw_only=True):
    """Limits on what one request may ask of the tree.

    `max_dead_property_bytes` is for each property that clients made up, `max_dead_bytes` for all of one resource.
    `quota_bytes` is for each user, 0 for no limit. New content leaves `reserve_bytes` of the disk free, so that there
    is room to write down a removal.
    """

    max_file_bytes: Bytes = 64 * 1024**3
    max_xml_bytes: XMLBytes = 1024**2
    inline_bytes: Bytes = 16 * 1024
    max_propfind_nodes: Count = 10_000
    max_tree_nodes: Count = 10_000
    max_sync_results: Count = 10_000
    max_lock_seconds: Seconds = 3600
    default_lock_seconds: Seconds = 600
    max_locks_per_principal: Count = 100
    max_locks_per_resource: Count = 10
    max_lock_owner_bytes: Bytes = 2048
    max_dead_property_bytes: Bytes = 64 * 1024
    max_dead_bytes: Bytes = 128 * 1024
    max_dead_properties: Count = 200
    quota_bytes: Bytes = 0
    reserve_bytes: Bytes = 64 * 1024**2
    hostnames: list[str] = []
    prefix: str = ""
