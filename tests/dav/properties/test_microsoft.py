"""What Windows Explorer sets.

Verifies: MS-WDVME; RFC 4918, 7, 15
"""

from __future__ import annotations

import pytest

from davd.testing.exchange import Trial
from tests.dav.answers import Answer, by_href, prop

FILE = "/files/alice/a.txt"
WIN32 = "{urn:schemas-microsoft-com:}Win32"
UPDATE = (
    '<?xml version="1.0" encoding="utf-8" ?><D:propertyupdate xmlns:D="DAV:" '
    'xmlns:Z="urn:schemas-microsoft-com:"><D:set><D:prop>%s</D:prop></D:set></D:propertyupdate>'
)
AFTER_UPLOAD = UPDATE % (
    "<Z:Win32CreationTime>Mon, 01 Jan 2024 10:00:00 GMT</Z:Win32CreationTime>"
    "<Z:Win32LastAccessTime>Tue, 02 Jan 2024 10:00:00 GMT</Z:Win32LastAccessTime>"
    "<Z:Win32LastModifiedTime>Wed, 03 Jan 2024 10:00:00 GMT</Z:Win32LastModifiedTime>"
    "<Z:Win32FileAttributes>00000020</Z:Win32FileAttributes>"
)
LOCK = (
    b'<D:lockinfo xmlns:D="DAV:"><D:lockscope><D:exclusive/></D:lockscope>'
    b"<D:locktype><D:write/></D:locktype></D:lockinfo>"
)


def patch(made: Trial, body: str, headers: dict[str, str] | None = None) -> Answer:
    return by_href(made, made.request("PROPPATCH", FILE, headers, body.encode()))[FILE]


def look(made: Trial, *names: str) -> Answer:
    return by_href(made, made.request("PROPFIND", FILE, {"Depth": "0"}, prop(*names)))[FILE]


def test_after_an_upload_under_its_lock() -> None:
    made = Trial()
    token = made.request("LOCK", FILE, {}, LOCK).headers["Lock-Token"]
    made.request("PUT", FILE, {"If": f"({token})"}, b"content")
    assert made.request("PROPPATCH", FILE, {}, AFTER_UPLOAD.encode()).status == 423
    assert set(patch(made, AFTER_UPLOAD, {"If": f"({token})"}).statuses().values()) == {200}
    names = [WIN32 + name for name in ("LastModifiedTime", "CreationTime", "LastAccessTime", "FileAttributes")]
    answer = look(made, "{DAV:}creationdate", "{DAV:}getlastmodified", *names)
    assert answer.text("{DAV:}creationdate") == "2024-01-01T10:00:00Z"
    assert answer.text("{DAV:}getlastmodified") == "Wed, 03 Jan 2024 10:00:00 GMT"
    assert [answer.text(name) for name in names] == [
        "Wed, 03 Jan 2024 10:00:00 GMT",
        "Mon, 01 Jan 2024 10:00:00 GMT",
        "Tue, 02 Jan 2024 10:00:00 GMT",
        "00000020",
    ]


def test_the_times_follow_the_resource() -> None:
    made = Trial()
    made.request("PUT", FILE, {}, b"content")
    patch(made, AFTER_UPLOAD)
    made.now += 100
    made.request("PUT", FILE, {}, b"changed elsewhere")
    answer = look(made, WIN32 + "LastModifiedTime", "{DAV:}getlastmodified")
    assert answer.text(WIN32 + "LastModifiedTime") == answer.text("{DAV:}getlastmodified")
    assert answer.text("{DAV:}getlastmodified") == "Tue, 14 Nov 2023 22:15:00 GMT"


@pytest.mark.parametrize("value", ["", "yesterday", "2024-01-01T10:00:00Z", "1704103200"])
@pytest.mark.parametrize("name", ["CreationTime", "LastModifiedTime"])
def test_what_is_no_date_is_a_conflict(name: str, value: str) -> None:
    made = Trial()
    made.request("PUT", FILE, {}, b"content")
    answer = patch(made, UPDATE % f"<Z:Win32{name}>{value}</Z:Win32{name}>")
    assert answer.statuses() == {WIN32 + name: 409}


def test_times_cannot_be_removed_and_nobody_minds() -> None:
    made = Trial()
    made.request("PUT", FILE, {}, b"content")
    body = UPDATE.replace("D:set>", "D:remove>") % "<Z:Win32CreationTime/><Z:Win32LastModifiedTime/>"
    assert set(patch(made, body).statuses().values()) == {200}
    assert look(made, WIN32 + "CreationTime").text(WIN32 + "CreationTime") == "Tue, 14 Nov 2023 22:13:20 GMT"
