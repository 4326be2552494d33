"""When a backup was made and verified, as the metrics tell it.

Verifies: docs/operate/monitoring.md, Metrics
"""

from __future__ import annotations

from pathlib import Path

from davd.daemon.backup.checked import FILE, Checked, backup_counts, last_checked, note_checked
from davd.daemon.backup.last import LastBackup, note
from tests.daemon.commands.davctl import Davctl


class TestNotes:
    """Verifies: docs/operate/monitoring.md, Metrics"""

    def test_nothing_is_told_of_what_never_was(self, tmp_path: Path) -> None:
        assert backup_counts(str(tmp_path)) == {}

    def test_what_was_noted_is_told(self, tmp_path: Path) -> None:
        note(str(tmp_path), LastBackup(100.0, "/mnt/backup", "p"))
        assert backup_counts(str(tmp_path)) == {"at": 100.0}
        note_checked(str(tmp_path), Checked(200.0, "/mnt/backup", 3))
        assert backup_counts(str(tmp_path)) == {"at": 100.0, "verified_at": 200.0, "wrong": 3.0}
        assert [path.name for path in tmp_path.iterdir() if path.name.startswith(FILE)] == [FILE]

    def test_a_damaged_note_is_none(self, tmp_path: Path) -> None:
        (tmp_path / FILE).write_bytes(b'{"at": "yesterday"')
        assert last_checked(str(tmp_path)) is None

    def test_where_there_is_no_data_folder_nothing_is_noted(self, tmp_path: Path) -> None:
        note_checked(str(tmp_path / "nowhere"), Checked(1.0, "/mnt/backup", 0))
        assert list(tmp_path.iterdir()) == []


class TestCommands:
    """Verifies: docs/operate/monitoring.md, Metrics"""

    def test_davctl_leaves_them(self, tmp_path: Path) -> None:
        davctl, target = Davctl(tmp_path), str(tmp_path / "backup")
        davctl.done("user", "add", "noor", "--password-file", "-", input="correct horse battery")
        davctl.done("backup", target)
        made = backup_counts(str(davctl.folder))
        assert set(made) == {"at"}
        davctl.done("verify-backup", target)
        checked = backup_counts(str(davctl.folder))
        assert checked["wrong"] == 0.0 and checked["verified_at"] >= made["at"] == checked["at"]
        pieces = [path for path in Path(target).rglob("*") if path.is_file() and len(path.name) == 64]
        pieces[0].write_bytes(b"damaged")
        assert davctl("verify-backup", target).exit_code == 1
        assert backup_counts(str(davctl.folder))["wrong"] >= 1.0
