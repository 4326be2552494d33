"""The servers, each with one account, two calendars (of 1,000 and 10,000 events) and an address book of 1,000 cards."""

import shutil
import subprocess
from pathlib import Path
from typing import ClassVar

from tests.conformance.daemon import ROOT
from tests.performance.client import Client
from tests.performance.groupware.data import card, event
from tests.performance.peers.davd import Davd as WebDavd
from tests.performance.peers.peer import PASSWORD, USER, Missing, Peer

CLIENTS = ROOT / ".venv-clients" / "bin"
SIZES = {"small": 1000, "large": 10_000}
CARDS = 1000
CALENDAR, BOOK = "text/calendar; charset=utf-8", "text/vcard; charset=utf-8"


def program(name: str) -> str:
    """A program that requirements/clients.txt brings."""
    path = CLIENTS / name
    if not path.exists():
        raise Missing(f"{name}: tools/test-programs.sh")
    return str(path)


class Groupware(Peer):
    """A server of calendars: `home` and `books` are the paths of the collections that hold the others."""

    home: str
    books: str

    def place(self, name: str) -> str:
        """The path of a calendar or, for `cards`, of the address book."""
        return f"{self.books}{name}/" if name == "cards" else f"{self.home}{name}/"

    def make_calendar(self, client: Client, name: str) -> None:
        """A new empty calendar."""
        client.ask("MKCALENDAR", self.place(name), want=(201,))

    def fill(self, name: str, count: int) -> None:
        """The events or cards of a collection."""
        with Client(self.plain, self.authorization) as client:
            for number in range(count):
                if name == "cards":
                    body, kind, ending = card(number), BOOK, "vcf"
                else:
                    body, kind, ending = event(number), CALENDAR, "ics"
                path = f"{self.place(name)}{number:06}.{ending}"
                client.ask("PUT", path, body, {"Content-Type": kind}, want=(200, 201, 204))


def write_files(folder: Path, name: str, count: int) -> None:
    """The events or cards of a collection as files."""
    for number in range(count):
        if name == "cards":
            (folder / f"{number:06}.vcf").write_bytes(card(number))
        else:
            (folder / f"{number:06}.ics").write_bytes(event(number))


class Davd(WebDavd, Groupware):
    """davd as `make run` starts it."""

    def launch(self) -> None:
        """Start the daemon."""
        super().launch()
        name = self.path.split("/")[2]
        self.home, self.books = f"/calendars/{name}/", f"/addressbooks/{name}/"


_MKCOL = (
    '<mkcol xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:carddav"><set><prop><resourcetype><collection/>'
    "<C:addressbook/></resourcetype></prop></set></mkcol>"
)


def make_book(server: Groupware) -> None:
    """The address book."""
    with Client(server.plain, server.authorization) as client:
        client.ask("MKCOL", server.place("cards"), _MKCOL.encode(), {"Content-Type": "text/xml"}, want=(201,))


class Radicale(Groupware):
    """Radicale with its own server, as it is installed."""

    name: ClassVar[str] = "radicale"

    def launch(self) -> None:
        """Write a configuration and start it; it has no second port."""
        self.home = self.books = f"/{USER}/"
        (self.folder / "users").write_text(f"{USER}:{PASSWORD}\n")
        config = self.folder / "config"
        hosts = f"127.0.0.1:{self.plain.port}"
        config.write_text(
            f"[server]\nhosts = {hosts}\nmax_connections = 100\n[auth]\ntype = htpasswd\nhtpasswd_filename = users\n"
            f"htpasswd_encryption = plain\ndelay = 0\n[storage]\nfilesystem_folder = {self.folder}/data\n"
            "[logging]\nlevel = error\n"
        )
        self.secure = self.plain
        self.spawn([program("radicale"), "--config", str(config)])

    def fill(self, name: str, count: int) -> None:
        """The files are written into its folder, since one event takes it 70 ms."""
        write_files(self.folder / "data" / "collection-root" / self.place(name).strip("/"), name, count)


class Xandikos(Groupware):
    """Xandikos with its own server, without a password, which it would ask for on TLS only."""

    name: ClassVar[str] = "xandikos"

    def launch(self) -> None:
        """Start it on an empty folder."""
        self.home, self.books = f"/{USER}/calendars/", f"/{USER}/contacts/"
        self.secure = self.plain
        argv = [program("xandikos"), "serve", "-d", str(self.folder / "data"), "--defaults", "--autocreate"]
        argv += ["--current-user-principal", f"/{USER}", "-l", "127.0.0.1", "-p", str(self.plain.port)]
        self.spawn(argv)

    def fill(self, name: str, count: int) -> None:
        """The files are committed together, since one event takes it 100 ms."""
        folder = Path(self.folder / "data" / self.place(name).strip("/"))
        write_files(folder, name, count)
        git = shutil.which("git")
        if git is None:
            raise Missing("git: apt-get install -y git")
        who = ["-c", "user.name=bench", "-c", "user.email=bench@example.org"]
        subprocess.run([git, "add", "-A"], cwd=folder, check=True, capture_output=True)
        subprocess.run([git, *who, "commit", "-qm", "events"], cwd=folder, check=True, capture_output=True)


SERVERS: dict[str, type[Groupware]] = {kind.name: kind for kind in (Davd, Radicale, Xandikos)}


def fill(server: Groupware) -> None:
    """Give a server its data."""
    with Client(server.plain, server.authorization) as client:
        for name in SIZES:
            server.make_calendar(client, name)
    make_book(server)
    for name, count in (*SIZES.items(), ("cards", CARDS)):
        server.fill(name, count)
