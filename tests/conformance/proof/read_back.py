"""Everything read back from a davd and compared with what was acknowledged."""

from __future__ import annotations

import base64
import math
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from tests.conformance.proof.contents import KINDS, list_body, rows_of
from tests.conformance.proof.link import Answer, Broken, Link, Tally
from tests.conformance.proof.truth import Truth, lost
from tests.conformance.proof.verdict import Finding

_XML = {"Content-Type": "application/xml; charset=utf-8", "Depth": "1"}
# How long one that has just been started may not be there.
_START_SECONDS = 20.0


def login(account: str, password: str) -> dict[str, str]:
    """The field of an account."""
    return {"Authorization": "Basic " + base64.b64encode(f"{account}:{password}".encode()).decode()}


def read_back(
    port: int,
    certificate: Path | None,
    accounts: Mapping[str, str],
    truth: Truth,
    pids: Callable[[], Iterable[int]],
    begin: float = math.inf,
    end: float = math.inf,
    tally: Tally | None = None,
) -> tuple[Finding, Tally]:
    """Whether each object is as it may have been between two times, now without them, and no other is there."""
    counted = Tally() if tally is None else tally
    known = [one for one in truth.all() if any(version.sent <= end for version in one.versions[1:])]
    found: dict[str, bytes | None] = {}
    faults: list[str] = []
    for account, password in accounts.items():
        link = Link(port, certificate, login(account, password), pids, counted)
        for one in known:
            if one.path.split("/")[2] == account:
                answer = _patiently(link, "GET", one.path, None, {})
                found[one.path] = answer.content if answer.status == 200 else None
                if answer.status not in (200, 404):
                    faults.append(f"GET {one.path}: {answer.status}")
        faults += _others(link, account, {one.path for one in known})
        link.close()
    faults += lost(known, found, begin, end)
    there = sum(content is not None for content in found.values())
    figures = f"{there} objects are there byte for byte, {len(known) - there} are gone"
    return Finding("lost writes", figures, faults), counted


def _patiently(link: Link, method: str, path: str, body: bytes | None, fields: Mapping[str, str]) -> Answer:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            return link.ask(method, path, body, fields)
        except Broken:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def _others(link: Link, account: str, known: set[str]) -> list[str]:
    """A line for each object in the account's homes that nobody has written."""
    faults = []
    for kind in KINDS:
        home = kind.home.format(account)
        for collection in [path for path, there in _members(link, home).items() if there and path != home]:
            for path, is_collection in _members(link, collection).items():
                if not is_collection and path not in known:
                    faults.append(f"{path} was never written")
    return faults


def _members(link: Link, collection: str) -> dict[str, bool]:
    """What is in a collection, and whether it is one itself."""
    answer = _patiently(link, "PROPFIND", collection, list_body(), _XML)
    if answer.status != 207:
        raise ValueError(f"PROPFIND {collection}: {answer.status}")
    return {path: row.collection for path, row in rows_of(answer.content)[0].items()}
