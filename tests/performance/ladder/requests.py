"""The requests of an open-loop load, and what their answers have to be."""

import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

SIZE = 4096
REPLACED = 64
COLLECTIONS = 16


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of request: `status` of a right answer, and its body where that is known beforehand."""

    name: str
    status: bytes
    body: bytes | None = None

    def fault(self, status: bytes, body: bytes) -> str:
        """What is wrong with an answer; empty when nothing is."""
        if status != self.status:
            return f"status {status.decode('latin-1')}"
        return "other octets" if self.body is not None and body != self.body else ""


def content(number: int) -> bytes:
    """The content of a written resource: its number and padding."""
    return b"%08d\n" % number + b"x" * (SIZE - 9)


def name_of(number: int) -> str:
    """The path of a written resource below the place for these: one of several collections, and its number."""
    return f"{number % COLLECTIONS}/{number}"


class Requests:
    """Chooses requests by chance, in the parts that the job's `mix` gives by name.

    `get`, `propfind0` and `propfind1` ask for what does not change, `put` makes a new resource, `replace` writes one of
    a few that are there, `delete` takes away one that was made before. `created` and `deleted` are what was
    acknowledged.
    """

    def __init__(self, job: Mapping[str, Any]) -> None:
        self._random = random.Random(job["seed"] + 1)
        self._names = list(job["mix"])
        self._weights = list(job["mix"].values())
        self._written = job["written"]
        self._fields = f"Host: {job['host']}:{job['port']}\r\nAuthorization: {job['authorization']}\r\n"
        self._kinds: dict[str, tuple[Kind, bytes]] = {}
        for name, method, path, depth, asked, status, body in job["asked"]:
            fields = f"Depth: {depth}\r\nContent-Type: application/xml\r\n" if depth else ""
            fields += f"Content-Length: {len(asked)}\r\n" if asked else ""
            head = f"{method} {path} HTTP/1.1\r\n{self._fields}{fields}\r\n{asked}"
            kind = Kind(name, str(status).encode(), body.encode("latin-1"))
            self._kinds[name] = (kind, head.encode())
        self._put = Kind("put", b"201")
        self._replace = Kind("replace", b"204")
        self._delete = Kind("delete", b"204")
        self._next = REPLACED
        self._there: list[int] = list(job["there"])
        self.created = 0
        self.deleted = 0

    def choose(self) -> tuple[Kind, int, bytes]:
        """The next request: its kind, the number of the resource it writes or deletes, its bytes."""
        (name,) = self._random.choices(self._names, self._weights)
        known = self._kinds.get(name)
        if known is not None:
            return known[0], 0, known[1]
        if name == "delete" and self._there:
            number = self._there.pop(self._random.randrange(len(self._there)))
            return (
                self._delete,
                number,
                f"DELETE {self._written}{name_of(number)} HTTP/1.1\r\n{self._fields}\r\n".encode(),
            )
        if name == "replace":
            number = self._random.randrange(REPLACED)
            return self._replace, number, self._writing(number)
        self._next += 1
        return self._put, self._next, self._writing(self._next)

    def _writing(self, number: int) -> bytes:
        head = f"PUT {self._written}{name_of(number)} HTTP/1.1\r\n{self._fields}Content-Length: {SIZE}\r\n\r\n"
        return head.encode() + content(number)

    def answered(self, kind: Kind, number: int) -> None:
        """A right answer came."""
        if kind is self._put:
            self.created += 1
            self._there.append(number)
        elif kind is self._delete:
            self.deleted += 1
