"""rclone over TLS: copy, sync and check both ways, moves, quota, purge.

Verifies: RFC 4918, 8.3, 9.1, 9.3, 9.6, 9.7, 9.8, 9.9
Verifies: RFC 4331, 3, 4
"""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conformance.daemon import Daemon
from tests.conformance.programs import program, run
from tests.conformance.sample import COUNT, LARGE, tree, write_sample

Rclone = Callable[..., str]


@pytest.fixture
def rclone(either: Daemon, either_folder: str, tmp_path: Path) -> Rclone:
    """Runs rclone with `remote:` standing for the test's collection; returns what it wrote to standard output."""
    executable = program("rclone")
    env = {
        "RCLONE_CONFIG": str(tmp_path / "rclone.conf"),
        "RCLONE_CONFIG_REMOTE_TYPE": "webdav",
        "RCLONE_CONFIG_REMOTE_URL": either.url + either_folder,
        "RCLONE_CONFIG_REMOTE_VENDOR": "other",
        "RCLONE_CONFIG_REMOTE_USER": either.user,
        "RCLONE_CONFIG_REMOTE_PASS": run([executable, "obscure", either.password]).stdout.strip(),
    }
    (tmp_path / "rclone.conf").touch()

    def call(*words: str, status: int = 0, stdin: str | None = None) -> str:
        argv = [executable, "--no-check-certificate", "--retries=1", "--low-level-retries=1", *words]
        return run(argv, env=env, status=status, stdin=stdin).stdout

    return call


class TestRclone:
    """Verifies: RFC 4918, 8.3, 9.1, 9.3, 9.6, 9.7, 9.8, 9.9"""

    def test_five_hundred_files_both_ways(self, rclone: Rclone, tmp_path: Path, request: pytest.FixtureRequest) -> None:
        """Up, compared by content, down again, changed, synced: both sides hold the same octets at every stage.

        In the further variants it is as many files as the odd names need.
        """
        source, back = tmp_path / "source", tmp_path / "back"
        count = COUNT if request.node.callspec.params["either"] == "uvloop" else 120
        assert write_sample(source, count=count) == count
        rclone("copy", str(source), "remote:")
        rclone("check", "--download", str(source), "remote:")
        rclone("copy", "remote:", str(back))
        before = tree(source)
        assert tree(back) == before

        (source / "plain.txt").write_bytes(b"changed, and of another length than before")
        (source / "emoji 😀🚀.txt").unlink()
        (source / "new").mkdir()
        (source / "new" / "added.txt").write_bytes(b"added")
        rclone("sync", str(source), "remote:")
        rclone("check", "--download", str(source), "remote:")
        rclone("sync", "remote:", str(back))
        assert tree(back) == tree(source) != before

    def test_check_sees_a_difference(self, rclone: Rclone, tmp_path: Path) -> None:
        """The comparison above can fail: one changed octet of the same length is found."""
        source = tmp_path / "source"
        source.mkdir()
        (source / "a").write_bytes(b"one")
        rclone("copy", str(source), "remote:")
        (source / "a").write_bytes(b"two")
        rclone("check", "--download", str(source), "remote:", status=1)

    def test_listing_tells_sizes_and_kinds(self, rclone: Rclone, tmp_path: Path) -> None:
        """A recursive listing names each file once, with its size, and each folder as a folder."""
        source = tmp_path / "source"
        write_sample(source, large=1000, count=120)
        rclone("copy", str(source), "remote:")
        rows = json.loads(rclone("lsjson", "-R", "remote:"))
        files = {row["Path"]: row["Size"] for row in rows if not row["IsDir"]}
        assert files == {path: len(content) for path, content in tree(source).items()}
        assert len(rows) == len({row["Path"] for row in rows})
        folders = {str(path.relative_to(source)) for path in source.rglob("*") if path.is_dir()}
        assert {row["Path"] for row in rows if row["IsDir"]} == folders

    def test_server_side_copy_and_move(self, rclone: Rclone, tmp_path: Path) -> None:
        """copyto, moveto and a move of a whole folder happen on the server: COPY and MOVE, no download."""
        source = tmp_path / "source"
        (source / "sub folder").mkdir(parents=True)
        (source / "ä b.txt").write_bytes(b"1" * 1000)
        (source / "sub folder" / "c#.txt").write_bytes(b"2" * 1000)
        rclone("copy", str(source), "remote:from")
        rclone("copyto", "remote:from/ä b.txt", "remote:copied %.txt")
        rclone("moveto", "remote:from/ä b.txt", "remote:other/renamed + é.txt")
        rclone("moveto", "remote:from/sub folder", "remote:moved folder")
        names = rclone("lsf", "-R", "--files-only", "remote:").split("\n")
        assert sorted(filter(None, names)) == ["copied %.txt", "moved folder/c#.txt", "other/renamed + é.txt"]
        assert rclone("cat", "remote:other/renamed + é.txt") == "1" * 1000

    def test_stream_of_unknown_length(self, rclone: Rclone) -> None:
        """`rcat` of more than its buffer (100 KiB) sends a chunked body; a part of it is read back by a range."""
        content = "".join(f"line {number:8}\n" for number in range(50_000))
        rclone("rcat", "remote:stream.txt", stdin=content)
        assert rclone("cat", "remote:stream.txt") == content
        assert rclone("cat", "--offset", str(14 * 40_000), "--count", "14", "remote:stream.txt") == "line    40000\n"

    def test_purge(self, rclone: Rclone, tmp_path: Path) -> None:
        """A folder goes with everything below it, and the neighbours stay."""
        source = tmp_path / "source"
        (source / "gone" / "deeper").mkdir(parents=True)
        (source / "gone" / "deeper" / "a").write_bytes(b"a")
        (source / "kept").mkdir()
        (source / "kept" / "b").write_bytes(b"b")
        rclone("copy", str(source), "remote:")
        rclone("purge", "remote:gone")
        assert rclone("lsf", "-R", "remote:").split() == ["kept/", "kept/b"]

    def test_about_reads_the_quota(self, rclone: Rclone) -> None:
        """Verifies: RFC 4331, 3, 4"""
        quota = json.loads(rclone("about", "--json", "remote:"))
        assert quota["free"] > LARGE
        assert quota["used"] >= 0
        assert quota["total"] == quota["free"] + quota["used"]
