"""TLS on both kinds of transport.

Verifies: RFC 8446, 4.2.7; RFC 6066, 3; RFC 7301, 3; RFC 9325, 3, 4
"""

from __future__ import annotations

import os
import shutil
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509

from davd.net.certificates import CertificateError, CertificateFiles, find, self_signed
from davd.net.tls import TLS
from tests.net.worlds import OverTwistedTLS, OverUvloopTLS, SocketWorld, scenario


def make(folder: Path, name: str, *hostnames: str) -> CertificateFiles:
    """A certificate for the host names as NAME.pem and NAME.key."""
    made = self_signed(folder / f"new-{name}", hostnames) if (folder / f"new-{name}").mkdir() is None else None
    assert made is not None
    files = CertificateFiles(folder / f"{name}.pem", folder / f"{name}.key")
    shutil.move(made.certificate, files.certificate)
    shutil.move(made.key, files.key)
    return files


def serial(connection: ssl.SSLSocket) -> int:
    """The serial number of the certificate that the server has shown."""
    der = connection.getpeercert(binary_form=True)
    assert der is not None
    return x509.load_der_x509_certificate(der).serial_number


def serial_of(files: CertificateFiles) -> int:
    return x509.load_pem_x509_certificate(files.certificate.read_bytes()).serial_number


def shake(world: SocketWorld, name: str | None = "localhost", **options: Any) -> ssl.SSLSocket:
    """A handshake with other options than usual."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    for option, value in options.items():
        getattr(context, option)(value) if callable(getattr(context, option)) else setattr(context, option, value)
    raw = world.dial()
    try:
        return context.wrap_socket(raw, server_hostname=name)
    except BaseException:
        raw.close()
        raise


class Scenarios:
    """What holds whoever encrypts."""

    @scenario()
    def test_versions(self, world: SocketWorld) -> None:
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            connection = shake(world, minimum_version=version, maximum_version=version)
            assert connection.version() == {"TLSv1_2": "TLSv1.2", "TLSv1_3": "TLSv1.3"}[version.name]
            assert connection.compression() is None
            connection.close()
        with pytest.raises((ssl.SSLError, ConnectionResetError)), pytest.warns(DeprecationWarning):
            shake(
                world,
                set_ciphers="ALL:@SECLEVEL=0",
                minimum_version=ssl.TLSVersion.TLSv1_1,
                maximum_version=ssl.TLSVersion.TLSv1_1,
            )
        world.until(lambda: world.site.statistics.handshakes_failed == 1)

    @scenario()
    def test_handshakes_are_counted_by_version_and_reason(self, world: SocketWorld) -> None:
        two = {"maximum_version": ssl.TLSVersion.TLSv1_2}
        first = shake(world, **two)
        session = first.session
        first.close()
        again = first.context.wrap_socket(world.dial(), server_hostname="localhost", session=session)
        assert again.session_reused
        again.close()
        shake(world).close()
        for noise in (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"\x16\x03\x01"):
            raw = world.dial()
            raw.sendall(noise)
            raw.shutdown(socket.SHUT_WR)
            raw.close()
        world.until(lambda: world.site.statistics.handshakes_failed == 2)
        [told] = [handshakes.told() for handshakes in world.site.statistics.tls.values()]
        assert told["versions"] == {"TLSv1.2": 2, "TLSv1.3": 1}
        assert told["resumed"] == {"TLSv1.2": 1}
        assert told["failures"] == {"plain_http": 1, "gone": 1}

    @scenario()
    def test_ciphers_of_tls_1_2(self, world: SocketWorld) -> None:
        two = {"maximum_version": ssl.TLSVersion.TLSv1_2}
        for good in ("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-CHACHA20-POLY1305"):
            connection = shake(world, set_ciphers=good, **two)
            assert connection.cipher()[0] == good  # type: ignore[index]
            connection.close()
        for bad in ("AES128-GCM-SHA256:AES256-SHA", "ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES256-SHA"):
            with pytest.raises((ssl.SSLError, ConnectionResetError)):
                shake(world, set_ciphers=bad, **two)

    @scenario()
    def test_alpn(self, world: SocketWorld) -> None:
        connection = shake(world, set_alpn_protocols=["h2", "http/1.1"])
        assert connection.selected_alpn_protocol() == "http/1.1"
        world.until(lambda: world.connections()[0].transport.negotiatedProtocol == b"http/1.1")
        connection.close()
        connection = shake(world)
        assert connection.selected_alpn_protocol() is None
        connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 200")
        connection.close()

    @scenario()
    def test_the_certificate_is_that_of_the_name(self, world: SocketWorld) -> None:
        folder = Path(world.folder.name)
        one, two = make(folder, "one", "one.example", "*.wild.example"), make(folder, "two", "two.example")
        assert world.certificates is not None
        world.certificates._source = lambda: [one, two]
        world.call(world.certificates.reload)
        for name, files in (
            ("one.example", one),
            ("TWO.example", two),
            ("a.wild.example", one),
            ("a.b.wild.example", one),
            ("other.example", one),
            (None, one),
        ):
            connection = shake(world, name)
            assert serial(connection) == serial_of(files), name
            connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")
            assert connection.recv(100).startswith(b"HTTP/1.1 200")
            connection.close()

    @scenario()
    def test_reload_leaves_what_is_connected(self, world: SocketWorld) -> None:
        assert world.certificates is not None
        client = world.connect()
        before = serial(client.socket)
        for path in (world.files.certificate, world.files.key):
            path.unlink()
        with pytest.raises(CertificateError):
            world.call(world.certificates.reload)
        again = world.connect()
        assert serial(again.socket) == before
        self_signed(Path(world.folder.name))
        world.call(world.certificates.reload)
        new = world.connect()
        assert serial(new.socket) != before
        for each in (client, again, new):
            assert each.request(b"GET / HTTP/1.1").status == 200
        assert world.site.statistics.accepted == 3

    @scenario()
    def test_a_handshake_has_ten_seconds(self, world: SocketWorld) -> None:
        raw = world.dial()
        world.until(lambda: world.site.statistics.connections == 1)
        raw.sendall(b"\x16\x03\x01")
        world.advance(9)
        assert world.call(lambda: world.site.statistics.connections) == 1
        world.advance(3)
        try:
            assert raw.recv(100) == b""
        except ConnectionResetError:
            pass
        raw.close()
        world.until(lambda: world.site.statistics.connections == 0)
        assert world.site.statistics.handshakes_failed == 1
        assert world.site.statistics.timeouts == 1

    @scenario()
    def test_what_is_no_tls_is_counted_and_forgotten(self, world: SocketWorld) -> None:
        for noise in (b"GET / HTTP/1.1\r\nHost: a\r\n\r\n", b"\x16\x03\x01\x00\x05hello", b""):
            raw = world.dial()
            raw.sendall(noise)
            raw.shutdown(socket.SHUT_WR)
            try:
                while raw.recv(1000):
                    pass
            except ConnectionResetError:
                pass
            raw.close()
        world.until(lambda: world.site.statistics.connections == 0)
        assert world.site.statistics.handshakes_failed == 3
        assert world.application.requests == []

    @scenario()
    def test_a_thousand_bytes_at_a_time_through_the_handshake(self, world: SocketWorld) -> None:
        # A request right behind the handshake, in the same packet as its end.
        for _ in range(20):
            connection = shake(world)
            connection.sendall(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            data = b""
            while piece := connection.recv(1000):
                data += piece
            assert data.endswith(b"GET /\n")
            connection.close()


class TestOverTwisted(Scenarios, OverTwistedTLS):
    """Verifies: RFC 9325, 3, 4."""


class TestOverUvloop(OverUvloopTLS, Scenarios):
    """Verifies: RFC 9325, 3, 4."""


class TestLoading:
    """Verifies: RFC 9325, 3."""

    def test_a_key_that_others_may_read(self, tmp_path: Path) -> None:
        files = self_signed(tmp_path)
        for mode in (0o640, 0o604, 0o620):
            os.chmod(files.key, mode)
            with pytest.raises(CertificateError, match="may be read by others"):
                TLS.from_files(files)
        os.chmod(files.key, 0o400)
        TLS.from_files(files)

    def test_a_key_that_is_another_ones(self, tmp_path: Path) -> None:
        one, two = make(tmp_path, "one"), make(tmp_path, "two")
        with pytest.raises(CertificateError, match="is not that of"):
            TLS.from_files(CertificateFiles(one.certificate, two.key))

    def test_files_that_are_not_there_or_nothing(self, tmp_path: Path) -> None:
        files = self_signed(tmp_path)
        for broken in (
            CertificateFiles(tmp_path / "none.pem", files.key),
            CertificateFiles(files.certificate, tmp_path / "none.pem"),
        ):
            with pytest.raises(CertificateError, match="cannot be read"):
                TLS.from_files(broken)
        files.certificate.write_text("nothing")
        with pytest.raises(CertificateError, match=r"certificate\.pem"):
            TLS.from_files(files)
        with pytest.raises(CertificateError, match="there is no certificate"):
            TLS.from_files()

    def test_a_folder(self, tmp_path: Path) -> None:
        one = make(tmp_path, "one", "one.example")
        two = make(tmp_path, "two", "two.example")
        two.certificate.write_bytes(two.certificate.read_bytes() + two.key.read_bytes())
        os.chmod(two.certificate, 0o600)
        two.key.unlink()
        assert find(tmp_path) == [one, CertificateFiles(two.certificate, two.certificate)]
        TLS.from_folder(tmp_path)
        with pytest.raises(CertificateError, match="cannot be read"):
            find(tmp_path / "none")
        (tmp_path / "empty").mkdir()
        with pytest.raises(CertificateError, match="there is no certificate"):
            find(tmp_path / "empty")
