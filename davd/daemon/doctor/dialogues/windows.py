"""A drive of Windows Explorer (the WebClient service)."""

from __future__ import annotations

from davd.daemon.doctor import bodies
from davd.daemon.doctor.dialogues import discovery, trials
from davd.daemon.doctor.steps import Client, Step

_OPTIONS = frozenset({200, 204})
_TIMES = "<Z:Win32LastModifiedTime>Mon, 05 Jan 2026 10:11:12 GMT</Z:Win32LastModifiedTime>"

WINDOWS = Client(
    "windows",
    "Windows Explorer",
    (("User-Agent", "Microsoft-WebDAV-MiniRedir/10.0.22631"), ("translate", "f")),
    (
        Step(
            "asks at the root whether this is WebDAV",
            "OPTIONS",
            "/",
            expects=_OPTIONS,
            otherwise=dict.fromkeys((301, 302, 401, 403, 404, 405, 501), "options-at-root"),
            checks=("at-root",),
            login=False,
            follow=False,
        ),
        Step(
            "asks at the URL whether this is WebDAV",
            "OPTIONS",
            "{url}",
            expects=_OPTIONS,
            checks=("dav", "locks", "ms-author-via"),
            login=False,
        ),
        Step(
            "looks without a password, to be asked for one",
            "PROPFIND",
            "{url}",
            (discovery.DEPTH_0,),
            "",
            expects=frozenset({401}),
            otherwise={207: "login-ignored"},
            login=False,
        ),
        Step("looks at the folder", "PROPFIND", "{url}", (discovery.DEPTH_0,), ""),
        Step("lists the folder", "PROPFIND", "{url}", (discovery.DEPTH_1,), ""),
        trials.FOLDER,
        trials.NOT_THERE,
        trials.FIRST,
        trials.LOCKED,
        trials.WITHOUT_TOKEN,
        Step(
            "sets the times of the file",
            "PROPPATCH",
            "{trial}file.txt",
            (bodies.XML, ("If", "({lock})")),
            bodies.setting(_TIMES),
            otherwise={412: "if-lost", 423: "if-lost"},
            writes=True,
        ),
        trials.UNDER_LOCK,
        trials.UNLOCKED,
        *trials.FILES[1:],
        trials.moved("trial", "file.txt", "moved.txt"),
        trials.DELETED,
    ),
    hints=("windows-size",),
)
