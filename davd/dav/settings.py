"""Settings of the WebDAV floor."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct, field

from davd.formats.xml.reader import DEFAULT

# What `extra` says of a key: whether a reload brings it into force, and its unit.
Count = Annotated[int, Meta(ge=1, extra={"reload": True})]
Bytes = Annotated[int, Meta(ge=0, extra={"reload": True, "unit": "bytes"})]
# The reader of XML takes no more, whatever is set.
XMLBytes = Annotated[int, Meta(ge=0, le=DEFAULT.size, extra={"reload": True, "unit": "bytes"})]
Seconds = Annotated[int, Meta(ge=1, extra={"reload": True, "unit": "seconds"})]
Word = Annotated[str, Meta(pattern="^[A-Za-z0-9._-]+$")]
Words = Annotated[list[Word], Meta(extra={"reload": True, "form": "names of letters, digits, dots, - and _"})]
Names = Annotated[list[str], Meta(extra={"reload": True})]
Who = Annotated[Literal["groups", "all"], Meta(extra={"reload": True})]


class DavSettings(Struct, forbid_unknown_fields=True, kw_only=True):
    """Limits on what one request may ask of the tree.

    `max_dead_property_bytes` is for each property that clients made up, `max_dead_bytes` for all of one resource.
    `quota_bytes` is for each user, 0 for no limit. New content leaves `reserve_bytes` of the disk free, so that there
    is room to write down a removal. `max_aces` is for the entries that clients give one resource,
    `max_principal_results` for the principals that one search finds.

    `principal_search` tells whom users may search for and look at: `"groups"`, those who are in a group with them, or
    `"all"`. `well_known` are the names below `/.well-known/` that lead to the served root. `hostnames` are the names
    that the server goes by beside that in the request, `prefix` is the path below which everything is served, without a
    slash at its end; empty for the root of the host.
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
    max_aces: Count = 100
    max_principal_results: Count = 500
    quota_bytes: Bytes = 0
    reserve_bytes: Bytes = 64 * 1024**2
    principal_search: Who = "groups"
    well_known: Words = field(default_factory=lambda: ["caldav", "carddav"])
    hostnames: Names = []
    prefix: str = ""
