"""What the commands tell with `--json`: the shapes that docs/operate/davctl.md lists.

A shape gets new fields; none is renamed or given another meaning.
"""

from __future__ import annotations

from msgspec import Struct


class Principal(Struct, frozen=True):
    """A user, group, room or resource as it is now.

    `kind` is that of RFC 5545 in lower case: `individual`, `group`, `room`, `resource`. `email` and `display_name` are
    empty when there is none.
    """

    name: str
    kind: str
    email: str
    display_name: str


class Removed(Struct, frozen=True):
    """A principal that was removed. `data_deleted`: what it had is gone as well."""

    name: str
    data_deleted: bool


class IssuedAppPassword(Struct, frozen=True):
    """An app password that was made, in full: nobody can tell `password` later. Times are POSIX seconds."""

    id: str
    account: str
    label: str
    created: float
    expires: float | None
    password: str


class KeptAppPassword(Struct, frozen=True):
    """An app password that an account has. `last_used` is to the hour, null for never; times are POSIX seconds."""

    id: str
    account: str
    label: str
    created: float
    last_used: float | None
    expires: float | None
    expired: bool


class RevokedAppPasswords(Struct, frozen=True):
    """The ids of app passwords that were revoked."""

    account: str
    ids: list[str]


class Members(Struct, frozen=True):
    """A group, and who is directly in it now."""

    name: str
    members: list[str]


class Grant(Struct, frozen=True):
    """Privileges of a principal. `path` is where they were granted or taken, as in URLs, below the prefix."""

    path: str
    principal: str
    privileges: list[str]


class Granted(Struct, frozen=True):
    """Privileges that were granted. Where `effective` is false they have no effect, for the principal may not read."""

    path: str
    principal: str
    privileges: list[str]
    effective: bool


class Place(Struct, frozen=True):
    """A calendar or an address book that was made or removed. `path` is as in URLs, below the prefix."""

    user: str
    name: str
    path: str


class Collection(Struct, frozen=True):
    """A calendar or an address book, and how many `objects` are in it."""

    user: str
    name: str
    path: str
    objects: int
    display_name: str


class Imported(Struct, frozen=True):
    """How many objects were `added`, `replaced`, were there already (`unchanged`), or in another form (`kept`).

    `refused` are sentences, one for each object that was not stored.
    """

    added: int
    replaced: int
    unchanged: int
    kept: int
    refused: list[str]


class Exported(Struct, frozen=True):
    """How many collections were written, and the file or folder they were written to."""

    collections: int
    output: str


class Fault(Struct, frozen=True):
    """Something in the store that is wrong, and what to do about it, or what was done when it is `mended`."""

    what: str
    remedy: str
    mended: bool


class Checked(Struct, frozen=True):
    """Whether the store is `sound` now, and what was found."""

    sound: bool
    findings: list[Fault]


class Migrated(Struct, frozen=True):
    """The folder of the store, and the number of the schema it has now."""

    folder: str
    schema: int


class BackedUp(Struct, frozen=True):
    """A restore point that was made.

    `objects` and `bytes` are what the store had, `new_pieces` and `new_bytes` what had to be written. `forgotten`
    restore points were removed with `removed_pieces` that no other had. `missing` are digests of contents that the
    store had lost.
    """

    restore_point: str
    objects: int
    bytes: int
    new_pieces: int
    new_bytes: int
    seconds: float
    forgotten: int
    removed_pieces: int
    missing: list[str]


class Verified(Struct, frozen=True):
    """The restore points there are, and sentences about what is wrong."""

    restore_points: list[str]
    wrong: list[str]


class RestoredStore(Struct, frozen=True):
    """A whole store that was brought back (`--to`).

    `former` is where the one is that gave way, null without one. `newer_added` and `newer_changed` count what was
    brought forward from it, `lost` are sentences about what could not be had. `app_passwords` is how many are as they
    were then, so that some may have been revoked since; 0 when they are those of the store that gave way.
    """

    restore_point: str
    former: str | None
    newer_added: int
    newer_changed: int
    lost: list[str]
    app_passwords: int


class RestoredPart(Struct, frozen=True):
    """What was brought back into the store in use (`--account`, `--path`): resources `added` and `changed`."""

    restore_point: str
    added: int
    changed: int
    lost: list[str]


class PutBack(Struct, frozen=True, omit_defaults=True):
    """An entry of the trash: the `path` where it is again, or the `problem` that keeps it from there.

    `taken`: something else is in its place, which `--replace` would put into the trash.
    """

    id: int
    path: str | None = None
    problem: str | None = None
    taken: bool | None = None


class Emptied(Struct, frozen=True):
    """How many entries were removed."""

    removed: int


class Token(Struct, frozen=True):
    """The secret of the admin plane; `renewed` when it was made just now."""

    token: str
    renewed: bool


class ConfigChecked(Struct, frozen=True):
    """The settings are `valid`, else there is no outcome.

    When a server is `running` on the data folder, `applied` are the keys that differ from what it has and that a reload
    would bring into force, `restart` those that need a restart. Secrets that differ are not told of.
    """

    valid: bool
    running: bool
    applied: list[str]
    restart: list[str]


class Reloaded(Struct, frozen=True):
    """How a reload ended: whether the settings were taken (`ok`), in one sentence.

    `applied` are the keys in force now, `restart` those that need a restart.
    """

    ok: bool
    sentence: str
    applied: list[str]
    restart: list[str]


class Worker(Struct, frozen=True):
    """A process that serves, or is `leaving`."""

    number: int
    pid: int
    serves: bool
    leaving: bool


class Restarted(Struct, frozen=True):
    """How a restart ended: whether all workers are new (`ok`), in one sentence, and the workers there are now."""

    ok: bool
    sentence: str
    workers: list[Worker]


class Status(Struct, frozen=True):
    """How the server on the folder `data` does.

    `healthy`: it runs, and all that `ready` names is. `connections` are those that clients have open, `alerts` names
    and sentences of those in force. `workers` is empty where there is one process. `backup_at` are POSIX seconds and
    `backup_target` the folder of the last backup, null without one. `disk_bytes` and `disk_free_bytes` are of the disk
    of the data folder.
    """

    data: str
    running: bool
    healthy: bool
    sentence: str
    version: str
    pid: int
    workers: list[Worker]
    ready: dict[str, bool]
    connections: int
    alerts: list[str]
    backup_at: float | None
    backup_target: str | None
    disk_bytes: int
    disk_free_bytes: int


class Script(Struct, frozen=True):
    """What makes a shell complete the words of davctl."""

    shell: str
    script: str


class Step(Struct, frozen=True):
    """One request of a client: `status` is null when no answer came, `not_tried` says why it was not sent."""

    title: str
    method: str
    target: str
    status: int | None
    not_tried: str | None
    findings: list[str]


class Client(Struct, frozen=True):
    """What one client did. `left` are the names of things that were made at the server and could not be removed."""

    client: str
    left: list[str]
    steps: list[Step]


class Diagnosis(Struct, frozen=True):
    """Something that a server does wrong: with whom it showed, what was seen, and what to do about it."""

    key: str
    severity: str
    sentence: str
    remedy: str
    clients: list[str]
    seen: str


class Examined(Struct, frozen=True):
    """What clients meet at a URL; `healthy` when no fault was found."""

    url: str
    healthy: bool
    clients: list[Client]
    findings: list[Diagnosis]


class Tried(Struct, frozen=True):
    """What so many users got: requests a second, right answers, latencies in seconds.

    `late` is how far the measuring program was behind its plan. `reason` says why they are too many, empty when they
    are not.
    """

    users: int
    rate: float
    answers: int
    p50: float
    p95: float
    late: float
    errors: int
    error: str
    reason: str


class Sized(Struct, frozen=True):
    """How many users are carried: what was tried, what a user does `per_minute`, the time for each trial."""

    rungs: list[Tried]
    per_minute: dict[str, float]
    seconds: float
    sentence: str
