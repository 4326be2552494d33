"""REPORT: questions that have a name of their own.

Implements: RFC 3253, 3.6
"""

from __future__ import annotations

from davd.dav import guard
from davd.dav.access.privileges import READ
from davd.dav.elements.report import report_name
from davd.dav.exchange import Exchange
from davd.dav.registry import Method
from davd.http.response import Response
from davd.model.errors import HTTPError


async def respond(exchange: Exchange) -> Response:
    """What the report says that the root element of the content names.

    403 with DAV:supported-report when there is no such report on the resource. Each report reads the Depth itself,
    which without the field is 0.
    """
    resource = guard.require(exchange, exchange.node, READ)
    name = report_name(exchange.source, exchange.request.headers.get("content-type"))
    report = exchange.registry.reports.get(name)
    # RFC 3253, 3.6: DAV:supported-report: "The specified report MUST be supported by the resource".
    if report is None or not report.applies(resource):
        raise HTTPError(403, "{DAV:}supported-report")
    await guard.check_if(exchange)
    return await report.respond(exchange)


REPORT = Method("REPORT", respond, takes="xml")
