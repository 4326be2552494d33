"""Certificate files: finding, checking and, for a first start, making them.

Implements: RFC 5280, 4.2.1.3, 4.2.1.6, 4.2.1.9, 4.2.1.12
"""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

# The longest time that Apple's systems take from a certificate that their owner has trusted by hand.
_VALID = timedelta(days=825)
# Clocks differ: its time begins earlier than it is made.
_EARLIER = timedelta(hours=1)
# Whoever trusts a certificate by hand has to do so again for the next one. So that comes as late as is safe.
RENEWED_BEFORE = timedelta(days=7)
_CERTIFICATE, _KEY = "certificate.pem", "key.pem"


class CertificateError(Exception):
    """A certificate or key that cannot be used; its text is one sentence for the operator."""


@dataclass(frozen=True, slots=True)
class CertificateFiles:
    """A certificate chain and its private key, both PEM; they may be in one file."""

    certificate: Path
    key: Path


def self_signed(folder: Path, hostnames: Sequence[str] = ()) -> CertificateFiles:
    """Make `certificate.pem` and `key.pem` in the folder, for localhost, the loopback addresses and the names given.

    Files that are there already are never written over: a key without a certificate, as a first start that was broken
    off leaves it, gets one; a certificate without its key is a CertificateError. Raises OSError too.
    """
    files = CertificateFiles(folder / _CERTIFICATE, folder / _KEY)
    if files.certificate.exists():
        if files.key.exists():
            return files
        raise CertificateError(f"{files.certificate} is there without its key {files.key}; put the key back")
    key = _private_key(files.key)
    names: list[x509.GeneralName] = []
    for name in dict.fromkeys(("localhost", "127.0.0.1", "::1", *hostnames)):
        try:
            names.append(x509.IPAddress(ip_address(name)))
        except ValueError:
            names.append(x509.DNSName(name))
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, (list(hostnames) or ["localhost"])[0][:64])])
    _write(files.certificate, _signed(key, subject, names, datetime.now(UTC)), 0o644)
    return files


def _signed(
    key: CertificateIssuerPrivateKeyTypes, subject: x509.Name, names: Sequence[x509.GeneralName], now: datetime
) -> bytes:
    """The PEM of a certificate that is signed with its own key, for _VALID from `now` on."""
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # Clocks differ: a client that is an hour behind should not find it "not yet valid".
        .not_valid_before(now - _EARLIER)
        .not_valid_after(now + _VALID - 2 * _EARLIER)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_KEY_USAGE, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM)


def is_made_here(files: CertificateFiles) -> bool:
    """Whether `self_signed` has made the certificate, and nobody has put another in its place; CertificateError.

    What somebody has made by other means differs from it in something.
    """
    if (files.certificate.name, files.key.name) != (_CERTIFICATE, _KEY):
        return False
    certificate = _first(files.certificate)
    try:
        certificate.verify_directly_issued_by(certificate)
        found = {extension.value: extension.critical for extension in certificate.extensions}
        (names,) = [value for value in found if isinstance(value, x509.SubjectAlternativeName)]
        wanted = {
            names: False,
            x509.BasicConstraints(ca=False, path_length=None): True,
            _KEY_USAGE: True,
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]): False,
            x509.SubjectKeyIdentifier.from_public_key(certificate.public_key()): False,
        }
    except (ValueError, TypeError, InvalidSignature, x509.DuplicateExtension):
        return False
    time = certificate.not_valid_after_utc - certificate.not_valid_before_utc
    return time == _VALID - _EARLIER and found == wanted and "localhost" in names.get_values_for_type(x509.DNSName)


def renew(files: CertificateFiles, now: float) -> bool:
    """Give a certificate that davd has made, and that is not valid for long any more, another time.

    The key and the names stay. `now` are POSIX seconds; whether it was done is given. It is done as well where the
    time has not come yet, as when the clock has gone back since. Raises CertificateError, OSError.
    """
    certificate = _first(files.certificate)
    present = datetime.fromtimestamp(now, UTC)
    if certificate.not_valid_before_utc <= present < certificate.not_valid_after_utc - RENEWED_BEFORE:
        return False
    if not is_made_here(files) or not files.key.exists():
        return False
    key = _private_key(files.key)
    if key.public_key() != certificate.public_key():
        return False
    names = list(certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value)
    _write(files.certificate, _signed(key, certificate.subject, names, present), 0o644)
    return True


def _private_key(path: Path) -> CertificateIssuerPrivateKeyTypes:
    """The key in the file, which is made when it is missing."""
    if path.exists():
        try:
            found = serialization.load_pem_private_key(path.read_bytes(), None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise CertificateError(f"the key {path} is no usable private key") from None
        if not isinstance(found, (ec.EllipticCurvePrivateKey, rsa.RSAPrivateKey)):
            raise CertificateError(f"the key {path} is no key for elliptic curves or RSA")
        return found
    made = ec.generate_private_key(ec.SECP256R1())
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    _write(path, made.private_bytes(*form), 0o600)
    return made


_KEY_USAGE = x509.KeyUsage(
    digital_signature=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    key_cert_sign=False,
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)


def _write(path: Path, data: bytes, mode: int) -> None:
    """Put the bytes there, whole or not at all, never readable for more than the mode says."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, mode)
    try:
        with os.fdopen(descriptor, "wb") as file:
            os.fchmod(file.fileno(), mode)
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def find(folder: Path) -> list[CertificateFiles]:
    """The certificates of a folder: `NAME.pem` with `NAME.key` beside it, or with the key in it; by name.

    Raises CertificateError when the folder cannot be read or holds none.
    """
    try:
        found = sorted(path for path in folder.iterdir() if path.suffix == ".pem" and not path.name.startswith("."))
    except OSError as error:
        raise CertificateError(f"the certificate folder {folder} cannot be read: {error.strerror}") from None
    if not found:
        raise CertificateError(f"there is no certificate (NAME.pem) in {folder}")
    pairs = []
    for path in found:
        key = path.with_suffix(".key")
        pairs.append(CertificateFiles(path, key if key.exists() else path))
    return pairs


def check_key(path: Path) -> None:
    """Raises CertificateError when the key cannot be read or others than its owner can."""
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError as error:
        raise CertificateError(f"the key {path} cannot be read: {error.strerror}") from None
    if mode & 0o077:
        raise CertificateError(
            f"the key {path} may be read by others than its owner (mode {mode:04o}); run: chmod 600 {path}"
        )


def names(path: Path) -> list[str]:
    """The DNS names of the first certificate in the file, in lower case; its common name when it has no others.

    Raises CertificateError.
    """
    certificate = _first(path)
    try:
        alternative = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        return [name.lower() for name in alternative.get_values_for_type(x509.DNSName)]
    except x509.ExtensionNotFound:
        common = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        return [str(attribute.value).lower() for attribute in common]


def expiry(path: Path) -> float:
    """The POSIX time after which the first certificate in the file is not valid any more; raises CertificateError."""
    return _first(path).not_valid_after_utc.timestamp()


def _first(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except OSError as error:
        raise CertificateError(f"the certificate {path} cannot be read: {error.strerror}") from None
    except ValueError:
        raise CertificateError(f"the certificate {path} is not a PEM certificate") from None
