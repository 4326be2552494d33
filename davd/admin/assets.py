"""The files of the dashboard, each under a path that changes with its content.

Implements: RFC 9110, 8.8.3, 13.1.2; RFC 9111, 5.2.2; RFC 8246, 2; docs/operate/monitoring.md, Dashboard
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b
from importlib.resources import files
from typing import Any, Final

STATIC: Final = "/static/"
_TYPES: Final = {
    "css": "text/css; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "svg": "image/svg+xml",
    "LICENSE": "text/plain; charset=utf-8",
}
NAMES: Final = (
    "dashboard.css",
    "dashboard.js",
    "davd.svg",
    "vendor/htmx.min.js",
    "vendor/htmx.LICENSE",
    "vendor/uPlot.iife.min.js",
    "vendor/uPlot.min.css",
    "vendor/uPlot.LICENSE",
)
_YEAR: Final = 31_536_000


@dataclass(frozen=True, slots=True)
class Asset:
    """A file: its media type, its content, and a digest of that."""

    media_type: str
    content: bytes
    digest: str


def _read(name: str) -> Asset:
    content = files("davd.admin").joinpath("static", *name.split("/")).read_bytes()
    return Asset(_TYPES[name.rpartition(".")[2]], content, blake2b(content, digest_size=12).hexdigest())


class Assets:
    """All files, read once; OSError when the installation lacks one."""

    def __init__(self) -> None:
        self._found = {name: _read(name) for name in NAMES}

    def url(self, name: str) -> str:
        """Where a file is, for as long as it is what it is now; KeyError when there is none."""
        return f"{STATIC}{self._found[name].digest}/{name}"

    def answer(self, request: Any, path: str) -> bytes | None:
        """What is at `DIGEST/NAME`, or at `NAME` whatever it is now; None when there is nothing."""
        asset, immutable = self._found.get(path), False
        if asset is None:
            digest, _, name = path.partition("/")
            asset, immutable = self._found.get(name), True
            if asset is None or asset.digest != digest:
                return None
        request.setHeader("Content-Type", asset.media_type)
        # RFC 8246, 2: clients "SHOULD NOT issue a conditional request during the response's freshness lifetime".
        lasting = f"public, max-age={_YEAR}, immutable"
        request.setHeader("Cache-Control", lasting if immutable else "no-cache")
        # Answers 304 by itself when the client has it.
        if request.setETag(f'"{asset.digest}"'.encode()):
            return b""
        return asset.content
