"""Settings of alerts."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct, field

Share = Annotated[float, Meta(ge=0, le=1, extra={"reload": True})]
Seconds = Annotated[float, Meta(ge=0, le=86_400, extra={"reload": True, "unit": "seconds"})]
Days = Annotated[float, Meta(ge=0, le=365, extra={"reload": True, "unit": "days"})]
Hours = Annotated[float, Meta(ge=0, le=8760, extra={"reload": True, "unit": "hours"})]


class AlertSettings(Struct, forbid_unknown_fields=True, kw_only=True):
    """When somebody is told that something is wrong, and how; 0 leaves a condition out.

    `error_rate` is the share of answers with a status of 500 or more, `queue` that of the queue that is taken,
    `p99_seconds` what one request in a hundred takes longer than, `stall_seconds` for how long something has held up
    all requests, `disk_free` the share of the disk that has to be free, `descriptors` that of the descriptors that may
    be open, `certificate_days` how long before its end a certificate is told of, `backup_hours` the greatest age of the
    last backup; `backend_down` tells of a store or cache that does not answer. Conditions on load have to hold for
    `hold_seconds`. `deliver` names the ways by which alerts go out: `log`, `email`, `webhook`, or those of plugins;
    each but `log` has a section `[alerts.delivery.NAME]`. An alert that stays is told again after `repeat_hours`.
    """

    error_rate: Share = 0.05
    queue: Share = 0.8
    p99_seconds: Seconds = 2.0
    stall_seconds: Seconds = 0.5
    disk_free: Share = 0.1
    descriptors: Share = 0.85
    certificate_days: Days = 14.0
    backup_hours: Hours = 48.0
    backend_down: bool = True
    hold_seconds: Seconds = 300.0
    repeat_hours: Hours = 24.0
    deliver: list[str] = field(default_factory=lambda: ["log"])
    delivery: dict[str, dict[str, Any]] = field(default_factory=dict)
