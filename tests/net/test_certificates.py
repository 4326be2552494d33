"""The certificate of a first start.

Verifies: RFC 5280, 4.2.1.6, 4.2.1.9, 4.2.1.12
"""

from __future__ import annotations

import ssl
import stat
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from davd.net.certificates import CertificateError, names, self_signed
from davd.net.tls import TLS


def test_what_is_made(tmp_path: Path) -> None:
    files = self_signed(tmp_path, ["dav.example", "192.0.2.7"])
    assert files.certificate == tmp_path / "certificate.pem"
    assert stat.S_IMODE(files.key.stat().st_mode) == 0o600
    certificate = x509.load_pem_x509_certificate(files.certificate.read_bytes())
    key = certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert key.curve.name == "secp256r1"
    alternative = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert alternative.get_values_for_type(x509.DNSName) == ["localhost", "dav.example"]
    addresses = [ip_address(text) for text in ("127.0.0.1", "::1", "192.0.2.7")]
    assert alternative.get_values_for_type(x509.IPAddress) == addresses
    life = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    assert timedelta(days=820) < life <= timedelta(days=825)
    assert certificate.not_valid_before_utc < datetime.now(UTC) < certificate.not_valid_after_utc
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert names(files.certificate) == ["localhost", "dav.example"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["certificate.pem", "key.pem"]
    # A client that trusts it takes it.
    ssl.create_default_context(cafile=str(files.certificate))


def test_what_is_there_stays(tmp_path: Path) -> None:
    files = self_signed(tmp_path)
    before = files.certificate.read_bytes(), files.key.read_bytes()
    self_signed(tmp_path)
    assert (files.certificate.read_bytes(), files.key.read_bytes()) == before


def test_names_of_what_is_no_certificate(tmp_path: Path) -> None:
    (tmp_path / "x.pem").write_text("x")
    with pytest.raises(CertificateError, match="not a PEM certificate"):
        names(tmp_path / "x.pem")
    with pytest.raises(CertificateError, match="cannot be read"):
        names(tmp_path / "y.pem")


def test_a_first_start_that_was_broken_off_is_finished(tmp_path: Path) -> None:
    files = self_signed(tmp_path)
    key = files.key.read_bytes()
    files.certificate.unlink()
    assert self_signed(tmp_path) == files
    assert files.key.read_bytes() == key
    TLS.from_files(files)


def test_a_certificate_without_its_key_is_not_written_over(tmp_path: Path) -> None:
    files = self_signed(tmp_path)
    before = files.certificate.read_bytes()
    files.key.unlink()
    with pytest.raises(CertificateError, match="without its key"):
        self_signed(tmp_path)
    assert files.certificate.read_bytes() == before
    assert not files.key.exists()
