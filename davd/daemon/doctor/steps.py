"""A client's request as data, with what a good answer to it is and what another one means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from davd.daemon.doctor.line import LENGTH, Field

CREATED = frozenset({200, 201, 204})
MULTISTATUS = frozenset({207})
REDIRECT = frozenset({301, 302, 307, 308})


@dataclass(frozen=True, slots=True)
class Unless:
    """Asked when the step was refused: where this works, `key` is what is wrong."""

    key: str
    fields: tuple[Field, ...] = ()
    sending: str = LENGTH


@dataclass(frozen=True, slots=True)
class Step:
    """One request of a dialogue.

    Texts in braces, in `target`, `fields` and `body`, are places and values that earlier steps have found; a step that
    lacks one, or one that it `needs`, is not tried. `expects` are the statuses of a good answer, `otherwise` the
    findings for others; what is in neither is judged by `davd/daemon/doctor/symptoms.py`. `checks` are names from
    `davd/daemon/doctor/contents.py`. `hrefs` are places taken from properties, `types` places of the first resource
    with an element in its type, `keeps` values of response fields. With `follow` redirects are followed; without
    `login` no password is sent. A step that `writes` is for --write only; what it `makes` is deleted in the end.
    """

    title: str
    method: str
    target: str
    fields: tuple[Field, ...] = ()
    body: str | bytes | None = None
    expects: frozenset[int] = MULTISTATUS
    otherwise: Mapping[int, str] = field(default_factory=dict)
    checks: tuple[str, ...] = ()
    hrefs: Mapping[str, str] = field(default_factory=dict)
    types: Mapping[str, str] = field(default_factory=dict)
    keeps: Mapping[str, str] = field(default_factory=dict)
    needs: tuple[str, ...] = ()
    login: bool = True
    follow: bool = True
    sending: str = LENGTH
    writes: bool = False
    makes: str = ""
    unless: Unless | None = None


@dataclass(frozen=True, slots=True)
class Client:
    """A client: the word on the command line, what people call it, the fields it always sends, and its dialogue.

    `hints` are findings that hold whatever the server answers.
    """

    name: str
    title: str
    agent: tuple[Field, ...]
    steps: tuple[Step, ...]
    hints: tuple[str, ...] = ()
