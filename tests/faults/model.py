"""What one client has been promised: a tree in a dict, and for each request the trees before and after it."""

from __future__ import annotations

import hashlib
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

# A value that nobody knows: the answer that would have told it was lost.
ANY = "?"

INLINE = 16 * 1024
CROWDED = 40


@dataclass(frozen=True)
class Entry:
    """One resource: `sha256` of its content (None for a collection), its ETag, its one dead property, its lock token.

    `etag` and `token` may be ANY.
    """

    sha256: str | None
    etag: str = ANY
    value: str | None = None
    token: str | None = None

    def admits(self, found: Entry) -> bool:
        """Whether `found`, of which everything is known, is what this one stands for."""
        return (
            self.sha256 == found.sha256
            and self.etag in (ANY, found.etag)
            and self.value == found.value
            and (self.token == found.token or (self.token == ANY and found.token is not None))
        )


Tree = dict[str, Entry]


@dataclass
class Step:
    """One request to make: `after` is the tree when it has been done, `done` the statuses that say so.

    `told` names the path whose ETag the answer carries.
    """

    method: str
    path: str
    after: Tree
    done: tuple[int, ...]
    body: bytes | None = None
    headers: dict[str, str] = field(default_factory=dict)
    told: str | None = None


def admits(tree: Tree, found: Tree) -> bool:
    """Whether `found` is what `tree` stands for."""
    return tree.keys() == found.keys() and all(entry.admits(found[path]) for path, entry in tree.items())


def difference(tree: Tree, found: Tree) -> list[str]:
    """Where the two disagree, for people."""
    return [
        f"{path}: expected {tree.get(path)}, found {found.get(path)}"
        for path in sorted(tree.keys() | found.keys())
        if path not in tree or path not in found or not tree[path].admits(found[path])
    ]


class Script:
    """Thinks of requests below the folder `root` (a URL path that ends with a slash), by chance.

    Names that begin with `lock` are locked and unlocked and stay where they are; all others are never locked.
    """

    def __init__(self, root: str, chance: random.Random) -> None:
        self.root = root
        self.tree: Tree = {}
        self._chance = chance
        self._count = 0

    def step(self) -> Step:
        """The next request."""
        choices: list[tuple[Callable[[], Step | None], int]] = [
            (self._create, 6),
            (self._overwrite, 5),
            (self._delete, 12 if len(self.tree) > CROWDED else 2),
            (self._mkcol, 2),
            (self._move, 2),
            (self._copy, 2 if len(self.tree) < CROWDED else 0),
            (self._proppatch, 3),
            (self._lock, 2),
            (self._locked_put, 2),
            (self._unlock, 1),
        ]
        makers, weights = zip(*choices, strict=True)
        while True:
            [maker] = self._chance.choices(makers, weights)
            found: Step | None = maker()
            if found is not None:
                return found

    def _content(self) -> bytes:
        """Content that was never sent before, small or large."""
        self._count += 1
        size = self._chance.choice((0, 100, 3000, INLINE, INLINE + 1, 70_000, 300_000))
        return f"{self.root}{self._count}:".encode() + self._chance.randbytes(size)

    def _new(self, sort: str) -> str:
        self._count += 1
        folders = [path + "/" for path, entry in self.tree.items() if entry.sha256 is None and path.count("/") < 3]
        return self._chance.choice(["", *folders]) + f"{sort}{self._count}"

    def _pick(self, test: Callable[[str, Entry], bool]) -> str | None:
        found = [path for path, entry in self.tree.items() if test(path, entry)]
        return self._chance.choice(found) if found else None

    def _movable(self, path: str, entry: Entry) -> bool:
        return not path.startswith("lock")

    def _url(self, path: str) -> str:
        entry = self.tree.get(path)
        return self.root + path + ("/" if entry is not None and entry.sha256 is None else "")

    def _put(self, path: str, headers: Mapping[str, str], token: str | None = None) -> Step:
        body = self._content()
        before = self.tree.get(path)
        entry = Entry(hashlib.sha256(body).hexdigest(), value=before.value if before else None, token=token)
        after = self.tree | {path: entry}
        return Step("PUT", self._url(path), after, (204,) if before else (201,), body, dict(headers), path)

    def _create(self) -> Step:
        return self._put(self._new("file"), self._chance.choice([{}, {"If-None-Match": "*"}]))

    def _overwrite(self) -> Step | None:
        path = self._pick(lambda path, entry: entry.sha256 is not None and self._movable(path, entry))
        if path is None:
            return None
        etag = self.tree[path].etag
        return self._put(path, {"If-Match": etag} if etag != ANY and self._chance.random() < 0.5 else {})

    def _delete(self) -> Step | None:
        path = self._pick(self._movable)
        return None if path is None else Step("DELETE", self._url(path), without(self.tree, path), (204,))

    def _mkcol(self) -> Step:
        path = self._new("folder")
        return Step("MKCOL", self.root + path + "/", self.tree | {path: Entry(None)}, (201,))

    def _move(self) -> Step | None:
        return self._transfer("MOVE")

    def _copy(self) -> Step | None:
        return self._transfer("COPY")

    def _transfer(self, method: str) -> Step | None:
        source = self._pick(self._movable)
        if source is None:
            return None
        moved = {path: entry for path, entry in self.tree.items() if path == source or path.startswith(source + "/")}
        target = self._new("to")
        if self._chance.random() < 0.3:
            target = self._pick(self._movable) or target
        if _overlap(source, target) or (method == "COPY" and len(moved) + len(self.tree) > 3 * CROWDED):
            return None
        after = without(without(self.tree, source) if method == "MOVE" else self.tree, target)
        after |= {target + path[len(source) :]: replace(entry, etag=ANY) for path, entry in moved.items()}
        headers = {"Destination": self._url(target), "Overwrite": "T" if target in self.tree else "F"}
        return Step(method, self._url(source), after, (204,) if target in self.tree else (201,), None, headers)

    def _proppatch(self) -> Step | None:
        path = self._pick(self._movable)
        if path is None:
            return None
        self._count += 1
        value = f"value {self._count}"
        body = (
            '<propertyupdate xmlns="DAV:"><set><prop><value xmlns="urn:x">'
            f"{value}</value></prop></set></propertyupdate>"
        )
        after = self.tree | {path: replace(self.tree[path], value=value)}
        return Step("PROPPATCH", self._url(path), after, (207,), body.encode())

    def _lock(self) -> Step | None:
        path = f"lock{self._chance.randrange(4)}"
        entry = self.tree.get(path)
        if entry is not None and entry.token is not None:
            return None
        body = b'<lockinfo xmlns="DAV:"><lockscope><exclusive/></lockscope><locktype><write/></locktype></lockinfo>'
        locked = replace(entry, token=ANY) if entry else Entry(hashlib.sha256(b"").hexdigest(), token=ANY)
        headers = {"Timeout": "Second-3600", "Depth": "0"}
        return Step("LOCK", self.root + path, self.tree | {path: locked}, (200,) if entry else (201,), body, headers)

    def _token(self) -> tuple[str, str] | None:
        path = self._pick(lambda path, entry: entry.token not in (None, ANY))
        return (path, self.tree[path].token or "") if path else None

    def _locked_put(self) -> Step | None:
        found = self._token()
        return self._put(found[0], {"If": f"(<{found[1]}>)"}, found[1]) if found else None

    def _unlock(self) -> Step | None:
        found = self._token()
        if found is None:
            return None
        path, token = found
        after = self.tree | {path: replace(self.tree[path], token=None)}
        return Step("UNLOCK", self.root + path, after, (204,), None, {"Lock-Token": f"<{token}>"})


def without(tree: Tree, path: str) -> Tree:
    """The tree without a path and what is below it."""
    return {other: entry for other, entry in tree.items() if other != path and not other.startswith(path + "/")}


def _overlap(one: str, other: str) -> bool:
    return (one + "/").startswith(other + "/") or (other + "/").startswith(one + "/")
