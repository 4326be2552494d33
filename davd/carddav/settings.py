"""Settings of address books."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

# What `extra` says of a key: whether a reload brings it into force, its unit, and the form of a text.
Count = Annotated[int, Meta(ge=1, extra={"reload": True})]
Bytes = Annotated[int, Meta(ge=1024, le=16 * 1024**2, extra={"reload": True, "unit": "bytes"})]
Name = Annotated[str, Meta(max_length=255, extra={"reload": True})]
Reference = Annotated[str, Meta(pattern="^/[!-~]*$", max_length=2048)]
References = Annotated[list[Reference], Meta(extra={"reload": True, "form": "paths that begin with a slash"})]


class CardDavSettings(Struct, forbid_unknown_fields=True, kw_only=True):
    """Limits of what address books hold and of what one report may ask, and what new users are given.

    Cards are refused that have more than `max_resource_size` bytes, photographs included, or more than `max_terms`
    names, addresses and numbers to be found by. `max_multiget` is how many cards one addressbook-multiget may name,
    `max_query_results` how many an addressbook-query gives at most. `book_name` is what the address book is called
    that users get with their first request, empty for none. `directories` are paths of address books that all users are
    told of as directories to search in.
    """

    max_resource_size: Bytes = 1024**2
    max_terms: Count = 1000
    max_multiget: Count = 5000
    max_query_results: Count = 10_000
    book_name: Name = "Contacts"
    directories: References = []
