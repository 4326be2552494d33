"""What answers depend on beside the tree and the request: processes in which it is equal may share their answers."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from functools import cache
from hashlib import blake2b

import msgspec
from twisted.plugin import getPlugins

from davd.config.settings import Settings
from davd.dav.registry import Registry
from davd.interfaces.extension import IExtensionMaker


def view_of(settings: Settings, registry: Registry, epoch: str) -> bytes:
    """A digest of the program's and the extensions' text, the rows in force, the settings that show, the store's life.

    The extensions of `settings` have been loaded.
    """
    makers = {maker.name: maker.path for maker in getPlugins(IExtensionMaker)}
    digest = blake2b(digest_size=32)
    digest.update(program(("davd", *(makers[name].partition(".")[0] for name in settings.extensions))))
    rows = [sorted(part) for part in (registry.methods, registry.reports, registry.properties)]
    digest.update(repr((epoch, rows, settings.extensions)).encode())
    digest.update(msgspec.json.encode((settings.dav, settings.caldav, settings.carddav)))
    return digest.digest()


@cache
def program(packages: tuple[str, ...]) -> bytes:
    """A digest of the text that this process runs: read once, since what lies there later is another program's."""
    digest = blake2b(digest_size=32)
    for package in packages:
        for path in _sources(package):
            with open(path, "rb") as source:
                digest.update(source.read())
    return digest.digest()


def _sources(package: str) -> Iterator[str]:
    """The files of a top-level module or package, always in the same order."""
    module = sys.modules[package]
    folders = getattr(module, "__path__", None)
    if folders is None:
        if module.__file__ is not None:
            yield module.__file__
        return
    for top in folders:
        for folder, below, names in os.walk(top):
            below.sort()
            for name in sorted(names):
                if name.endswith(".py"):
                    yield os.path.join(folder, name)
