"""The contents of files, page by page.

Verifies: RFC 4918, 5.2; RFC 9110, 9.3.1
"""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from davd.dav.contents import (
    LIGHT,
    LONG,
    PAGE,
    Aside,
    Page,
    content_of,
    contents_of,
    is_long,
    pages,
    portions,
    readable,
)
from davd.dav.exchange import Exchange
from davd.dav.registry import Extension, Method
from davd.dav.settings import DavSettings
from davd.http.response import Response
from davd.model.resource import NewContent, Resource
from davd.testing.exchange import Trial, run

HOME = "/files/alice/"


class Reader:
    """A method that reads all pages of a collection, and counts the turns of others."""

    def __init__(self) -> None:
        self.read: list[list[tuple[str, bytes]]] = []
        self.turns = 0
        self.exchange: Exchange | None = None

    async def respond(self, exchange: Exchange) -> Response:
        self.exchange = exchange
        exchange.pace = self.pace
        collection = exchange.node.chain[-1]
        first = await Page.after(exchange, exchange.transaction, collection, "")
        async for page in pages(exchange, collection, first):
            names = [member.name for member in page.members]
            self.read.append(list(zip(names, page.contents, strict=True)))
        return Response(200)

    async def pace(self) -> None:
        self.turns += 1


@pytest.fixture(params=[16 * 1024, 2], ids=["inline", "blob"])
def trial(request) -> Trial:
    reader = Reader()
    made = Trial(
        Extension("toy", methods=[Method("READ", reader.respond)]), settings=DavSettings(inline_bytes=request.param)
    )
    made.reader = reader
    return made


@pytest.mark.parametrize("number", [0, 1, PAGE - 1, PAGE, 2 * PAGE + 3])
def test_all_pages(trial, number):
    expected = {f"{each:04}": f"content {each}".encode() for each in range(number)}
    for name, data in expected.items():
        trial.request("PUT", HOME + name, {}, data)
    trial.request("MKCOL", HOME + "folder/")
    trial.request("READ", HOME)
    reader = trial.reader
    assert dict([pair for page in reader.read for pair in page]) == expected
    assert max(map(len, reader.read)) <= PAGE
    assert reader.turns == len(reader.read) - 1
    assert reader.exchange.rows == number


def test_a_blob_that_has_gone_is_nothing(trial):
    trial.request("PUT", HOME + "a", {}, b"content of a")

    async def read() -> list[bytes]:
        async with trial.store.read() as view:
            file = (await view.resolve(("files", "alice", "a")))[-1]
            if file.blob is not None:
                trial.store.blobs.delete(file.blob)
            return await contents_of(view, trial.store.blobs, [file])

    inline = trial.settings.inline_bytes > 100
    assert run(read()) == [b"content of a" if inline else b""]


def test_content_that_is_not_stored_yet():
    made = Trial(settings=DavSettings(inline_bytes=2))
    assert content_of(NewContent(3, "", b"abc"), made.store.blobs) == b"abc"

    async def write() -> str:
        writer = made.store.blobs.create([])
        await writer.write(b"abc")
        return str(await writer.finish())

    assert content_of(NewContent(3, "", None, run(write())), made.store.blobs) == b"abc"


def test_pages_are_cut_where_they_grow_heavy(trial):
    """What goes through a page takes little time, whatever the objects in it weigh; one has a page to itself."""
    sizes = [LIGHT // 2, LIGHT // 2, 1, 3 * LIGHT, 1, LIGHT]
    for number, size in enumerate(sizes):
        trial.request("PUT", f"{HOME}{number}", {}, b"x" * size)
    trial.request("READ", HOME)
    read = [[len(data) for _, data in page] for page in trial.reader.read]
    assert read == [[LIGHT // 2, LIGHT // 2], [1], [3 * LIGHT], [1], [LIGHT]]
    assert trial.reader.turns == len(read) - 1


def test_a_heavy_page_is_worked_on_elsewhere(trial):
    trial.request("READ", HOME)
    exchange = trial.reader.exchange
    aside = []

    async def elsewhere(work):
        aside.append(work)
        return work()

    exchange.aside = elsewhere
    light, heavy = Page([], [b"x" * LIGHT], "", False), Page([], [b"x" * LIGHT, b"x"], "", False)
    assert run(light.worked_on(exchange, lambda: 1)) == 1 and not aside
    assert run(heavy.worked_on(exchange, lambda: 2)) == 2 and len(aside) == 1


class TestLong:
    """Verifies: docs/architecture.md, Overload"""

    def test_octets_and_lines(self) -> None:
        """What has many lines takes as long as what has many octets, whatever its line ends are."""
        assert not is_long(b"x" * LONG) and is_long(b"x" * (LONG + 1))
        for end in (b"\r\n", b"\n", b"\r"):
            assert not is_long((b"A:" + end) * 600) and is_long((b"A:" + end) * 601)

    @given(
        st.lists(st.sampled_from([b"", b"A:\r\n" * 7, b"x" * 15_000, b"A:\n" * 601, b"x" * (LONG + 1), b"A:\r" * 500]))
    )
    def test_portions(self, contents: list[bytes]) -> None:
        """Each content is in one portion, in order; what is light may be worked on at once, what is long is alone."""
        found = list(portions(contents))
        assert [each for some, _ in found for each in contents[some]] == contents
        for some, light in found:
            part = contents[some]
            assert part
            if light:
                assert not any(map(is_long, part))
                assert len(part) == 1 or (sum(map(len, part)) <= LIGHT and sum([p.count(b"A") for p in part]) <= 1200)
            else:
                assert len(part) == 1 and is_long(part[0])

    def test_readable(self) -> None:
        """As many as have at most so many octets together, but always one."""
        trial = Trial()
        for name, size in (("a", 600), ("b", 300), ("c", 200), ("d", 1)):
            trial.request("PUT", HOME + name, {}, b"x" * size)

        async def rows() -> list[Resource]:
            async with trial.store.read() as view:
                home = (await view.resolve(("files", "alice")))[-1]
                return list(await view.members(home.id, "", 10))

        files = run(rows())
        assert [readable(files, most) for most in (1, 600, 900, 1100, 1101)] == [1, 1, 2, 3, 4]
        assert readable([], 1) == 0


class TestAside:
    """Verifies: docs/architecture.md, Overload"""

    def test_what_it_gave_or_raised(self) -> None:
        """That is known when it has been done."""
        work = Aside(lambda: 7)
        work()
        assert work.outcome() == 7
        failing: Aside[int] = Aside(lambda: int("seven"))
        failing()
        with pytest.raises(ValueError, match="seven"):
            failing.outcome()
