"""One answer as it came over the line, and the fault that takes an answer's place.

Implements: RFC 9110, 6
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Reply:
    """A final answer: its fields in the order sent, its body without transfer coding.

    `seconds` passed from the first octet of the request to the last of the answer; `continued` tells of a request that
    waited for 100 (Continue) whether it came.
    """

    status: int
    fields: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    version: str = "HTTP/1.1"
    seconds: float = 0.0
    continued: bool = True

    def field(self, name: str) -> str:
        """The values of a field in one line; empty when it is not there."""
        return ", ".join(value for key, value in self.fields if key.lower() == name.lower())

    def words(self, name: str) -> set[str]:
        """The members of a field that is a list, in lower case."""
        return {word.strip().lower() for word in self.field(name).split(",")} - {""}

    @property
    def media_type(self) -> str:
        """The media type of the body without parameters."""
        return self.field("Content-Type").split(";")[0].strip().lower()


class Fault(Exception):
    """No answer: `key` names the finding, `detail` fills in its sentence."""

    def __init__(self, key: str, **detail: object) -> None:
        super().__init__(key)
        self.key = key
        self.detail = detail
