"""How davd starts, and how it says why it cannot.

Verifies: docs/architecture.md, Configuration
"""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from davd.daemon.options import Options
from davd.daemon.service import makeService, settings_of
from tests.conformance.daemon import environment, free_port, script
from tests.daemon.twistd import PLAIN, TLS, Running, basic, command, davctl, pid_in, run, wait_until_ended

MODES = [(reactor, background) for reactor in ("epoll", "uvloop") for background in (False, True)]


@pytest.fixture
def taken() -> Iterator[str]:
    """An endpoint whose port somebody else has."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield f"tcp:{other.getsockname()[1]}:interface=127.0.0.1"


@pytest.fixture(autouse=True)
def mask() -> Iterator[None]:
    """The umask that davd changes, as it was."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.fixture
def reason(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """Gives the sentence with which a start on `words` ends; the data folder is `data` of the present folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DAVD_DAEMON__ALLOW_ROOT", "true")

    def start(*words: str | Path) -> str:
        options = Options()
        options.parseOptions([*map(str, words)] if "--listen" in words else [*map(str, words), "--listen", PLAIN])  # type: ignore[no-untyped-call]
        with pytest.raises(SystemExit) as caught:
            makeService(options)
        sentence = str(caught.value.code)
        assert sentence.startswith("davd: ")
        assert "\n" not in sentence
        return sentence.removeprefix("davd: ")

    return start


def _database(folder: Path, application: int = 0) -> Path:
    folder.mkdir()
    path = folder / "davd.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE other (x)")
        connection.execute(f"PRAGMA application_id = {application}")
    connection.close()
    return path


class TestReasons:
    """Every reason not to start is one sentence, and nothing is left listening.

    Verifies: docs/architecture.md, Configuration.
    """

    @pytest.mark.parametrize(
        ("endpoint", "sentence"),
        [
            ("", "is no endpoint"),
            ("=8080", "is no endpoint"),
            ("8080", "Unknown endpoint type: '8080'"),
            ("tcp:abc", "its port is no number"),
            ("tcp:70000", "its port is no number"),
            ("tcp:1:2", "one argument too many"),
            ("tcp:0:interface=203.0.113.1", "this machine has no such address"),
            ("tcp:0:colour=red", "there is no option 'colour' here"),
            ("nosuch:1", "Unknown endpoint type: 'nosuch'"),
            ("haproxy:nosuch:1", "Unknown endpoint type"),
            ("tls:0:privateKey=/nowhere", "its kind does not take these options"),
            ("ssl:0:privateKey=/nowhere/key.pem", "the key /nowhere/key.pem cannot be read"),
            ("unix:/nowhere/socket", "No such file or directory"),
            ("unix:/etc/passwd", "no socket"),
            ("systemd:INET:index=0", "systemd has passed no such socket"),
        ],
    )
    def test_endpoints(self, reason: Callable[..., str], endpoint: str, sentence: str) -> None:
        assert sentence in reason("--data", "data", "--listen", endpoint)
        if endpoint:
            told = reason("--data", "data", "--listen", PLAIN, "--admin", endpoint)
            assert sentence in told or told.startswith(f"the admin plane cannot listen on {endpoint}: expected")

    def test_a_port_that_is_taken(self, reason: Callable[..., str], taken: str) -> None:
        assert (
            reason("--data", "data", "--listen", taken)
            == f"cannot listen on {taken}: the port or path is already in use"
        )
        assert "already in use" in reason("--data", "data", "--listen", PLAIN, "--admin", taken)
        # The other ports are free again.
        port = f"tcp:{free_port()}:interface=127.0.0.1"
        for _ in range(2):
            assert taken in reason("--data", "data", "--listen", port, "--listen", taken)

    def test_a_failed_first_start_makes_no_account_whose_password_nobody_saw(
        self, reason: Callable[..., str], taken: str, tmp_path: Path
    ) -> None:
        reason("--data", "data", "--listen", taken)
        assert davctl(tmp_path / "data", "user", "list").stdout == ""

    def test_keys_and_certificates(self, reason: Callable[..., str], tmp_path: Path) -> None:
        with Running(tmp_path, TLS):
            pass
        key, certificate = tmp_path / "data/key.pem", tmp_path / "data/certificate.pem"
        tls = ("--data", "data", "--listen", TLS)
        whole = certificate.read_bytes()
        certificate.write_text("no certificate")
        assert "certificate.pem" in reason(*tls)
        certificate.write_bytes(whole)
        key.chmod(0o644)
        assert "may be read by others than its owner" in reason(*tls)
        key.chmod(0o600)
        key.write_text("no key")
        assert "no usable certificate and key" in reason(*tls)
        key.unlink()
        key.symlink_to("/nowhere/key.pem")
        named = f"ssl:0:interface=127.0.0.1:privateKey={key}:certKey={certificate}"
        assert "cannot be read" in reason("--data", "data", "--listen", named)
        assert "cannot be read" in reason("--data", "data", "--listen", PLAIN, "--admin", named)

    def test_folders(self, reason: Callable[..., str], tmp_path: Path) -> None:
        (tmp_path / "file").write_text("")
        assert "is no folder" in reason("--data", "file")
        assert "cannot make the data folder" in reason("--data", "file/below")
        # Nobody can make a file there, not even root.
        assert "/proc/davd" in reason("--data", "/proc/davd")
        assert "/sys" in reason("--data", "/sys")
        assert "/sys" in reason("--data", "/sys", "--listen", TLS)

    def test_stores(self, reason: Callable[..., str], tmp_path: Path) -> None:
        _database(tmp_path / "foreign")
        assert "is a database of another program" in reason("--data", "foreign")
        (tmp_path / "text").mkdir()
        (tmp_path / "text/davd.sqlite").write_text("no database, but long enough to be one " * 100)
        assert "text/davd.sqlite" in reason("--data", "text")
        (tmp_path / "folder/davd.sqlite").mkdir(parents=True)
        assert "davd.sqlite cannot be opened" in reason("--data", "folder")
        assert davctl(tmp_path / "newer", "migrate").returncode == 0
        with sqlite3.connect(tmp_path / "newer/davd.sqlite") as connection:
            connection.execute("INSERT INTO migration VALUES (9999, '9999_later.sql', '', 0)")
            connection.execute("PRAGMA user_version = 9999")
        connection.close()
        assert "was written by a newer davd" in reason("--data", "newer")

    @pytest.mark.parametrize(
        ("text", "sentence"),
        [
            ("[net]\nmax_conns = 1", "net: there is no setting called `max_conns`"),
            ("[net]\ntrusted_proxies = ['10.0.0.0/33']", "net.trusted_proxies: '10.0.0.0/33'"),
            ("[net]\nexempt_networks = ['here']", "net.exempt_networks: 'here'"),
            ("[net]\nproxy_protocol = ['10.0.0.1/8']", "net.proxy_protocol: 10.0.0.1/8 has host bits set"),
            ("[net]\ncertificates = '/nowhere'", "the certificate folder /nowhere cannot be read"),
            ("[dav]\nprefix = 'dav'", "dav.prefix: expected a path"),
            ("[dav]\nprefix = '/dav/'", "dav.prefix: expected a path"),
            ("[dav]\ndefault_lock_seconds = 9999", "dav.default_lock_seconds: it is more than"),
            ("[extensions.nosuch]", "extensions.nosuch: no such extension is installed"),
            ("[caldav]\ntime_zone = 'Mars'", "caldav.time_zone: there is no time zone called Mars"),
            ("check_with = ['nosuch']", "there is no checker called nosuch"),
            ("check_with = []", "check_with: there has to be a checker"),
            ("[checkers.htpasswd]\nfile = '/etc/passwd'", "checkers.htpasswd: check_with does not name it"),
            ("check_with = ['htpasswd']", "checkers.htpasswd.file: expected a text"),
            (
                "check_with = ['htpasswd']\n[checkers.htpasswd]\nfile = '/nowhere'",
                "cannot read the htpasswd file /nowhere: No such file or directory",
            ),
            ("check_with = ['cred']\n[checkers.cred]\nchecker = 'nosuch:x'", "no such twisted.cred checker: nosuch"),
            (
                "check_with = ['accounts']\n[checkers.accounts]\nx = 1",
                "checkers.accounts: there is no setting called x",
            ),
            ("[net", "is not TOML"),
            ("data = '\xff'", "is not UTF-8"),
        ],
    )
    def test_settings(self, reason: Callable[..., str], tmp_path: Path, text: str, sentence: str) -> None:
        (tmp_path / "davd.toml").write_text(text, "latin-1")
        assert sentence in reason("--data", "data", "--config", "davd.toml")

    def test_settings_of_the_environment(self, reason: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("DAVD_NET__MAX_CONNS", "5")
        assert reason("--data", "data") == (
            "the environment variable DAVD_NET__MAX_CONNS: net: there is no setting called `max_conns`;"
            " did you mean `max_connections`?"
        )


class TestProcess:
    """Verifies: docs/architecture.md, Configuration."""

    @pytest.mark.parametrize(("reactor", "background"), MODES)
    def test_a_taken_port_ends_the_process(self, tmp_path: Path, taken: str, reactor: str, background: bool) -> None:
        done = run(command(reactor, "--data", "data", "--listen", taken, background=background), tmp_path)
        assert done.returncode == 1
        assert done.stderr.strip() == f"davd: cannot listen on {taken}: the port or path is already in use"
        assert done.stdout == ""

    def test_a_locked_store(self, tmp_path: Path) -> None:
        # Locks are those of a process, so another one has to start.
        path = _database(tmp_path / "data", 0x44415664)
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN EXCLUSIVE")
        more = {"DAVD_STORE__BUSY_SECONDS": "0.2"}
        done = run(command("epoll", "--data", "data", "--listen", PLAIN), tmp_path, more)
        other.close()
        assert done.returncode == 1
        assert done.stderr.startswith(f"davd: {path} ")
        assert "locked" in done.stderr
        assert done.stderr.count("\n") == 1

    @pytest.mark.parametrize("reactor", ["epoll", "uvloop"])
    def test_what_only_shows_when_the_reactor_runs_is_said_once(self, tmp_path: Path, taken: str, reactor: str) -> None:
        # An endpoint of a kind that only Twisted can open.
        done = run(command(reactor, "--data", "data", "--listen", f"haproxy:{taken}"), tmp_path)
        assert done.returncode == 1
        said = done.stdout + done.stderr
        assert said.count("already in use") == 1
        assert "Traceback" not in said

    def test_an_unknown_option(self, tmp_path: Path) -> None:
        done = run(command("epoll", "--nosuch"), tmp_path)
        assert done.returncode == 1
        assert "option --nosuch not recognized" in done.stdout + done.stderr
        assert "Traceback" not in done.stdout + done.stderr

    @pytest.mark.parametrize("reactor", ["epoll", "uvloop"])
    def test_in_the_background(self, tmp_path: Path, reactor: str) -> None:
        port = free_port()
        words = ["--data", "data", "--listen", f"tcp:{port}:interface=127.0.0.1"]
        done = run(command(reactor, *words, background=True), tmp_path)
        assert done.returncode == 0, done.stderr
        password = done.stdout.partition("  password  ")[2].split()[0]
        pid = pid_in(tmp_path / "twistd.pid")
        try:
            got = subprocess.run(
                ["curl", "-sS", "--retry", "20", "--retry-delay", "1", "--retry-all-errors", "-o", "/dev/null"]
                + ["-w", "%{http_code}", "-u", f"admin:{password}", f"http://127.0.0.1:{port}/files/admin/"],
                capture_output=True,
                text=True,
                timeout=60,
            )
            assert got.stdout == "200", got.stderr + (tmp_path / "twistd.log").read_text()
        finally:
            os.kill(pid, signal.SIGTERM)
            wait_until_ended(pid)
        assert password not in (tmp_path / "twistd.log").read_text()
        assert not (tmp_path / "twistd.pid").exists()

    def test_twistd_lists_davd_and_loads_no_reactor_for_it(self, tmp_path: Path) -> None:
        listing = run([script("twistd"), "--help"], tmp_path).stdout
        assert "davd" in listing.partition("Commands:")[2]
        program = "import sys, davd.daemon.service; sys.exit('twisted.internet.reactor' in sys.modules)"
        assert run([sys.executable, "-c", program], tmp_path).returncode == 0


class TestFirstStart:
    """Verifies: docs/architecture.md, Identity."""

    @pytest.mark.parametrize("reactor", ["epoll", "uvloop"])
    def test_a_second_start_keeps_everything(self, tmp_path: Path, reactor: str) -> None:
        with Running(tmp_path, TLS, reactor=reactor) as first:
            login = basic("admin", first.password)
            assert first.ask("PUT", "/files/admin/kept.txt", b"kept", login).status == 201
            assert first.log().count(first.password) == 1
            password = first.password
        kept = {path: path.read_bytes() for path in (tmp_path / "data").glob("*.pem")}
        assert len(kept) == 2
        for path in (tmp_path / "data").rglob("*"):
            assert not path.is_file() or password.encode() not in path.read_bytes()
        with sqlite3.connect(tmp_path / "data/davd.sqlite") as connection:
            [[phc]] = connection.execute("SELECT password_hash FROM account").fetchall()
        connection.close()
        assert phc.startswith("$argon2id$")
        with Running(tmp_path, TLS, reactor=reactor) as second:
            assert "password" not in second.log()
            assert second.ask("GET", "/files/admin/kept.txt", None, login).content == b"kept"  # type: ignore[attr-defined]
        assert {path: path.read_bytes() for path in (tmp_path / "data").glob("*.pem")} == kept

    def test_what_it_makes_belongs_to_its_owner_alone(self, tmp_path: Path) -> None:
        with Running(tmp_path, TLS) as davd:
            davd.ask("PUT", "/files/admin/large", b"x" * 100_000, basic("admin", davd.password))
            for path in [tmp_path / "data", *(tmp_path / "data").rglob("*")]:
                # The certificate is what everybody gets to see.
                assert path.name == "certificate.pem" or not path.stat().st_mode & 0o077, path

    def test_without_options(self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
        monkeypatch.chdir(tmp_path)
        options = Options()
        options.parseOptions([])  # type: ignore[no-untyped-call]
        settings = settings_of(options)
        assert settings.data == str(tmp_path / "davd-data")
        assert settings.net.listen == ["ssl:8443"]
        assert settings.admin.listen == ""

    def test_options_stand_over_the_environment_and_that_over_the_file(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        file = tmp_path / "davd.toml"
        file.write_text("data = '/a'\n[net]\nlisten = ['tcp:1']\nserver = 'a'\nmax_connections = 1\n")
        monkeypatch.setenv("DAVD_NET__SERVER", "b")
        monkeypatch.setenv("DAVD_NET__LISTEN", "tcp:2")
        options = Options()
        options.parseOptions(["--config", str(file), "--listen", "tcp:3", "--listen", "tcp:4", "--admin", "tcp:5"])  # type: ignore[no-untyped-call]
        settings = settings_of(options)
        assert (settings.data, settings.admin.listen) == ("/a", "tcp:5")
        assert (settings.net.listen, settings.net.server) == (["tcp:3", "tcp:4"], "b")
        assert settings.net.max_connections == 1
        assert environment()["DAVD_NET__LISTEN"] == "tcp:2"
