"""davfs2: the account's files mounted as a file system, with locks, over TLS.

Verifies: RFC 4918, 9.1, 9.6, 9.9, 9.10, 9.11
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.daemon import Daemon
from tests.conformance.dialogue import Account
from tests.conformance.programs import program, run

pytestmark = pytest.mark.skipif(
    not os.access("/dev/fuse", os.R_OK | os.W_OK) or os.geteuid() != 0, reason="mounting needs root and /dev/fuse"
)


@pytest.fixture
def mounted(daemon: Daemon, folder: str) -> Iterator[Path]:
    """The test's collection as a mounted folder; it is unmounted, and so uploaded, at the end.

    mount.davfs gives up root for the user of its package, which must reach the cache; pytest's folders are closed.
    Kernels from 6.16 ask for listings in parts larger than the default buffer holds, so the buffer is made larger.
    """
    place = Path(tempfile.mkdtemp(prefix="davd-davfs2-"))
    place.chmod(0o755)
    point, cache, secrets, settings = (place / name for name in ("mount", "cache", "secrets", "davfs2.conf"))
    certificate = place / "certificate.pem"
    certificate.write_bytes(daemon.certificate.read_bytes())
    certificate.chmod(0o644)
    point.mkdir()
    cache.mkdir()
    shutil.chown(cache, "root", "davfs2")
    cache.chmod(0o770)
    secrets.write_text(f'{point} {daemon.user} "{daemon.password}"\n')
    secrets.chmod(0o600)
    settings.write_text(
        f"secrets {secrets}\ntrust_server_cert {certificate}\nuse_locks 1\nask_auth 0\n"
        f"cache_dir {cache}\ndelay_upload 0\nbuf_size 256\n"
    )
    try:
        run([program("mount.davfs", "davfs2"), "-o", f"conf={settings}", daemon.url + folder, str(point)], timeout=60)
        yield point
    finally:
        if os.path.ismount(point):
            run([program("umount", "mount"), str(point)], timeout=60)
        shutil.rmtree(place)


class TestDavfs2:
    """Verifies: RFC 4918, 9.1, 9.6, 9.9, 9.10, 9.11"""

    def test_files_through_the_mount(self, daemon: Daemon, folder: str, mounted: Path) -> None:
        """What is written, renamed and removed in the mount is so on the server after it is unmounted."""
        deep = mounted / "Ordner ä" / "b c"
        deep.mkdir(parents=True)
        (deep / "small.txt").write_text("written through a mount\n")
        large = os.urandom(1 << 20)
        (mounted / "large #1.bin").write_bytes(large)
        (mounted / "empty").touch()
        (mounted / "gone.txt").write_text("x")
        (deep / "small.txt").rename(mounted / "moved + renamed.txt")
        (mounted / "gone.txt").unlink()
        with (mounted / "moved + renamed.txt").open("a") as file:
            file.write("and appended\n")
        assert sorted(os.listdir(mounted)) == ["Ordner ä", "empty", "large #1.bin", "lost+found", "moved + renamed.txt"]
        assert os.statvfs(mounted).f_bavail > 0
        run([program("umount", "mount"), str(mounted)], timeout=60)
        with Account(daemon.url, daemon.user, daemon.password) as account:
            assert account.ask("GET", folder + "large%20%231.bin").body == large
            moved = account.ask("GET", folder + "moved%20%2B%20renamed.txt")
            assert moved.body == b"written through a mount\nand appended\n"
            assert account.ask("GET", folder + "empty").body == b""
            assert account.ask("HEAD", folder + "gone.txt").status == 404
            assert account.ask("HEAD", folder + "Ordner%20%C3%A4/b%20c/small.txt").status == 404
            listing = account.ask("PROPFIND", folder, ("Depth", "infinity"), body=b"").properties()
            locked = [href for href, row in listing.items() if len(row["{DAV:}lockdiscovery"][1])]
            assert locked == []

    def test_an_open_file_is_locked(self, daemon: Daemon, folder: str, mounted: Path) -> None:
        """While davfs2 has a file open for writing, another client's PUT is refused with 423."""
        with Account(daemon.url, daemon.user, daemon.password) as account:
            with (mounted / "open.txt").open("w") as file:
                file.write("mine\n")
                assert account.ask("PUT", folder + "open.txt", body=b"theirs").status == 423
            run([program("umount", "mount"), str(mounted)], timeout=60)
            assert account.ask("GET", folder + "open.txt").body == b"mine\n"
            assert account.ask("PUT", folder + "open.txt", body=b"theirs").status == 204
