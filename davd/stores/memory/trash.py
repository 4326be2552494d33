"""The trash of a memory store.

Implements: RFC 4918, 9.6, 9.7
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from davd.model.acl import without
from davd.model.resource import Resource
from davd.model.trash import TrashLimits, same_day
from davd.stores.memory.bundle import Bundle
from davd.stores.memory.state import State


def bundle(state: State, resource: Resource, reason: str, now: float, properties: bool) -> Bundle:
    """A resource as it is, with all below it."""
    assert resource.parent_id is not None
    resources = (resource, *state.below(resource.id))
    ids = {each.id for each in resources}
    return Bundle(
        resource.parent_id,
        state.segments(resource.parent_id) or (),
        now,
        reason,
        resources,
        {id: state.contents[id] for id in ids if id in state.contents},
        {id: state.properties[id] for id in ids if properties and id in state.properties},
        {id: state.indexes[id] for id in ids if id in state.indexes},
    )


def withdrawn(entry: Bundle, name: str) -> Bundle:
    """The entry without what is granted on it to the user, group, room or resource of that name."""
    return replace(entry, resources=tuple([replace(each, acl=without(each.acl, name)) for each in entry.resources]))


def make_room(state: State, added: int, limits: TrashLimits) -> None:
    """Remove what is too much, now that there is the entry `added`."""
    new = state.trash[added]
    place = [
        (each.deleted, id)
        for id, each in state.trash.items()
        if each.collection == new.collection and each.root.name == new.root.name
    ]
    beyond = sorted(place, reverse=True)[limits.versions :][:2]
    if len(beyond) == 2 and same_day(beyond[0][0], beyond[1][0]):
        del state.trash[beyond[0][1]]
    owned = sorted(id for id, each in state.trash.items() if each.root.owner == new.root.owner)
    total = sum(state.trash[id].bytes for id in owned)
    for id in owned:
        if total <= limits.bytes:
            break
        total -= state.trash.pop(id).bytes


def copies(entry: Bundle, place: Resource, number: Callable[[], int]) -> Iterator[tuple[Resource, Resource]]:
    """Each resource of an entry and what it is when it has come back to `place`, parents before members.

    `place` tells parent, name and owner; ids are new.
    """
    members: dict[int | None, list[Resource]] = {}
    for each in entry.resources[1:]:
        members.setdefault(each.parent_id, []).append(each)
    ahead = [(entry.root, place.parent_id, place.name)]
    while ahead:
        old, parent, name = ahead.pop(0)
        acl = old.acl if old.owner == place.owner else ""
        new = replace(old, id=number(), parent_id=parent, name=name, owner=place.owner, acl=acl, sync_revision=0)
        yield old, new
        ahead += [(member, new.id, member.name) for member in sorted(members.get(old.id, ()), key=lambda m: m.id)]
