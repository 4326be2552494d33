"""What may be wrong, each with a sentence that says it and one that says what to do about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from davd.daemon.doctor.arrival import LOGIN, REACH, REDIRECTS, TLS
from davd.daemon.doctor.entries import FAULT, HINT, WARNING, Entry


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong: its key in the table and what fills in the braces."""

    key: str
    detail: Mapping[str, object] = field(default_factory=dict)

    @property
    def severity(self) -> str:
        """`fault`, `warning` or `hint`."""
        return TABLE[self.key].severity

    @property
    def sentence(self) -> str:
        """What is wrong."""
        return TABLE[self.key].sentence.format_map(self.detail)

    @property
    def remedy(self) -> str:
        """What to do about it."""
        return TABLE[self.key].remedy.format_map(self.detail)


_WAY = {
    "method-refused": Entry(
        FAULT,
        "{by} refuses {method} ({status}).",
        "Let every method through: OPTIONS, PROPFIND, PROPPATCH, REPORT, MKCOL, MKCALENDAR, PUT, DELETE, COPY, MOVE,"
        " LOCK, UNLOCK, ACL. Look at limit_except, <Limit>, lists of methods in a web application firewall, and at what"
        " is not passed on to the DAV server at all.",
    ),
    "gateway": Entry(
        FAULT,
        "{by} does not get an answer from the server behind it: {method} {target} is answered with {status}.",
        "Look whether the server runs at the address the proxy has; give it longer (nginx: proxy_read_timeout 75s).",
    ),
    "server-error": Entry(
        FAULT, "{by} fails: {method} {target} is answered with {status}.", "Look into the log of the server."
    ),
    "forbidden": Entry(
        FAULT, "{by} forbids {method} {target} ({status}).", "Look at the account's rights there, and at the URL."
    ),
    "missing": Entry(
        FAULT,
        "{method} {target}: there is nothing there ({status}).",
        "Correct the URL; or the prefix that the proxy takes away or adds is not the one the server has (davd:"
        " dav.prefix).",
    ),
    "unexpected": Entry(
        FAULT, "{by} answers {method} {target} with {status}, where {client} expects {expected}.", "Look into its log."
    ),
    "no-dav": Entry(
        FAULT,
        "The answer to OPTIONS {target} has no field DAV, so clients take this for a web site.",
        "The proxy answers OPTIONS by itself (CORS rules do that) or removes DAV: pass OPTIONS on, and the field back.",
    ),
    "no-class": Entry(
        FAULT,
        "OPTIONS {target} does not announce {missing} in the field DAV.",
        "Switch it on in the server; a proxy must not rewrite the field.",
    ),
    "no-locks": Entry(
        FAULT,
        "The server announces no locks (class 2 in the field DAV), so {client} can only read.",
        "Switch locks on, and pass LOCK and UNLOCK through.",
    ),
    "ms-author-via": Entry(
        WARNING,
        "The field MS-Author-Via: DAV is missing, which some programs of Windows look for.",
        "Let the server add it to OPTIONS, and the proxy pass it on.",
    ),
    "options-at-root": Entry(
        FAULT,
        "OPTIONS / does not say that this is a DAV server ({status}); Windows asks there, whatever the URL.",
        "Pass OPTIONS / on to the DAV server, or give clients a host name of its own.",
    ),
    "depth-lost": Entry(
        FAULT,
        "The answer to {method} {target} is not for the Depth that was asked for ({depth}).",
        "Let the proxy pass the field Depth on.",
    ),
    "not-multistatus": Entry(
        FAULT,
        "The 207 to {method} {target} cannot be read as XML.",
        "Something in between changes contents; or the server is broken.",
    ),
    "no-length": Entry(
        FAULT,
        "{by} takes no upload without a length ({status}), which is how macOS and DAVx5 send files.",
        "Let the proxy stream HTTP/1.1 (nginx: proxy_http_version 1.1; proxy_request_buffering off), or one that"
        " understands chunks.",
    ),
    "body-limit": Entry(
        FAULT,
        "{by} takes no upload of {size} ({status}).",
        "Raise the limit (nginx: client_max_body_size 0; Apache: LimitRequestBody 0; IIS: maxAllowedContentLength).",
    ),
    "expect-stuck": Entry(
        WARNING,
        "{method} with Expect: 100-continue was not told to go on within 3 s.",
        "Clients wait in vain each time: let the proxy answer 100, or pass Expect on.",
    ),
    "expect-refused": Entry(
        FAULT, "{by} refuses Expect: 100-continue (417).", "Let the proxy answer 100, or drop the field."
    ),
    "destination": Entry(
        FAULT,
        "{method} to a Destination by the public name is refused ({status}), but not one that is a path alone.",
        "The server takes the name for a foreign one: let the proxy pass Host on as it came (nginx: proxy_set_header"
        " Host $http_host) and X-Forwarded-Proto, and tell the server its name (davd: dav.hostnames).",
    ),
    "href-scheme": Entry(
        FAULT,
        "Hrefs in answers say {href}, but clients come by {scheme}.",
        "Let the proxy send X-Forwarded-Proto, and have the server believe it.",
    ),
    "href-host": Entry(
        FAULT,
        "Hrefs in answers lead to another host: {href}.",
        "Let the proxy pass Host on as it came (nginx: proxy_set_header Host $http_host).",
    ),
    "href-prefix": Entry(
        FAULT,
        "The answer for {target} tells of {href}: the server does not know the path that clients use.",
        "Let the proxy pass the path on as it is (nginx: proxy_pass http://SERVER; without a path behind it) and give"
        " the server the prefix (davd: dav.prefix; others: X-Script-Name).",
    ),
    "if-match-lost": Entry(
        FAULT,
        "A PUT with an ETag that is not the file's was accepted: of two changes at a time one would be lost.",
        "Let the proxy pass If-Match on; or the server does not look at it.",
    ),
    "if-none-match-lost": Entry(
        FAULT,
        "A PUT that must not replace anything (If-None-Match: *) has done so.",
        "Let the proxy pass If-None-Match on; or the server does not look at it.",
    ),
    "if-lost": Entry(
        FAULT,
        "A PUT that names the lock's token in the field If is answered with {status}.",
        "Let the proxy pass the field If on; without it nobody can write to what he has locked.",
    ),
    "lock-not-kept": Entry(
        FAULT, "What is locked was written to without the lock's token.", "Use a server whose locks are real."
    ),
    "overwrite-lost": Entry(
        FAULT,
        "A MOVE with Overwrite: F has replaced a file.",
        "Let the proxy pass the field Overwrite on.",
    ),
    "weak-etag": Entry(
        FAULT,
        "The ETag of {target} is weak ({etag}), so changes cannot be guarded by it.",
        "Most often the proxy compresses: switch that off for these paths (nginx: gzip off).",
    ),
    "no-etag": Entry(
        FAULT, "GET {target} has no ETag.", "Let the server send ETags, and the proxy not remove them (FileETag)."
    ),
    "etag-changed": Entry(
        FAULT,
        "GET {target} tells another ETag ({etag}) than the one the file was written under ({before}).",
        "Most often the proxy compresses and marks the ETag (Apache: DeflateAlterETag NoChange, or SetEnv no-gzip 1).",
    ),
    "stale": Entry(
        FAULT,
        "GET {target} gives other content than what was written just before.",
        "A cache stands in between: switch it off for these paths (nginx: proxy_cache off; CDN: bypass).",
    ),
    "cached": Entry(
        FAULT,
        "The answer to {method} {target} comes out of a cache in between ({sign}).",
        "Switch caching off for these paths (nginx: proxy_cache off; CDN: bypass).",
    ),
    "clock": Entry(
        WARNING,
        "The clocks of the server and of this machine are {minutes:.0f} minutes apart.",
        "Let both keep time (chrony, systemd-timesyncd).",
    ),
}
_GROUPWARE = {
    "no-principal": Entry(
        FAULT,
        "{target} does not tell who is logged in (current-user-principal).",
        "Give clients the URL of the DAV root; the server has to know RFC 5397.",
    ),
    "no-calendar-home": Entry(
        FAULT,
        "The principal {target} has no calendar-home-set.",
        "Switch CalDAV on for this account, or correct the URL.",
    ),
    "no-book-home": Entry(
        FAULT,
        "The principal {target} has no addressbook-home-set.",
        "Switch CardDAV on for this account, or correct the URL.",
    ),
    "no-calendars": Entry(WARNING, "There is no calendar in {target}.", "Make one."),
    "no-books": Entry(WARNING, "There is no address book in {target}.", "Make one."),
    "no-ctag": Entry(
        WARNING,
        "Calendars tell neither getctag nor sync-token, so clients read all of them again each time.",
        "Use a server that has RFC 6578.",
    ),
    "no-sync": Entry(
        WARNING, "The server does not know sync-collection ({status}).", "Use a server that has RFC 6578."
    ),
}
_FILES = {
    "not-writable": Entry(
        HINT,
        "Nothing may be written at {url} ({status}), so no file was tried.",
        "Give the URL of a folder of the account's own.",
    ),
    "windows-plain": Entry(
        FAULT,
        "Windows sends no password over http.",
        r"Use https, or set HKLM\SYSTEM\CurrentControlSet\Services\WebClient\Parameters\BasicAuthLevel to 2 on each"
        " machine.",
    ),
    "windows-size": Entry(
        HINT,
        "Windows itself takes no file over 50 MB from a DAV drive.",
        r"Raise HKLM\SYSTEM\CurrentControlSet\Services\WebClient\Parameters\FileSizeLimitInBytes (at most 4294967295).",
    ),
    "not-found-as-multistatus": Entry(
        FAULT,
        "What is not there is answered with {status} and not with 404, so Windows believes that it is there.",
        "The server, or a page of the proxy's for errors, has to answer 404.",
    ),
}
TABLE: Mapping[str, Entry] = REACH | TLS | LOGIN | REDIRECTS | _WAY | _GROUPWARE | _FILES
