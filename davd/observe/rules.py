"""What is worth an alert: conditions on signals, each with how long it has to hold and when it is over.

The same rules are written out for Prometheus (`conf/prometheus-alerts.yml`), with `expression` in place of the signal.

Implements: docs/operate/monitoring.md, Alerts
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from davd.observe.alert_settings import AlertSettings

Severity = Literal["warning", "critical"]


@dataclass(frozen=True, slots=True)
class Rule:
    """A condition: the signal is over (or, with `below`, under) the threshold.

    It fires when that was so at every look for `for_seconds`, and is over when the signal was at or within `clear` for
    `clear_seconds`; between the two thresholds nothing changes. `expression` is the signal as a PromQL expression.
    """

    name: str
    signal: str
    threshold: float
    clear: float
    for_seconds: float
    severity: Severity
    summary: str
    expression: str
    below: bool = False
    clear_seconds: float = 60.0

    def breached(self, value: float) -> bool:
        """Whether the condition holds."""
        return value < self.threshold if self.below else value > self.threshold

    def calm(self, value: float) -> bool:
        """Whether the value is one at which the alert may end."""
        return value >= self.clear if self.below else value <= self.clear


_WINDOW: Final = "5m"
_REQUESTS: Final = f"sum(rate(davd_requests_total[{_WINDOW}]))"
_ERRORS: Final = f'sum(rate(davd_requests_total{{status=~"5..",status!="503"}}[{_WINDOW}])) / {_REQUESTS}'
# Every program that Prometheus watches has metrics of its process.
_OURS: Final = "and on (job, instance) davd_build_info"
_STARTED: Final = f"on (job, instance) (process_start_time_seconds {_OURS})"
_P99: Final = f"histogram_quantile(0.99, sum by (le) (rate(davd_request_duration_seconds_bucket[{_WINDOW}])))"


def rules_of(settings: AlertSettings) -> tuple[Rule, ...]:
    """The rules in force under these settings; a threshold of 0 takes its rule away."""
    hold = settings.hold_seconds
    day = 86_400.0
    rules = (
        Rule(
            "ErrorRate", "errors", settings.error_rate, settings.error_rate / 2, hold, "critical",
            "Many requests fail with a status of 500 or more.", _ERRORS,
        ),
        Rule(
            "QueueSaturation", "queue", settings.queue, settings.queue * 0.8, hold, "warning",
            "The queue for places is nearly full: requests will be refused with 503.",
            "sum(davd_queue_length) / sum(davd_queue_capacity)",
        ),
        Rule(
            "SlowAnswers", "p99", settings.p99_seconds, settings.p99_seconds * 0.8, hold, "warning",
            "One request in a hundred takes long.", _P99,
        ),
        Rule(
            "ReactorStall", "stall", settings.stall_seconds, settings.stall_seconds * 0.8, 0.0, "warning",
            "Something has held up all requests of a process.", "max(davd_reactor_stall_seconds)",
        ),
        Rule(
            "DiskSpace", "disk_free", settings.disk_free, settings.disk_free * 1.1, hold, "critical",
            "The disk of the store is nearly full: writes will be refused with 507.",
            "min(davd_disk_free_bytes / davd_disk_size_bytes)", below=True,
        ),
        Rule(
            "Descriptors", "descriptors", settings.descriptors, settings.descriptors * 0.9, hold, "warning",
            "Few descriptors are left: connections will be refused.",
            f"max((process_open_fds / process_max_fds) {_OURS})",
        ),
        Rule(
            "CertificateExpiry", "certificate", settings.certificate_days * day,
            settings.certificate_days * day + 3600, 0.0, "warning",
            "A certificate is about to end.", "min(davd_certificate_expiry_timestamp_seconds) - time()", below=True,
        ),
        Rule(
            "BackendDown", "backend_down", 0.5 if settings.backend_down else 0.0, 0.5, hold / 5, "critical",
            "The store or a cache cannot be reached.",
            "1 - min(davd_store_up or davd_cache_up)",
        ),
        Rule(
            "BackupAge", "backup_age", settings.backup_hours * 3600, settings.backup_hours * 3600, 0.0, "warning",
            "The last backup is too old.", f"time() - max(davd_backup_timestamp_seconds or {_STARTED})",
        ),
        Rule(
            "BackupDamaged", "backup_wrong", 0.5 if settings.backup_hours else 0.0, 0.5, 0.0, "critical",
            "The backup was found damaged when it was verified last.", "max(davd_backup_wrong)",
        ),
        Rule(
            "ReloadRefused", "reload_failed", 0.5, 0.5, 0.0, "warning",
            "The settings could not be read again; those from before are in force.",
            "1 - min(davd_config_reload_success)",
        ),
    )  # fmt: skip
    return tuple(rule for rule in rules if rule.threshold > 0)
