"""From an endpoint string to a socket that listens.

The sockets are opened here and not by Twisted's endpoints, because the native transports want them ready made, and
because their errors have to show, in one sentence, before anything else is started.
"""

from __future__ import annotations

import errno
import os
import socket
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from twisted.internet.endpoints import _SystemdParser

from davd.net.certificates import CertificateError, CertificateFiles
from davd.net.tls import TLS

BACKLOG = 4096


class ListenError(Exception):
    """A listener that cannot be; its text is one sentence for the operator."""


@dataclass(slots=True)
class Bound:
    """A socket that is bound and listens, though nobody accepts on it yet.

    `text` is the endpoint string it came from, `tls` what speaks TLS on it, None for plain HTTP. `path` is the file of
    a UNIX socket that has to be removed in the end.
    """

    text: str
    socket: socket.socket
    tls: TLS | None
    path: str = ""

    def close(self) -> None:
        """Stop before anything was accepted."""
        self.socket.close()
        unlink(self.path)


def bind(text: str, tls: TLS | None = None) -> Bound | None:
    """Open the socket of an endpoint string, so that errors show before privileges are dropped or anything starts.

    `tcp:PORT`, `ssl:PORT` (with `interface=`, `backlog=`, for ssl `privateKey=` and `certKey=`), `unix:PATH` (with
    `mode=`) and `systemd:INET:index=N` (or `INET6`, `UNIX`; with `tls=yes`). `tls` serves where no key is named. None
    for an endpoint of another kind, which only Twisted can open. Raises ListenError.
    """
    kind, arguments, options = parse(text)
    opener = _OPENERS.get(kind)
    if opener is None:
        return None
    try:
        return opener(text, arguments, options, tls)
    except CertificateError as error:
        raise ListenError(f"cannot listen on {text}: {error}") from None
    except OSError as error:
        raise ListenError(f"cannot listen on {text}: {reason(error)}") from None


def can_bind(text: str) -> bool:
    """Whether `bind` opens the socket of an endpoint string itself; ListenError when it is none."""
    return parse(text)[0] in _OPENERS


def inherit(text: str, descriptor: int, tls: TLS | None = None) -> Bound:
    """The socket of an endpoint string that another process has opened by `bind` and passed as `descriptor`.

    Its file, if it has one, stays with the other process. Raises ListenError.
    """
    kind, _, options = parse(text)
    try:
        if kind == "ssl":
            tls = _named(options) or tls
        passed = socket.socket(fileno=descriptor)
    except (CertificateError, OSError) as error:
        raise ListenError(f"cannot listen on {text}: {error}") from None
    passed.setblocking(False)
    return Bound(text, passed, tls if kind == "ssl" or options.get("tls") == "yes" else None)


def parse(text: str) -> tuple[str, list[str], dict[str, str]]:
    """Kind, arguments and options of an endpoint string; a backslash takes the meaning from `:` and `=`.

    Raises ListenError.
    """
    fields: list[tuple[str, str | None]] = []
    name: str | None = None
    current = ""
    letters = iter(text)
    for letter in letters:
        if letter == "\\":
            current += next(letters, "")
        elif letter == ":":
            fields.append((current, name))
            current, name = "", None
        elif letter == "=" and name is None:
            name, current = current, ""
        else:
            current += letter
    fields.append((current, name))
    kind, key = fields.pop(0)
    if key is not None or not kind:
        raise ListenError(f"{text!r} is no endpoint: it has to begin with its kind, as in tcp:8080")
    return kind, [value for value, key in fields if key is None], {key: value for value, key in fields if key}


def _open_tcp(text: str, arguments: list[str], options: dict[str, str], tls: TLS | None) -> Bound:
    _check(text, options, "interface", "backlog", "port")
    return Bound(text, _bind_inet(text, arguments, options), None)


def _open_ssl(text: str, arguments: list[str], options: dict[str, str], tls: TLS | None) -> Bound:
    _check(text, options, "interface", "backlog", "port", "privateKey", "certKey")
    tls = _named(options) or tls
    if tls is None:
        raise ListenError(f"cannot listen on {text}: there is no certificate for it")
    return Bound(text, _bind_inet(text, arguments, options), tls)


def _named(options: dict[str, str]) -> TLS | None:
    """What speaks TLS with the key that an endpoint names; None when it names none."""
    if "privateKey" not in options and "certKey" not in options:
        return None
    key = options.get("privateKey") or options["certKey"]
    return TLS.from_files(CertificateFiles(Path(options.get("certKey") or key), Path(key)))


def _bind_inet(text: str, arguments: list[str], options: dict[str, str]) -> socket.socket:
    port = _number(text, "port", arguments[0] if arguments else options.get("port", ""), 65_535)
    if len(arguments) > 1:
        raise ListenError(f"{text} is no endpoint: {arguments[1]!r} is one argument too many")
    backlog = _number(text, "backlog", options.get("backlog", str(BACKLOG)), 1_000_000)
    interface = options.get("interface", "")
    family = socket.AF_INET6 if ":" in interface else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    try:
        bound.setblocking(False)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((interface, port))
        bound.listen(backlog)
    except BaseException:
        bound.close()
        raise
    return bound


def _open_unix(text: str, arguments: list[str], options: dict[str, str], tls: TLS | None) -> Bound:
    _check(text, options, "mode", "backlog", "address", "lockfile")
    path = arguments[0] if arguments else options.get("address", "")
    if not path or len(arguments) > 1:
        raise ListenError(f"{text} is no endpoint: it wants one path, as in unix:/run/davd.sock")
    try:
        mode = int(options.get("mode", "600"), 8)
    except ValueError:
        raise ListenError(f"{text} is no endpoint: its mode is no octal number") from None
    backlog = _number(text, "backlog", options.get("backlog", str(BACKLOG)), 1_000_000)
    bound = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        bound.setblocking(False)
        _clear(path)
        # Nobody may connect between bind and chmod who may not after it.
        mask = os.umask(0o177)
        try:
            bound.bind(path)
        finally:
            os.umask(mask)
        os.chmod(path, mode)
        bound.listen(backlog)
    except BaseException:
        bound.close()
        raise
    return Bound(text, bound, None, path)


def _clear(path: str) -> None:
    """Remove a socket file that nobody listens on any more. Raises OSError when somebody does, or it is no socket."""
    try:
        if not stat.S_ISSOCK(os.stat(path).st_mode):
            raise OSError(errno.EEXIST, "there is a file of that name which is no socket")
    except FileNotFoundError:
        return
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1)
        try:
            probe.connect(path)
        except ConnectionRefusedError:
            unlink(path)
            return
    raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))


def _open_systemd(text: str, arguments: list[str], options: dict[str, str], tls: TLS | None) -> Bound:
    _check(text, options, "domain", "index", "name", "tls")
    domain = arguments[0] if arguments else options.get("domain", "INET")
    family = {"INET": socket.AF_INET, "INET6": socket.AF_INET6, "UNIX": socket.AF_UNIX}.get(domain)
    if family is None:
        raise ListenError(f"{text} is no endpoint: its domain has to be INET, INET6 or UNIX")
    # Twisted reads the environment when its endpoints are imported, and removes the variables for good.
    passed = _SystemdParser._sddaemon
    descriptors = passed.inheritedDescriptors()
    if "name" in options:
        descriptor = passed.inheritedNamedDescriptors().get(options["name"], -1)
    else:
        given = options.get("index", arguments[1] if len(arguments) > 1 else "0")
        index = _number(text, "index", given, 1_000_000)
        descriptor = descriptors[index] if index < len(descriptors) else -1
    if descriptor < 0:
        raise ListenError(f"cannot listen on {text}: systemd has passed no such socket ({len(descriptors)} in all)")
    secured = options.get("tls", "no") == "yes"
    if secured and tls is None:
        raise ListenError(f"cannot listen on {text}: there is no certificate for it")
    bound = socket.fromfd(descriptor, family, socket.SOCK_STREAM)
    bound.setblocking(False)
    return Bound(text, bound, tls if secured else None)


_OPENERS: dict[str, Callable[[str, list[str], dict[str, str], TLS | None], Bound]] = {
    "tcp": _open_tcp,
    "ssl": _open_ssl,
    "unix": _open_unix,
    "systemd": _open_systemd,
}


def _check(text: str, options: dict[str, str], *known: str) -> None:
    for name in options:
        if name not in known:
            raise ListenError(f"{text} is no endpoint: there is no option {name!r} here")


def _number(text: str, name: str, value: str, most: int) -> int:
    if not value.isascii() or not value.isdecimal() or int(value) > most:
        raise ListenError(f"{text} is no endpoint: its {name} is no number from 0 to {most}")
    return int(value)


def reason(error: Any) -> str:
    """What an operator needs to hear of a system error."""
    code = getattr(error, "errno", None)
    if code == errno.EADDRINUSE:
        return "the port or path is already in use"
    if code == errno.EACCES:
        return "permission denied"
    if code == errno.EADDRNOTAVAIL:
        return "this machine has no such address"
    return getattr(error, "strerror", None) or str(error)


def unlink(path: str) -> None:
    """Remove a socket's file if it has one and nobody else did."""
    if path:
        Path(path).unlink(missing_ok=True)
