"""The dashboard's page as a whole, and the form for the token.

Implements: docs/operate/monitoring.md, Dashboard
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec

from davd.admin.assets import Assets
from davd.admin.markup import Child, Markup, tag

# What htmx may do: nothing that the policy for content would refuse, and answers that say no are shown as well.
_HTMX: Final = {
    "includeIndicatorStyles": False,
    "allowEval": False,
    "allowScriptTags": False,
    "historyEnabled": False,
    "selfRequestsOnly": True,
    # Not `style`: what sets it by its text is refused.
    "attributesToSettle": ["class"],
    "responseHandling": [{"code": "204", "swap": False}, {"code": "...", "swap": True}],
}

# Section, its title, and whether it is as wide as the page.
SECTIONS: Final[tuple[tuple[str, str, bool], ...]] = (
    ("alerts", "Alerts", True),
    ("queue", "Pool and queue", False),
    ("caches", "Caches", False),
    ("connections", "Connections", False),
    ("workers", "Processes", False),
    ("forecast", "Load and forecast", False),
    ("routes", "Requests by cost", False),
    ("spending", "Accounts by cost", False),
    ("consumers", "Budgets in use", False),
    ("chores", "Chores", True),
    ("accounts", "Accounts", True),
    ("configuration", "Configuration", True),
)
# Where the number of workers follows the load, and nowhere else.
FORECAST: Final = "forecast"
# The curves: an id, the title, the unit in which the script writes values, and the signals with their names.
_CURVES: Final[tuple[tuple[str, str, str, Mapping[str, str]], ...]] = (
    (
        "traffic", "Requests a second", "number",
        {"reads": "reads", "listings": "listings", "writes": "writes", "moves": "moves", "locks": "locks",
         "others": "others"},
    ),
    ("latency", "Time of requests", "seconds", {"p50": "50 %", "p95": "95 %", "p99": "99 %"}),
    ("errors", "Failed and turned away", "share", {"errors": "failed", "refused": "turned away"}),
    ("load", "Running and waiting", "number", {"in_flight": "running", "queued": "waiting"}),
    ("memory", "Answers from memory, processors", "number", {"from_memory": "from memory", "cpu": "processors"}),
    ("bytes", "Bytes a second", "bytes", {"sent": "sent", "received": "received"}),
    ("connections-curve", "Connections", "number", {"connections": "connections"}),
    ("stall", "Longest stall of the reactor", "seconds", {"stall": "stall"}),
)  # fmt: skip
_LOAD: Final = (
    "load-curve", "Processors busy, expected, and workers", "number",
    {"load": "busy", "forecast": "expected", "workers": "workers"},
)  # fmt: skip


def document(assets: Assets, title: str, body: Child, scripts: Sequence[str] = (), styles: Sequence[str] = ()) -> bytes:
    """A page with the files it needs."""
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", name="color-scheme", content="light dark"),
        tag("meta", name="htmx-config", content=msgspec.json.encode(_HTMX).decode()) if scripts else None,
        tag("title", title),
        tag("link", rel="icon", type="image/svg+xml", href=assets.url("davd.svg")),
        [tag("link", rel="stylesheet", href=assets.url(style)) for style in (*styles, "dashboard.css")],
        [tag("script", src=assets.url(script), defer=True) for script in scripts],
    )
    return ("<!doctype html>\n" + tag("html", head, body, lang="en")).encode()


def login(assets: Assets, sentence: str = "") -> bytes:
    """The form for the token; `sentence` tells why the last one was not taken."""
    wrong = tag("p", sentence, id="wrong", role="alert", class_="notice bad") if sentence else None
    form = tag(
        "form",
        # Programs that keep passwords want to know whose.
        tag("input", type="text", name="user", value="admin", autocomplete="username", hidden=True),
        tag("label", "Token", for_="token"),
        tag(
            "input", id="token", name="token", type="password", required=True, autofocus=True, spellcheck="false",
            autocomplete="current-password", aria_describedby="where wrong" if sentence else "where",
            aria_invalid="true" if sentence else None,
        ),
        tag("p", tag("code", "davctl admin-token"), " prints it.", id="where", class_="quiet"),
        tag("button", "Log in", type="submit"),
        action="/login",
        method="post",
    )  # fmt: skip
    body = tag("main", tag("h1", _mark(assets), "davd"), wrong, form, class_="login")
    return document(assets, "davd: log in", tag("body", body))


def dashboard(assets: Assets, csrf: str, host: str, parts: Mapping[str, Markup], fixed: Mapping[str, Markup]) -> bytes:
    """The whole page. `parts` are the pieces that change while it is open, `fixed` what stands beside them."""
    # What a server has nothing of is left out.
    shown = [section for section in SECTIONS if section[0] != FORECAST or parts[FORECAST]]
    names = [("now", "Now"), ("curves", "Curves"), *[(key, title) for key, title, _ in shown]]
    if parts[FORECAST]:
        fixed = {**fixed, FORECAST: _curves([_LOAD])}
    links = [tag("li", tag("a", title, href=f"#{key}")) for key, title in names]
    header = tag(
        "header",
        tag("h1", _mark(assets), "davd ", tag("small", tag("bdi", host))),
        tag("div", parts["state"], id="part-state", class_="state"),
        tag("p", "not live", id="live", class_="live"),
        _log_out(csrf) if csrf else None,
    )
    nav = tag("nav", tag("ul", links), aria_label="Sections")
    now = _section(
        "now",
        "Now",
        part("tiles", parts["tiles"]),
        tag("details", tag("summary", "All signals"), part("signals", parts["signals"])),
        wide=True,
    )
    curves = _section("curves", "The last hour", _scriptless(), _curves(_CURVES), wide=True)
    sections = [
        _section(key, title, part(key, parts[key]) if key in parts else None, fixed.get(key), wide=wide)
        for key, title, wide in shown
    ]
    main = tag("main", fixed.get("notice"), now, curves, sections, id="main", tabindex=-1)
    body = tag(
        "body",
        tag("a", "Skip to the content", href="#main", class_="skip"),
        header,
        nav,
        main,
        tag("footer", _licences(assets)),
        data_csrf=csrf,
    )
    scripts = ("vendor/htmx.min.js", "vendor/uPlot.iife.min.js", "dashboard.js")
    return document(assets, f"davd on {host}", body, scripts, ("vendor/uPlot.min.css",))


def _section(key: str, title: str, *inner: Child, wide: bool = False) -> Markup:
    heading = tag("h2", title, id=f"{key}-title")
    return tag("section", heading, *inner, id=key, aria_labelledby=f"{key}-title", class_="wide" if wide else None)


def part(key: str, inner: Child, swap: bool = False) -> Markup:
    """The place of a piece that changes, with the piece; with `swap` it takes the place that is in the page."""
    return tag("div", inner, id=f"part-{key}", hx_swap_oob="innerHTML" if swap else None)


def _scriptless() -> Markup:
    return tag("p", "The curves need JavaScript; the tables do not.", class_="quiet scriptless")


def _curves(curves: Sequence[tuple[str, str, str, Mapping[str, str]]]) -> Markup:
    figures = [
        tag(
            "figure",
            tag("figcaption", title),
            tag("div", class_="plot"),
            id=key,
            data_unit=unit,
            data_signals=",".join(signals),
            data_words=",".join(signals.values()),
        )
        for key, title, unit, signals in curves
    ]
    return tag("div", figures, class_="curves")


def _log_out(csrf: str) -> Markup:
    return tag(
        "form",
        tag("input", type="hidden", name="csrf", value=csrf),
        tag("button", "Log out", type="submit", class_="plain"),
        action="/logout",
        method="post",
    )


def _mark(assets: Assets) -> Markup:
    return tag("img", src=assets.url("davd.svg"), alt="", width=28, height=28)


def _licences(assets: Assets) -> Markup:
    return tag(
        "p",
        "With ",
        tag("a", "htmx", href=assets.url("vendor/htmx.LICENSE")),
        " and ",
        tag("a", "uPlot", href=assets.url("vendor/uPlot.LICENSE")),
        ", under their licences.",
    )
