"""What a caller is told when nobody answers as davd does.

Verifies: docs/operate/operate.md, Commands to a running davd
"""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import pytest

from davd.daemon.command_call import NotRunning, call
from davd.daemon.command_socket import NAME


@pytest.mark.parametrize("answer", [b"", b'{"progress": "one"}\n', b"nonsense\n", b'{"ok": "perhaps"}\n', b'{"ok": tr'])
def test_one_that_ends_in_the_middle(tmp_path: Path, answer: bytes) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / NAME))
        listening.listen()

        def say() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(1000)
                connection.sendall(answer)

        saying = threading.Thread(target=say)
        saying.start()
        with pytest.raises(NotRunning, match="has ended before it answered"):
            call(str(tmp_path), "status")
        saying.join()


def test_nobody_is_there(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / NAME))
    for folder in (tmp_path, tmp_path / "none", tmp_path / NAME):
        with pytest.raises(NotRunning, match="no davd runs on"):
            call(str(folder), "status")
