"""What stands between a verb and its work; the verbs' own tests show most of it at work.

Verifies: RFC 3744, 7.1.1; RFC 4918, 6, 7, 8.1, 10.4; RFC 6578, 5; RFC 9110, 13.2
"""

import pytest
from lxml import etree

from davd.dav import guard
from davd.dav.access.privileges import BIND, READ, UNBIND, WRITE_CONTENT
from davd.dav.exchange import Exchange
from davd.dav.fields import parse_fields
from davd.http.body import Body
from davd.http.request import Request
from davd.model.errors import HTTPError
from davd.model.path import Path
from davd.model.principal import Principal
from davd.model.synctoken import SyncToken
from davd.testing.exchange import Trial, run
from davd.tree.locate import locate
from tests.dav.locking import taken

HOME = "/files/alice/"
URL = HOME + "note.txt"
DIR = HOME + "dir/"


@pytest.fixture
def trial() -> Trial:
    made = Trial()
    made.request("PUT", URL, body=b"x")
    made.request("MKCOL", DIR)
    return made


def ask(trial: Trial, path: str, question, user: str = "alice", method: str = "PUT", **headers: str):
    """The result of `question(exchange)`, awaited when it has to be."""
    fields = {name.replace("_", "-").lower(): value for name, value in headers.items()}
    request = Request(method, path, "", fields, Body(), authority="dav.example")

    async def put_it():
        async with trial.store.read() as view:
            # As the store has it, nothing concealed: the guard has to hold by itself.
            node = await locate(view, Path.parse(path))
            exchange = Exchange(
                request,
                parse_fields(fields),
                Principal(user),
                node,
                view,
                trial.store,
                trial.registry,
                trial.settings,
                trial.now,
            )
            result = question(exchange)
            return await result if hasattr(result, "__await__") else result

    return run(put_it())


def refused(*args, **headers) -> HTTPError:
    with pytest.raises(HTTPError) as caught:
        ask(*args, **headers)
    return caught.value


class TestRequire:
    """Verifies: RFC 3744, 7.1.1; RFC 4918, 8.1"""

    def test_granted(self, trial):
        assert ask(trial, URL, lambda e: guard.require(e, e.node, WRITE_CONTENT)).name == "note.txt"
        assert ask(trial, "/files/", lambda e: guard.require(e, e.node, READ)).name == "files"

    def test_unmapped_and_unreadable_are_the_same(self, trial):
        absent = refused(trial, HOME + "none", lambda e: guard.require(e, e.node, READ))
        hidden = refused(trial, URL, lambda e: guard.require(e, e.node, READ), "bob")
        assert vars(absent) == vars(hidden)
        assert absent.status == 404

    def test_what_is_missing_is_named(self, trial):
        error = refused(trial, "/files", lambda e: guard.require(e, e.node, WRITE_CONTENT))
        assert (error.status, error.condition) == (403, "{DAV:}need-privileges")
        resource = etree.fromstring(b'<D:x xmlns:D="DAV:">' + error.content + b"</D:x>")[0]
        assert resource.tag == "{DAV:}resource"
        assert resource.findtext("{DAV:}href") == "/files/"
        assert [child.tag for child in resource.find("{DAV:}privilege")] == ["{DAV:}write-content"]


class TestRequireParent:
    """Verifies: RFC 4918, 9.3.1, 9.7.1; RFC 3744, 3.9, 3.10"""

    def test_granted(self, trial):
        for path in (URL, HOME + "none", DIR):
            assert ask(trial, path, lambda e: guard.require_parent(e, e.node, BIND)).name == "alice"

    @pytest.mark.parametrize(
        ("path", "status", "condition"),
        [
            ("/", 403, None),
            (HOME, 403, "{DAV:}need-privileges"),
            ("/files/none", 403, "{DAV:}need-privileges"),
            (HOME + "none/none", 409, None),
            (URL + "/none", 409, None),
        ],
    )
    def test_refused(self, trial, path, status, condition):
        error = refused(trial, path, lambda e: guard.require_parent(e, e.node, UNBIND))
        assert (error.status, error.condition) == (status, condition)

    def test_below_what_is_hidden(self, trial):
        assert refused(trial, URL, lambda e: guard.require_parent(e, e.node, BIND), "bob").status == 404


class TestPreconditions:
    """Verifies: RFC 9110, 13.2; RFC 4918, 10.4; RFC 6578, 5"""

    def status(self, trial, path, **headers) -> int:
        try:
            ask(trial, path, guard.check_preconditions, **headers)
        except HTTPError as error:
            return error.status
        return 0

    def test_conditional_fields(self, trial):
        assert self.status(trial, URL) == 0
        assert self.status(trial, URL, If_Match='"x"') == 412
        assert self.status(trial, URL, If_None_Match="*") == 412
        assert self.status(trial, HOME + "none", If_None_Match="*") == 0
        assert self.status(trial, URL, If_Match='"x') == 400
        assert self.status(trial, DIR, If_Match="*") == 0

    def test_if_knows_etags_locks_and_sync_tokens(self, trial):
        tag = trial.request("HEAD", URL).headers["ETag"]
        own, deep = taken(trial, URL, "shared"), taken(trial, HOME, "shared", "infinity")

        async def token(exchange) -> str:
            home = exchange.node.resource
            return str(SyncToken(exchange.store.epoch, home.id, home.sync_revision))

        sync = ask(trial, HOME, token)
        for condition in (f"[{tag}]", f"<{own}>", f"<{deep}>", f"<{own}> <{deep}> [{tag}]"):
            assert self.status(trial, URL, If=f"({condition})") == 0
            assert self.status(trial, URL, If=f"(Not {condition})") == 412
        assert self.status(trial, HOME, If=f"(<{sync}>)") == 0
        assert self.status(trial, URL, If=f"<{HOME}> (<{sync}>)") == 0
        assert self.status(trial, URL, If=f"<{HOME}> (<{own}>)") == 412
        assert self.status(trial, URL, If=f"(<{sync}>)") == 412

    def test_a_deep_lock_covers_what_is_not_there_yet_but_has_a_place(self, trial):
        token = taken(trial, HOME, depth="infinity")
        assert self.status(trial, HOME + "none", If=f"(<{token}>)") == 0
        assert self.status(trial, HOME + "none/none", If=f"(<{token}>)") == 412

    def test_a_depth_0_lock_does_not(self, trial):
        token = taken(trial, HOME)
        assert self.status(trial, HOME + "none", If=f"(<{token}>)") == 412

    def test_tags_that_lead_elsewhere(self, trial):
        assert self.status(trial, URL, If="<https://elsewhere.example/> (Not <urn:x:y>)") == 0
        assert self.status(trial, URL, If='<https://elsewhere.example/> (["x"])') == 412
        assert self.status(trial, URL, If="<https://dav.example/%zz> (Not <urn:x:y>)") == 400

    def test_malformed(self, trial):
        assert self.status(trial, URL, If="rubbish") == 400


class TestLocks:
    """Verifies: RFC 4918, 6.1, 6.4, 7"""

    def check(self, trial, path, user="alice", **headers) -> HTTPError | None:
        try:
            ask(trial, path, lambda e: guard.check_locks(e, [e.node.chain]), user, **headers)
        except HTTPError as error:
            return error
        return None

    def test_without_locks_no_token_is_needed(self, trial):
        assert self.check(trial, URL) is None

    def test_tokens_count_wherever_they_stand_in_if(self, trial):
        token = taken(trial, URL)
        for text in (f"(<{token}>)", f"(Not <{token}>)", f"(<urn:x:y>) (<{token}>)", f'</x> (["y"] <{token}>)'):
            assert self.check(trial, URL, If=text) is None

    def test_the_token_of_somebody_else_opens_nothing(self, trial):
        token = taken(trial, URL)
        error = self.check(trial, URL, "bob", If=f"(<{token}>)")
        assert (error.status, error.condition, error.hrefs) == (423, "{DAV:}lock-token-submitted", (URL,))

    def test_every_lock_in_the_way_is_named(self, trial):
        taken(trial, URL, "shared")
        taken(trial, HOME, "shared", "infinity")
        error = self.check(trial, URL)
        assert set(error.hrefs) == {URL, HOME}
