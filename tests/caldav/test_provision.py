"""The home and what is in it at first.

Verifies: RFC 4791, 4.2, 6.2.1
"""

from __future__ import annotations

import pytest

from davd.caldav.settings import CalDavSettings
from davd.model.principal import Account
from davd.testing.exchange import run
from tests.caldav.calendars import HOME, C, D, provide, trial_with_calendars
from tests.dav.answers import by_href, prop

SET = C + "supported-calendar-component-set"


def home(trial, path: str = HOME, user: str = "alice") -> dict[str, tuple[str, list[str]]]:
    """Display name and components by href, of the calendars in a home."""
    body = prop(D + "displayname", SET)
    found = by_href(trial, trial.request("PROPFIND", path, {"Depth": "1"}, body, user))
    found.pop(path)
    return {
        href: (answer.text(D + "displayname"), [comp.get("name") for comp in answer.element(SET)])
        for href, answer in found.items()
    }


class TestProvision:
    """Verifies: RFC 4791, 4.2"""

    def test_a_calendar_and_a_task_list(self):
        trial = trial_with_calendars()
        assert home(trial) == {
            HOME + "calendar/": ("Calendar", ["VEVENT"]),
            HOME + "tasks/": ("Tasks", ["VTODO", "VJOURNAL"]),
        }
        assert len(home(trial, "/calendars/bob/", "bob")) == 2

    def test_what_is_removed_stays_away(self):
        trial = trial_with_calendars()
        trial.request("DELETE", HOME + "tasks/")
        run(provide(trial))
        assert list(home(trial)) == [HOME + "calendar/"]

    def test_they_can_be_called_otherwise_or_left_out(self):
        trial = trial_with_calendars(CalDavSettings(calendar_name="Kalender", tasks_name=""))
        assert home(trial) == {HOME + "calendar/": ("Kalender", ["VEVENT"])}

    def test_the_home_cannot_be_removed(self):
        trial = trial_with_calendars()
        assert trial.request("DELETE", HOME).status == 403

    @pytest.mark.parametrize("kind", ["room", "resource"])
    def test_others_than_users(self, kind):
        trial = trial_with_calendars()

        async def add() -> None:
            async with trial.store.write() as transaction:
                await transaction.add_account(Account("new", kind=kind))

        run(add())
        run(provide(trial, "new"))
        # Nobody gives a room something to do.
        assert list(home(trial, "/calendars/new/", "new")) == ["/calendars/new/calendar/"]
