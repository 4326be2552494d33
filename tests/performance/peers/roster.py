"""The servers by name, in the order of the table."""

import os
import shutil
import subprocess
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.performance.peers.apache import Apache
from tests.performance.peers.davd import Davd, DavdEpoll
from tests.performance.peers.nginx import Nginx
from tests.performance.peers.peer import Peer
from tests.performance.peers.rclone import Rclone
from tests.performance.peers.wsgidav import Wsgidav

PEERS: dict[str, type[Peer]] = {kind.name: kind for kind in (Davd, DavdEpoll, Nginx, Apache, Rclone, Wsgidav)}
OURS = ("davd", "davd-epoll")


def install(peers: Iterable[type[Peer]]) -> None:
    """Install the Debian packages the peers and wrk need, when some are missing and this is root on a Debian."""
    needed = ["wrk", *(package for kind in peers for package in kind.packages)]
    query = ["dpkg-query", "--show", "--showformat", "${Status}\n"]
    missing = [
        package
        for package in needed
        if "install ok installed" not in subprocess.run([*query, package], capture_output=True, text=True).stdout
    ]
    if not missing or os.geteuid() != 0 or shutil.which("apt-get") is None:
        return
    env = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    subprocess.run(["apt-get", "update", "-qq"], check=False, env=env)
    subprocess.run(["apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing], check=False, env=env)


def write_certificate(folder: Path) -> tuple[Path, Path]:
    """A self-signed P-256 certificate for 127.0.0.1 and its key, which all peers but davd use, as two PEM files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    certificate_path, key_path = folder / "certificate.pem", folder / "key.pem"
    certificate_path.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_path.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    key_path.chmod(0o600)
    return certificate_path, key_path
