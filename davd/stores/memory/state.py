"""All that a memory store holds at one moment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING

from davd.model.index import ObjectIndex
from davd.model.lock import Lock
from davd.model.principal import Account, AppPassword
from davd.model.resource import COLLECTION, Resource

if TYPE_CHECKING:
    from davd.stores.memory.bundle import Bundle

ROOT = 1


@dataclass(slots=True)
class State:
    """Tables as dictionaries whose values are never changed, only replaced, so that `copy` need not go deeper.

    `members` is ids by name by collection; `removed` is (revision, POSIX time) by (collection, name); `forgotten` the
    newest revision of a removal that was swept, by collection; `number` the last number given to a resource or ETag;
    `groups` has the direct members of those groups that have any; `trash` the entries of the trash by id;
    `app_passwords` are by id.
    """

    number: int = 0
    resources: dict[int, Resource] = field(default_factory=dict)
    members: dict[int, dict[str, int]] = field(default_factory=dict)
    contents: dict[int, bytes] = field(default_factory=dict)
    properties: dict[int, dict[str, bytes]] = field(default_factory=dict)
    locks: dict[str, Lock] = field(default_factory=dict)
    removed: dict[tuple[int, str], tuple[int, float]] = field(default_factory=dict)
    forgotten: dict[int, int] = field(default_factory=dict)
    accounts: dict[str, Account] = field(default_factory=dict)
    kept: dict[str, tuple[bytes, float]] = field(default_factory=dict)
    indexes: dict[int, ObjectIndex] = field(default_factory=dict)
    groups: dict[str, frozenset[str]] = field(default_factory=dict)
    trash: dict[int, Bundle] = field(default_factory=dict)
    app_passwords: dict[str, AppPassword] = field(default_factory=dict)

    def copy(self) -> State:
        """A state that can be changed without changing this one."""
        return State(self.number, *(dict(getattr(self, table.name)) for table in fields(self)[1:]))

    def below(self, id: int) -> Iterator[Resource]:
        """The resources below `id`, parents before members, siblings in the order of their names."""
        for _, member in sorted(self.members.get(id, {}).items()):
            yield self.resources[member]
            yield from self.below(member)

    def segments(self, id: int) -> tuple[str, ...] | None:
        """The path of a resource from the root; None when it is gone."""
        names: list[str] = []
        resource = self.resources.get(id)
        while resource is not None and resource.parent_id is not None:
            names.append(resource.name)
            resource = self.resources[resource.parent_id]
        return None if resource is None else tuple(reversed(names))

    def referenced(self) -> set[str]:
        """The names of the blobs that resources, in the tree or in the trash, refer to."""
        kept = [resource for entry in self.trash.values() for resource in entry.resources]
        return {resource.blob for resource in [*self.resources.values(), *kept] if resource.blob is not None}


def new_state(now: float) -> State:
    """The tree of a new store: `/`, `/files`, `/principals` and `/principals/users`, which belong to nobody."""
    state = State()
    for parent, name, type in ((None, "", COLLECTION), (1, "files", COLLECTION), (1, "principals", COLLECTION),
                               (3, "users", COLLECTION)):  # fmt: skip
        state.number += 1
        revision = 0
        if parent is not None:
            revision = state.resources[parent].sync_revision + 1
            state.resources[parent].sync_revision = revision
            state.members[parent] = {**state.members[parent], name: state.number}
        state.resources[state.number] = Resource(
            state.number, parent, name, type, "", "", "", 0, now, now, revision, 0, None, ""
        )
        state.members[state.number] = {}
    return state
