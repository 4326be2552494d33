"""What the rungs read and write, and the right answers to what they ask."""

from tests.performance.client import Answer, Client
from tests.performance.dataset import SMALL, SMALL_OCTETS
from tests.performance.ladder.requests import COLLECTIONS, REPLACED, content, name_of
from tests.performance.multistatus import hrefs

__all__ = ["FIRST", "LISTED", "POLL", "SMALL", "THERE", "WRITTEN", "answers", "fill", "fill_written", "written"]

LISTED = "ten/"
WRITTEN = "written/"
MEMBERS = 10
# Resources that are there to be deleted before any is made: how many, and the number of the first. Those with numbers
# below REPLACED are there to be replaced.
THERE = 400
FIRST = 10_000_000

# What clients ask to see whether anything has changed.
POLL = (
    '<?xml version="1.0" encoding="utf-8"?><propfind xmlns="DAV:"><prop><resourcetype/><getetag/><sync-token/></prop>'
    "</propfind>"
)
FIELDS = {"Content-Type": "application/xml"}


def fill(client: Client, home: str) -> None:
    """The small file and the collection of ten."""
    client.ask("PUT", home + SMALL, SMALL_OCTETS, want=(201,))
    client.ask("MKCOL", home + LISTED, want=(201,))
    for number in range(MEMBERS):
        client.ask("PUT", f"{home}{LISTED}member-{number}.txt", b"%02d" % number * 50, want=(201,))


def answers(client: Client, home: str) -> list[Answer]:
    """The answers to GET of the small file and to the poll with Depth 0 and 1, made sure of."""
    small = client.ask("GET", home + SMALL, want=(200,))
    found = [
        client.ask("PROPFIND", home + LISTED, POLL.encode(), FIELDS | {"Depth": depth}, want=(207,))
        for depth in ("0", "1")
    ]
    if small.body != SMALL_OCTETS or [len(hrefs(answer.body)) for answer in found] != [1, MEMBERS + 1]:
        raise RuntimeError("the answers are wrong before there is any load")
    return [small, *found]


def fill_written(client: Client, home: str) -> None:
    """The collections that are written to, with what is to be replaced and deleted."""
    client.ask("MKCOL", home + WRITTEN, want=(201,))
    for number in range(COLLECTIONS):
        client.ask("MKCOL", f"{home}{WRITTEN}{number}/", want=(201,))
    for number in (*range(REPLACED), *range(FIRST, FIRST + THERE)):
        client.ask("PUT", home + WRITTEN + name_of(number), content(number), want=(201,))


def written(client: Client, home: str) -> int:
    """How many resources there are in the collections that are written to."""
    count = 0
    for number in range(COLLECTIONS):
        path = f"{home}{WRITTEN}{number}/"
        listing = client.ask("PROPFIND", path, POLL.encode(), FIELDS | {"Depth": "1"}, want=(207,))
        count += len(set(hrefs(listing.body)) - {path})
    return count
