"""When certificates end, and the warnings before it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, Protocol

from twisted.logger import Logger

from davd.net.certificates import CertificateError, CertificateFiles, expiry, renew

log = Logger(namespace="davd.certificates")

DAY_SECONDS: Final = 86_400.0
# How many days before the end there is a warning, each once; the last one says that it has ended.
WARNINGS: Final = (30, 14, 7, 1, 0)


class Certificates(Protocol):
    """What has certificates: `TLS`, `AdminTLS`."""

    def files(self) -> Sequence[CertificateFiles]:
        """The files as they would be read now; CertificateError."""
        ...


class Expiry:
    """Looks at the certificates in `kept`, a list that may still grow; `now` gives POSIX seconds.

    Those that davd has made itself are renewed before their end, and then `changed` is called: they have to be read
    again. `ends` has the POSIX time at which each ends, by the path of its file.
    """

    def __init__(
        self,
        kept: Sequence[Certificates],
        now: Callable[[], float],
        changed: Callable[[], object] = lambda: None,
    ) -> None:
        self.ends: dict[str, float] = {}
        self._kept = kept
        self._now = now
        self._changed = changed
        # The files, their ends, and the least warning that was given for each.
        self._told: dict[tuple[str, float], int] = {}

    async def look(self) -> str:
        """Read all of them, and warn of those that are about to end; the time left for the first, in words."""
        ends: dict[str, float] = {}
        renewed = False
        for owner in self._kept:
            try:
                for files in owner.files():
                    renewed = self._renew(files) or renewed
                    ends[str(files.certificate)] = expiry(files.certificate)
            except CertificateError as error:
                log.error("{error}", error=error)
        if renewed:
            self._changed()
        self.ends = ends
        for path, end in ends.items():
            self._warn(path, end)
        if not ends:
            return "none"
        return f"{(min(ends.values()) - self._now()) / DAY_SECONDS:.0f} days left"

    def _renew(self, files: CertificateFiles) -> bool:
        """Whether the certificate was renewed; CertificateError."""
        try:
            renewed = renew(files, self._now())
        except OSError as error:
            log.error("{path} cannot be renewed: {error}", path=str(files.certificate), error=error.strerror)
            return False
        if renewed:
            log.warn(
                "the certificate {path} was renewed, with the same key: who has trusted it by hand has to do so again",
                path=str(files.certificate),
            )
        return renewed

    def _warn(self, path: str, end: float) -> None:
        days = (end - self._now()) / DAY_SECONDS
        due = [warning for warning in WARNINGS if days <= warning]
        if not due or self._told.get((path, end), WARNINGS[0] + 1) <= due[-1]:
            return
        self._told[path, end] = due[-1]
        if days <= 0:
            log.error("the certificate {path} has ended: clients refuse it", path=path)
        else:
            log.warn("the certificate {path} ends in {days} days", path=path, days=f"{days:.1f}")
