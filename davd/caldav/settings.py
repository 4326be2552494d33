"""Settings of calendars."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct

# What `extra` says of a key: whether a reload brings it into force, its unit, and the form of a text.
Count = Annotated[int, Meta(ge=1, extra={"reload": True})]
Bytes = Annotated[int, Meta(ge=1024, le=16 * 1024**2, extra={"reload": True, "unit": "bytes"})]
# A moment in UTC as iCalendar writes it.
UTC = Annotated[str, Meta(pattern="^[0-9]{8}T[0-9]{6}Z$", extra={"reload": True, "form": "like 20261231T235959Z"})]
Name = Annotated[str, Meta(max_length=255, extra={"reload": True})]
Days = Annotated[int, Meta(ge=1, le=366, extra={"reload": True, "unit": "days"})]


class CalDavSettings(Struct, forbid_unknown_fields=True, kw_only=True):
    """Limits of what calendars hold and of what one report may ask, and what new users are given.

    Objects are refused that have more than `max_resource_size` bytes, more than `max_attendees` attendees in one
    instance, more than `max_alarms` alarms in one component, more than `max_instances` dates that are listed one by one
    or instances that are changed, or times before `min_date_time` or after `max_date_time` (UTC, written
    20261231T235959Z). A report expands one object into at most `max_instances`. `max_multiget` is how many resources
    one calendar-multiget may name, `max_query_results` how many objects a calendar-query gives at most with calendar
    data, `max_query_names` without. `page_days` is how far a calendar's page for browsers looks ahead. `calendar_name`
    and `tasks_name` are what the calendar and the task list are called that users get with their first request, empty
    for none; `time_zone` is the zone (Europe/Berlin) in which times without one are meant where neither the calendar
    nor its owner says.
    """

    max_resource_size: Bytes = 1024**2
    max_instances: Count = 3000
    max_attendees: Count = 100
    max_alarms: Count = 20
    min_date_time: UTC = "00010101T000000Z"
    max_date_time: UTC = "99991231T235959Z"
    max_multiget: Count = 5000
    max_query_results: Count = 100_000
    max_query_names: Count = 100_000
    page_days: Days = 60
    calendar_name: Name = "Calendar"
    tasks_name: Name = "Tasks"
    time_zone: Name = "UTC"
