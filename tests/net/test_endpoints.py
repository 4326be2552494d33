"""Endpoint strings and the sockets they open.

Verifies: docs/architecture.md, One request
"""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path
from typing import Any

import pytest

from davd.net.certificates import self_signed
from davd.net.endpoints import Bound, ListenError, bind, can_bind, inherit, parse
from davd.net.tls import TLS


def opened(text: str, tls: TLS | None = None) -> Bound:
    bound = bind(text, tls)
    assert bound is not None
    return bound


class TestParse:
    """Verifies: docs/architecture.md, One request."""

    def test_forms(self) -> None:
        assert parse("tcp:8080") == ("tcp", ["8080"], {})
        assert parse("tcp:8080:interface=127.0.0.1:backlog=5") == (
            "tcp",
            ["8080"],
            {"interface": "127.0.0.1", "backlog": "5"},
        )
        assert parse(r"tcp:80:interface=\:\:1") == ("tcp", ["80"], {"interface": "::1"})
        assert parse("unix:/a=b/c") == ("unix", [], {"/a": "b/c"})
        assert parse(r"unix:/a\=b/c:mode=660") == ("unix", ["/a=b/c"], {"mode": "660"})

    def test_what_is_none(self) -> None:
        for text in ("", ":80", "a=b:c"):
            with pytest.raises(ListenError, match="no endpoint"):
                parse(text)


class TestBind:
    """Verifies: docs/architecture.md, One request."""

    def test_tcp(self) -> None:
        bound = opened("tcp:0:interface=127.0.0.1")
        host, port = bound.socket.getsockname()
        assert (host, bound.tls) == ("127.0.0.1", None)
        with socket.create_connection((host, port)):
            pass
        bound.close()

    def test_tcp_over_ipv6(self) -> None:
        bound = opened(r"tcp:0:interface=\:\:1")
        assert bound.socket.family == socket.AF_INET6
        bound.close()

    def test_a_port_in_use(self) -> None:
        bound = opened("tcp:0:interface=127.0.0.1")
        port = bound.socket.getsockname()[1]
        with pytest.raises(ListenError, match=f"cannot listen on tcp:{port}.*already in use"):
            bind(f"tcp:{port}:interface=127.0.0.1")
        bound.close()

    def test_an_address_of_another_machine(self) -> None:
        with pytest.raises(ListenError, match="no such address"):
            bind("tcp:0:interface=192.0.2.1")

    def test_malformed_ones(self) -> None:
        for text in (
            "tcp:",
            "tcp:port",
            "tcp:65536",
            "tcp:80:81",
            "tcp:0:nonsense=1",
            "tcp:0:backlog=x",
            "unix:",
            "unix:/a:/b",
            "unix:/a:mode=9",
            "systemd:IPX",
        ):
            with pytest.raises(ListenError, match="no endpoint"):
                bind(text)

    def test_ssl(self, tmp_path: Path) -> None:
        files = self_signed(tmp_path)
        provided = TLS.from_files(files)
        bound = opened("ssl:0:interface=127.0.0.1", provided)
        assert bound.tls is provided
        bound.close()
        text = f"ssl:0:interface=127.0.0.1:privateKey={files.key}:certKey={files.certificate}"
        bound = opened(text, provided)
        assert bound.tls not in (None, provided)
        bound.close()
        with pytest.raises(ListenError, match="no certificate"):
            bind("ssl:0:interface=127.0.0.1")
        os.chmod(files.key, 0o644)
        with pytest.raises(ListenError, match="may be read by others"):
            bind(text)

    def test_unix(self, tmp_path: Path) -> None:
        path = tmp_path / "davd.sock"
        bound = opened(f"unix:{path}")
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        with pytest.raises(ListenError, match="already in use"):
            bind(f"unix:{path}")
        bound.close()
        assert not path.exists()
        bound = opened(f"unix:{path}:mode=660")
        assert stat.S_IMODE(path.stat().st_mode) == 0o660
        bound.socket.close()
        # Left behind by a process that was killed: nobody listens, so it may go.
        opened(f"unix:{path}").close()
        path.write_text("precious")
        with pytest.raises(ListenError, match="no socket"):
            bind(f"unix:{path}")
        assert path.read_text() == "precious"

    def test_systemd_without_sockets(self, monkeypatch: Any) -> None:
        monkeypatch.delenv("LISTEN_FDS", raising=False)
        with pytest.raises(ListenError, match="systemd has passed no such socket"):
            bind("systemd:INET:index=0")

    def test_other_kinds_are_left_to_twisted(self) -> None:
        assert bind("tcp6:0") is None


class TestInherit:
    """Verifies: docs/architecture.md, Configuration."""

    def test_a_socket_that_another_process_has_opened(self, tmp_path: Path) -> None:
        for text in ("tcp:0:interface=127.0.0.1", f"unix:{tmp_path}/socket"):
            assert can_bind(text)
            opened = bind(text)
            assert opened is not None
            passed = inherit(text, os.dup(opened.socket.fileno()))
            assert passed.socket.getsockname() == opened.socket.getsockname()
            assert (passed.tls, passed.path) == (None, "")
            passed.close()
            # The file is that of the process which has made it.
            assert not opened.path or os.path.exists(opened.path)
            opened.close()

    def test_what_cannot_be_passed_on(self) -> None:
        assert not can_bind("haproxy:tcp:0")
        with pytest.raises(ListenError, match="cannot listen on tcp:0"):
            inherit("tcp:0", 10_000)
