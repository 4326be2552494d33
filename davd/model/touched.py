"""What a commit touched."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Touched:
    """The resources that one commit changed, for those who keep something of them.

    `ids` are the resources whose row changed: new content, times, owner, place, access control entries or dead
    properties, a collection's change number, and resources that went. `places` are the (parent id, name) at which a
    resource appeared or went. What is below a collection that went or was copied is not listed. `everything` means that
    any resource, and who is in which group, may have changed in any way and the lists need not be complete.
    """

    ids: frozenset[int]
    places: frozenset[tuple[int, str]]
    everything: bool = False
