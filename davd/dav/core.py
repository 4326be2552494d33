"""The rows of WebDAV itself.

Implements: RFC 4918, 9, 15, 18.1, 18.2, 18.3; RFC 5689, 3.1
"""

from __future__ import annotations

from davd.dav.methods import (
    copy,
    delete,
    get,
    head,
    lock,
    mkcol,
    move,
    options,
    propfind,
    proppatch,
    put,
    report,
    unlock,
)
from davd.dav.properties import acl, microsoft, principal, quota, sync, webdav
from davd.dav.registry import COLLECTION_TYPE, FILE_TYPE, PRINCIPAL_TYPE, Extension
from davd.dav.reports.rows import REPORTS

EXTENSION = Extension(
    "webdav",
    methods=[
        options.OPTIONS,
        get.GET,
        head.HEAD,
        put.PUT,
        delete.DELETE,
        propfind.PROPFIND,
        proppatch.PROPPATCH,
        mkcol.MKCOL,
        copy.COPY,
        move.MOVE,
        lock.LOCK,
        unlock.UNLOCK,
        report.REPORT,
    ],
    reports=REPORTS,
    properties=[*webdav.ROWS, *acl.ROWS, *principal.ROWS, *quota.ROWS, *sync.ROWS, *microsoft.ROWS],
    collection_types=[FILE_TYPE, COLLECTION_TYPE, PRINCIPAL_TYPE],
    # RFC 4918, 18.3: class 3 is this document, 2 adds locks; RFC 5689, 3.1: extended MKCOL has a token of its own.
    compliance=["1", "2", "3", "extended-mkcol"],
)
