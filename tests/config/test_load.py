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
