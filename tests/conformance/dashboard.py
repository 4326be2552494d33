"""A visitor of the dashboard in Chromium, and what is done again and again there.

Screenshots are left in build/screenshots/, to be looked at.
"""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect

from tests.conformance.daemon import ROOT
from tests.daemon.twistd import Running, basic

SCREENSHOTS = ROOT / "build" / "screenshots"
CHROMIUM = "/usr/bin/chromium"
SECONDS = 30_000


class Visitor:
    """Pages of one browser profile; whatever one of them complains of is kept in `complaints`."""

    def __init__(self, browser: Browser, davd: Running, **more: object) -> None:
        self.davd = davd
        self.complaints: list[str] = []
        self.context: BrowserContext = browser.new_context(base_url=davd.admin, **more)  # type: ignore[arg-type]
        self.context.set_default_timeout(SECONDS)
        expect.set_options(timeout=SECONDS)

    def page(self) -> Page:
        """A page whose console and errors are listened to."""
        page = self.context.new_page()
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        return page

    def _heard(self, message: ConsoleMessage) -> None:
        # The one answer with an error that is asked for: a wrong token.
        if message.type in ("error", "warning") and "401 (Unauthorized)" not in message.text:
            self.complaints.append(message.text)

    def log_in(self) -> Page:
        """The dashboard, as it is after the token was typed."""
        page = self.page()
        page.goto("/")
        page.get_by_label("Token").fill(self.davd.token()["Authorization"].removeprefix("Bearer "))
        page.get_by_role("button", name="Log in").click()
        expect(page.locator("#live")).to_have_text("live")
        return page


def traffic(davd: Running) -> None:
    """Some requests of several kinds, by an account and by nobody."""
    connection = davd.connect()
    admin = basic("admin", davd.password)
    for number in range(40):
        for method, body in (("PUT", b"x" * 500 * number), ("GET", None), ("PROPFIND", None), ("DELETE", None)):
            where = "" if method == "PROPFIND" else f"n{number}.txt"
            fields = admin | ({"Depth": "1"} if method == "PROPFIND" else {})
            connection.request(method, f"/files/admin/{where}", body, fields)
            assert connection.getresponse().read() is not None
    connection.close()


def picture(page: Page, name: str, part: str = "") -> Path:
    """Keep how the page looks, or a part of it."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    path = SCREENSHOTS / f"{name}.png"
    if part:
        page.locator(part).screenshot(path=path)
    else:
        page.screenshot(path=path, full_page=True)
    return path


def width(page: Page) -> tuple[int, int]:
    """How wide the page is, and how wide the window."""
    sizes: list[int] = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    return sizes[0], sizes[1]
