"""What a systemd unit asks for, read from its file."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

# What needs a service manager itself, and is played by the script: it waits for READY, and feeds on WATCHDOG.
PLAYED = {
    "Type": "the script has the socket of sd_notify",
    "NotifyAccess": "the script has the socket of sd_notify",
    "WatchdogSec": "the script expects a sign of life within this time",
    "ExecStart": "run with other folders, and --workers",
    "ExecReload": "the settings' file is changed; a signal does the same",
    "StateDirectory": "a folder of the script's",
    "StateDirectoryMode": "the mode of that folder",
    "LogsDirectoryMode": "the mode of that folder",
    "RuntimeDirectory": "a folder of the script's",
    "LogsDirectory": "a folder of the script's",
    "ConfigurationDirectory": "a folder of the script's, read-only for davd",
    "TimeoutStartSec": "the script waits as long for READY",
    "TimeoutStopSec": "the script waits as long for the end",
    "WorkingDirectory": "the folder of the state",
}
# What only concerns a service that has ended.
LATER = {
    "Restart": "the script ends when davd does",
    "RestartSec": "the script ends when davd does",
    "KillMode": "the script sends its signals itself",
    "RemoveIPC": "davd has no objects of System V's IPC, and its user is nobody else's",
}


def directives(file: Path) -> list[tuple[str, str]]:
    """The keys and values of `[Service]`, in their order, a key as often as it is said."""
    found: list[tuple[str, str]] = []
    section = ""
    for line in file.read_text(encoding="utf-8").splitlines():
        line = line.strip()
        if not line or line.startswith(("#", ";")):
            continue
        if line.startswith("["):
            section = line.strip("[]")
        elif section == "Service":
            key, _, value = line.partition("=")
            found.append((key.strip(), value.strip()))
    return found


def seconds(text: str) -> float:
    """A time span of the unit, of which plain numbers are seconds."""
    match = re.fullmatch(r"(\d+)\s*(s|min)?", text)
    if match is None:
        raise ValueError(f"{text!r} is no time span of this unit")
    return int(match[1]) * (60.0 if match[2] == "min" else 1.0)


def size(text: str) -> int:
    """A size in bytes, such as 2G."""
    factor = {"K": 2**10, "M": 2**20, "G": 2**30}.get(text[-1:], 0)
    return int(text[:-1]) * factor if factor else int(text)


def command(text: str, folders: dict[str, Path]) -> list[str]:
    """The words of ExecStart, with other folders in place of those that they begin with."""
    words = []
    for word in shlex.split(text):
        for installed, here in folders.items():
            if word == installed or word.startswith(installed + "/"):
                word = str(here) + word[len(installed) :]
        words.append(word)
    return words
