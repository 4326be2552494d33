"""The running daemon: its signals, its accounts, its listeners, its checkers.

Verifies: docs/architecture.md, Configuration
"""

from __future__ import annotations

import fcntl
import http.client
import os
import shlex
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import bcrypt
import pytest

from davd.net.certificates import self_signed
from tests.daemon.twistd import PLAIN, TLS, Running, ask, basic, davctl
from tests.daemon.wire import answers, request

REACTORS = ["epoll", "uvloop"]
IN_FLIGHT = 1002
LARGE = 100_000

# sd_listen_fds(3): the first descriptor passed is 3, and the process is told that they are meant for it.
ACTIVATE = """
import os, sys
for number, descriptor in enumerate(sys.argv[1:3], 3):
    os.dup2(int(descriptor), number)
os.environ.update(LISTEN_FDS="2", LISTEN_FDNAMES="plain:secured", LISTEN_PID=str(os.getpid()))
os.execv(sys.argv[3], sys.argv[3:])
"""


@pytest.fixture(params=REACTORS)
def reactor(request: pytest.FixtureRequest) -> str:
    """The word behind `twistd -r`."""
    return str(request.param)


def _health(url: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(url + "health", timeout=30, context=_trusting()) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def _trusting() -> ssl.SSLContext:
    return ssl._create_unverified_context()


def _certificate(davd: Running) -> bytes:
    """The certificate that a new connection is shown."""
    with _trusting().wrap_socket(davd.socket(), server_hostname="localhost") as connection:
        shown = connection.getpeercert(binary_form=True)
        assert shown is not None
        return shown


class TestTermination:
    """Verifies: docs/architecture.md, One request; RFC 9112, 9.6."""

    def test_no_request_under_way_is_lost(self, tmp_path: Path, reactor: str) -> None:
        with Running(tmp_path, reactor=reactor) as davd:
            login = basic("admin", davd.password)
            assert davd.ask("PUT", "/files/admin/large", b"g" * LARGE, login).status == 201
            kept = davd.connect()
            assert ask(kept, "GET", "/files/admin/large", None, login).status == 200
            assert kept.sock is not None
            half = LARGE // 2
            flying: list[tuple[socket.socket, str, bytes]] = []
            for number in range(IN_FLIGHT):
                connection = davd.socket()
                kind = ("slow upload", "upload", "download")[number % 3]
                body = bytes([number % 256]) * LARGE
                if kind == "download":
                    connection.sendall(request("GET", "/files/admin/large", login))
                else:
                    head = request("PUT", f"/files/admin/{number}", login, length=LARGE)
                    connection.sendall(head + (body[:half] if kind == "slow upload" else body))
                flying.append((connection, kind, body))
            # The last bytes of a request sent are on their way through the kernel: what the server shall not lose.
            davd.process.send_signal(signal.SIGTERM)
            kept.sock.settimeout(5)
            assert kept.sock.recv(1) == b""
            for connection, kind, body in flying:
                if kind == "slow upload":
                    connection.sendall(body[half:])
            for connection, kind, _ in flying:
                with connection:
                    answer = answers(connection)
                assert len(answer) == 1, (kind, davd.log())
                assert answer[0][0] == (200 if kind == "download" else 201)
                assert kind != "download" or answer[0][2] == b"g" * LARGE
            assert davd.process.wait(30) == 0
        with Running(tmp_path, reactor=reactor) as davd:
            connection_again = davd.connect()
            for number, (_, kind, body) in enumerate(flying):
                if kind != "download":
                    found = ask(connection_again, "GET", f"/files/admin/{number}", None, login)
                    assert found.content == body  # type: ignore[attr-defined]
            connection_again.close()
        assert davctl(tmp_path / "data", "fsck").returncode == 0

    def test_without_requests_the_end_is_quick(self, tmp_path: Path, reactor: str) -> None:
        with Running(tmp_path, reactor=reactor) as davd:
            address = davd.address()
            idle = [davd.socket() for _ in range(50)]
            begun = davd.socket()
            begun.sendall(b"GET / HT")
            since = time.monotonic()
            davd.process.send_signal(signal.SIGTERM)
            for connection in [*idle, begun]:
                assert connection.recv(1) == b""
                connection.close()
            assert davd.process.wait(30) == 0
            assert time.monotonic() - since < 5
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(address, 5)

    def test_an_interrupt_from_the_keyboard_ends_it_as_well(self, tmp_path: Path) -> None:
        with Running(tmp_path) as davd:
            davd.process.send_signal(signal.SIGINT)
            assert davd.process.wait(30) == 0


class TestReload:
    """Verifies: docs/architecture.md, One request; RFC 8446, 4.4.2."""

    def test_new_handshakes_see_the_new_certificate(self, tmp_path: Path, reactor: str) -> None:
        with Running(tmp_path, TLS, reactor=reactor, words=["--admin", TLS]) as davd:
            login = basic("admin", davd.password)
            kept = davd.connect()
            assert ask(kept, "GET", "/files/admin/", None, login).status == 200
            socket_of_kept = kept.sock
            first = _certificate(davd)
            assert ssl.PEM_cert_to_DER_cert((davd.data / "certificate.pem").read_text()) == first

            new = tmp_path / "new"
            new.mkdir()
            self_signed(new, ["dav.example.org"])
            for name in ("key.pem", "certificate.pem"):
                os.replace(new / name, davd.data / name)
            davd.process.send_signal(signal.SIGHUP)
            davd.wait_for("certificates read again", 2)
            second = _certificate(davd)
            assert ssl.PEM_cert_to_DER_cert((davd.data / "certificate.pem").read_text()) == second != first
            assert _health(davd.admin) == (200, b"ok\n")

            (davd.data / "certificate.pem").write_text("no certificate")
            davd.process.send_signal(signal.SIGHUP)
            davd.wait_for("the certificates stay as they were", 2)
            assert _certificate(davd) == second
            assert ask(kept, "GET", "/files/admin/", None, login).status == 200
            assert kept.sock is socket_of_kept
            kept.close()


class TestLimits:
    """Limits change under a running server; what runs goes on.

    Verifies: docs/architecture.md, Configuration; RFC 6585, 4.
    """

    def test_sighup_brings_new_limits_into_force(self, tmp_path: Path, reactor: str) -> None:
        net = "[net]\nexempt_networks = []\n"
        with Running(tmp_path, reactor=reactor, config=net, words=["--admin", PLAIN]) as davd:
            login = basic("admin", davd.password)
            kept = davd.connect()
            for _ in range(5):
                assert ask(kept, "GET", "/files/admin/", None, login).status == 200
            (tmp_path / "davd.toml").write_text(net + "[rates]\naddress_requests = 0.01\naddress_requests_burst = 2\n")
            davd.process.send_signal(signal.SIGHUP)
            davd.wait_for("in force now: rates.address_requests, rates.address_requests_burst")
            answers = [ask(kept, "GET", "/files/admin/", None, login) for _ in range(4)]
            assert [answer.status for answer in answers[-2:]] == [429, 429]
            assert 1 <= int(answers[-1].getheader("Retry-After", "0")) <= 100
            assert '"address-requests"' in answers[-1].getheader("RateLimit", "")

            (tmp_path / "davd.toml").write_text(net + "[rates]\naddress_requests = -1\n")
            davd.process.send_signal(signal.SIGHUP)
            davd.wait_for("the settings stay as they were")
            assert ask(kept, "GET", "/files/admin/", None, login).status == 429
            assert "rates.address_requests" in davd.log()
            pool = davd.statistics()["pool"]
            assert pool["rejected_rate"] == pool["total_requests"] - pool["completed_requests"] >= 3
            kept.close()


class TestAccounts:
    """Accounts change under a running server.

    Verifies: docs/architecture.md, Identity.
    """

    def test_changes_count_from_the_next_request(self, tmp_path: Path, reactor: str) -> None:
        with Running(tmp_path, reactor=reactor) as davd:
            connection = davd.connect()

            def status(password: str) -> int:
                return ask(connection, "GET", "/files/alice/", None, basic("alice", password)).status

            assert status("wonderland") == 401
            assert (
                davctl(davd.data, "user", "add", "alice", "--password-file", "-", text="wonderland\n").returncode == 0
            )
            assert status("wonderland") == 200
            for body in (b"one", b"two"):
                changed = ask(connection, "PUT", "/files/alice/a", body, basic("alice", "wonderland"))
                assert changed.status in (201, 204)
                # From the second time on the answer is one that is kept.
                for _ in range(3):
                    found = ask(connection, "GET", "/files/alice/a", None, basic("alice", "wonderland"))
                    assert found.content == body  # type: ignore[attr-defined]
            assert (
                davctl(davd.data, "user", "passwd", "alice", "--password-file", "-", text="looking-glass\n").returncode
                == 0
            )
            assert ask(connection, "GET", "/files/alice/a", None, basic("alice", "wonderland")).status == 401
            assert status("wonderland") == 401
            assert status("looking-glass") == 200
            assert davctl(davd.data, "user", "remove", "alice").returncode == 0
            assert status("looking-glass") == 401
            assert davctl(davd.data, "fsck").returncode == 0
            connection.close()

    def test_guessing_is_slowed_down_and_stays_so_over_a_restart(self, tmp_path: Path) -> None:
        with Running(tmp_path) as davd:
            right = basic("admin", davd.password)
            wrong = [davd.ask("GET", "/", None, basic("admin", f"wrong-{n}")) for n in range(11)]
            assert [answer.status for answer in wrong] == [401] * 10 + [429]
            assert 0 < int(wrong[-1].headers["Retry-After"]) <= 60
            assert "WWW-Authenticate" not in wrong[-1].headers
            # The block is one of the name: the right password is refused as well, whatever it is.
            assert davd.ask("GET", "/", None, right).status == 429
        with Running(tmp_path) as davd:
            assert davd.ask("GET", "/", None, right).status == 429


class TestProxies:
    """What a trusted proxy says of the client is believed, and what anybody else says is not.

    Verifies: docs/architecture.md, Identity; RFC 7239, 5.2, 5.4.
    """

    def test_guesses_count_for_the_client_behind_the_proxy(self, tmp_path: Path) -> None:
        with Running(tmp_path, config='[net]\ntrusted_proxies = ["127.0.0.1"]\n') as davd:
            login = basic("admin", davd.password)

            def status(client: str, number: int | None = None, scheme: str = "https") -> int:
                fields = login if number is None else basic(f"nobody-{number}", "wrong")
                forwarded = {"X-Forwarded-For": client, "X-Forwarded-Proto": scheme}
                return davd.ask("GET", "/files/admin/", None, fields | forwarded).status

            assert [status("203.0.113.5", number) for number in range(11)] == [401] * 10 + [429]
            # What the client itself wrote stands further left.
            assert status("198.51.100.7, 203.0.113.5") == 429
            assert status("203.0.113.5, 198.51.100.7") == 200
            # The password came in the clear to the proxy.
            assert status("198.51.100.7", scheme="http") == 403

    def test_nobody_is_believed_by_default(self, tmp_path: Path) -> None:
        with Running(tmp_path) as davd:
            found = [
                davd.ask("GET", "/", None, basic(f"nobody-{n}", "wrong") | {"X-Forwarded-For": f"198.51.100.{n}"})
                for n in range(11)
            ]
            assert [answer.status for answer in found] == [401] * 10 + [429]


class TestFirstStart:
    """Verifies: docs/operate/operate.md, Install as a service."""

    def test_what_it_says_to_type_next_works(self, tmp_path: Path) -> None:
        with Running(tmp_path) as davd:
            said = [line.strip() for line in davd.log().splitlines() if " user add NAME" in line]
            words = shlex.split(said[0].replace("NAME", "alice"))
            done = subprocess.run(
                [*words, "--password-file", "-"], input="wonderland\n", capture_output=True, text=True, check=False
            )
            assert (done.returncode, done.stdout) == (0, "added alice\n")
            assert davd.ask("GET", "/files/alice/", None, basic("alice", "wonderland")).status == 200


class TestHealth:
    """Verifies: docs/architecture.md, Configuration."""

    def test_it_tells_whether_the_store_answers(self, tmp_path: Path, reactor: str) -> None:
        with Running(tmp_path, reactor=reactor, words=["--admin", PLAIN]) as davd:
            assert _health(davd.admin) == (200, b"ok\n")
            # Somebody takes the database away: what is written from now on would be lost.
            (davd.data / "davd.sqlite").rename(davd.data / "away")
            assert _health(davd.admin) == (503, b"failing\n")
            (davd.data / "away").rename(davd.data / "davd.sqlite")
            assert _health(davd.admin) == (200, b"ok\n")

    def test_a_unix_socket(self, tmp_path: Path, reactor: str) -> None:
        path = tmp_path / "admin.sock"
        with Running(tmp_path, reactor=reactor, words=["--admin", f"unix:{path}:mode=640"]):
            assert path.stat().st_mode & 0o777 == 0o640
            assert _curl("--unix-socket", str(path), "http://localhost/health") == "ok\n200"
        assert not path.exists()


def _curl(*words: str) -> str:
    done = subprocess.run(["curl", "-sS", "-w", "%{http_code}", *words], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


class TestListeners:
    """Verifies: docs/architecture.md, Configuration."""

    def test_a_unix_socket(self, tmp_path: Path, reactor: str) -> None:
        path = tmp_path / "davd.sock"
        with Running(tmp_path, f"unix:{path}:mode=660", reactor=reactor) as davd:
            login = ("-u", f"admin:{davd.password}", "--unix-socket", str(path))
            assert path.stat().st_mode & 0o777 == 0o660
            assert _curl(*login, "-T", __file__, "http://localhost/files/admin/a").endswith("201")
            assert _curl(*login, "http://localhost/files/admin/a") == Path(__file__).read_text() + "200"
        assert not path.exists()
        # What a crash leaves there is no obstacle.
        with Running(tmp_path, f"unix:{path}", reactor=reactor) as davd:
            davd.kill()
            assert path.exists()
        with Running(tmp_path, f"unix:{path}", reactor=reactor):
            assert _curl(*login, "http://localhost/files/admin/a").endswith("200")

    def test_sockets_that_systemd_passes(self, tmp_path: Path, reactor: str) -> None:
        with socket.socket() as plain, socket.socket() as secured:
            for listening in (plain, secured):
                listening.bind(("127.0.0.1", 0))
                listening.listen(16)

            # Numbers that are in nobody's way.
            spare = [fcntl.fcntl(listening, fcntl.F_DUPFD, 50) for listening in (plain, secured)]
            listen = ("systemd:INET:index=0", "systemd:INET:index=1:tls=yes")
            activation = [sys.executable, "-c", ACTIVATE, *map(str, spare)]
            davd = Running(tmp_path, *listen, reactor=reactor, before=activation, pass_fds=spare)
            with davd:
                login = basic("admin", davd.password)
                for listening, maker in (
                    (plain, http.client.HTTPConnection),
                    (secured, lambda host, port: http.client.HTTPSConnection(host, port, context=_trusting())),
                ):
                    connection = maker("127.0.0.1", listening.getsockname()[1])
                    assert ask(connection, "GET", "/files/admin/", None, login).status == 200
                    connection.close()


class TestSettings:
    """Verifies: docs/architecture.md, Configuration."""

    def test_the_file_and_the_environment_are_obeyed(self, tmp_path: Path) -> None:
        config = '[authentication]\nrealm = "file"\n[dav]\nprefix = "/dav"\nmax_file_bytes = 10\n'
        with Running(tmp_path, config=config, more={"DAVD_AUTHENTICATION__REALM": "1"}) as davd:
            assert davd.places[0].endswith("/dav/")
            assert davd.ask("GET", "/dav/").headers["WWW-Authenticate"].startswith('Basic realm="1"')
            login = basic("admin", davd.password)
            assert davd.ask("PUT", "/dav/files/admin/a", b"0123456789a", login).status == 413
            assert davd.ask("PUT", "/dav/files/admin/a", b"0123456789", login).status == 201
            assert davd.ask("GET", "/files/admin/a", None, login).status == 404


@pytest.fixture
def bob(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """Writes the htpasswd file in which bob has a password."""

    def write(password: str) -> Path:
        hashed = bcrypt.hashpw(password.encode(), bcrypt.gensalt(4)).decode()
        (tmp_path / "new").write_text(f"# ours\nbob:{hashed}\n")
        return (tmp_path / "new").rename(tmp_path / "htpasswd")

    yield write


class TestCheckers:
    """Verifies: docs/architecture.md, Identity; RFC 7617, 2."""

    def test_htpasswd_beside_the_accounts(self, tmp_path: Path, bob: Callable[[str], Path]) -> None:
        config = f'check_with = ["accounts", "htpasswd"]\n[checkers.htpasswd]\nfile = "{bob("builder")}"\n'
        with Running(tmp_path, config=config) as davd:
            assert davd.ask("PUT", "/files/bob/a", b"a", basic("bob", "builder")).status == 201
            assert davd.ask("GET", "/files/bob/", None, basic("bob", "wrong")).status == 401
            assert davd.ask("GET", "/files/admin/", None, basic("admin", davd.password)).status == 200
            bob("changed")
            deadline = time.monotonic() + 10
            while davd.ask("GET", "/files/bob/a", None, basic("bob", "builder")).status != 401:
                assert time.monotonic() < deadline
            assert davd.ask("GET", "/files/bob/a", None, basic("bob", "changed")).status == 200

    def test_what_htpasswd_writes(self, tmp_path: Path) -> None:
        program = shutil.which("htpasswd")
        if program is None:
            pytest.skip("htpasswd is not installed")
        file = tmp_path / "htpasswd"
        for flags, name in (("-cbB", "bcrypt"), ("-bm", "apr1"), ("-bs", "sha")):
            subprocess.run([program, flags, str(file), name, f"is-{name}"], check=True, capture_output=True)
        config = f'check_with = ["htpasswd"]\n[checkers.htpasswd]\nfile = "{file}"\n'
        with Running(tmp_path, config=config) as davd:
            # No account is made where davd does not keep the accounts.
            assert "password" not in davd.log()
            for name in ("bcrypt", "apr1", "sha"):
                assert davd.ask("GET", f"/files/{name}/", None, basic(name, f"is-{name}")).status == 200
                assert davd.ask("GET", f"/files/{name}/", None, basic(name, "is-not")).status == 401

    def test_a_checker_of_twisted_cred(self, tmp_path: Path) -> None:
        (tmp_path / "users").write_text("carol:rabbit hole\n")
        config = f'check_with = ["accounts", "cred"]\n[checkers.cred]\nchecker = "file:{tmp_path / "users"}"\n'
        with Running(tmp_path, config=config) as davd:
            assert davd.ask("PUT", "/files/carol/a", b"a", basic("carol", "rabbit hole")).status == 201
            assert davd.ask("GET", "/files/carol/", None, basic("carol", "wrong")).status == 401
            assert davd.ask("GET", "/files/admin/", None, basic("admin", davd.password)).status == 200
