"""The dialogue of DAVx5: discovery, refreshing the list of collections, synchronising calendars, tasks and contacts.

Verifies: RFC 6764, 5, 6
Verifies: RFC 6578, 3
Verifies: RFC 4791, 7.8, 7.9
Verifies: RFC 6352, 8.7
"""

from uuid import uuid4

from tests.conformance.dialogue import Account
from tests.conformance.groupware import (
    ICS,
    VCF,
    XML,
    accounts,
    card,
    clark,
    document,
    event,
    found,
    gone,
    href,
    members,
    multiget,
    propfind,
    sync,
    text,
    token,
    types,
)

AGENT = (
    ("User-Agent", "DAVx5/4.5.2-ose (dav4jvm; okhttp/5.1.0) Android/15"),
    ("Accept-Language", "en-GB, en;q=0.7, *;q=0.5"),
    ("Accept-Encoding", "gzip"),
)
COLLECTION = (
    "D:resourcetype",
    "D:displayname",
    "D:owner",
    "D:current-user-privilege-set",
    "A:addressbook-description",
    "A:supported-address-data",
    "C:calendar-description",
    "C:calendar-timezone",
    "C:calendar-timezone-id",
    "C:supported-calendar-component-set",
    "S:source",
    "I:calendar-color",
)


davx5 = accounts("davx5", AGENT)


def homes(account: Account) -> tuple[str, str]:
    """The homes of calendars and address books, found as DAVx5 does: well-known address, principal, home sets."""
    for service in ("caldav", "carddav"):
        moved = account.ask(
            "PROPFIND", f"/.well-known/{service}", ("Depth", "0"), XML, body=document("D:propfind", "<D:prop/>")
        )
        assert moved.status in (301, 302, 307, 308)
        where = moved.field("Location")
        path = where if where.startswith("/") else "/" + where.split("/", 3)[3]
        reply = propfind(account, path, "0", "D:resourcetype", "D:displayname", "D:current-user-principal")
    principal = href(reply, path, "D:current-user-principal")
    options = account.ask("OPTIONS", principal)
    classes = [word.strip() for word in options.field("DAV").split(",")]
    assert "calendar-access" in classes and "addressbook" in classes
    names = ("C:calendar-home-set", "A:addressbook-home-set", "D:group-membership", "D:resourcetype", "D:displayname")
    reply = propfind(account, principal, "0", *names)
    assert clark("D:principal") in types(reply, principal)
    return href(reply, principal, "C:calendar-home-set"), href(reply, principal, "A:addressbook-home-set")


def may_write(account: Account, path: str) -> bool:
    """Whether the list of privileges says that the collection can be written to."""
    reply = propfind(account, path, "0", "D:current-user-privilege-set")
    held = {one.tag for one in reply.properties()[path][clark("D:current-user-privilege-set")][1].iter()}
    return clark("D:write") in held or clark("D:all") in held or {clark("D:bind"), clark("D:write-content")} <= held


class TestDAVx5:
    """Verifies: RFC 6764, 5, 6; RFC 6578, 3"""

    def test_refresh_of_collections(self, davx5: Account) -> None:
        calendars, books = homes(davx5)
        listed = propfind(davx5, calendars, "1", *COLLECTION)
        assert len(members(listed, "C:calendar")) >= 2
        assert all(may_write(davx5, path) for path in members(listed, "C:calendar"))
        listed = propfind(davx5, books, "1", *COLLECTION)
        (book,) = members(listed, "A:addressbook")
        versions = {
            (one.get("content-type"), one.get("version"))
            for one in listed.properties()[book][clark("A:supported-address-data")][1]
        }
        assert {("text/vcard", "3.0"), ("text/vcard", "4.0")} <= versions

    def test_a_new_calendar_by_extended_mkcol(self, davx5: Account) -> None:
        home, _ = homes(davx5)
        place = f"{home}{uuid4()}/"
        body = document(
            "D:mkcol",
            "<D:set><D:prop><D:resourcetype><D:collection/><C:calendar/></D:resourcetype><D:displayname>New</D:displayname>"
            "<I:calendar-color>#FF2F6396</I:calendar-color><C:calendar-timezone-id>Europe/Vienna</C:calendar-timezone-id>"
            '<C:supported-calendar-component-set><C:comp name="VEVENT"/><C:comp name="VTODO"/><C:comp name="VJOURNAL"/>'
            "</C:supported-calendar-component-set></D:prop></D:set>",
        )
        assert davx5.ask("MKCOL", place, XML, body=body).status == 201
        reply = propfind(davx5, place, "0", *COLLECTION)
        kinds = [one.get("name") for one in reply.properties()[place][clark("C:supported-calendar-component-set")][1]]
        assert kinds == ["VEVENT", "VTODO", "VJOURNAL"]
        assert text(reply, place, "C:calendar-timezone-id") == "Europe/Vienna"
        for number, kind in enumerate(("VEVENT", "VTODO", "VJOURNAL")):
            assert davx5.ask("PUT", f"{place}{number}.ics", ICS, body=event(f"u{number}", kind=kind)).status == 201
        assert davx5.ask("DELETE", place).status == 204

    def test_sync_in_pages(self, davx5: Account) -> None:
        """The first synchronisation comes in pages of 507 and tokens; then deletions and changes alone."""
        home, _ = homes(davx5)
        place = f"{home}paged/"
        assert davx5.ask("MKCALENDAR", place).status == 201
        names = {f"{place}{number}.ics" for number in range(25)}
        for name in names:
            assert davx5.ask("PUT", name, ICS, ("If-None-Match", "*"), body=event(name)).status == 201
        seen: set[str] = set()
        at = ""
        for _ in range(10):
            page = sync(davx5, place, at, limit=10)
            assert page.status == 207
            at = token(page)
            told = set(found(page, "D:getetag"))
            assert not told & seen and len(told) <= 10
            seen |= told
            if "507" not in page.body.decode():
                break
        assert seen == names
        data = found(multiget(davx5, place, sorted(names)[:10]), "C:calendar-data")
        assert len(data) == 10
        victim = sorted(names)[0]
        assert davx5.ask("DELETE", victim).status == 204
        page = sync(davx5, place, at)
        assert gone(page) == [victim] and not found(page, "D:getetag")
        assert sync(davx5, place, "http://example.org/no-token").status == 403

    def test_tasks_and_journals_by_query(self, davx5: Account) -> None:
        home, _ = homes(davx5)
        place = f"{home}tasks/"
        listed = propfind(davx5, home, "1", *COLLECTION)
        assert place in members(listed, "C:calendar")
        assert davx5.ask("PUT", f"{place}t.ics", ICS, body=event("t", kind="VTODO")).status == 201
        assert davx5.ask("PUT", f"{place}j.ics", ICS, body=event("j", kind="VJOURNAL")).status == 201
        for kind, name in (("VTODO", "t"), ("VJOURNAL", "j")):
            filters = (
                f'<C:filter><C:comp-filter name="VCALENDAR"><C:comp-filter name="{kind}"/></C:comp-filter></C:filter>'
            )
            body = document("C:calendar-query", "<D:prop><D:getetag/></D:prop>", filters)
            reply = davx5.ask("REPORT", place, ("Depth", "1"), XML, body=body)
            assert list(found(reply, "D:getetag")) == [f"{place}{name}.ics"]

    def test_contacts_as_vcard4(self, davx5: Account) -> None:
        _, books = homes(davx5)
        (book,) = members(propfind(davx5, books, "1", *COLLECTION), "A:addressbook")
        kept = card("k", "Ada", "X-ABDATE;type=pref:2020-01-01")
        assert davx5.ask("PUT", f"{book}k.vcf", VCF, ("If-None-Match", "*"), body=kept).status == 201
        body = document(
            "A:addressbook-multiget",
            '<D:prop><D:getetag/><A:address-data content-type="text/vcard" version="4.0"/></D:prop>',
            f"<D:href>{book}k.vcf</D:href>",
        )
        data = found(davx5.ask("REPORT", book, ("Depth", "1"), XML, body=body), "A:address-data")
        assert "VERSION:4.0" in data[f"{book}k.vcf"]
