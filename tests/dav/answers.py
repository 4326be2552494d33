"""Multistatus answers, read back as a client reads them."""

from __future__ import annotations

from dataclasses import dataclass, field

from lxml import etree

from davd.http.response import Response
from davd.testing.exchange import Trial

D = "{DAV:}"


@dataclass
class Answer:
    """One DAV:response: `status` of its own, or properties: (status, element) by name."""

    href: str
    status: int | None = None
    condition: str | None = None
    properties: dict[str, tuple[int, etree._Element]] = field(default_factory=dict)
    conditions: dict[str, str] = field(default_factory=dict)

    def statuses(self) -> dict[str, int]:
        return {name: status for name, (status, _) in self.properties.items()}

    def found(self) -> list[str]:
        return [name for name, (status, _) in self.properties.items() if status == 200]

    def text(self, name: str) -> str:
        status, element = self.properties[name]
        assert status == 200, (name, status)
        return "".join(element.itertext())

    def element(self, name: str) -> etree._Element:
        status, element = self.properties[name]
        assert status == 200, (name, status)
        return element


def _status(element: etree._Element) -> int:
    version, code, _ = (element.text or "").split(" ", 2)
    assert version == "HTTP/1.1"
    return int(code)


def _answer(response: etree._Element) -> Answer:
    (href,) = response.findall(D + "href")
    answer = Answer(href.text or "")
    status = response.find(D + "status")
    propstats = response.findall(D + "propstat")
    # RFC 4918, 14.24: one status, or at least one propstat.
    assert (status is None) == bool(propstats)
    if status is not None:
        answer.status = _status(status)
        error = response.find(D + "error")
        answer.condition = None if error is None else str(error[0].tag)
    for propstat in propstats:
        (prop,) = propstat.findall(D + "prop")
        (code,) = propstat.findall(D + "status")
        error = propstat.find(D + "error")
        for element in prop:
            name = str(element.tag)
            assert name not in answer.properties, f"{name} twice"
            answer.properties[name] = (_status(code), element)
            if error is not None:
                answer.conditions[name] = str(error[0].tag)
    return answer


def read(trial: Trial, response: Response) -> list[Answer]:
    """The DAV:response elements of a 207 in their order."""
    body = trial.read(response)
    assert response.status == 207, (response.status, body)
    assert response.headers["Content-Type"] == "application/xml; charset=utf-8"
    root = etree.fromstring(body)
    assert root.tag == D + "multistatus"
    return [_answer(element) for element in root.findall(D + "response")]


def by_href(trial: Trial, response: Response) -> dict[str, Answer]:
    """The same by href; no href may come twice."""
    answers = read(trial, response)
    found = {answer.href: answer for answer in answers}
    assert len(found) == len(answers)
    return found


def prop(*names: str) -> bytes:
    """A PROPFIND body that asks for properties (Clark notation)."""
    root = etree.Element(D + "propfind", nsmap={"D": "DAV:"})
    holder = etree.SubElement(root, D + "prop")
    for name in names:
        etree.SubElement(holder, name)
    return etree.tostring(root, encoding="utf-8")


def condition(trial: Trial, response: Response) -> str:
    """The precondition in the DAV:error body of a refusal."""
    root = etree.fromstring(trial.read(response))
    assert root.tag == D + "error"
    return str(root[0].tag)
