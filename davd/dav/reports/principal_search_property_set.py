"""principal-search-property-set: the properties by which principals can be found.

Implements: RFC 3744, 9.5
"""

from __future__ import annotations

from davd.dav.elements.report import report_name
from davd.dav.exchange import Exchange
from davd.dav.multistatus import CONTENT_TYPE
from davd.dav.registry import Report
from davd.dav.reports.found import require_depth_zero
from davd.formats.xml.names import XML_LANG
from davd.formats.xml.writer import document, element
from davd.http.response import Response
from davd.model.errors import HTTPError

_NAME = "{DAV:}principal-search-property-set"


async def respond(exchange: Exchange) -> Response:
    """200 with the searchable properties, in the order of the rows; 400 for a body that asks for more."""
    require_depth_zero(exchange)
    if report_name(exchange.source, exchange.request.headers.get("content-type")) != _NAME:
        raise HTTPError(400, detail="another report")
    pieces = [
        element(
            "{DAV:}principal-search-property",
            [
                element("{DAV:}prop", element(live.name)),
                # RFC 3744, 9.5: "Servers MUST indicate the human language of the description using the xml:lang
                # attribute".
                element("{DAV:}description", live.search.description, {XML_LANG: "en"}),
            ],
        )
        for live in exchange.registry.properties.values()
        if live.search is not None
    ]
    return Response(200, {"Content-Type": CONTENT_TYPE}, document(_NAME, pieces))


PRINCIPAL_SEARCH_PROPERTY_SET = Report(_NAME, respond, lambda resource: resource.is_collection)
