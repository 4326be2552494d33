"""The driver of verbs.

Verifies: docs/architecture.md, Rules
"""

import pytest

from davd.dav.registry import Extension, Method
from davd.http.response import Response
from davd.testing.exchange import START, ChunkedBody, Trial, run


class Pending:
    """Something to wait for that never comes."""

    def __await__(self):
        yield


class TestRun:
    """Verifies: docs/architecture.md, Rules"""

    def test_the_result(self):
        async def seven() -> int:
            return 7

        assert run(seven()) == 7

    def test_a_coroutine_that_waits(self):
        async def wait() -> None:
            await Pending()

        with pytest.raises(RuntimeError):
            run(wait())


class TestTrial:
    """Verifies: docs/architecture.md, One request"""

    def test_two_users_with_homes_and_nothing_else(self):
        assert [href for href in Trial().tree() if href.endswith(("alice/", "bob/"))] == [
            "/files/alice/",
            "/files/bob/",
            "/principals/users/alice/",
            "/principals/users/bob/",
        ]

    def test_rows_of_an_extension(self):
        async def respond(exchange) -> Response:
            return Response(200, {}, exchange.content + exchange.principal.name.encode())

        trial = Trial(Extension("own", methods=[Method("OWN", respond, takes="xml")]))
        assert trial.request("OWN", "/", {}, b"by ", "bob").body == b"by bob"
        assert trial.request("OWN", "/none").status == 404
        assert trial.request("UNKNOWN", "/").status == 501

    def test_a_failed_write_changes_nothing(self):
        async def respond(exchange) -> Response:
            await exchange.transaction.delete(exchange.node.resource, exchange.now)
            raise ValueError("after the deed")

        trial = Trial(Extension("own", methods=[Method("OWN", respond, writes=True)]))
        before = trial.tree()
        with pytest.raises(ValueError):
            trial.request("OWN", "/files/alice/")
        assert trial.tree() == before

    def test_time_stands_still_until_it_is_set(self):
        trial = Trial()
        assert trial.now == START

    def test_content_of_undeclared_length(self):
        trial = Trial()
        assert trial.request("PUT", "/files/alice/a", {}, ChunkedBody(b"one", b"", b"two")).status == 201
        assert trial.tree()["/files/alice/a"] == b"onetwo"
