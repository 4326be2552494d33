"""What a visit has found out so far, and one request of it with its answer."""

from __future__ import annotations

from dataclasses import dataclass, field

from davd.daemon.doctor.connect import Origin
from davd.daemon.doctor.reply import Reply
from davd.daemon.doctor.steps import Step


@dataclass(slots=True)
class Known:
    """`values` fill in the braces of steps; `server` is the field Server of answers that are surely the DAV server's.

    `logged_in` once a password was good; `refusals` counts the 401 before that. `now` is POSIX time.
    """

    origin: Origin
    client: str
    now: float
    values: dict[str, str] = field(default_factory=dict)
    server: str | None = None
    logged_in: bool = False
    refusals: int = 0


@dataclass(frozen=True, slots=True)
class Visit:
    """A step as it was asked, with the braces filled in, and what came."""

    step: Step
    target: str
    reply: Reply
    body: bytes | None = None
    login: bool = False

    @property
    def depth(self) -> str:
        """The Depth that was asked for; empty when none was."""
        return next((value for name, value in self.step.fields if name == "Depth"), "")

    @property
    def good(self) -> bool:
        """Whether the status is one that the client expects."""
        return self.reply.status in self.step.expects
