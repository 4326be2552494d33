"""A place in the tree, mapped or not.

Implements: RFC 4918, 5
"""

from __future__ import annotations

from dataclasses import dataclass

from davd.model.path import Path
from davd.model.resource import Resource


@dataclass(slots=True)
class Node:
    """What a path leads to.

    `chain` is the resources along the path, the root first, as deep as they exist. `resource` is the last of them when
    the path is mapped, else None.
    """

    path: Path
    chain: list[Resource]
    resource: Resource | None

    @property
    def parent(self) -> Resource | None:
        """The collection that holds, or would hold, the resource; None when that does not exist, and for the root."""
        depth = len(self.path.segments)
        if depth == 0 or len(self.chain) < depth:
            return None
        return self.chain[depth - 1]
