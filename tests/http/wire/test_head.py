"""Single heads: what they mean, and what a head alone can be refused for.

Verifies: RFC 9112, 2.3, 3, 5, 6, 9.3; RFC 9110, 5.3, 5.5, 7.2, 8.6, 10.1.1
"""

from __future__ import annotations

import pytest

from davd.http.wire.head import SINGLETONS, Head, WireError, WireLimits, check_request_line, parse_fields, parse_head
from davd.model.errors import HTTPError


def _head(*fields: str, line: str = "GET /a HTTP/1.1", host: str = "Host: dav.example") -> Head:
    return parse_head("\r\n".join([line, *([host] if host else []), *fields, "", ""]).encode("latin-1"))


def _status(*fields: str, line: str = "GET /a HTTP/1.1", host: str = "Host: dav.example") -> int:
    with pytest.raises(WireError) as caught:
        _head(*fields, line=line, host=host)
    return caught.value.status


class TestFields:
    """Verifies: RFC 9112, 5.1; RFC 9110, 5.3, 5.5"""

    def test_names_and_values(self) -> None:
        head = _head("X-A:\t a  b \t", "x-empty:", "x-latin: \xe4\xff", 'X-Odd!#$: "a:b"')
        assert head.headers == {
            "host": "dav.example",
            "x-a": "a  b",
            "x-empty": "",
            "x-latin": "\xe4\xff",
            "x-odd!#$": '"a:b"',
        }

    def test_repeats_are_joined_in_order(self) -> None:
        assert (
            _head("If-None-Match: a", "X: y", "if-none-match:b", "IF-NONE-MATCH:").headers["if-none-match"] == "a, b, "
        )

    def test_only_ows_is_trimmed(self) -> None:
        assert _head("X-A: \xa0a\xa0").headers["x-a"] == "\xa0a\xa0"

    @pytest.mark.parametrize("name", sorted(SINGLETONS))
    def test_singletons_stand_once(self, name: str) -> None:
        assert _status(f"{name}: 1", f"{name.upper()}: 1") == 400

    def test_what_the_order_of_work_names_is_a_singleton(self) -> None:
        named = (
            "host content-length transfer-encoding authorization content-type range if-range expect depth destination"
        )
        assert SINGLETONS.issuperset([*named.split(), "overwrite", "lock-token", "timeout", "if"])

    def test_count(self) -> None:
        fields = [f"X-{number}: 1" for number in range(99)]
        assert len(_head(*fields).headers) == 100
        assert _status(*fields, "X-99: 1") == 431

    def test_a_fault_closes_the_connection_and_is_an_answer(self) -> None:
        with pytest.raises(HTTPError) as caught:
            _head("a b: 1")
        assert isinstance(caught.value, WireError)
        assert caught.value.detail

    def test_more_than_one_head_is_no_head(self) -> None:
        with pytest.raises(WireError):
            parse_head(b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n")
        with pytest.raises(WireError):
            parse_head(b"GET / HTTP/1.1\r\nHost: a\r\n")
        with pytest.raises(WireError):
            parse_head(b"")


class TestTarget:
    """Verifies: RFC 9112, 3.2.1, 3.2.2, 3.2.3, 3.2.4, 3.3; RFC 9110, 4.2.1, 4.2.4, 7.2"""

    @pytest.mark.parametrize(
        ("line", "host", "path", "query", "scheme"),
        [
            ("GET /a%20b?c=d?e HTTP/1.1", "dav.example", "/a%20b", "c=d?e", None),
            ("GET //a//b HTTP/1.1", "dav.example", "//a//b", "", None),
            ("GET /? HTTP/1.1", "dav.example", "/", "", None),
            ('GET /a"<>\\^`{|}[] HTTP/1.1', "dav.example", '/a"<>\\^`{|}[]', "", None),
            ("GET http://Other.example:8080/a?b HTTP/1.1", "other.example:8080", "/a", "b", "http"),
            ("GET HTTPS://other.example HTTP/1.1", "other.example", "/", "", "https"),
            ("GET https://other.example?b HTTP/1.1", "other.example", "/", "b", "https"),
            ("OPTIONS https://other.example HTTP/1.1", "other.example", "*", "", "https"),
            ("OPTIONS https://other.example? HTTP/1.1", "other.example", "/", "", "https"),
            ("OPTIONS * HTTP/1.1", "dav.example", "*", "", None),
            ("CONNECT [::1]:443 HTTP/1.1", "[::1]:443", "", "", None),
        ],
    )
    def test_forms(self, line: str, host: str, path: str, query: str, scheme: str | None) -> None:
        head = _head(line=line)
        assert (head.host, head.path, head.query, head.scheme) == (host, path, query, scheme)
        assert head.target == line.split(" ")[1]

    def test_an_absolute_target_still_needs_a_host_field(self) -> None:
        assert _status(line="GET http://a/ HTTP/1.1", host="") == 400

    @pytest.mark.parametrize(
        ("field", "host"),
        [
            ("DAV.Example", "dav.example"),
            ("dav.example:8443", "dav.example:8443"),
            ("dav.example:", "dav.example"),
            ("dav.example.", "dav.example."),
            ("my_nas", "my_nas"),
            ("192.0.2.1:80", "192.0.2.1:80"),
            ("[2001:DB8::1]:8443", "[2001:db8::1]:8443"),
            ("[::ffff:192.0.2.1]", "[::ffff:192.0.2.1]"),
        ],
    )
    def test_hosts(self, field: str, host: str) -> None:
        assert _head(host=f"Host: {field}").host == host

    @pytest.mark.parametrize(
        "field", ["..", ".", "[]", "[::1", "::1", "a:b", "a:99999", "[1.2.3.4]", "[::g]", "a b", "<x>"]
    )
    def test_invalid_hosts(self, field: str) -> None:
        assert _status(host=f"Host: {field}") == 400


class TestFraming:
    """Verifies: RFC 9112, 6.1, 6.2, 6.3, 9.3; RFC 9110, 8.6, 10.1.1"""

    def test_length(self) -> None:
        assert _head().length == 0
        assert _head("Content-Length: 0").length == 0
        assert _head("Content-Length: 999999999999999999").length == 999999999999999999
        assert _head("Transfer-Encoding: CHUNKED").length is None

    @pytest.mark.parametrize(
        ("version", "connection", "keep_alive"),
        [
            ("1.1", None, True),
            ("1.1", "close", False),
            ("1.1", "Keep-Alive, TE", True),
            ("1.1", "TE ,\tCLOSE", False),
            ("1.1", "closed", True),
            ("1.0", None, False),
            ("1.0", "Keep-Alive", True),
            ("1.0", "keep-alive, close", False),
        ],
    )
    def test_persistence(self, version: str, connection: str | None, keep_alive: bool) -> None:
        fields = [f"Connection: {connection}"] if connection else []
        head = _head(*fields, line=f"GET / HTTP/{version}")
        assert head.keep_alive is keep_alive
        assert head.version == (11 if version == "1.1" else 10)

    def test_expectation(self) -> None:
        assert _head("Expect: 100-Continue", "Content-Length: 5").expect_continue
        assert _head("Expect: 100-continue", "Transfer-Encoding: chunked").expect_continue
        assert not _head("Content-Length: 5").expect_continue
        # Nothing follows that the client could hold back.
        assert not _head("Expect: 100-continue").expect_continue
        assert _status("Expect: 100-continue;q=1") == 417

    def test_expectations_of_old_clients_are_ignored(self) -> None:
        assert not _head("Expect: x", "Content-Length: 5", line="PUT / HTTP/1.0").expect_continue


class TestLimits:
    """Verifies: RFC 9112, 3; RFC 6585, 5"""

    def test_line_before_head(self) -> None:
        data = b"GET /" + b"a" * 200 + b" HTTP/1.1\r\nHost: a\r\n\r\n"
        with pytest.raises(WireError) as caught:
            parse_head(data, WireLimits(request_line=100, header_bytes=100))
        assert caught.value.status == 414
        with pytest.raises(WireError) as caught:
            parse_head(data, WireLimits(header_bytes=100))
        assert caught.value.status == 431

    def test_request_line_alone(self) -> None:
        check_request_line(b"GET / HTTP/1.1")
        for line, status in ((b"GET / HTTP/2.0", 505), (b"GET /#a HTTP/1.1", 400), (b"GET /", 400), (b"", 400)):
            with pytest.raises(WireError) as caught:
                check_request_line(line)
            assert caught.value.status == status

    def test_fields_alone(self) -> None:
        assert parse_fields(b"A: 1\r\na:2\r\n", 2, "section") == {"a": "1, 2"}
        assert parse_fields(b"", 0, "section") == {}
        with pytest.raises(WireError) as caught:
            parse_fields(b"A: 1\r\na:2\r\n", 1, "section")
        assert caught.value.status == 431
