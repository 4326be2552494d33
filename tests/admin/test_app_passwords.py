"""App passwords in the admin plane: what is told of them, what is refused, and how they look.

Verifies: docs/operate/monitoring.md, JSON API, Dashboard; docs/operate/operate.md, App passwords
"""

from __future__ import annotations

from typing import Any

import pytest
from lxml import html

from davd.admin.app_password_panel import app_passwords
from davd.admin.app_passwords import AppPasswords
from davd.authentication.app_passwords import digest, named_in
from davd.authentication.settings import AuthenticationSettings
from davd.model.errors import HTTPError
from davd.model.principal import GROUP, Account
from davd.stores.memory.store import MemoryStore
from davd.testing.exchange import run

HOSTILE = "<b>\"'&</b>"


class TestAppPasswords:
    """Verifies: docs/operate/monitoring.md, JSON API"""

    def setup_method(self) -> None:
        self.now = 100.0
        self.settings = AuthenticationSettings(max_app_passwords=2)
        self.store = MemoryStore()
        self.passwords = AppPasswords(self.store, lambda: self.settings, lambda: self.now)

        async def fill() -> None:
            async with self.store.write() as transaction:
                for account in (Account("ann"), Account("bob"), Account("staff", kind=GROUP)):
                    await transaction.add_account(account)

        run(fill())

    def refused(self, work: Any) -> tuple[int, str]:
        with pytest.raises(HTTPError) as caught:
            run(work)
        return caught.value.status, caught.value.detail

    def test_the_password_is_told_once(self) -> None:
        made = run(self.passwords.create("ann", "phone", 200.0))
        password = made.pop("password")
        assert named_in(password) == made["id"]
        assert self.store.state.app_passwords[made["id"]].hash == digest(password)
        expected = {
            "id": made["id"], "label": "phone", "created": 100.0, "last_used": None, "expires": 200.0, "expired": False,
        }  # fmt: skip
        assert made == expected
        assert run(self.passwords.all("ann")) == [expected]
        self.now = 200.0
        assert run(self.passwords.all("ann")) == [{**expected, "expired": True}]

    def test_the_limit_in_force_counts(self) -> None:
        for _ in range(2):
            run(self.passwords.create("ann", "", None))
        assert self.refused(self.passwords.create("ann", "", None))[0] == 409
        self.settings = AuthenticationSettings(max_app_passwords=3)
        run(self.passwords.create("ann", "", None))
        assert len(run(self.passwords.all("ann"))) == 3

    @pytest.mark.parametrize(("label", "expires"), [("x" * 101, None), ("\n", 100.0), ("", 100.0), ("", float("nan"))])
    def test_what_cannot_be_is_422(self, label: str, expires: float | None) -> None:
        assert self.refused(self.passwords.create("ann", label, expires))[0] == 422
        assert run(self.passwords.all("ann")) == []

    @pytest.mark.parametrize("name", ["eve", "staff"])
    def test_who_does_not_log_in_has_none(self, name: str) -> None:
        for work in (
            self.passwords.all(name), self.passwords.create(name, "", None), self.passwords.revoke(name, None),
        ):  # fmt: skip
            assert self.refused(work) == (404, f"there is no account {name}")

    def test_only_those_of_the_account_are_revoked(self) -> None:
        one, two = (run(self.passwords.create("ann", "", None))["id"] for _ in range(2))
        bobs = run(self.passwords.create("bob", "", None))["id"]
        assert self.refused(self.passwords.revoke("bob", one)) == (404, f"bob has no app password {one}")
        assert run(self.passwords.revoke("ann", one)) == 1
        assert self.refused(self.passwords.revoke("ann", one))[0] == 404
        assert run(self.passwords.revoke("ann", None)) == 1
        assert two not in self.store.state.app_passwords
        assert [each["id"] for each in run(self.passwords.all("bob"))] == [bobs]


class TestPanel:
    """Verifies: docs/operate/monitoring.md, Dashboard"""

    def piece(self, **changes: Any) -> html.HtmlElement:
        one = {"id": "Kf7wQ2", "label": "phone", "created": 0.0, "last_used": None, "expires": None, "expired": False}
        found: html.HtmlElement = html.fromstring(app_passwords([one | changes], "ann", "token", 3600.0))
        return found

    def test_each_has_a_button_that_revokes_it(self) -> None:
        piece = self.piece()
        forms = {form.get("action"): form for form in piece.iter("form")}
        assert set(forms) == {"/do/app-password", "/do/revoke-app-password"}
        assert dict(forms["/do/revoke-app-password"].fields) == {"csrf": "token", "of": "ann", "id": "Kf7wQ2"}
        assert set(forms["/do/app-password"].fields) == {"csrf", "of", "label", "days"}
        assert piece.xpath("//button/@aria-label") == ["Revoke phone"]
        assert self.piece(label="").xpath("//button/@aria-label") == ["Revoke app-Kf7wQ2"]

    def test_last_use_and_end_are_told(self) -> None:
        text = self.piece().text_content()
        assert "never" in text and "not by itself" in text
        assert "expired" in self.piece(expires=10.0, expired=True).text_content()
        assert len(self.piece(last_used=100.0, expires=7200.0).findall(".//time")) == 3

    def test_labels_do_no_harm(self) -> None:
        piece = self.piece(label=HOSTILE)
        assert piece.find(".//b") is None and HOSTILE in piece.text_content()
