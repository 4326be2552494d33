"""The clients that can be replayed, by the word on the command line."""

from __future__ import annotations

from collections.abc import Mapping

from davd.daemon.doctor.dialogues.apple import APPLE
from davd.daemon.doctor.dialogues.davx5 import DAVX5
from davd.daemon.doctor.dialogues.rclone import RCLONE
from davd.daemon.doctor.dialogues.thunderbird import THUNDERBIRD
from davd.daemon.doctor.dialogues.windows import WINDOWS
from davd.daemon.doctor.steps import Client

CLIENTS: Mapping[str, Client] = {client.name: client for client in (APPLE, DAVX5, THUNDERBIRD, WINDOWS, RCLONE)}
