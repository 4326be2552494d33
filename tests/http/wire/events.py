"""Running a decoder in tests: bytes in any pieces, and what came of them in one comparable value."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from davd.http.wire.head import Head, WireError, WireLimits
from davd.http.wire.http1 import Data, Decoder, End


@dataclass(slots=True)
class Message:
    """One request as its events told it; `complete` once its End was there."""

    head: Head
    body: bytes = b""
    trailers: dict[str, str] = field(default_factory=dict)
    complete: bool = False


@dataclass(slots=True)
class Outcome:
    """The requests of a connection in order, and the status with which it failed, if it did."""

    messages: list[Message] = field(default_factory=list)
    status: int | None = None


def drain(decoder: Decoder, outcome: Outcome) -> None:
    """Take every event there is."""
    while (event := decoder.next()) is not None:
        if isinstance(event, Head):
            outcome.messages.append(Message(event))
        elif isinstance(event, Data):
            assert event.data
            outcome.messages[-1].body += event.data
        else:
            assert isinstance(event, End)
            outcome.messages[-1].trailers = event.trailers
            outcome.messages[-1].complete = True


def run(pieces: Iterable[bytes], close: bool = False, limits: WireLimits | None = None) -> Outcome:
    """Feed the pieces one after the other, with `close` also the end of the connection."""
    decoder = Decoder(limits) if limits is not None else Decoder()
    outcome = Outcome()
    try:
        for piece in pieces:
            decoder.feed(piece)
            drain(decoder, outcome)
        if close:
            decoder.close()
    except WireError as error:
        outcome.status = error.status
    return outcome
