"""A client's dialogue with a server: every step that can be asked is asked, whatever came of the ones before."""

from __future__ import annotations

import base64
import dataclasses
import secrets
import time
from collections.abc import Generator
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from davd.daemon.doctor.connect import Origin, context_of
from davd.daemon.doctor.contents import CHECKS, multistatus
from davd.daemon.doctor.findings import Finding
from davd.daemon.doctor.known import Known, Visit
from davd.daemon.doctor.line import Field, Line
from davd.daemon.doctor.multistatus import read
from davd.daemon.doctor.reply import Fault, Reply
from davd.daemon.doctor.steps import Client, Step
from davd.daemon.doctor.symptoms import around, challenges, details, redirected, status_of

# A password that was refused so often is not sent again: servers count.
_REFUSALS = 2
_REDIRECTS = 5
# Why a step cannot be asked that needs what an earlier one should have made.
_LACKING = {
    "trial": "no folder was made for it",
    "trial-calendar": "no calendar was made for it",
    "calendar-home": "no calendar home was found",
    "book-home": "no address book home was found",
    "book": "no address book was found",
    "lock": "nothing was locked",
}


@dataclass(frozen=True, slots=True)
class Subject:
    """What is examined: where, as whom, and what is allowed.

    `insecure` goes on where nobody can prove who the server is, or everybody can read along; `authorities` is a file of
    roots in PEM; a request may take `seconds`. `trial` is the name of what is made there.
    """

    url: str
    user: str
    password: str
    insecure: bool = False
    authorities: str | None = None
    write: bool = False
    seconds: float = 20.0
    trial: str = field(default_factory=lambda: f"davctl-doctor-{secrets.token_hex(6)}")


@dataclass(slots=True)
class Outcome:
    """What came of one step: the status, what was wrong, or why it was not tried."""

    step: Step
    target: str
    status: int | None = None
    findings: list[Finding] = field(default_factory=list)
    skipped: str = ""


def origin_of(url: str) -> Origin:
    """The origin of an http or https URL; ValueError for another."""
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{url!r} is no http or https URL")
    if parts.username is not None:
        raise ValueError("no name or password goes into the URL")
    return Origin(parts.scheme, parts.hostname.lower(), parts.port or {"http": 80, "https": 443}[parts.scheme])


def basic(user: str, password: str) -> str:
    """The value of Authorization: RFC 7617, 2."""
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


class Examination:
    """The dialogue of one client; `run` gives the outcome of each step as it comes.

    After it `left` has the URLs of what was made and could not be deleted.
    """

    def __init__(self, subject: Subject, client: Client) -> None:
        self._subject = subject
        self._client = client
        path = quote(urlsplit(subject.url).path or "/", safe="/%:@!$&'()*+,;=~")
        folder = path if path.endswith("/") else path + "/"
        self._known = Known(origin_of(subject.url), client.title, time.time())
        self._known.values = {
            "url": folder,
            "context": folder,
            "trial-name": subject.trial,
            "origin": str(self._known.origin),
        }
        self._trusted = True
        self._reached = True
        self._made: list[str] = []
        self.left: list[str] = []
        self._line = self._connection(not subject.insecure)

    def _connection(self, verify: bool) -> Line:
        return Line(self._known.origin, context_of(self._subject.authorities, verify), self._subject.seconds)

    def place(self, name: str) -> str:
        """The path that a step has found or made; KeyError without one."""
        return self._known.values[name]

    def run(self) -> Generator[Outcome, None, None]:
        """Ask step by step; what was made on the server is deleted at the end, however that comes."""
        try:
            yield self._reach()
            for step in self._client.steps:
                yield self._outcome(step)
        finally:
            self._clean()
            self._line.close()

    def _reach(self) -> Outcome:
        """The first contact: whether there is a server, and whether the URL is where it wants to be asked."""
        step = Step(
            "connects", "OPTIONS", "{url}", expects=frozenset(range(200, 300)) | {401, 403, 404, 405, 501}, login=False
        )
        outcome = self._outcome(step)
        if any(finding.key.startswith("tls-") for finding in outcome.findings) and not self._subject.insecure:
            # What can be seen without a password is looked at all the same.
            self._trusted = False
            self._line = self._connection(False)
            again = self._outcome(step)
            again.findings[:0] = outcome.findings
            outcome = again
        if outcome.status is None:
            self._reached = False
        origin = self._known.origin
        if origin.scheme == "http" and self._reached and not any(f.key == "tls-wanted" for f in outcome.findings):
            outcome.findings.append(Finding("plain-http"))
            if self._client.name == "windows":
                outcome.findings.append(Finding("windows-plain"))
        outcome.findings += [Finding(key) for key in self._client.hints]
        return outcome

    def _outcome(self, step: Step) -> Outcome:
        against = self._reason_against(step)
        if against:
            return Outcome(step, step.target, skipped=against)
        try:
            target = step.target.format_map(self._known.values)
            fields = tuple((name, value.format_map(self._known.values)) for name, value in step.fields)
            content = step.body.format_map(self._known.values).encode() if isinstance(step.body, str) else step.body
            for need in step.needs:
                self._known.values[need]
        except KeyError as error:
            lacking = str(error.args[0])
            return Outcome(step, step.target, skipped=_LACKING.get(lacking, f"the {lacking} was not found"))
        outcome = Outcome(step, target)
        asked = dataclasses.replace(step, fields=fields)
        try:
            visit = self._follow(asked, target, content, outcome)
        except Fault as fault:
            outcome.findings.append(Finding(fault.key, fault.detail))
            if step.makes:
                # It may have been made, although nobody said so.
                self._made.append(target)
            return outcome
        outcome.status = visit.reply.status
        self._judge(visit, outcome)
        return outcome

    def _reason_against(self, step: Step) -> str:
        """Why a step is not asked; empty when it is."""
        if not self._reached:
            return "the server was not reached"
        if step.writes and not self._subject.write:
            return "only --write lets it write"
        if not step.login:
            return ""
        if not self._trusted:
            return "the password is not sent to a server that cannot prove who it is (--insecure does)"
        origin = self._known.origin
        if origin.scheme == "http" and not origin.loopback and not self._subject.insecure:
            return "the password is not sent in the clear (--insecure does)"
        if self._known.refusals >= _REFUSALS:
            return "the password was refused"
        return ""

    def _ask(self, step: Step, target: str, content: bytes | None) -> Visit:
        fields: list[Field] = [*self._client.agent, *step.fields]
        if step.login:
            fields.append(("Authorization", basic(self._subject.user, self._subject.password)))
        reply = self._line.ask(step.method, target, fields, content, step.sending)
        return Visit(step, target, reply, content, step.login)

    def _follow(self, step: Step, target: str, content: bytes | None, outcome: Outcome) -> Visit:
        """Ask, and go where redirects lead as long as a client would."""
        for _ in range(_REDIRECTS):
            visit = self._ask(step, target, content)
            if not 300 <= visit.reply.status < 400 or visit.reply.status == 304:
                return visit
            wrong = redirected(visit, self._known)
            outcome.findings += [wrong] if wrong is not None else []
            there = urlsplit(visit.reply.field("Location"))
            if wrong is not None and wrong.key == "redirect-to-https":
                self._move_to(Origin("https", self._known.origin.host, there.port or 443))
            elif wrong is not None or not step.follow:
                return visit
            target = there.path or "/"
            if step.target == "{url}":
                self._known.values["url"] = target if target.endswith("/") else target + "/"
        outcome.findings.append(Finding("redirect-loop", details(visit, self._known)))
        return visit

    def _move_to(self, origin: Origin) -> None:
        self._line.close()
        self._known.origin = origin
        self._known.values["origin"] = str(origin)
        self._line = self._connection(self._trusted and not self._subject.insecure)

    def _judge(self, visit: Visit, outcome: Outcome) -> None:
        """What is wrong with an answer, and what was learned from it."""
        known, step, reply = self._known, visit.step, visit.reply
        outcome.findings += [*around(visit, known), *challenges(visit, known)]
        if 300 <= reply.status < 400:
            if not outcome.findings:
                self._keep(visit)
            return
        if not visit.good:
            outcome.findings += self._refused(visit)
            if reply.status == 401 and visit.login and not known.logged_in:
                known.refusals += 1
            return
        if reply.field("DAV") or reply.status == 207:
            known.server = reply.field("Server")
        told = read(reply) if reply.status == 207 else None
        if reply.status == 207:
            outcome.findings += multistatus(visit, told, known)
        if visit.login and reply.status < 300 and step.method != "OPTIONS":
            known.logged_in = True
        for name in step.checks:
            outcome.findings += CHECKS[name](visit, known)
        if told is not None:
            found = {place: told.href(name) for name, place in step.hrefs.items()}
            found |= {place: next(iter(told.of_type(name)), "") for name, place in step.types.items()}
            known.values |= {place: urlsplit(href).path for place, href in found.items() if href}
        self._keep(visit)

    def _keep(self, visit: Visit) -> None:
        """Take values from fields, and remember what was made."""
        for place, name in visit.step.keeps.items():
            value = visit.reply.field(name)
            if value:
                self._known.values[place] = urlsplit(value).path or "/" if name == "Location" else value
        if visit.step.method == "UNLOCK":
            self._known.values.pop("lock", None)
        if visit.step.makes:
            self._known.values[visit.step.makes] = visit.target
            self._made.append(visit.target)

    def _refused(self, visit: Visit) -> list[Finding]:
        """What a status that the client does not expect means; RFC 4918, 8.3: a Destination may be a path alone."""
        unless = visit.step.unless
        if unless is not None and visit.reply.status not in (401, 404, 429, 503):
            fields = unless.fields or visit.step.fields
            fields = tuple((name, value.format_map(self._known.values)) for name, value in fields)
            other = dataclasses.replace(visit.step, fields=fields, sending=unless.sending, unless=None)
            try:
                if self._ask(other, visit.target, visit.body).good:
                    return [Finding(unless.key, details(visit, self._known))]
            except Fault:
                # What was refused first is told; that this broke off says no more.
                pass
        told = status_of(visit, self._known)
        return [] if told is None else [told]

    def _clean(self) -> None:
        lock = self._known.values.get("lock")
        if lock is not None:
            self._quietly(Step("", "UNLOCK", "", (("Lock-Token", lock),)), self._known.values["trial"] + "file.txt")
        for target in reversed(self._made):
            reply = self._quietly(Step("", "DELETE", ""), target)
            if reply is None or reply.status not in (200, 204, 404):
                self.left.append(f"{self._known.origin}{target}")

    def _quietly(self, step: Step, target: str) -> Reply | None:
        try:
            return self._ask(step, target, None).reply
        except Fault:
            return None
