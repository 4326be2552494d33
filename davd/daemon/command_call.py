"""Having a running davd do something, from another process and without a reactor.

Implements: docs/operate/operate.md, Commands to a running davd
"""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator

import msgspec

from davd.daemon.command_socket import Outcome, Progress, address


class NotRunning(Exception):
    """No davd answers for a data folder; the text is one sentence."""


def _unheard(progress: Progress) -> None:
    """Nobody wants to know how far it is."""


def call(data: str, do: str, told: Callable[[Progress], object] = _unheard, seconds: float | None = None) -> Outcome:
    """Have the davd that serves the folder `data` do what a word names, and wait for the outcome.

    `told` is called with what has been done so far. NotRunning when no davd is there, it ends meanwhile, or has not
    said how it ended after so many `seconds` (None: it is waited for).
    """
    until = None if seconds is None else time.monotonic() + seconds
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(seconds)
            with address(data) as path:
                connection.connect(path)
            connection.sendall(msgspec.json.encode({"do": do}) + b"\n")
            for line in _lines(connection, until):
                answer = _read(line)
                if isinstance(answer, Outcome):
                    return answer
                told(answer)
    except TimeoutError:
        raise NotRunning(f"the davd of {data} has not answered within {seconds:g} seconds") from None
    except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError):
        raise NotRunning(f"no davd runs on {data}") from None
    except PermissionError:
        raise NotRunning(f"the davd of {data} is another user's") from None
    except (ConnectionError, msgspec.MsgspecError):
        raise NotRunning(f"the davd of {data} has ended before it answered") from None
    raise NotRunning(f"the davd of {data} has ended before it answered")


def _lines(connection: socket.socket, until: float | None) -> Iterator[bytes]:
    pending = b""
    while True:
        if until is not None:
            connection.settimeout(max(0.001, until - time.monotonic()))
        more = connection.recv(65_536)
        if not more:
            return
        *lines, pending = (pending + more).split(b"\n")
        yield from lines


def _read(line: bytes) -> Progress | Outcome:
    answer = msgspec.json.decode(line)
    if "ok" in answer:
        return msgspec.convert(answer, Outcome)
    return msgspec.convert(answer, Progress)
