"""The files that a process logs to, opened again when somebody has moved them away."""

from __future__ import annotations

import fcntl
import os
import sys
from typing import Any, Protocol, TextIO

from twisted.logger import FileLogObserver, Logger, globalLogPublisher
from twisted.python.logfile import BaseLogFile, LogFile

log = Logger(namespace="davd")


class Appended:
    """A log file that others write to and rotate as well: every line goes to its end, and `reopen` finds it anew."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._file = self._open()

    def _open(self) -> TextIO:
        # 0o640 as twistd's own: whoever is in the group may read.
        descriptor = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o640)
        return open(descriptor, "w", encoding="utf-8", errors="replace", buffering=1)

    def write(self, text: str) -> None:
        """Add a line, or several, by one write: those of other processes stay whole."""
        self._file.write(text)
        self._file.flush()

    def flush(self) -> None:
        """Nothing is kept back."""

    def reopen(self) -> None:
        """Go on in the file that has the name now, or in a new one."""
        old, self._file = self._file, self._open()
        old.close()


class Reopened(Protocol):
    """A file that others may move away."""

    def reopen(self) -> None:
        """Go on in the file that has the name now; OSError, and then the old one stays."""
        ...


_added: list[Reopened] = []


def reopen() -> None:
    """Open the log files of this process again; does nothing when it logs to a terminal, a pipe, syslog or journald."""
    files = _files()
    for file in files:
        try:
            file.reopen()
        except OSError as error:
            log.error("the log file stays: {error}", error=error)
    if files:
        log.info("log files opened again")


def share() -> None:
    """Have this process write to the end of its log files, whoever else writes to them, and rename none of them."""
    for file in _files():
        if isinstance(file, LogFile):
            # Twisted's would go on at where it was, over what others have written since, and start new ones by itself.
            file.rotateLength = None
            _append(file)


def _append(file: Any) -> None:
    descriptor = file._file.fileno()
    fcntl.fcntl(descriptor, fcntl.F_SETFL, fcntl.fcntl(descriptor, fcntl.F_GETFL) | os.O_APPEND)


def _files() -> list[Any]:
    """All of them: those behind the observers of the log, for which Twisted has no public way, and those added."""
    outputs = [observer._outFile for observer in globalLogPublisher._observers if isinstance(observer, FileLogObserver)]
    return [output for output in outputs if isinstance(output, BaseLogFile | Appended)] + _added


def add(file: Reopened) -> None:
    """Have another file opened again with the log files."""
    _added.append(file)


def remove(file: Reopened) -> None:
    """Forget a file that was added."""
    _added.remove(file)


def path_of(options: Any) -> str | None:
    """The absolute path of the file that twistd logs to by its own options; None for its standard output or syslog."""
    named = options.get("logfile")
    if options.get("syslog") or named == "-" or (options.get("nodaemon") and not named):
        return None
    return os.path.abspath(named or "twistd.log")


def begin(path: str | None) -> TextIO | Appended:
    """Where a worker logs to: the file of its supervisor, or what it was given as its standard output."""
    return sys.stdout if path is None else Appended(path)
