"""REPORT: questions that have a name of their own.

Implements: RFC 3253, 3.6; RFC 4791, 6.1.1
"""

from __future__ import annotations

from davd.dav import guard
from davd.dav.access import decide
from davd.dav.access.privileges import READ, READ_FREE_BUSY
from davd.dav.elements.report import report_name
from davd.dav.exchange import Exchange
from davd.dav.registry import Method, Report
from davd.http.response import Response
from davd.model.errors import HTTPError


async def respond(exchange: Exchange) -> Response:
    """What the report says that the root element of the content names.

    403 with DAV:supported-report when there is no such report on the resource. Each report reads the Depth itself,
    which without the field is 0.
    """
    held = decide.privileges(exchange.principal, exchange.node.chain)
    if READ in held:
        report = _asked_for(exchange)
    else:
        # RFC 4791, 6.1.1: CALDAV:read-free-busy may be "granted without the DAV:read privilege being granted". For
        # every question but that one the resource is not there.
        try:
            report = _asked_for(exchange)
        except HTTPError:
            raise HTTPError(404) from None
        if report.privilege not in held:
            raise HTTPError(404)
    await guard.check_if(exchange)
    return await report.respond(exchange)


def _asked_for(exchange: Exchange) -> Report:
    resource = exchange.node.resource
    if resource is None:
        raise HTTPError(404)
    name = report_name(exchange.source, exchange.request.headers.get("content-type"))
    report = exchange.registry.reports.get(name)
    # RFC 3253, 3.6: DAV:supported-report: "The specified report MUST be supported by the resource".
    if report is None or not report.applies(resource):
        raise HTTPError(403, "{DAV:}supported-report")
    return report


REPORT = Method("REPORT", respond, takes="xml", reveals=READ_FREE_BUSY)
