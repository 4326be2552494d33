"""From the status of an answer to what is wrong.

Implements: RFC 9110, 11.6.1, 15; RFC 4918, 9.1, 9.9.4, 11
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from davd.daemon.doctor.findings import Finding
from davd.daemon.doctor.known import Known, Visit
from davd.daemon.doctor.line import CHUNKED, EXPECT
from davd.daemon.doctor.multistatus import condition
from davd.daemon.doctor.reply import Reply

_CLOCK_SECONDS = 300.0
_SLOW_SECONDS = 10.0
_HITS = ("X-Cache", "X-Cache-Status", "X-Proxy-Cache", "CF-Cache-Status")
_OF_THEIR_OWN = (b"<center>nginx", b"<address>apache", b"cloudflare", b"haproxy")


def by(reply: Reply, known: Known) -> str:
    """Who answered, as the begin of a sentence: the server, or somebody before it."""
    server = reply.field("Server")
    page = reply.body[:2000].lower()
    between = (known.server is not None and server != known.server) or any(mark in page for mark in _OF_THEIR_OWN)
    who = "Something in front of the server" if between else "The server"
    return f"{who} (Server: {server})" if server else who


def status_of(visit: Visit, known: Known) -> Finding | None:
    """What an answer that the step does not expect means; None for one that it does."""
    reply, step = visit.reply, visit.step
    if visit.good:
        return None
    detail = details(visit, known)
    if reply.status in step.otherwise:
        # Forbidden by whoever does not say so in DAV's words: not the server.
        if reply.status != 403 or condition(reply) is not None:
            return Finding(step.otherwise[reply.status], detail)
    row = _STATUS.get(reply.status) or (_server_error if reply.status >= 500 else _unexpected)
    return Finding(row(visit, known), detail)


def details(visit: Visit, known: Known) -> Mapping[str, object]:
    """What fills in the braces of sentences about an answer."""
    reply = visit.reply
    after = reply.field("Retry-After")
    return {
        "method": visit.step.method,
        "target": visit.target,
        "url": known.values.get("url", ""),
        "status": reply.status,
        "by": by(reply, known),
        "client": known.client,
        "type": reply.media_type or "without a type",
        "location": reply.field("Location"),
        "origin": known.origin,
        "depth": visit.depth or "none",
        "expected": " or ".join(str(each) for each in sorted(visit.step.expects)),
        "after": f", to be tried again after {after} s" if after else "",
        "size": _size(len(visit.body or b"")),
    }


def _size(octets: int) -> str:
    return f"{octets // 1048576} MiB" if octets >= 1048576 else f"{octets} octets"


def _unauthorized(visit: Visit, known: Known) -> str:
    if not visit.login:
        return "forbidden"
    return "login-lost" if known.logged_in else "login-refused"


def _forbidden(visit: Visit, known: Known) -> str:
    told = condition(visit.reply)
    if told == "{DAV:}propfind-finite-depth" and visit.depth in ("0", "1"):
        return "depth-lost"
    if known.origin.scheme == "http" and visit.login and not known.logged_in:
        return "plain-http-refused"
    return "forbidden" if told is not None else "method-refused"


def _bad_request(visit: Visit, known: Known) -> str:
    page = visit.reply.body.lower()
    return "tls-wanted" if known.origin.scheme == "http" and b"https" in page and b"plain" in page else "unexpected"


def _ok(visit: Visit, known: Known) -> str:
    return "login-page" if visit.step.expects == {207} else "unexpected"


def _server_error(visit: Visit, known: Known) -> str:
    return "server-error"


def _unexpected(visit: Visit, known: Known) -> str:
    return "unexpected"


def _always(key: str) -> Callable[[Visit, Known], str]:
    return lambda visit, known: key


_STATUS: Mapping[int, Callable[[Visit, Known], str]] = {
    200: _ok,
    400: _bad_request,
    401: _unauthorized,
    403: _forbidden,
    404: _always("missing"),
    405: _always("method-refused"),
    408: _always("gateway"),
    410: _always("missing"),
    411: _always("no-length"),
    413: _always("body-limit"),
    417: _always("expect-refused"),
    429: _always("rate-limited"),
    501: lambda visit, known: "no-length" if visit.step.sending == CHUNKED else "method-refused",
    502: _always("gateway"),
    503: lambda visit, known: "rate-limited" if visit.reply.field("Retry-After") else "gateway",
    504: _always("gateway"),
}


def challenges(visit: Visit, known: Known) -> Iterator[Finding]:
    """What is wrong with a 401 itself: RFC 9110, 11.6.1: a server "MUST send a WWW-Authenticate header field"."""
    if visit.reply.status != 401:
        return
    offered = visit.reply.field("WWW-Authenticate")
    if not offered:
        yield Finding("challenge-missing")
    elif "basic" not in offered.lower().replace(",", " ").split():
        schemes = ", ".join(
            dict.fromkeys(part.split()[0] for part in offered.split(",") if part and "=" not in part.split()[0])
        )
        yield Finding("challenge-without-basic", {"offered": schemes or offered, "client": known.client})


def around(visit: Visit, known: Known) -> Iterator[Finding]:
    """What any answer shows: the clock, caches, waiting."""
    reply = visit.reply
    detail = details(visit, known)
    date = reply.field("Date")
    if date:
        try:
            apart = abs(parsedate_to_datetime(date).timestamp() - known.now)
        except ValueError:
            apart = 0.0
        if apart > _CLOCK_SECONDS:
            yield Finding("clock", {"minutes": apart / 60})
    signs = [f"{name}: {value}" for name in _HITS if "hit" in (value := reply.field(name)).lower()]
    if reply.field("Age").isdecimal() and int(reply.field("Age")) > 0:
        signs.append("Age: " + reply.field("Age"))
    if signs:
        yield Finding("cached", {**detail, "sign": ", ".join(signs)})
    if reply.seconds > _SLOW_SECONDS:
        yield Finding("slow", {**detail, "seconds": reply.seconds})
    if visit.step.sending == EXPECT and not reply.continued and reply.status < 300:
        yield Finding("expect-stuck", detail)


def redirected(visit: Visit, known: Known) -> Finding | None:
    """What is wrong with where a 3xx leads; None when clients can follow it."""
    reply, origin = visit.reply, known.origin
    detail = details(visit, known)
    if reply.status == 303:
        return Finding("redirect-see-other", detail)
    there = urlsplit(reply.field("Location"))
    if there.hostname is not None and there.hostname.lower() != origin.host:
        return Finding("redirect-elsewhere", detail)
    if there.scheme == "http" and origin.scheme == "https":
        return Finding("redirect-to-http", detail)
    if there.scheme == "https" and origin.scheme == "http":
        return Finding("redirect-to-https", detail)
    ports = {"http": 80, "https": 443}
    if there.hostname is not None and (there.port or ports.get(there.scheme, 0)) != origin.port:
        return Finding("redirect-elsewhere", detail)
    return None
