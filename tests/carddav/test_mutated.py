"""Whatever is stored, no request about it fails, and no neighbour is hidden by it.

Verifies: RFC 6352, 5.1, 8.6, 8.7; docs/architecture.md, Overload
"""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from davd.model.index import ObjectIndex
from davd.model.resource import FILE, NewContent
from davd.testing.exchange import run
from tests.carddav.trial import BOOK, BookTrial, card

SEEDS = [
    card("N:b;a;;;", "EMAIL;TYPE=HOME,pref:a@x", 'TEL;TYPE="voice,home":1', "item1.X-ABDATE:2020-01-01", uid="u"),
    card("N:b;a;;;", "LABEL:a\\nb", "ADR:;;x", "PHOTO;ENCODING=b;TYPE=PNG:iVBORw0KGgo=", "AGENT:x", uid="u"),
    card("KIND:group", "MEMBER:urn:uuid:1", "ANNIVERSARY:20200101", "RELATED;TYPE=friend:x", uid="u", version="4.0"),
    card("N:=C3=A9=", "NOTE;ENCODING=QUOTED-PRINTABLE;CHARSET=x:a=", "=41", "PHOTO;BASE64:AAAA", "", version="2.1"),
    card("AGENT:", "BEGIN:VCARD", "VERSION:3.0", "FN:y", "END:VCARD", "X-ABSHOWAS:COMPANY", uid="u"),
]
PIECES = [
    b"\0",
    b"\r",
    b"\n",
    b"\xef\xbb\xbf",
    b"\r\n ",
    b";",
    b":",
    b'"',
    b"=",
    b"\\",
    b",",
    b"BEGIN:VCARD\r\n",
    b"9" * 30,
]
FORMS = [
    "<C:address-data/>",
    '<C:address-data content-type="text/vcard" version="3.0"/>',
    '<C:address-data content-type="text/vcard" version="4.0"/>',
    '<C:address-data content-type="application/vcard+json" version="4.0"/>',
    '<C:address-data><C:prop name="EMAIL"/></C:address-data>',
]
FILTERS = [
    "",
    '<C:prop-filter name="NOTE"><C:is-not-defined/></C:prop-filter>',
    '<C:prop-filter name="EMAIL"><C:text-match collation="i;octet">beside</C:text-match></C:prop-filter>',
]


@st.composite
def cards(draw: st.DrawFn) -> bytes:
    """A card with some octets changed, left out, put in or doubled."""
    data = draw(st.sampled_from(SEEDS)).replace(b"\r\n", draw(st.sampled_from([b"\r\n", b"\n", b"\r"])))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        length = draw(st.integers(0, 60))
        put_in = draw(st.sampled_from(PIECES) | st.binary(max_size=3))
        doubled = data[at : at + length] if draw(st.booleans()) else b""
        data = data[:at] + put_in + doubled + data[at + draw(st.sampled_from([0, 0, length, len(data)])) :]
    return data


@pytest.fixture(scope="module")
def trial() -> BookTrial:
    """A book with a sound card before and behind everything else."""
    made = BookTrial()
    made.fill(**{name: card("EMAIL:beside@x", uid=name) for name in ("a0", "zz")})
    return made


async def keep(made: BookTrial, data: bytes) -> None:
    """Put a member into the book past all checks."""
    async with made.store.write() as transaction:
        chain = await transaction.resolve(("addressbooks", "alice", "contacts"))
        content = NewContent(len(data), sha256(data).hexdigest(), data, index=ObjectIndex("m", "VCARD"))
        await transaction.create(chain[-1], "m.vcf", FILE, "alice", made.now, content, "text/vcard; charset=utf-8")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=cards(), form=st.sampled_from(FORMS), filter=st.sampled_from(FILTERS))
def test_no_request_fails(trial: BookTrial, data: bytes, form: str, filter: str) -> None:
    """Let in or not, and then stored all the same."""
    status = trial.put("m.vcf", data).status
    assert status in (201, 400, 403, 409, 415)
    if status != 201:
        run(keep(trial, data))
    try:
        assert {"a0", "zz"} <= set(trial.query(f"<C:filter>{filter}</C:filter>", wanted=form))
        hrefs = "".join([f"<D:href>{BOOK}{name}.vcf</D:href>" for name in ("m", "zz")])
        status, found = trial.report("addressbook-multiget", f"<D:prop><D:getetag/>{form}</D:prop>{hrefs}")
        assert status == 207 and len(found) == 2
        for accept in ("text/vcard", "application/vcard+json"):
            whole = trial.request("GET", BOOK, {"Accept": accept})
            assert whole.status == 200 and trial.read(whole).count(b"beside@x") == 2
        assert trial.request("GET", BOOK, {"Accept": "text/html"}).status == 200
        for accept in ("text/vcard;version=3.0", "text/vcard;version=4.0", "application/vcard+json"):
            assert trial.request("GET", BOOK + "m.vcf", {"Accept": accept}).status == 200
    finally:
        assert trial.request("DELETE", BOOK + "m.vcf").status == 204
