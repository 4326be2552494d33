"""Settings of how the number of workers follows the load."""

from __future__ import annotations

from typing import Annotated, Any

from msgspec import Meta, Struct, field

Seconds = Annotated[float, Meta(ge=0, le=86_400, extra={"reload": True, "unit": "seconds"})]


class ScalingSettings(Struct, forbid_unknown_fields=True, kw_only=True):
    """How the number of workers follows the load, where `daemon.autoscale` is on.

    The load is measured every `look_seconds`, as the mean of three looks. There are as many workers as keep each of
    them busy for no more than the share `busy` of one processor, and at no more than `requests_per_worker` requests a
    second (0: whatever their number); one more where requests wait for a place for `queue_seconds` in the mean. All
    that are needed are started at once. One ends when for `hold_seconds` the load would have left room with one less,
    and for as long after any change. `forecast` names who says what the load of the next minutes will be, for which
    workers are started before it comes: `holt_winters`, `seasonal_naive` (as a week ago), one of a plugin, or `off`;
    `[scaling.forecasts.NAME]` holds what a plugin has to set. A forecast never ends a worker that is needed, and counts
    only while it has lately been better than `seasonal_naive`.
    """

    look_seconds: Annotated[float, Meta(ge=0.1, le=60, extra={"reload": True, "unit": "seconds"})] = 5.0
    busy: Annotated[float, Meta(ge=0.01, le=1, extra={"reload": True})] = 0.7
    requests_per_worker: Annotated[float, Meta(ge=0, extra={"reload": True})] = 0.0
    queue_seconds: Seconds = 0.1
    hold_seconds: Seconds = 300.0
    forecast: Annotated[str, Meta(min_length=1)] = "holt_winters"
    forecasts: dict[str, dict[str, Any]] = field(default_factory=dict)
