"""The script of test_python_caldav: `python python_caldav.py URL USER CERTIFICATE`, the password on its input."""

import datetime
import json
import sys

import caldav
from caldav.lib import error

url, user, certificate = sys.argv[1:]
UTC = datetime.UTC
client = caldav.DAVClient(url=url, username=user, password=sys.stdin.read(), ssl_verify_cert=certificate)
principal = client.principal()
seen = {}

HEAD = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//davd//tests//EN\r\n"


def event(uid: str, *lines: str, kind: str = "VEVENT") -> str:
    """A calendar object of one component."""
    body = "".join(f"{line}\r\n" for line in (f"UID:{uid}", "DTSTAMP:20261101T000000Z", *lines))
    return f"{HEAD}BEGIN:{kind}\r\n{body}END:{kind}\r\nEND:VCALENDAR\r\n"


def summaries(found: list) -> list[str]:
    """The summaries of what a search found, sorted."""
    return sorted(str(item.icalendar_component.get("summary")) for item in found)


seen["components"] = sorted(sorted(calendar.get_supported_components()) for calendar in principal.calendars())
work = principal.make_calendar(name="Wörk", cal_id="work")
seen["made"] = work.get_display_name()

once = work.save_event(event("once", "SUMMARY:Once", "DTSTART:20261203T100000Z", "DTEND:20261203T110000Z"))
work.save_event(event("allday", "SUMMARY:Whole day", "DTSTART;VALUE=DATE:20261224", "DTEND;VALUE=DATE:20261226"))
zone = "DTSTART;TZID=Europe/Berlin:20261101T090000"
master = event("standup", "SUMMARY:Standup", zone, "DURATION:PT15M", "RRULE:FREQ=DAILY").replace(
    "END:VCALENDAR\r\n", ""
)
moved = event(
    "standup",
    "SUMMARY:moved",
    "RECURRENCE-ID;TZID=Europe/Berlin:20261209T090000",
    "DTSTART;TZID=Europe/Berlin:20261209T140000",
    "DURATION:PT15M",
)
work.save_event(master + moved[len(HEAD) :])
seen["events"] = len(work.events())

week = {"start": datetime.datetime(2026, 12, 7, tzinfo=UTC), "end": datetime.datetime(2026, 12, 13, tzinfo=UTC)}
seen["in a week"] = summaries(work.search(event=True, expand=True, **week))
seen["unexpanded"] = len(work.search(event=True, expand=False, **week))
seen["by text"] = summaries(work.search(event=True, summary="Once"))

answer = work.freebusy_request(datetime.datetime(2026, 12, 14, tzinfo=UTC), datetime.datetime(2026, 12, 16, tzinfo=UTC))
seen["busy"] = sorted(
    line.partition(":")[2]
    for line in answer.data.replace("\r\n", "\n").replace("\n ", "").splitlines()
    if line.startswith("FREEBUSY")
)
seen["busy"] = sorted(period for value in seen["busy"] for period in value.split(","))

tasks = next(one for one in principal.calendars() if "VTODO" in one.get_supported_components() and one.id != "work")
milk = tasks.save_todo(event("milk", "SUMMARY:Buy milk", "DUE:20261210T120000Z", kind="VTODO"))
done = tasks.save_todo(event("done", "SUMMARY:Done", "DUE:20261209T120000Z", kind="VTODO"))
done.complete()
seen["pending"] = summaries(tasks.todos())
seen["all todos"] = len(tasks.todos(include_completed=True))
tasks.save_journal(event("diary", "SUMMARY:Dear diary", "DTSTART;VALUE=DATE:20261201", kind="VJOURNAL"))
seen["journals"] = summaries(tasks.journals())

objects = work.objects(load_objects=True)
stale = work.event_by_url(once.url)
once.icalendar_component["summary"] = "Twice"
once.save()
changed, deleted = objects.sync()
seen["changed"] = summaries(changed)
work.event_by_uid("allday").delete()
changed, deleted = objects.sync()
seen["deleted"] = len(deleted)

etag = stale.props.get("{DAV:}getetag") if stale.props else None
try:
    answer = client.put(str(once.url), stale.data, {"Content-Type": "text/calendar", "If-Match": etag or '"0"'})
    seen["stale"] = f"PutError {answer.status}"
except error.DAVError as problem:
    seen["stale"] = type(problem).__name__
answer = client.put(
    str(work.url) + "again.ics", event("once", "DTSTART:20261203T100000Z"), {"Content-Type": "text/calendar"}
)
seen["uid twice"] = f"PutError {answer.status}"

other = principal.make_calendar(name="Other", cal_id="other")
target = str(other.url) + "once.ics"
answer = client.request(str(once.url), "MOVE", "", {"Destination": target, "Overwrite": "F"})
seen["moved"] = answer.status == 201 and "Twice" in client.request(target, "GET").raw
other.delete()
seen["gone"] = client.request(target, "GET").status == 404
sys.stdout.write(json.dumps(seen) + "\n")
