"""The examples of RFC 3744, with what davd's own restrictions make of them.

Verifies: RFC 3744, 5.4.1, 5.6.5, 5.8.1, 5.9, 7.1.1, 7.2.1, 8.1.2, 8.1.3, 8.1.4, 8.1.5, 9.2.1, 9.3.1, 9.4.2, 9.5.1
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from lxml import etree

from davd.dav.settings import DavSettings
from davd.testing.exchange import Trial
from tests.corpus.examples import D, Places, check, load, told
from tests.dav.answers import by_href, condition
from tests.dav.sharing import ace, add_group, describe, share

RFC = "rfc3744"
HOME = "/files/alice/"
ALICE = "/principals/users/alice/"
BOB = "/principals/users/bob/"
GROUPS = "/principals/groups/"
ALL_KNOWN = DavSettings(principal_search="all")
FILES = {
    "/papers/": HOME,
    "/top/": HOME + "top/",
    "/top": HOME + "top/",
    "/foo.html": HOME + "foo.html",
    "/index.html": HOME + "index.html",
    "/doc/": HOME + "doc/",
    "/diamond/": HOME + "diamond/",
}


def places(**principals: str) -> Places:
    """Where the files of the examples are; `principals` are those of an example by kind and name."""
    named = {"/" + name.replace("__", "/"): path for name, path in principals.items()}
    return Places(FILES | {"/users/": "/principals/users/"} | named, ["www.example.com"])


def filled(*paths: str, settings: DavSettings | None = None) -> Trial:
    """A tree with these files and collections of alice's."""
    trial = Trial(settings=settings)
    for path in paths:
        if path.endswith("/"):
            assert trial.request("MKCOL", HOME + path).status == 201
        else:
            assert trial.request("PUT", HOME + path, {}, b"x").status == 201
    return trial


def entry(one: Any) -> tuple[str, str, set[str], str]:
    """Of a DAV:ace: who, grant or deny, what, and how it is marked."""
    who = one.findtext(f"{D}principal/{D}href") or str(one.find(D + "principal")[0].tag).removeprefix(D)
    kind = "deny" if one.find(D + "deny") is not None else "grant"
    privileges = {str(child[0].tag).removeprefix(D) for child in one.find(D + kind)}
    mark = "protected" if one.find(D + "protected") is not None else one.findtext(f"{D}inherited/{D}href")
    return who, kind, privileges, mark or ""


class TestProperties:
    """Verifies: RFC 3744, 5.4.1, 5.6.5, 5.8.1, 5.9"""

    def test_what_the_user_may_do(self) -> None:
        trial = Trial()
        share(trial, HOME, ace("bob", "read"))
        # RFC 3744, 5.4: "Aggregate privileges and their contained privileges are listed." None is abstract here.
        read = "<D:privilege><D:read/></D:privilege>"
        contained = read.replace("D:read", "D:read-current-user-privilege-set")
        busy = '<D:privilege><C:read-free-busy xmlns:C="urn:ietf:params:xml:ns:caldav"/></D:privilege>'
        check(trial, load(RFC, "5.4.1", [(read, read + contained + busy)]), places(), "bob")

    def test_restrictions(self) -> None:
        # RFC 3744, 5.6: the property "defines the types of ACLs supported by this server".
        example = load(RFC, "5.6.5")
        start, end = example.answer.index("<D:required"), example.answer.index("</D:acl-restrictions>")
        answer = example.answer[:start] + "<D:no-invert/>" + example.answer[end:]
        check(Trial(), replace(example, answer=answer), places())

    def test_collections_of_principals(self) -> None:
        # RFC 3744, 5.8: "a set of URLs that identify the root collections that contain the principals"; one has all.
        host = "<D:href>http://www.example.com/acl/"
        errata = [(f"{host}users/</D:href>", ""), (f"{host}groups/", "<D:href>/principals/")]
        check(Trial(), load(RFC, "5.8.1", errata), places())

    def test_all_of_them(self) -> None:
        """The user who asks may read by what is inherited, and may read the list as a member of a group."""
        trial = filled("top/", "top/container/")
        add_group(trial, "mrktng", "bob")
        add_group(trial, "esedlar", "alice")
        share(trial, HOME + "top/", ace("<D:authenticated/>", "read"))
        granted = ace(GROUPS + "esedlar/", "read", "write", "read-acl")
        share(trial, HOME + "top/container/", granted, ace(GROUPS + "mrktng/", "read-acl"))
        here = places(users__gclemm=ALICE, users__esedlar=GROUPS + "esedlar/", groups__mrktng=GROUPS + "mrktng/")
        example = load(RFC, "5.9")
        found = by_href(trial, example.send(trial, here, "bob"))[HOME + "top/container/"]
        assert found.found() == [
            D + name for name in ("owner", "supported-privilege-set", "current-user-privilege-set", "acl")
        ]
        root: Any = etree.fromstring(here(example.answer).encode())
        assert found.text(D + "owner") == root.findtext(f".//{D}owner/{D}href")
        # What DAV:read contains is told too.
        held = {child[0].tag for child in found.element(D + "current-user-privilege-set")}
        inner = {D + "read-current-user-privilege-set", "{urn:ietf:params:xml:ns:caldav}read-free-busy"}
        assert held == {child[0].tag for child in root.find(f".//{D}current-user-privilege-set")} | inner
        # RFC 3744, 5.6.1: "ACEs with deny clauses are not allowed" here, and only people who log in are let in. What
        # the owner may do is protected, and so it is all and comes first.
        owner, *others = [entry(one) for one in found.element(D + "acl")]
        assert owner[0] == "property" and "all" in owner[2] and owner[3] == "protected"
        (first, denied, of_owner, inherited) = [entry(one) for one in root.find(f".//{D}acl")]
        assert denied == (GROUPS + "mrktng/", "deny", {"read"}, "")
        assert of_owner[2] <= owner[2]
        assert others == [first, (denied[0], "grant", {"read-acl"}, ""), ("authenticated", *inherited[1:])]


class TestMethods:
    """Verifies: RFC 3744, 7.1.1, 7.2.1, 8.1.2, 8.1.3, 8.1.4, 8.1.5"""

    def test_need_privileges(self) -> None:
        trial = filled("a/", "a/b/", "c/")
        share(trial, HOME + "a/", ace("bob", "read"))
        share(trial, HOME + "c/", ace("bob", "read"))
        here = Places(
            {"/a": HOME + "a/", "/a/": HOME + "a/", "/c": HOME + "c/", "/c/": HOME + "c/"}, ["www.example.com"]
        )
        example = load(RFC, "7.1.1")
        # RFC 3744, 7.1.1: "There is no requirement that all privilege violations be reported".
        end = example.answer.index("</D:resource>") + len("</D:resource>")
        first = example.answer[:end] + "</D:need-privileges></D:error>"
        check(trial, replace(example, answer=first), here, "bob")
        share(trial, HOME + "a/", ace("bob", "read", "unbind"))
        start, second = example.answer.index("<D:resource>"), example.answer.rindex("<D:resource>")
        check(trial, replace(example, answer=example.answer[:start] + example.answer[second:]), here, "bob")

    def test_options(self) -> None:
        example = load(RFC, "7.2.1")
        response = example.send(filled("foo.html"), places())
        assert response.status == example.status
        for name in ("DAV", "Allow"):
            assert set(example.answer_fields[name].split(", ")) <= set(response.headers[name].split(", "))

    def test_acl(self) -> None:
        trial = filled("top/", "top/container/")
        example = load(RFC, "8.1.2")
        here = places(users__esedlar=BOB)
        # RFC 3744, 8.1.1: "a server where only authenticated principals can access resources would not allow the
        # DAV:all or DAV:unauthenticated principals to be used in an ACE".
        refused = example.send(trial, here)
        assert (refused.status, condition(trial, refused)) == (403, D + "allowed-principal")
        content = example.content.replace("<D:all/>", "<D:authenticated/>")
        check(trial, replace(example, content=content), here)
        assert trial.request("PUT", HOME + "top/container/a", {}, b"x", "bob").status == 201

    def test_what_is_denied(self) -> None:
        # RFC 3744, 8.1.1, of DAV:grant-only: "The ACEs submitted in the ACL request MUST NOT include a deny ACE." So
        # none can be in conflict with what the owner may do or with what is inherited.
        trial = filled("top/", "top/container/", "top/index.html")
        here = places(users__esedlar=ALICE, users__ejw=ALICE)
        protected, inherited = load(RFC, "8.1.3"), load(RFC, "8.1.4")
        # The text says of 8.1.4 that it denies; and what is granted is a DAV:privilege (5.5.2).
        (grant,) = [line for line in inherited.content.split("\n") if "grant" in line]
        deny = grant.replace("grant", "deny").replace("<D:write/>", "<D:privilege><D:write/></D:privilege>")
        denying = replace(inherited, content=inherited.content.replace(grant, deny))
        for example in (protected, denying):
            response = example.send(trial, here)
            assert (response.status, condition(trial, response)) == (example.status, D + "grant-only")
        assert inherited.send(trial, here).status == 400

    def test_entries_in_conflict(self) -> None:
        trial = filled("top/", "top/container/", "top/index.html")
        here = places(users__esedlar=BOB, users__ejw=BOB)
        share(trial, HOME + "top/", ace("<D:authenticated/>", "read"))
        granted = "<D:grant><D:privilege><D:write/></D:privilege></D:grant>"
        for name, mark in (
            ("8.1.3", "<D:protected/>"),
            ("8.1.4", f"<D:inherited><D:href>{HOME}</D:href></D:inherited>"),
        ):
            example = load(RFC, name)
            head, tail = example.content.index("</D:principal>"), example.content.index("</D:ace>")
            content = f"{example.content[:head]}</D:principal>{granted}{mark}{example.content[tail:]}"
            check(trial, replace(example, content=content), here)

    def test_grant_and_deny_in_one(self) -> None:
        trial = filled("diamond/", "diamond/engagement-ring.gif")
        check(trial, load(RFC, "8.1.5"), places(users__friends=BOB))


class TestReports:
    """Verifies: RFC 3744, 9.2.1, 9.3.1, 9.4.2, 9.5.1"""

    def test_principals_of_an_access_control_list(self) -> None:
        trial = filled("index.html", settings=ALL_KNOWN)
        add_group(trial, "authors", "alice")
        describe(trial, "alice", display_name="The owner")
        describe(trial, "bob", display_name="Greg Stein")
        describe(trial, "authors", display_name="Site authors")
        everybody = ace("<D:authenticated/>", "read", "read-current-user-privilege-set")
        gstein = ace("bob", "write", "write-acl", "read-acl")
        share(trial, HOME + "index.html", everybody, gstein, ace(GROUPS + "authors/", "write", "read-acl"))
        example = load(RFC, "9.2.1")
        # RFC 3744, 9.2: it returns principals "identified by http(s) URLs or by a DAV:property principal"; the owner is
        # such a one.
        start, end = example.answer.index("<D:response>"), example.answer.index("</D:response>") + len("</D:response>")
        owner = example.answer[start:end].replace("people/gstein", "people/owner").replace("Greg Stein", "The owner")
        here = places(people__owner=ALICE, people__gstein=BOB, groups__authors=GROUPS + "authors/")
        check(trial, replace(example, answer=example.answer[:start] + owner + example.answer[start:]), here)

    def test_what_a_user_owns(self) -> None:
        trial = filled("doc/", "doc/foo.html", "doc/img/", "doc/img/bar.gif")
        example = load(RFC, "9.3.1")
        # RFC 3744, 9.3: "all members (at any depth)", collections among them.
        start, end = example.answer.index("<D:response>"), example.answer.index("</D:response>") + len("</D:response>")
        collection = example.answer[start:end].replace("foo.html", "img/")
        check(trial, replace(example, answer=example.answer[:start] + collection + example.answer[start:]), places())

    def test_principals_by_their_properties(self) -> None:
        trial = Trial(settings=ALL_KNOWN)
        add_group(trial, "doves", "alice")
        people = {
            "alice": ("John Doe", "Widget Sales", "234-4567", "209"),
            "bob": ("Zygdoebert Smith", "Gadget Sales", "234-7654", "114"),
        }
        for name, (full, department, phone, office) in people.items():
            describe(trial, name, display_name=full)
            body = (
                '<D:propertyupdate xmlns:D="DAV:" xmlns:B="http://www.example.com/ns/"><D:set><D:prop><B:department>'
                f"{department}</B:department><B:phone>{phone}</B:phone><B:office>{office}</B:office></D:prop></D:set>"
                "</D:propertyupdate>"
            ).encode()
            path = f"/principals/users/{name}/"
            assert trial.request("PROPPATCH", path, {"Content-Type": "text/xml"}, body, name).status == 207
        # The answer is of the namespace of the question. No single property is kept from those who may read the others.
        namespace = ("http://BigCorp.com/ns/", "http://www.example.com/ns/")
        example = load(RFC, "9.4.2", [namespace, ("403 Forbidden", "404 Not Found")])
        here = places(users__jdoe=ALICE, users__zsmith=BOB)
        # RFC 3744, 9.4: "A search requesting properties that are not searchable for a particular principal will not
        # match that principal." A title is none that is.
        assert by_href(trial, example.send(trial, here)) == {}
        start = example.content.index("<D:property-search>", example.content.index("</D:property-search>"))
        end = example.content.rindex("</D:property-search>") + len("</D:property-search>")
        check(trial, replace(example, content=example.content[:start] + example.content[end:]), here)

    def test_properties_to_search(self) -> None:
        trial = Trial()
        example = load(RFC, "9.5.1")
        response = example.send(trial, places())
        answer = trial.read(response)
        assert response.status == example.status
        # The title is the other server's own.
        printed = told(example.answer)
        (name,) = [one for one in printed[3] if "displayname" in repr(one)]
        assert told(answer) == (*printed[:3], [name])
        (description,) = etree.fromstring(answer).iter(D + "description")
        assert description.text and description.get("{http://www.w3.org/XML/1998/namespace}lang") == "en"
