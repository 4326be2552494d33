"""A trial with members to look at."""

from __future__ import annotations

from davd.dav.core import EXTENSION
from davd.dav.methods.propfind import PROPFIND
from davd.dav.methods.proppatch import PROPPATCH
from davd.dav.properties import acl, microsoft, principal, quota, sync, webdav
from davd.dav.registry import Extension
from davd.dav.settings import DavSettings
from davd.testing.exchange import Trial

_BROUGHT = {row.name for row in EXTENSION.methods}
_LIVE = {row.name for row in EXTENSION.properties}


def trial(settings: DavSettings | None = None) -> Trial:
    rows = [row for module in (webdav, acl, principal, quota, sync, microsoft) for row in module.ROWS]
    own = Extension(
        "properties",
        methods=[row for row in (PROPFIND, PROPPATCH) if row.name not in _BROUGHT],
        properties=[row for row in rows if row.name not in _LIVE],
    )
    return Trial(own, settings=settings)
