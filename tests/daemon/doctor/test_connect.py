"""Names, ports and certificates: each fault by its name, and the rest looked at without the password.

Verifies: RFC 9110, 4.3.3, 4.3.4
"""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from davd.daemon.doctor.connect import Origin, connect, context_of
from davd.daemon.doctor.reply import Fault
from tests.conformance.daemon import Daemon
from tests.daemon.doctor.between import Mistake, Signed, between, signed
from tests.daemon.doctor.conftest import PREFIX
from tests.daemon.doctor.examine import found, outcomes


@contextmanager
def behind_tls(folder: Path, shown: Signed, behind: int, name: str = "localhost") -> Iterator[str]:
    """The URL of a server that shows a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(shown.write(folder, "shown"))
    with between(Mistake(), behind, context) as near:
        yield f"https://{name}:{near}{PREFIX}/"


class TestCertificates:
    """Verifies: RFC 9110, 4.3.4"""

    def test_a_known_authority(self, tmp_path: Path, davd: Daemon, port: int) -> None:
        root = signed("A root", authority=True)
        with behind_tls(tmp_path, signed(issuer=root), port) as url:
            steps = outcomes("thunderbird", url, davd, authorities=str(root.write(tmp_path, "root")))
        assert found(steps) == {}

    @pytest.mark.parametrize("key", ["tls-expired", "tls-not-yet", "tls-name", "tls-self-signed", "tls-chain"])
    def test_each_fault(self, tmp_path: Path, davd: Daemon, port: int, key: str) -> None:
        root = signed("A root", authority=True)
        shown = {
            "tls-expired": signed(issuer=root, days=(-10, -1)),
            "tls-not-yet": signed(issuer=root, days=(1, 10)),
            "tls-name": signed("dav.example.org", issuer=root),
            "tls-self-signed": signed(),
            "tls-chain": signed(issuer=signed("An intermediate", issuer=root, authority=True)),
        }[key]
        with behind_tls(tmp_path, shown, port) as url:
            steps = outcomes("thunderbird", url, davd, authorities=str(root.write(tmp_path, "root")))
            assert set(found(steps)) == {key}
            assert "localhost" in found(steps)[key].sentence
            # What needs no password is asked.
            assert [step.status for step in steps[:3]] == [200, None, 301]
            assert "cannot prove who it is" in steps[1].skipped
            trusting = outcomes("thunderbird", url, davd, insecure=True)
            assert found(trusting) == {}
            assert trusting[1].status == 207

    def test_an_address_that_the_certificate_does_not_name(self, tmp_path: Path, davd: Daemon, port: int) -> None:
        shown = signed()
        with behind_tls(tmp_path, shown, port, "127.0.0.1") as url:
            steps = outcomes("rclone", url, davd, authorities=str(shown.write(tmp_path, "root")))
        assert set(found(steps)) == {"tls-name"}

    def test_old_tls(self, tmp_path: Path, davd: Daemon, port: int) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
        context.load_cert_chain(signed().write(tmp_path, "shown"))
        with between(Mistake(), port, context) as near:
            steps = outcomes("rclone", f"https://localhost:{near}/", davd)
        assert set(found(steps)) == {"tls-old"}
        assert {step.skipped for step in steps[1:]} == {"the server was not reached"}


class TestPorts:
    """Verifies: RFC 9110, 4.3.3"""

    def test_no_tls_where_https_is_wanted(self, davd: Daemon) -> None:
        steps = outcomes("rclone", davd.plain_url.replace("http:", "https:") + "/", davd)
        assert set(found(steps)) == {"tls-not-spoken"}

    def test_tls_where_http_is_wanted(self, davd: Daemon) -> None:
        steps = outcomes("rclone", davd.url.replace("https:", "http:") + "/", davd)
        assert set(found(steps)) & {"closed", "not-http"}

    def test_nobody_listens(self, davd: Daemon) -> None:
        with socket.socket() as held:
            held.bind(("127.0.0.1", 0))
            steps = outcomes("apple", f"http://127.0.0.1:{held.getsockname()[1]}/", davd)
        assert set(found(steps)) == {"refused"}
        assert {step.status for step in steps} == {None}

    def test_an_unknown_name(self) -> None:
        with pytest.raises(Fault) as caught:
            connect(Origin("http", "nowhere.invalid", 80), context_of(None, True), 5.0)
        assert caught.value.key == "name-unknown"

    def test_authority(self) -> None:
        assert Origin("https", "::1", 8443).authority == "[::1]:8443"
        assert str(Origin("https", "dav.example.org", 443)) == "https://dav.example.org"
        assert Origin("http", "127.0.0.2", 80).loopback
        assert not Origin("http", "dav.example.org", 80).loopback
