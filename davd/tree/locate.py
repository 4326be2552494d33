"""From a path to a node.

Implements: RFC 4918, 5.1
"""

from __future__ import annotations

from davd.interfaces.store import IReadTransaction
from davd.model.path import Path
from davd.tree.node import Node


async def locate(transaction: IReadTransaction, path: Path) -> Node:
    """The node at `path` as this transaction sees it."""
    chain = await transaction.resolve(path.segments)
    resource = chain[-1] if len(chain) == len(path.segments) + 1 else None
    return Node(path, chain, resource)
