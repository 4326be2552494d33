"""The script of test_evolution_data_server; its words are HOST PORT USER, the password is its input.

It runs on the system's Python, which has GNOME's libraries, within a D-Bus session of its own.
"""

import base64
import json
import sys
import time
import urllib.request
from typing import Any

import gi

for name, version in (("EDataServer", "1.2"), ("ECal", "2.0"), ("EBook", "1.2"), ("EBookContacts", "1.2")):
    gi.require_version(name, version)
from gi.repository import EBook, EBookContacts, ECal, EDataServer, GLib, ICalGLib  # noqa: E402

SECONDS = 60
host, port, user = sys.argv[1], int(sys.argv[2]), sys.argv[3]
password = sys.stdin.read()
AUTHORIZATION = "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
seen: dict[str, Any] = {}
registry = EDataServer.SourceRegistry.new_sync(None)


def credentials() -> Any:
    """What EDS asks for when the server wants a password."""
    named = EDataServer.NamedParameters.new()
    named.set("username", user)
    named.set("password", password)
    return named


def source_of(path: str, extension: str, backend: str, parent: str) -> Any:
    """A source of calendars or contacts on the server."""
    source = EDataServer.Source.new(None, None)
    source.set_display_name(path)
    source.set_parent(parent)
    source.get_extension(extension).set_backend_name(backend)
    authentication = source.get_extension("Authentication")
    authentication.set_host(host)
    authentication.set_port(port)
    authentication.set_user(user)
    authentication.set_method("plain/password")
    source.get_extension("Security").set_method("none")
    source.get_extension("WebDAV Backend").set_resource_path(path)
    return source


def opened(source: Any, connect: Any, finish: Any, *words: Any) -> Any:
    """The client of a source, once it has proven who asks."""
    registry.commit_source_sync(source, None)
    known = registry.ref_source(source.get_uid())

    def authenticate(*_: object) -> bool:
        # It may have asked before anybody listened.
        if known.get_connection_status() == EDataServer.SourceConnectionStatus.AWAITING_CREDENTIALS:
            known.invoke_authenticate_sync(credentials(), None)
        return True

    known.connect("credentials-required", lambda *_: known.invoke_authenticate_sync(credentials(), None))
    asking = GLib.timeout_add(200, authenticate)
    found: list[Any] = []
    loop = GLib.MainLoop()

    def connected(_: object, result: Any) -> None:
        found.append(finish(result))
        loop.quit()

    connect(known, *words, 30, None, connected)
    GLib.timeout_add_seconds(SECONDS, loop.quit)
    loop.run()
    GLib.source_remove(asking)
    return found[0]


def discovered(kinds: Any) -> list[str]:
    """The paths that EDS finds from the bare origin."""
    probe = source_of("/", "Calendar", "caldav", "caldav-stub")
    done, _, _, sources, _ = EDataServer.webdav_discover_sources_sync(
        probe, f"http://{host}:{port}/", kinds, credentials(), None
    )
    assert done
    return ["/" + source.href.split("/", 3)[3] for source in sources]


def await_on_server(client: Any, path: str, word: bytes) -> None:
    """Return when the collection on the server has the word: EDS may keep a change to itself until it is connected."""
    asked = urllib.request.Request(f"http://{host}:{port}{path}", headers={"Authorization": AUTHORIZATION})
    deadline = time.monotonic() + SECONDS
    while True:
        with urllib.request.urlopen(asked) as answer:
            if word in answer.read():
                return
        if time.monotonic() > deadline:
            raise TimeoutError(f"{path} has no {word!r}")
        client.refresh_sync(None)
        time.sleep(0.1)


calendars = discovered(EDataServer.WebDAVDiscoverSupports.EVENTS)
books = discovered(EDataServer.WebDAVDiscoverSupports.CONTACTS)
seen["calendars"], seen["books"] = sorted(calendars), sorted(books)

calendar = opened(
    source_of(calendars[0], "Calendar", "caldav", "caldav-stub"),
    ECal.Client.connect,
    ECal.Client.connect_finish,
    ECal.ClientSourceType.EVENTS,
)
event = ICalGLib.Component.new_from_string(
    "BEGIN:VEVENT\r\nUID:eds-1\r\nSUMMARY:From EDS\r\nDTSTART:20261201T100000Z\r\nDTEND:20261201T110000Z\r\n"
    "END:VEVENT\r\n"
)
seen["writable"] = not calendar.is_readonly()
calendar.create_object_sync(event, ECal.OperationFlags.NONE, None)
event.set_summary("Changed")
calendar.modify_object_sync(event, ECal.ObjModType.ALL, ECal.OperationFlags.NONE, None)
await_on_server(calendar, calendars[0], b"Changed")
done, components = calendar.get_object_list_sync("#t", None)
seen["events"] = [component.get_summary() for component in components]

book = opened(
    source_of(books[0], "Address Book", "carddav", "carddav-stub"),
    EBook.BookClient.connect,
    EBook.BookClient.connect_finish,
)
contact = EBookContacts.Contact.new_from_vcard(
    "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Ada Lovelace\r\nN:Lovelace;Ada;;;\r\nEND:VCARD\r\n"
)
book.add_contact_sync(
    contact, EBookContacts.OperationFlags.NONE if hasattr(EBookContacts, "OperationFlags") else 0, None
)
await_on_server(book, books[0], b"Ada")
done, contacts = book.get_contacts_sync("", None)
seen["contacts"] = [one.get_property("full-name") for one in contacts]
sys.stdout.write(json.dumps(seen) + "\n")
