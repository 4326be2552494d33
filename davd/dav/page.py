"""Pages for people: plain, without scripts, such that a browser of any age can show them.

Implements: RFC 4918, 9.4; RFC 9110, 9.3.1
"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from html import escape
from typing import Final

from davd.dav.exchange import Exchange

_STYLE: Final = (
    ":root{color-scheme:light dark}"
    "body{font:1rem/1.5 system-ui,sans-serif;margin:0 auto;max-width:60rem;padding:1rem}"
    "h1{font-size:1.4rem;overflow-wrap:anywhere}"
    "h2{font-size:1.1rem}"
    "nav ol{display:flex;flex-wrap:wrap;gap:.5rem;list-style:none;padding:0}"
    "nav li+li::before{content:'/' / '';margin-right:.5rem}"
    "table{border-collapse:collapse;width:100%}"
    "caption{text-align:start;padding:.25rem 0}"
    "th,td{border-bottom:1px solid;padding:.35rem .5rem;text-align:start;vertical-align:top}"
    "tbody th{font-weight:inherit;overflow-wrap:anywhere}"
    "td{white-space:nowrap;font-variant-numeric:tabular-nums}"
    "td.text{white-space:pre-wrap;overflow-wrap:anywhere}"
    # On a telephone all columns fit when none insists on one line.
    "@media(max-width:40rem){td{white-space:normal}}"
)
_STYLE_HASH: Final = b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()
POLICY: Final = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
TAIL: Final = b"</main>\n</body>\n</html>\n"


def headers() -> dict[str, str]:
    """The header fields of a page."""
    return {"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": POLICY}


def head(exchange: Exchange, title: str = "") -> str:
    """The beginning of the page for the collection at the request URI, up to its heading; `TAIL` ends it.

    The heading is `title`, or the name of the collection.
    """
    segments = exchange.node.path.segments
    name = escape(title or (segments[-1] if segments else "Start"))
    steps = [f'<li><a href="{exchange.href((), True)}">Start</a></li>'] if segments else []
    for depth in range(1, len(segments)):
        link = escape(exchange.href(segments[:depth], True))
        steps.append(f'<li><a href="{link}"><bdi>{escape(segments[depth - 1])}</bdi></a></li>')
    nav = f'<nav aria-label="Path"><ol>{"".join(steps)}</ol></nav>\n' if steps else ""
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{name}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n{nav}<main>\n<h1><bdi>{name}</bdi></h1>\n"
    )


def table(caption: str, *columns: str) -> str:
    """The beginning of a table, up to its first row; `TABLE_END` ends it."""
    heads = "".join([f'<th scope="col">{escape(column)}</th>' for column in columns])
    return f"<table>\n<caption>{escape(caption)}</caption>\n<thead><tr>{heads}</tr></thead>\n<tbody>\n"


TABLE_END: Final = "</tbody>\n</table>\n"
