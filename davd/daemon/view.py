"""What answers depend on beside the tree and the request: processes in which it is equal may share their answers."""

from __future__ import annotations

import os
from hashlib import blake2b

import msgspec

import davd
from davd.config.settings import Settings
from davd.dav.registry import Registry


def view_of(settings: Settings, registry: Registry, epoch: str) -> bytes:
    """A digest of the program's text, the rows in force, the settings that show in answers, and the store's life."""
    digest = blake2b(digest_size=32)
    for folder, folders, names in os.walk(os.path.dirname(davd.__file__)):
        folders.sort()
        for name in sorted(names):
            if name.endswith(".py"):
                with open(os.path.join(folder, name), "rb") as source:
                    digest.update(source.read())
    rows = [sorted(part) for part in (registry.methods, registry.reports, registry.properties)]
    digest.update(repr((epoch, rows, settings.extensions)).encode())
    digest.update(msgspec.json.encode(settings.dav))
    return digest.digest()
