"""Settings from file and environment.

Verifies: docs/architecture.md, Configuration
"""

from __future__ import annotations

import pathlib

import pytest

from davd.config.load import ConfigError, load, load_with_origins
from davd.config.settings import Settings


def _load(tmp_path: pathlib.Path, text: str, **environment: str) -> Settings:
    path = tmp_path / "davd.toml"
    path.write_text(text)
    return load(str(path), environment)


class TestLoad:
    """Verifies: docs/architecture.md, Configuration."""

    def test_defaults(self) -> None:
        settings = load(None, {})
        assert settings.data == "davd-data"
        assert settings.net.listen == ["ssl:8443"]
        assert settings.check_with == ["accounts"]

    def test_file_then_environment(self, tmp_path: pathlib.Path) -> None:
        settings = _load(
            tmp_path,
            'data = "/srv/davd"\n[net]\nmax_connections = 5\n',
            DAVD_NET__MAX_CONNECTIONS="7",
            DAVD_NET__LISTEN="tcp:1,tcp:2",
            DAVD_AUTHENTICATION__REALM="home",
            DAVD_NET__TRUSTED_PROXIES="10.0.0.0/8",
            DAVD_NET__EXEMPT_NETWORKS="",
            DAVD_NET__SERVER="007",
            DAVD_CHECKERS__ACCOUNTS__LIST="a,b",
            DAVD_DAV__HOSTNAMES='["a.example", "b.example"]',
            OTHER="x",
        )
        assert settings.data == "/srv/davd"
        assert settings.net.max_connections == 7
        assert settings.net.listen == ["tcp:1", "tcp:2"]
        assert settings.authentication.realm == "home"
        # A list of one, a list of none, a text that looks like a number, a plugin's list, and one in TOML.
        assert settings.net.trusted_proxies == ["10.0.0.0/8"]
        assert settings.net.exempt_networks == []
        assert settings.net.server == "007"
        assert settings.checkers == {"accounts": {"list": ["a", "b"]}}
        assert settings.dav.hostnames == ["a.example", "b.example"]

    @pytest.mark.parametrize(
        ("text", "sentence"),
        [
            ("[net]\nmax_conections = 5\n", "net: there is no setting called `max_conections`"),
            ("[net]\nmax_connections = 0\n", "net.max_connections: expected a whole number, 1 or more, not 0"),
            (
                "[dav]\nmax_xml_bytes = 1048577\n",
                "dav.max_xml_bytes: expected a whole number, 0 to 1_048_576, not 1_048_577",
            ),
            ("[nte]\n", "there is no setting called `nte`"),
            ("[net\n", "is not TOML"),
        ],
    )
    def test_errors_name_the_setting(self, tmp_path: pathlib.Path, text: str, sentence: str) -> None:
        with pytest.raises(ConfigError) as caught:
            _load(tmp_path, text)
        assert sentence in str(caught.value)
        assert "\n" not in str(caught.value)

    def test_a_missing_file(self, tmp_path: pathlib.Path) -> None:
        with pytest.raises(ConfigError, match="cannot read the configuration file"):
            load(str(tmp_path / "absent.toml"), {})

    def test_the_environment_cannot_name_what_is_not_a_section(self, tmp_path: pathlib.Path) -> None:
        with pytest.raises(ConfigError, match="DAVD_DATA__X"):
            _load(tmp_path, 'data = "x"\n', DAVD_DATA__X="1")

    def test_every_fault_is_told_with_where_it_was_written(self, tmp_path: pathlib.Path) -> None:
        with pytest.raises(ConfigError) as caught:
            _load(tmp_path, "[net]\nbody_rate = 0\nx = 1\n", DAVD_NET__SEND_RATE="0", DAVD_NET__Y="1", DAVD_DATA__Z="1")
        file = f"the configuration file {tmp_path / 'davd.toml'}: "
        assert set(caught.value.faults) == {
            "the environment variable DAVD_DATA__Z: data: expected a text, not {z = 1}",
            f"{file}net.body_rate: expected a whole number, 1 or more, not 0",
            f"{file}net: there is no setting called `x`",
            "the environment variable DAVD_NET__SEND_RATE: net.send_rate: expected a whole number, 1 or more, not 0",
            "the environment variable DAVD_NET__Y: net: there is no setting called `y`",
        }
        assert str(caught.value) == "; ".join(caught.value.faults)


class TestOrigins:
    """Verifies: docs/architecture.md, Configuration."""

    def test_where_each_setting_comes_from(self, tmp_path: pathlib.Path) -> None:
        path = tmp_path / "davd.toml"
        path.write_text("[net]\nserver = 'a'\nmax_connections = 5\n[checkers.one]\nkind = 'accounts'\n[extensions.x]\n")
        environment = {"DAVD_NET__SERVER": "b", "DAVD_CHECKERS__ONE__FILE": "/x", "OTHER": "y"}
        loaded = load_with_origins(str(path), environment)
        file = f"file {path}"
        assert loaded.file == str(path)
        assert loaded.settings.net.server == "b"
        assert {key: origin for key, origin in loaded.origins.items() if origin != "default"} == {
            "net.server": "environment DAVD_NET__SERVER",
            "net.max_connections": file,
            "checkers.one.kind": file,
            "checkers.one.file": "environment DAVD_CHECKERS__ONE__FILE",
            "extensions.x": file,
        }

    def test_without_a_file(self) -> None:
        loaded = load_with_origins(None, {})
        assert loaded.file is None
        assert set(loaded.origins.values()) == {"default"}


class TestHostile:
    """What no davd can use is one sentence, whatever it is.

    Verifies: docs/architecture.md, Configuration.
    """

    @pytest.mark.parametrize(
        ("octets", "sentence"),
        [
            (b'data = "' + b"x" * 10_000_000 + b'"\n', "has more than 1_048_576 bytes"),
            (b"data = " + b"[" * 100_000 + b"]" * 100_000, "is not TOML: it is nested more than 16 levels deep"),
            (b"data = " + b"[" * 30 + b"]" * 30, "is not TOML: it is nested more than 16 levels deep"),
            (b"checkers = " + b"{a=" * 30 + b"1" + b"}" * 30, "is not TOML: it is nested more than 16 levels deep"),
            (b"[checkers." + b".".join([b"a"] * 900) + b"]\nx=1", "is not TOML: it is nested more than 16 levels deep"),
            (b"\0" * 100, "is not TOML"),
            (b'data = "a\\u0000b"\n', "data: a text cannot have NUL in it"),
            (b'[net]\nlisten = ["tcp:1\\u0000"]\n', "net.listen: a text cannot have NUL in it"),
            ('data = "x"\n'.encode("utf-16"), "is not UTF-8, as TOML has to be (line 1)"),
            ('\n\ndata = "é"\n'.encode("latin-1"), "is not UTF-8, as TOML has to be (line 3)"),
            (b"[net]\nmax_connections = " + b"9" * 5000, "is not TOML"),
            (b"[net]\nmax_connections = 1" + b"0" * 20, "net.max_connections: the number is larger than any"),
            (b"[daemon]\ndrain_seconds = nan\n", "daemon.drain_seconds: expected a number, more than 0"),
            (b'"a\\u001b[31m\\n" = 1\n', "there is no setting called `a\\x1b[31m\\n`"),
            (b"".join(b"key_%d = 1\n" % number for number in range(50_000)), "and there is more that is wrong"),
            (b"x" * 100_000 + b" = 1\n", "there is no setting called `xxxxx"),
        ],
        ids=lambda value: value[:30] if isinstance(value, str) else len(value),
    )
    def test_a_file(self, tmp_path: pathlib.Path, octets: bytes, sentence: str) -> None:
        path = tmp_path / "davd.toml"
        path.write_bytes(octets)
        with pytest.raises(ConfigError) as caught:
            load(str(path), {})
        assert sentence in str(caught.value)
        assert str(caught.value).isprintable()
        assert len(str(caught.value)) < 5000

    @pytest.mark.parametrize(
        ("name", "text", "sentence"),
        [
            ("NET__MAX_CONNECTIONS", "many", 'expected a whole number, 1 or more, not "many"'),
            ("NET__MAX_CONNECTIONS", "", 'expected a whole number, 1 or more, not ""'),
            ("NET__MAX_CONNECTIONS", "[1]", "expected a whole number, 1 or more, not [1]"),
            ("NET__MAX_CONNECTIONS", "1\nx = 2", 'expected a whole number, 1 or more, not "1\\nx = 2"'),
            ("NET__MAX_CONNECTIONS", "9" * 5000, "expected a whole number, 1 or more, not "),
            ("NET__MAX_CONNECTIONS", "[" * 100_000, "expected a whole number, 1 or more, not "),
            ("NET__MAX_CONNECTIONS", "a\udce9", "DAVD_NET__MAX_CONNECTIONS is not UTF-8"),
            ("NET__SERVER", "a\udce9", "DAVD_NET__SERVER is not UTF-8"),
            ("NET\udce9", "1", "DAVD_NET\\udce9 is not UTF-8"),
            ("DAEMON__ALLOW_ROOT", "yes", 'expected true or false, not "yes"'),
            ("DAEMON__DRAIN_SECONDS", "inf", "expected a number, more than 0, at most 3600, not inf"),
            ("NET", "5", "net: 5 is not a section"),
            ("CHECKERS" + "__A" * 20_000, "1", "names no setting"),
        ],
    )
    def test_a_variable(self, name: str, text: str, sentence: str) -> None:
        with pytest.raises(ConfigError) as caught:
            load(None, {f"DAVD_{name}": text})
        assert str(caught.value).startswith("the environment variable DAVD_")
        assert sentence in str(caught.value)
        assert str(caught.value).isprintable()

    def test_a_mark_of_utf_8_is_no_part_of_the_text(self, tmp_path: pathlib.Path) -> None:
        path = tmp_path / "davd.toml"
        path.write_bytes('data = "/é"\n'.encode("utf-8-sig"))
        assert load(str(path), {}).data == "/é"

    def test_paths_that_are_none(self) -> None:
        for path in ("/", "/a\0b", "/" + "x" * 5000):
            with pytest.raises(ConfigError) as caught:
                load(path, {})
            assert "cannot read the configuration file" in str(caught.value)
            assert str(caught.value).isprintable()
