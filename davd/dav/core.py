"""The rows of WebDAV itself.

Implements: RFC 3744, 7.2; RFC 4918, 9, 15, 18.1, 18.2, 18.3; RFC 5689, 3.1
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
from davd.dav.methods.acl import ACL
from davd.dav.methods.post import POST
from davd.dav.properties import acl, add_member, microsoft, principal, quota, sync, webdav
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
        ACL,
        POST,
    ],
    reports=REPORTS,
    properties=[*webdav.ROWS, *acl.ROWS, *principal.ROWS, *quota.ROWS, *sync.ROWS, *microsoft.ROWS, *add_member.ROWS],
    collection_types=[FILE_TYPE, COLLECTION_TYPE, PRINCIPAL_TYPE],
    # RFC 4918, 18.3: class 3 is this document, 2 adds locks; RFC 5689, 3.1: extended MKCOL has a token of its own.
    # RFC 3744, 7.2: a server with access control "MUST return "access-control" as a field in the DAV response header".
    # Apple's clients search for principals with any of several properties only where the last one is there.
    compliance=["1", "2", "3", "access-control", "extended-mkcol", "calendarserver-principal-property-search"],
)
