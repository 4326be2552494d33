"""Noticing that the configuration file has changed, however it was changed.

Editors write a new file and rename it over the old one; Kubernetes swaps a symbolic link beside it. Neither touches the
file that is open or watched, so it is the folder that is watched, and the content that is compared.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, Final

from twisted.internet.interfaces import IDelayedCall
from twisted.logger import Logger
from twisted.python.filepath import FilePath

from davd.config.load import MOST_BYTES
from davd.config.origin import digest_of

log = Logger(namespace="davd.reload")

# Seconds without another change before the file is looked at: a program that saves does it in several steps.
SETTLED: Final = 0.5
# However long a folder goes on changing, the file is looked at so many seconds after the first change.
PATIENCE: Final = 5.0


class Watch:
    """Calls `changed` when the content of `file` is another than it was, some time after the last sign of a change.

    The folder of the file is watched and, where the file is a symbolic link, that of the file it leads to. `reactor`
    is the clock and reads what inotify has to tell; where there is no inotify `start` says so in the log and does
    nothing else. `content` is the digest of what the file held when it was read last, None for a file that could not
    be read; at first it is that of what it holds when this is made.
    """

    def __init__(self, file: str, changed: Callable[[], object], reactor: Any) -> None:
        self._file = file
        self._changed = changed
        self._reactor = reactor
        self._notify: Any = None
        self._call: IDelayedCall | None = None
        self._first = 0.0
        self.content = _digest(file)

    @property
    def running(self) -> bool:
        """Whether changes are noticed."""
        return self._notify is not None

    def start(self) -> None:
        """Begin to watch; what has changed since this was made is noticed as well."""
        try:
            self._follow()
        except (ImportError, OSError) as error:
            log.warn(
                "changes of {file} are not noticed by themselves ({error}); SIGHUP has it read again",
                file=self._file,
                error=str(error),
            )
            return
        self.look()

    def stop(self) -> None:
        """Watch no more."""
        if self._call is not None:
            self._call.cancel()
            self._call = None
        self._close()

    def sign(self, *_: object) -> None:
        """Something has happened in a folder: look at the file when it has become quiet there."""
        now = self._reactor.seconds()
        if self._call is None:
            self._first = now
            self._call = self._reactor.callLater(SETTLED, self._settled)
        else:
            self._call.reset(max(0.0, min(SETTLED, self._first + PATIENCE - now)))

    def _settled(self) -> None:
        self._call = None
        try:
            self._follow()
        except OSError as error:
            log.error("changes of {file} are not noticed any more: {error}", file=self._file, error=str(error))
        self.look()

    def look(self) -> None:
        """Compare the file with what it was, and tell when it is another; one that is gone is another, too."""
        content = _digest(self._file)
        if content != self.content:
            self.content = content
            self._changed()

    def _follow(self) -> None:
        """Watch the folders that the file is in now, and none of those it was in.

        INotify ends when one of its folders is removed, which is what Kubernetes does with the one of the old file.
        """
        from twisted.internet.inotify import IN_ATTRIB, IN_CLOSE_WRITE, IN_CREATE, IN_DELETE, IN_MOVED

        self._close()
        folder = os.path.dirname(os.path.abspath(self._file))
        self._notify = notify = _notify(self._reactor)
        mask = IN_CLOSE_WRITE | IN_CREATE | IN_DELETE | IN_MOVED | IN_ATTRIB
        for path in {folder, os.path.dirname(os.path.realpath(self._file))}:
            if os.path.isdir(path):
                notify.watch(FilePath(path), mask, callbacks=[self.sign])
        notify.startReading()
        if not os.path.isdir(folder) and self._call is None:
            # There is nothing to watch until the folder is back.
            self._first = self._reactor.seconds()
            self._call = self._reactor.callLater(PATIENCE, self._settled)

    def _close(self) -> None:
        notify, self._notify = self._notify, None
        if notify is not None:
            notify.stopReading()
            notify.connectionLost(None)


def _notify(reactor: Any) -> Any:
    """An INotify that can be ended twice, by a folder that has gone and by whoever watches; ImportError, OSError."""
    from twisted.internet.inotify import INotify, INotifyError

    class Folders(INotify):
        def connectionLost(self, reason: Any) -> None:
            if self._fd >= 0:
                super().connectionLost(reason)
                self._fd = -1

    try:
        return Folders(reactor)
    except INotifyError as error:
        raise OSError(str(error)) from None


def _digest(file: str) -> bytes | None:
    try:
        with open(file, "rb") as stream:
            # A byte more than is ever read for settings tells that there is too much of it.
            return digest_of(stream.read(MOST_BYTES + 1))
    except (OSError, ValueError):
        return None
