"""The dashboard in Chromium as it stays up to date: by a WebSocket, by events where there is none, over an end.

Screenshots are left in build/screenshots/, to be looked at.

Verifies: RFC 6455, 10.2; docs/operate/monitoring.md, Dashboard
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, WebSocketRoute, expect

from tests.conformance.dashboard import Visitor, picture, traffic, width
from tests.daemon.twistd import Running

pytestmark = pytest.mark.conformance

CONFIG = """
[daemon]
autoscale = true
min_workers = 2
max_workers = 3
[scaling]
look_seconds = 1.0
"""


@pytest.fixture(scope="module")
def davd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server whose number of workers follows the load."""
    folder = tmp_path_factory.mktemp("live")
    with Running(folder, config=CONFIG, words=["--admin", "tcp:0"]) as running:
        yield running


def by(page: Page, way: str) -> None:
    """Wait until the page is live by this way."""
    expect(page.locator("#live")).to_have_attribute("data-by", way)


class TestBy:
    """Verifies: RFC 6455, 10.2; docs/operate/monitoring.md, Dashboard"""

    def test_a_websocket_is_what_it_uses(self, visitor: Visitor) -> None:
        seen: list[str] = []
        page = visitor.page()
        page.on("websocket", lambda socket: seen.append(socket.url))
        page.on("request", lambda request: seen.append(request.url) if request.url.endswith("/events") else None)
        token = visitor.davd.token()["Authorization"].removeprefix("Bearer ")
        page.goto("/")
        page.get_by_label("Token").fill(token)
        page.get_by_role("button", name="Log in").click()
        by(page, "websocket")
        assert seen == [visitor.davd.admin.replace("http", "ws") + "live/ws"]

    def test_events_where_no_websocket_gets_through(self, visitor: Visitor) -> None:
        def nothing(route: WebSocketRoute) -> None:
            route.close()

        visitor.context.route_web_socket("**/live/ws", nothing)
        page = visitor.log_in()
        by(page, "events")
        before = page.locator("#part-workers").inner_text()
        traffic(visitor.davd)
        expect(page.locator("#part-workers")).not_to_have_text(before, use_inner_text=True)

    def test_a_page_of_another_site_gets_nothing(self, browser: Browser, visitor: Visitor, davd: Running) -> None:
        visitor.log_in()
        # Another port of this host: to cookies the same site, so this one comes with the session.
        other = urlsplit(davd.places[0])
        page = visitor.context.new_page()
        page.route("**/*", lambda route: route.fulfill(content_type="text/html", body="<title>elsewhere</title>"))
        page.goto(f"http://localhost:{other.port}/")
        place = davd.admin.replace("http", "ws") + "live/ws"
        told = page.evaluate(
            """place => new Promise(done => {
                const socket = new WebSocket(place);
                socket.onmessage = () => done("message");
                socket.onopen = () => done("open");
                socket.onclose = () => done("closed");
            })""",
            place,
        )
        assert told == "closed"


class TestPanels:
    """Verifies: docs/operate/monitoring.md, Dashboard; docs/operate/scaling.md, What can be seen"""

    def test_who_costs_most_and_who_serves(self, visitor: Visitor) -> None:
        page = visitor.log_in()
        traffic(visitor.davd)
        expect(page.get_by_role("table", name="Accounts by processor time")).to_contain_text("admin")
        expect(page.get_by_role("table", name="Requests by processor time")).to_contain_text("PROPFIND")
        expect(page.locator("#forecast")).to_contain_text("2 to 3")
        expect(page.locator("#load-curve canvas")).to_have_count(1)
        serving = page.get_by_role("table", name="Processes").locator("tbody tr")
        expect(serving).to_have_count(2)
        picture(page, "live")

    @pytest.mark.parametrize(
        "visitor",
        [{"viewport": {"width": 360, "height": 740}, "is_mobile": True, "color_scheme": "dark"}],
        indirect=True,
    )
    def test_on_a_telephone_in_the_dark(self, visitor: Visitor) -> None:
        page = visitor.log_in()
        traffic(visitor.davd)
        expect(page.get_by_role("table", name="Accounts by processor time")).to_contain_text("admin")
        picture(page, "live-telephone")
        assert width(page) == (360, 360)


class TestEnd:
    """Verifies: RFC 6455, 7.4.1; docs/operate/monitoring.md, Dashboard"""

    def test_the_end_is_seen(self, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> None:
        with Running(tmp_path_factory.mktemp("end"), config="[observe]\n", words=["--admin", "tcp:0"]) as davd:
            visitor = Visitor(browser, davd)
            page = visitor.log_in()
            by(page, "websocket")
            page.evaluate(
                """() => new Promise(done => {
                    const socket = new WebSocket(location.origin.replace("http", "ws") + "/live/ws");
                    socket.onclose = event => { document.body.dataset.code = event.code; };
                    socket.onopen = () => done();
                })"""
            )
            assert davd.terminate() == 0
            expect(page.locator("#live")).to_have_text("not live")
            expect(page.locator("body")).to_have_attribute("data-code", "1001")
            visitor.context.close()
