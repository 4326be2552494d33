"""One line for each request, for people and programs that count: what was asked in the words of DAV, and what it cost.

Nothing of what a client sends gets into a line as it is: characters that end or hide a line are written as escapes, and
passwords, tokens, and the content of requests are in none.

Implements: docs/operate/monitoring.md, Access log
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Protocol

import msgspec
from msgspec import Struct

if TYPE_CHECKING:
    from twisted.internet.interfaces import IDelayedCall, IReactorTime

# Lines are written together: after so many bytes, or so many seconds.
GATHER_BYTES: Final = 32 * 1024
GATHER_SECONDS: Final = 1.0
_LONGEST: Final = 1024


class Access(Struct, omit_defaults=False):
    """What is told of one request.

    `time` is POSIX seconds, `seconds` from arrival to answer, `cpu` and `queued` seconds too, `items` the resources
    that the answer tells of, `received` and `sent` bytes of content. `kind` is a report's name, or what tells requests
    of one method apart. `memory` tells that the answer was given from memory. Empty text and 0 stand for unknown.
    """

    time: float
    peer: str
    account: str
    method: str
    path: str
    status: int
    depth: str = ""
    kind: str = ""
    items: int = 0
    received: int = 0
    sent: int = 0
    seconds: float = 0.0
    cpu: float = 0.0
    queued: float = 0.0
    id: str = ""
    memory: bool = False


class Output(Protocol):
    """Where lines go."""

    def write(self, data: bytes) -> object:
        """Take whole lines."""
        ...

    def reopen(self) -> None:
        """Go on in the file that now has the name."""
        ...

    def close(self) -> None:
        """No more comes."""
        ...


class FileOutput:
    """A file that lines are added to; other processes may do the same. OSError when it cannot be opened."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._descriptor = self._open()

    def _open(self) -> int:
        return os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)

    def write(self, data: bytes) -> None:
        """Add lines by one write, so that those of other processes stay whole."""
        os.write(self._descriptor, data)

    def reopen(self) -> None:
        """Go on in the file that now has the name, or in a new one."""
        old, self._descriptor = self._descriptor, self._open()
        os.close(old)

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


class StreamOutput:
    """Standard output."""

    def __init__(self, descriptor: int | None = None) -> None:
        self._descriptor = sys.stdout.fileno() if descriptor is None else descriptor

    def write(self, data: bytes) -> None:
        """Give lines to whoever reads."""
        os.write(self._descriptor, data)

    def reopen(self) -> None:
        """There is nothing to open."""

    def close(self) -> None:
        """It belongs to the process."""


class AccessLog:
    """Writes lines to `output`, in the form `text`, `json` or `journal`, several at a time. `clock` is the reactor.

    A disk that is full costs lines and nothing else: `lost` counts them.
    """

    def __init__(self, output: Output, form: str, clock: IReactorTime) -> None:
        self._output = output
        self._line: Callable[[Access], bytes] = _FORMS[form]
        self._clock = clock
        self._lines: list[bytes] = []
        self._size = 0
        self._call: IDelayedCall | None = None
        self.lost = 0

    def note(self, access: Access) -> None:
        """Write the line of a request, soon."""
        line = self._line(access)
        self._lines.append(line)
        self._size += len(line)
        if self._size >= GATHER_BYTES:
            self.flush()
        elif self._call is None:
            self._call = self._clock.callLater(GATHER_SECONDS, self.flush)

    def flush(self) -> None:
        """Write what has gathered."""
        call, self._call = self._call, None
        if call is not None and call.active():
            call.cancel()
        lines, self._lines, self._size = self._lines, [], 0
        if lines:
            try:
                self._output.write(b"".join(lines))
            except OSError:
                self.lost += len(lines)

    def reopen(self) -> None:
        """Write what has gathered, and go on in the file that now has the name. OSError, and then the old one stays."""
        self.flush()
        self._output.reopen()

    def close(self) -> None:
        """Write what has gathered, and end."""
        self.flush()
        self._output.close()


def clean(text: str) -> str:
    """Text that stays on its line and shows what it is: all but printable ASCII is written as an escape, and cut."""
    if len(text) > _LONGEST:
        text = text[:_LONGEST] + "..."
    if text.isascii() and text.isprintable() and "\\" not in text and '"' not in text:
        return text
    return text.encode("unicode_escape").decode("ascii").replace('"', '\\"')


def _json(access: Access) -> bytes:
    # The encoder escapes most control characters; what else ends or hides a line for some readers is escaped before.
    for name in ("path", "depth", "account"):
        text = getattr(access, name)
        if not (text.isascii() and text.isprintable()) or len(text) > _LONGEST:
            setattr(access, name, clean(text))
    return msgspec.json.encode(access) + b"\n"


def _text(access: Access) -> bytes:
    return datetime.fromtimestamp(access.time, UTC).isoformat(timespec="milliseconds").encode() + b" " + _words(access)


def _journal(access: Access) -> bytes:
    # What journald takes for the priority: information. It has a time of its own.
    return b"<6>" + _words(access)


def _words(access: Access) -> bytes:
    words = [
        access.peer or "-",
        f'"{clean(access.account)}"' if access.account else "-",
        f'"{clean(access.method)} {clean(access.path)}"',
        str(access.status),
    ]
    if access.depth:
        words.append(f"depth={clean(access.depth).replace(' ', '')[:16]}")
    if access.kind:
        words.append(f"kind={access.kind.replace(' ', '-')}")
    if access.items:
        words.append(f"items={access.items}")
    words.append(
        f"in={access.received} out={access.sent} ms={access.seconds * 1000:.2f} cpu_ms={access.cpu * 1000:.2f}"
    )
    if access.queued:
        words.append(f"queued_ms={access.queued * 1000:.2f}")
    if access.memory:
        words.append("memory")
    if access.id:
        words.append(f"id={access.id}")
    return " ".join(words).encode("ascii", "backslashreplace") + b"\n"


_FORMS: Final = {"text": _text, "json": _json, "journal": _journal}
