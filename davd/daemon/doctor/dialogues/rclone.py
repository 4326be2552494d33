"""rclone, with the vendor `other`."""

from __future__ import annotations

from davd.daemon.doctor import bodies
from davd.daemon.doctor.dialogues import discovery, trials
from davd.daemon.doctor.steps import Client, Step

_NAMES = ("D:displayname", "D:getlastmodified", "D:getcontentlength", "D:resourcetype", "D:getcontenttype")

RCLONE = Client(
    "rclone",
    "rclone",
    (("User-Agent", "rclone/v1.68.2"),),
    (
        Step(
            "lists the folder",
            "PROPFIND",
            "{url}",
            (discovery.DEPTH_1, bodies.XML),
            bodies.propfind(*_NAMES),
        ),
        Step(
            "asks for the space that is left",
            "PROPFIND",
            "{url}",
            (discovery.DEPTH_0, bodies.XML),
            bodies.propfind("D:quota-available-bytes", "D:quota-used-bytes"),
        ),
        trials.FOLDER,
        *trials.FILES,
        trials.moved("trial", "file.txt", "moved.txt"),
        trials.COPIED,
        trials.NOT_OVER,
        trials.DELETED,
    ),
)
