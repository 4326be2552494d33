"""The dashboard in Chromium: what an administrator sees and does, with a pointer, by keyboard and on a telephone.

Screenshots are left in build/screenshots/, to be looked at.

Verifies: docs/operate/monitoring.md, Dashboard
"""

from __future__ import annotations

import http.client
import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.conformance.dashboard import Visitor, picture, traffic, width
from tests.daemon.twistd import Running, basic

pytestmark = pytest.mark.conformance

HOSTILE = "<script>alert(1)</script>\u202egnp.evil"


@pytest.fixture(scope="module")
def davd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A running server with an admin plane."""
    folder = tmp_path_factory.mktemp("dashboard")
    with Running(folder, config="[observe]\n", words=["--admin", "tcp:0"]) as running:
        yield running


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
        one.locator("form[action='/do/delete']").get_by_label("I am sure").check()
        one.get_by_role("button", name="Delete mira").click()
        expect(page.locator("#notice")).to_contain_text("The account mira is deleted.")
        expect(one).to_be_hidden()
        expect(shown).not_to_contain_text("mira")

    def test_a_device_gets_a_password_of_its_own(self, visitor: Visitor) -> None:
        page = visitor.log_in()
        page.get_by_role("table", name="Accounts", exact=True).get_by_role("link", name="admin").click()
        one = page.locator("#account")
        one.get_by_label("For (a device or program)").fill("phone")
        one.get_by_label("Ends after so many days").fill("90")
        one.get_by_role("button", name="New app password").click()
        password = page.locator("#new-password")
        expect(password).to_have_text(re.compile(r"^app-\w{6}(-\w{6}){4}$"))
        written = password.inner_text()
        assert asked(visitor.davd, "admin", written) == 207
        listed = one.get_by_role("table", name="App passwords")
        expect(listed).to_contain_text("phone")
        picture(page, "app-passwords")
        one.get_by_role("button", name="Revoke phone").click()
        expect(page.locator("#notice")).to_contain_text("is revoked")
        expect(listed).not_to_contain_text("phone")
        expect(password).to_have_count(0)
        assert asked(visitor.davd, "admin", written) == 401

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


def fill(davd: Running, *requests: tuple[str, str, bytes]) -> None:
    """Requests of the administrator's own account: method, path, content."""
    connection = davd.connect()
    for method, path, content in requests:
        fields = basic("admin", davd.password) | ({"Content-Type": "text/calendar"} if content else {})
        connection.request(method, path, content or None, fields)
        answer = connection.getresponse()
        assert answer.read() is not None and answer.status < 300, (method, path, answer.status)
    connection.close()


def event(uid: str) -> bytes:
    """A calendar object."""
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//x//y//EN", "BEGIN:VEVENT", f"UID:{uid}"]
    lines += ["DTSTAMP:20260101T000000Z", "DTSTART:20260105T100000Z", "SUMMARY:Lunch", "END:VEVENT", "END:VCALENDAR"]
    return "\r\n".join([*lines, ""]).encode()


class TestWhatAnAccountHas:
    """Verifies: docs/operate/monitoring.md, Dashboard; docs/operate/backup.md, The trash"""

    def test_a_calendar_is_made_renamed_removed_and_put_back(self, visitor: Visitor) -> None:
        page = visitor.log_in()
        page.get_by_role("link", name="admin", exact=True).click()
        has = page.locator("#collections")
        has.get_by_text("New calendar or address book").click()
        has.get_by_label("Kind").select_option("Task list")
        has.locator("#new-title").fill(f"Work {HOSTILE}")
        has.get_by_label("Last part of the URL").fill("jobs")
        has.get_by_role("button", name="Create").click()
        expect(page.locator("#notice")).to_contain_text("is there: /calendars/admin/jobs/")
        row = has.locator("tr", has_text="/calendars/admin/jobs/")
        expect(row).to_contain_text("<script>alert(1)</script>")
        row.locator("summary").click()
        row.get_by_label("Display name").fill("Jobs")
        row.get_by_role("button", name="Rename").click()
        expect(page.locator("#notice")).to_contain_text("/calendars/admin/jobs/ is called Jobs now.")
        row.locator("summary").click()
        picture(page, "collections", "#account")
        row.get_by_label("I am sure").check()
        row.get_by_role("button", name="Remove Jobs").click()
        expect(page.locator("#notice")).to_contain_text("It is removed, and is in the trash.")
        expect(row).to_have_count(0)
        trash = page.locator("#trash")
        trash.get_by_role("checkbox", name=re.compile("^jobs ")).check()
        trash.get_by_role("button", name="Put back").click()
        expect(page.locator("#notice")).to_contain_text("It is back: /calendars/admin/jobs.")
        expect(row).to_contain_text("Jobs")

    def test_the_trash_is_searched_paged_and_emptied(self, visitor: Visitor) -> None:
        work = "/calendars/admin/calendar/"
        fill(visitor.davd, ("PUT", work + "lunch.ics", event("lunch")), ("DELETE", work + "lunch.ics", b""))
        fill(visitor.davd, ("PUT", work + "again.ics", event("lunch")))
        for number in range(30):
            place = f"/files/admin/letter {number}.txt".replace(" ", "%20")
            fill(visitor.davd, ("PUT", place, b"x" * 1000 * number), ("DELETE", place, b""))
        page = visitor.log_in()
        page.get_by_role("link", name="admin", exact=True).click()
        trash, notice = page.locator("#trash"), page.locator("#notice")
        expect(trash).to_contain_text("letter 29.txt")
        picture(page, "trash", "#trash")
        trash.get_by_role("link", name="Next page").click()
        expect(trash).to_contain_text("lunch.ics")
        trash.get_by_role("checkbox", name=re.compile("lunch.ics")).check()
        trash.get_by_role("button", name="Put back").click()
        expect(notice).to_contain_text("Not put back: again.ics has the same UID.")
        trash.get_by_role("checkbox", name=re.compile("lunch.ics")).check()
        trash.get_by_label("In the place of").check()
        trash.get_by_role("button", name="Put back").click()
        expect(notice).to_contain_text("It is back: /calendars/admin/calendar/again.ics.")
        trash.get_by_label("Find by name").fill("LETTER 2")
        expect(trash.get_by_role("row")).to_have_count(12)
        trash.get_by_label("All on this page").check()
        trash.get_by_role("button", name="Put back").click()
        expect(notice).to_contain_text("11 entries are back.")
        expect(trash.get_by_role("table", name="Trash")).to_contain_text("Nothing in the trash is called so.")
        trash.get_by_label("Find by name").fill("")
        trash.get_by_text("Remove for good").first.click()
        trash.get_by_role("button", name="Empty the whole trash").click()
        expect(notice).to_contain_text("Not done: whoever empties the trash has to say that they are sure.")
        trash.get_by_label("I am sure").check()
        trash.get_by_role("button", name="Empty the whole trash").click()
        expect(notice).to_contain_text("removed for good.")
        expect(trash).to_contain_text("The trash is empty.")
        visitor.complaints = [text for text in visitor.complaints if "status of 422 " not in text]

    @pytest.mark.parametrize(
        "visitor",
        [{"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True, "color_scheme": "dark"}],
        indirect=True,
    )
    def test_on_a_telephone_all_of_it_is_there(self, visitor: Visitor) -> None:
        name = "a%20rather%20long%20name%20of%20a%20folder%20" + "x" * 60
        fill(visitor.davd, ("MKCOL", f"/files/admin/{name}/", b""), ("PUT", f"/files/admin/{name}/f", b"x"))
        fill(visitor.davd, ("DELETE", f"/files/admin/{name}/f", b""))
        page = visitor.log_in()
        page.get_by_role("link", name="admin", exact=True).tap()
        expect(page.locator("#trash")).to_contain_text("deleted")
        page.locator("#collections td summary").first.tap()
        picture(page, "telephone-has", "#account")
        assert width(page) == (360, 360)
        assert page.locator("#trash td").first.is_visible()

    @pytest.mark.parametrize("visitor", [{"java_script_enabled": False}], indirect=True)
    def test_without_scripts(self, visitor: Visitor) -> None:
        fill(visitor.davd, ("PUT", "/files/admin/old.txt", b"x"), ("DELETE", "/files/admin/old.txt", b""))
        page = visitor.page()
        page.goto("/")
        page.get_by_label("Token").fill(visitor.davd.token()["Authorization"].removeprefix("Bearer "))
        page.get_by_role("button", name="Log in").click()
        page.get_by_role("link", name="admin", exact=True).click()
        trash = page.locator("#trash")
        trash.get_by_label("Find by name").fill("old.txt")
        trash.get_by_role("button", name="Find").click()
        trash.get_by_role("checkbox", name=re.compile("old.txt")).check()
        trash.get_by_role("button", name="Put back").click()
        expect(page.locator("#notice")).to_contain_text("It is back: /files/admin/old.txt.")
        expect(page.locator("#trash")).to_contain_text("Nothing in the trash is called so.")


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A server of two workers; its admin plane is that of the process that looks after them."""
    with Running(tmp_path_factory.mktemp("pair"), words=["--admin", "tcp:0", "--workers", "2"]) as running:
        yield running


class TestWorkers:
    """Verifies: docs/operate/scaling.md, The process that looks after the others"""

    def test_there_is_all_that_there_is_with_one_process(self, browser: Browser, pair: Running) -> None:
        visitor = Visitor(browser, pair)
        page = visitor.log_in()
        done = page.get_by_role("table", name="How requests left the pool").get_by_role("row", name="completed")
        before = done.inner_text()
        traffic(pair)
        expect(done).not_to_have_text(re.compile(rf"^{re.escape(before)}$"))
        page.get_by_role("button", name="Run sweep now").click()
        expect(page.locator("#notice")).to_contain_text("The chore sweep is done.")
        row = page.get_by_role("table", name="Settings in force").get_by_role(
            "row", name=re.compile(r"^daemon\.workers")
        )
        expect(row).to_contain_text("command line")
        page.get_by_text("New account").click()
        page.get_by_label("Name", exact=True).fill("mira")
        page.get_by_role("button", name="Create account").click()
        assert asked(pair, "mira", page.locator("#new-password").inner_text()) == 207
        picture(page, "workers")
        visitor.context.close()
        assert visitor.complaints == []
