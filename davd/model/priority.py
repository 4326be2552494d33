"""How urgent a request is among those that wait.

Implements: docs/architecture.md, Admission
"""

from __future__ import annotations

from enum import IntEnum


class RequestPriority(IntEnum):
    """The four classes of requests; the higher one goes first.

    `CRITICAL`: what must be answered always (UNLOCK, OPTIONS, a request without credentials). `HIGH`: one resource
    (GET, PUT, DELETE). `NORMAL`: polls, multigets, listings. `LOW`: Depth infinity, exports, initial synchronisations,
    COPY and MOVE of trees.
    """

    LOW = 0
    NORMAL = 1
    HIGH = 2
    CRITICAL = 3
