"""`rclone serve webdav` over a local folder: a process for each port, its VFS cache off (its default)."""

from typing import ClassVar

from tests.performance.peers.peer import PASSWORD, USER, Peer, executable


class Rclone(Peer):
    """rclone as a server."""

    name: ClassVar[str] = "rclone"
    packages = ("rclone",)

    def launch(self) -> None:
        """Start both processes."""
        files = self.folder / "files"
        files.mkdir()
        (self.folder / "rclone.conf").touch()
        argv = [executable("rclone", "rclone"), "--config", str(self.folder / "rclone.conf"), "serve", "webdav"]
        argv += [str(files), "--user", USER, "--pass", PASSWORD, "--addr"]
        self.spawn([*argv, f"{self.plain.host}:{self.plain.port}"])
        certificate = ["--cert", str(self.certificate), "--key", str(self.key)]
        self.spawn([*argv, f"{self.secure.host}:{self.secure.port}", *certificate])
