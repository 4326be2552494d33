"""Calendars on a server that runs already: made in the account's home, and removed with all they hold."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from davd.daemon.doctor.dialogues import discovery, trials
from davd.daemon.doctor.entries import FAULT
from davd.daemon.doctor.examination import Examination, Subject, basic
from davd.daemon.doctor.steps import CREATED, Client, Step
from davd.daemon.sizing.calendars import Calendar, Event, content_of
from davd.daemon.sizing.mix import EVENTS

_CALENDARS = 8


class ElsewhereError(Exception):
    """The calendars cannot be made; the text says why."""


def _client() -> Client:
    """The way to the account's home, and the making of what is needed there."""
    steps: list[Step] = [
        discovery.GIVEN,
        discovery.home((), ("calendar-home",), discovery.CALENDAR_HOME),
    ]
    for number in range(_CALENDARS):
        target = f"{{calendar-home}}{{trial-name}}-{number}/"
        place = f"calendar-{number}"
        steps.append(Step("makes a calendar", "MKCALENDAR", target, expects=CREATED, writes=True, makes=place))
        for event in range(EVENTS):
            name = f"{number}-{event}.ics"
            steps.append(
                Step(
                    "adds an event",
                    "PUT",
                    f"{{{place}}}{name}",
                    trials.EVENT.fields,
                    content_of(name, 0),
                    expects=CREATED,
                    writes=True,
                )
            )
    return Client("bench", "davctl bench", (("User-Agent", "davctl"),), tuple(steps))


@contextmanager
def calendars_at(subject: Subject) -> Iterator[list[Calendar]]:
    """Calendars for a load; ElsewhereError with the first thing that is wrong."""
    client = _client()
    examination = Examination(subject, client)
    asked = examination.run()
    try:
        # The last step is over when it is given; only after it everything is deleted again.
        for _ in range(len(client.steps) + 1):
            outcome = next(asked)
            wrong = [finding for finding in outcome.findings if finding.severity == FAULT]
            if wrong or outcome.skipped:
                raise ElsewhereError(wrong[0].sentence if wrong else f"{outcome.step.title}: {outcome.skipped}")
        login = basic(subject.user, subject.password)
        yield [
            Calendar(
                examination.place(f"calendar-{number}"),
                login,
                [Event(f"{number}-{event}.ics", content_of(f"{number}-{event}.ics", 0), "") for event in range(EVENTS)],
            )
            for number in range(_CALENDARS)
        ]
    finally:
        asked.close()
    if examination.left:
        raise ElsewhereError(f"could not be deleted again: {', '.join(examination.left)}")
