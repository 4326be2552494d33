"""The dashboard in Chromium: what an administrator sees and does, with a pointer, by keyboard and on a telephone.

Screenshots are left in build/screenshots/, to be looked at.

Verifies: docs/operate/monitoring.md, Dashboard
"""

from __future__ import annotations

import http.client
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, expect, sync_playwright

from tests.conformance.daemon import ROOT
from tests.daemon.twistd import Running, basic

pytestmark = pytest.mark.conformance

SCREENSHOTS = ROOT / "build" / "screenshots"
CHROMIUM = "/usr/bin/chromium"
SECONDS = 30_000
HOSTILE = "<script>alert(1)</script>\u202egnp.evil"


@pytest.fixture(scope="module")
def davd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A running server with an admin plane."""
    folder = tmp_path_factory.mktemp("dashboard")
    with Running(folder, config="[observe]\n", words=["--admin", "tcp:0"]) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium without a window."""
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


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


@pytest.fixture
def visitor(browser: Browser, davd: Running, request: pytest.FixtureRequest) -> Iterator[Visitor]:
    """A visitor, who at the end must have had nothing to complain of: no error, no violation of the policy."""
    found = Visitor(browser, davd, **getattr(request, "param", {}))
    yield found
    found.context.close()
    assert found.complaints == []


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


def picture(page: Page, name: str) -> Path:
    """Keep how the page looks."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    path = SCREENSHOTS / f"{name}.png"
    page.screenshot(path=path, full_page=True)
    return path


def width(page: Page) -> tuple[int, int]:
    """How wide the page is, and how wide the window."""
    sizes: list[int] = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
    return sizes[0], sizes[1]


class TestLogIn:
    """Verifies: docs/operate/monitoring.md, Dashboard"""

    def test_a_wrong_token_is_told_and_the_right_one_opens(self, visitor: Visitor) -> None:
        page = visitor.page()
        page.goto("/")
        picture(page, "login")
        page.get_by_label("Token").fill("wrong")
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("alert")).to_have_text("That is not the token.")
        page.close()
        page = visitor.log_in()
        page.get_by_role("button", name="Log out").click()
        expect(page.get_by_label("Token")).to_be_focused()
        page.goto("/")
        assert page.url.endswith("/login")


class TestLive:
    """Verifies: docs/operate/monitoring.md, Dashboard"""

    def test_figures_and_curves_change_after_requests(self, visitor: Visitor) -> None:
        page = visitor.log_in()
        done = page.get_by_role("table", name="How requests left the pool").get_by_role("row", name="completed")
        before = done.inner_text()
        traffic(visitor.davd)
        expect(done).not_to_have_text(re.compile(rf"^{re.escape(before)}$"))
        expect(page.get_by_role("table", name="Requests by processor time")).to_contain_text("PROPFIND")
        expect(page.locator("#traffic .u-legend")).to_contain_text("listings")
        assert page.locator(".uplot canvas").count() == page.locator("figure[data-signals]").count()
        picture(page, "light")

    def test_a_chore_is_run(self, visitor: Visitor) -> None:
        page = visitor.log_in()
        page.get_by_role("button", name="Run sweep now").click()
        expect(page.locator("#notice")).to_contain_text("The chore sweep is done.")
        expect(page.get_by_role("table", name="Chores").get_by_role("row", name="sweep")).to_contain_text("done")

    def test_settings_tell_where_they_come_from_and_no_secret(self, visitor: Visitor) -> None:
        page = visitor.log_in()
        row = page.get_by_role("table", name="Settings in force").get_by_role("row", name=re.compile(r"^admin\.listen"))
        expect(row).to_contain_text("tcp:")
        assert visitor.davd.token()["Authorization"].removeprefix("Bearer ") not in page.content()


class TestAccounts:
    """Verifies: docs/operate/monitoring.md, Dashboard"""

    def test_one_is_made_used_disabled_and_deleted(self, visitor: Visitor) -> None:
        page = visitor.log_in()
        page.get_by_text("New account").click()
        page.get_by_label("Name", exact=True).fill("mira")
        page.get_by_label("Display name").fill(HOSTILE)
        page.get_by_role("button", name="Create account").click()
        password = page.locator("#new-password")
        expect(password).to_be_visible()
        assert asked(visitor.davd, "mira", password.inner_text()) == 207
        picture(page, "account")
        shown = page.get_by_role("table", name="Accounts", exact=True)
        expect(shown).to_contain_text("<script>alert(1)</script>\\u202egnp.evil")
        one = page.locator("#account")
        expect(one).to_contain_text("/files/mira/")
        one.get_by_label("Quota in MiB").fill("5")
        one.get_by_role("button", name="Set quota").click()
        expect(one).to_contain_text("of 5.0 MiB")
        expect(password).to_have_count(0)
        one.get_by_role("button", name="Disable").click()
        expect(one).to_contain_text("disabled")
        one.get_by_role("button", name="Enable").click()
        expect(one).to_contain_text("active")
        one.get_by_text("Delete this account").click()
        one.get_by_label("Delete all it has as well").check()
        one.get_by_label("I am sure").check()
        one.get_by_role("button", name="Delete mira").click()
        expect(page.locator("#notice")).to_contain_text("The account mira is deleted.")
        expect(one).to_be_hidden()
        expect(shown).not_to_contain_text("mira")

    def test_what_cannot_be_is_refused_with_a_sentence(self, visitor: Visitor) -> None:
        page = visitor.log_in()
        page.get_by_text("New account").click()
        page.get_by_label("Name", exact=True).fill("admin")
        page.get_by_role("button", name="Create account").click()
        expect(page.locator("#notice")).to_contain_text("Not done")
        visitor.complaints = [text for text in visitor.complaints if "409 (Conflict)" not in text]


def asked(davd: Running, name: str, password: str) -> int:
    """The status of a PROPFIND of the account's own files."""
    connection: http.client.HTTPConnection = davd.connect()
    connection.request("PROPFIND", f"/files/{name}/", None, basic(name, password) | {"Depth": "0"})
    status = connection.getresponse().status
    connection.close()
    return status


class TestForEverybody:
    """Verifies: docs/operate/monitoring.md, Dashboard"""

    def test_by_keyboard_alone(self, visitor: Visitor) -> None:
        page = visitor.page()
        page.goto("/")
        expect(page.get_by_label("Token")).to_be_focused()
        page.keyboard.type(visitor.davd.token()["Authorization"].removeprefix("Bearer "))
        page.keyboard.press("Enter")
        expect(page.locator("#live")).to_have_text("live")
        page.keyboard.press("Tab")
        skip = page.get_by_role("link", name="Skip to the content")
        expect(skip).to_be_focused()
        page.keyboard.press("Enter")
        seen = set()
        for _ in range(400):
            page.keyboard.press("Tab")
            focused = "document.activeElement"
            seen.add(page.evaluate(f"{focused}.id || {focused}.textContent.trim().slice(0, 40)"))
            if page.evaluate(f"{focused}.id") == "run-sweep":
                assert page.evaluate(f"getComputedStyle({focused}).outlineStyle") == "solid"
                page.keyboard.press("Enter")
                break
        expect(page.locator("#notice")).to_contain_text("The chore sweep is done.")
        assert "All signals" in seen

    def test_landmarks_headings_and_captions(self, visitor: Visitor) -> None:
        page = visitor.log_in()
        for landmark in ("banner", "main", "contentinfo"):
            expect(page.get_by_role(landmark)).to_have_count(1)  # type: ignore[arg-type]
        expect(page.get_by_role("navigation", name="Sections")).to_have_count(1)
        assert page.locator("table:not(:has(caption)):not(.u-legend)").count() == 0
        assert page.locator("section:not([aria-labelledby]):not([hidden])").count() == 0
        assert page.locator("table:not(.u-legend) th:not([scope])").count() == 0
        ids: list[str] = page.eval_on_selector_all("[id]", "found => found.map(one => one.id)")
        assert len(ids) == len(set(ids))
        unnamed = "input:not([type=hidden]):not([hidden])"
        names: list[bool] = page.eval_on_selector_all(unnamed, "found => found.map(one => one.labels.length > 0)")
        assert all(names)

    @pytest.mark.parametrize(
        "visitor", [{"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True}], indirect=True
    )
    def test_on_a_telephone_nothing_is_wider_than_the_screen(self, visitor: Visitor) -> None:
        page = visitor.log_in()
        traffic(visitor.davd)
        expect(page.get_by_role("table", name="Requests by processor time")).to_contain_text("PROPFIND")
        page.get_by_role("link", name="admin", exact=True).tap()
        expect(page.locator("#account")).to_be_visible()
        page.get_by_text("New account").tap()
        picture(page, "telephone")
        assert width(page) == (360, 360)

    @pytest.mark.parametrize("visitor", [{"color_scheme": "dark", "reduced_motion": "reduce"}], indirect=True)
    def test_in_the_dark_and_without_motion(self, visitor: Visitor) -> None:
        page = visitor.log_in()
        traffic(visitor.davd)
        expect(page.get_by_role("table", name="Requests by processor time")).to_contain_text("PROPFIND")
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert sum(map(int, re.findall(r"\d+", background)[:3])) < 150
        assert page.evaluate("getComputedStyle(document.querySelector('button')).transitionDuration") == "0s"
        picture(page, "dark")

    @pytest.mark.parametrize("visitor", [{"java_script_enabled": False}], indirect=True)
    def test_without_scripts_all_but_the_curves(self, visitor: Visitor) -> None:
        page = visitor.page()
        page.goto("/")
        page.get_by_label("Token").fill(visitor.davd.token()["Authorization"].removeprefix("Bearer "))
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("table", name="Caches")).to_be_visible()
        page.get_by_role("button", name="Run checkpoint now").click()
        expect(page.locator("#notice")).to_contain_text("The chore checkpoint is done.")
        page.get_by_role("link", name="admin", exact=True).click()
        expect(page.locator("#account")).to_contain_text("/files/admin/")
        picture(page, "without-scripts")
