"""docs/operate: settings, metrics, commands and files that exist, and commands that do what the pages say.

Verifies: docs/architecture.md, Configuration
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import sysconfig
import tomllib
from pathlib import Path

import click
import msgspec
import pytest

from davd.config.document import settings_of
from davd.config.settings import Settings
from davd.daemon.davctl import main
from davd.net.certificates import find, self_signed
from davd.observe.catalogue import CATALOGUE
from tests.conformance.daemon import ROOT, environment, script
from tests.daemon.twistd import Running, ask, basic
from tests.documentation.pages import Block, blocks, broken_links, pages, prose, quoted

PAGES = pages("operate")
SECTIONS = [
    field.name
    for field in msgspec.structs.fields(Settings)
    if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct)
]
SETTING = re.compile(rf"(?<![\w./:-])({'|'.join(SECTIONS)})\.([a-z][a-z0-9_]*)(?![\w/-]*\.md)(?!\()")
METRIC = re.compile(r"davd_[a-z_]+[a-z]")
SECONDS = 300.0
each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


class TestPages:
    """Verifies: docs/architecture.md, Configuration"""

    def test_they_are_all_in_the_index(self) -> None:
        index = (ROOT / "docs/operate/index.md").read_text()
        assert {page.name for page in PAGES} == {"index.md", *re.findall(r"\]\((\w+\.md)\)", index)}

    @each_page
    def test_links_lead_somewhere(self, page: Path) -> None:
        assert broken_links(page) == []

    @each_page
    def test_settings_exist(self, page: Path) -> None:
        known = {section: set(getattr(Settings(), section).__struct_fields__) for section in SECTIONS}
        # Neither host names nor the kernel's settings.
        texts = [text for text in quoted(page.read_text()) if "example" not in text and "net.core." not in text]
        named = [match.groups() for text in texts for match in SETTING.finditer(text)]
        # `argon2_…` stands for all that begin so.
        whole = [(section, key) for section, key in named if not (key.endswith("_") and "…" in page.read_text())]
        assert not [f"{section}.{key}" for section, key in whole if key not in known[section]]

    @each_page
    def test_examples_of_settings_are_taken(self, page: Path) -> None:
        for block in blocks(page.read_text()):
            if block.language == "toml":
                assert settings_of(tomllib.loads(block.text))[1] == [], block.text

    def test_defaults_are_those_that_the_page_on_tuning_says(self) -> None:
        """Both as `section.key` (8 MiB) in the prose and in the table of memory."""
        text = prose((ROOT / "docs/operate/tuning.md").read_text())
        told = re.findall(r"`([a-z]+)\.([a-z_0-9]+)`\s+(?:\(|\| )([\d,]+)(?:\s(KiB|MiB|GiB))?", text)
        assert len(told) > 15
        for section, key, number, unit in told:
            said = int(number.replace(",", ""))
            size = (
                said * {"": 1, "KiB": 2**10, "MiB": 2**20, "GiB": 2**30}[unit] // (2**10 if key.endswith("_kib") else 1)
            )
            assert getattr(getattr(Settings(), section), key) in (said, size), f"{section}.{key}"

    @each_page
    def test_metrics_exist(self, page: Path) -> None:
        known = {row.name for row in CATALOGUE}
        named = {name for text in quoted(page.read_text()) for name in METRIC.findall(text)}
        bare = {re.sub(r"_(total|bucket|sum|count)$", "", name) for name in named}
        assert bare <= known | {"davd_backups", "davd_shared"}, bare - known

    @each_page
    def test_files_exist(self, page: Path) -> None:
        named = set(re.findall(r"(?<![\w/])(?:davd|docs|tests|conf|tools|requirements)/[\w./-]*\w", page.read_text()))
        files = {name for name in named if "." in name}
        assert not [name for name in sorted(files) if not (ROOT / name).exists()]

    @each_page
    def test_commands_of_davctl_exist(self, page: Path) -> None:
        text = page.read_text()
        lines = [
            line
            for block in blocks(text)
            if block.language in ("sh", "console", "")
            for line in block.text.splitlines()
        ]
        lines += [code for code in quoted(text) if code.startswith("davctl ")]
        wrong = [line for line in lines for words in _davctl(line) if not _is_command(words)]
        assert wrong == []

    def test_sentences_are_said(self) -> None:
        """What troubleshooting.md quotes from davd's refusals stands in its code."""
        text = (ROOT / "docs/operate/troubleshooting.md").read_text()
        table = text.partition("| sentence |")[2].partition("\n\n")[0]
        sentences = [quote for line in table.splitlines()[2:] for quote in re.findall(r"`([^`]+)`", line.split("|")[1])]
        assert len(sentences) > 8
        code = "".join(path.read_text() for path in (ROOT / "davd").rglob("*.py"))
        assert [sentence for sentence in sentences if sentence not in code] == []

    def test_what_needs_a_restart_is_told(self) -> None:
        text = (ROOT / "docs/operate/configuration.md").read_text()
        table = text.partition("These need a restart:")[2].partition("Some hot settings")[0]
        sections, told, section = set(), set(), ""
        for line in table.splitlines():
            for name in re.findall(r"`([^`]+)`", line.split("|")[1] if "|" in line else ""):
                if name.startswith("["):
                    sections.add(name.strip("[]"))
                    continue
                if "." in name:
                    section = name.partition(".")[0]
                told.add(name if "." in name or name in ("data", "check_with") else f"{section}.{name}")
        begin = tuple(name.removesuffix("…") for name in told if name.endswith("…"))
        cold = _cold()
        assert not [
            key for key in cold if key not in told and not key.startswith((*begin, *(f"{s}." for s in sections)))
        ]
        assert not [key for key in told if key not in cold and not key.endswith("…")]


def _cold() -> list[str]:
    """The settings that a reload does not bring into force."""
    done = subprocess.run(
        [script("davctl"), "config", "show"],
        cwd=ROOT,
        env={name: value for name, value in environment().items() if not name.startswith("DAVD_")},
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=True,
    )
    found = [line.partition(" = ")[0] for line in done.stdout.splitlines() if not line.endswith(", hot")]
    assert len(found) > 20
    return found


def _davctl(line: str) -> list[list[str]]:
    """The words after each `davctl` on a line, up to the end of the command."""
    found = []
    try:
        words = shlex.split(line, comments=True)
    except ValueError:
        return []
    while words:
        word = words.pop(0)
        if word.rpartition("/")[2] == "davctl":
            end = next((place for place, each in enumerate(words) if each in ("|", ">", "&&", ";", "<")), len(words))
            found.append(words[:end])
    return found


def _is_command(words: list[str]) -> bool:
    """Whether davctl has such a command, with such options."""
    command: click.Command = main
    words = list(words)
    while words:
        word = words.pop(0)
        options = {name: each for each in command.params for name in (*each.opts, *each.secondary_opts)}
        if word.startswith("--"):
            name, equals, _ = word.partition("=")
            if name not in options:
                return name == "--help"
            if not equals and words and not getattr(options[name], "is_flag", False):
                words.pop(0)
        elif isinstance(command, click.Group):
            context = click.Context(command)
            known = command.list_commands(context)
            if word not in known:
                # Alternatives of a synopsis, or something that stands for a command.
                return all(each in known for each in word.split("|")) or word.isupper() or word == "..."
            found = command.get_command(context, word)
            assert found is not None
            command = found
    return True


class Sandbox:
    """A copy of the source, and folders that stand for those of the machine; what a page runs, it runs here."""

    def __init__(self, folder: Path) -> None:
        self.root = folder / "root"
        self.source = folder / "source"
        self.source.mkdir(parents=True)
        for name in ("davd", "twisted", "conf", "requirements"):
            shutil.copytree(ROOT / name, self.source / name, ignore=shutil.ignore_patterns("__pycache__", "*.cache"))
        for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
            shutil.copy2(ROOT / name, self.source / name)
        for name in ("etc/systemd/system", "usr/lib", "var/lib", "var/backups", "opt"):
            (self.root / name).mkdir(parents=True)
        unit = self.source / "conf/davd.service"
        unit.write_text(self.moved(unit.read_text()))
        # A new environment finds the libraries of this one, since there may be no network. What venv puts into it is
        # older than what the requirements ask for.
        paths = dict.fromkeys(sysconfig.get_path(name) for name in ("purelib", "platlib"))
        (folder / "borrowed.pth").write_text("".join(path + "\n" for path in paths))
        self._functions = f"""
            sudo() {{ shift 2; "$@"; }}
            systemd-sysusers() {{ command systemd-sysusers --root={self.root} "$@"; }}
            systemd-tmpfiles() {{ command systemd-tmpfiles --root={self.root} "$@"; }}
            python3() {{
                {shlex.quote(sys.executable)} "$@"
                if [ "$1 $2" = "-m venv" ]; then
                    rm -rf "$3"/lib/python3*/site-packages/setuptools* "$3"/lib/python3*/site-packages/pkg_resources
                    cp {folder}/borrowed.pth "$3"/lib/python3*/site-packages/
                    # Twisted is not installed there, so neither is its script.
                    printf '#!%s\\nfrom twisted.scripts.twistd import run\\nrun()\\n' "$3/bin/python" >"$3/bin/twistd"
                    chmod +x "$3/bin/twistd"
                fi
            }}
            set -eu
        """

    def moved(self, text: str) -> str:
        """A text with the folders of the machine replaced by those that stand for them."""
        return re.sub(r"(?<![\w.}/-])/(opt|etc|var/lib|var/backups|usr/lib)/", rf"{self.root}/\1/", text)

    def run(self, block: Block, text: str = "") -> str:
        """Run a block as it stands on the page; what it says."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "DAVD_"))}
        environment |= {"PIP_NO_INDEX": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_ROOT_USER_ACTION": "ignore"}
        environment["PIP_NO_COMPILE"] = "1"
        done = subprocess.run(
            ["bash", "-c", self._functions + self.moved(block.text)],
            cwd=self.source,
            env=environment,
            input=text,
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
        assert done.returncode == 0, f"{block.text}\n{done.stdout}{done.stderr}"
        return done.stdout


def runnable(page: str) -> list[Block]:
    """The blocks of a page that are marked as to be run."""
    return [block for block in blocks((ROOT / "docs/operate" / page).read_text()) if block.words.startswith("run")]


class TestCommands:
    """Verifies: docs/architecture.md, Configuration"""

    def test_davd_is_installed_and_upgraded_as_the_pages_say(self, tmp_path: Path) -> None:
        sandbox = Sandbox(tmp_path)
        first, then = runnable("install.md"), runnable("upgrade.md")
        assert (len(first), len(then)) == (4, 1)
        (sandbox.root / "opt/davd-new").symlink_to("davd")
        said = []
        for block in first + then:
            if "systemd" in block.words and shutil.which("systemd-analyze") is None:
                (sandbox.root / "etc/davd").mkdir(exist_ok=True)
                continue
            said.append(sandbox.run(block, "a long password\n"))
        together = "".join(said)
        assert "davctl, version" in together
        assert "the configuration is valid" in together
        assert "added alice" in together
        argv = [sandbox.root / "opt/davd/bin/python", "-c", "import davd; print(davd.__file__)"]
        found = subprocess.run(argv, capture_output=True, text=True, cwd=tmp_path)
        assert found.stdout.startswith(str(sandbox.root)), found.stdout + found.stderr
        assert list((sandbox.root / "var/backups/davd/points").iterdir())
        # The list of plugins, which davd's user could not write.
        assert list(sandbox.root.glob("opt/davd/lib/python3*/site-packages/twisted/plugins/dropin.cache"))

    def test_the_way_back_over_a_migration_is_as_the_page_says(self, tmp_path: Path) -> None:
        later = tmp_path / "later/davd"
        shutil.copytree(ROOT / "davd", later, ignore=shutil.ignore_patterns("__pycache__"))
        steps = later / "stores/sqlite/migrations"
        number = 1 + max(int(path.name[:4]) for path in steps.glob("*.sql"))
        (steps / f"{number:04}_later.sql").write_text("CREATE TABLE later (id INTEGER) STRICT;\n")
        page = (ROOT / "docs/operate/upgrade.md").read_text()

        def davctl(program: Path, *words: str) -> subprocess.CompletedProcess[str]:
            argv = [sys.executable, "-c", "from davd.daemon.davctl import main; main()", "--data", "data", *words]
            path = {"PYTHONPATH": str(program)}
            return subprocess.run(
                argv, cwd=tmp_path, env=environment() | path, capture_output=True, text=True, input=""
            )

        def old(*words: str) -> subprocess.CompletedProcess[str]:
            return davctl(ROOT, *words)

        def new(*words: str) -> subprocess.CompletedProcess[str]:
            return davctl(later.parent, *words)

        assert old("migrate").returncode == 0
        assert old("room", "create", "hall").returncode == 0
        assert old("backup", "points").returncode == 0
        foretold = new("backup", "others")
        assert foretold.returncode == 1
        assert "has another schema than this davd's" in foretold.stderr
        assert "has another schema than this davd's" in page
        assert old("room", "list").returncode == 0, "nothing has been changed"
        assert new("migrate").returncode == 0
        refused = old("room", "list")
        assert refused.returncode == 1
        assert "was written by a newer davd" in refused.stderr
        assert "was written by a newer davd" in page
        back = old("restore", "points", "--to", "data", "--replace", "--no-newer")
        assert back.returncode == 0, back.stderr
        assert "hall" in old("room", "list").stdout
        assert list(tmp_path.glob("data.before-*"))

    def test_the_hook_for_certbot_leaves_what_davd_can_use(self, tmp_path: Path) -> None:
        lineage, folder = tmp_path / "live/dav.example.org", tmp_path / "certificates"
        lineage.mkdir(parents=True)
        folder.mkdir()
        made = self_signed(lineage, ["dav.example.org"])
        made.certificate.rename(lineage / "fullchain.pem")
        made.key.rename(lineage / "privkey.pem")
        owner = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
        environment = os.environ | {
            "RENEWED_LINEAGE": str(lineage),
            "DAVD_CERTIFICATES": str(folder),
            "DAVD_OWNER": owner,
        }
        for _ in range(2):
            subprocess.run([ROOT / "conf/certbot-hook.sh"], env=environment, check=True, timeout=SECONDS)
        [found] = find(folder)
        assert (found.certificate.name, found.key.name) == ("dav.example.org.pem", "dav.example.org.key")
        assert found.key.stat().st_mode & 0o777 == 0o600
        assert len(list(folder.iterdir())) == 2

    def test_a_restart_behind_a_socket_of_systemds_refuses_nobody(self, tmp_path: Path) -> None:
        with socket.create_server(("127.0.0.1", 0), backlog=16) as listening:
            program = (
                "import os, sys\n"
                "os.dup2(int(sys.argv[1]), 3)\n"
                'os.environ.update(LISTEN_FDS="1", LISTEN_FDNAMES="https", LISTEN_PID=str(os.getpid()))\n'
                "os.execv(sys.argv[2], sys.argv[2:])\n"
            )
            before = [sys.executable, "-c", program, str(listening.fileno())]

            def davd() -> Running:
                endpoint = "systemd:INET:name=https"
                return Running(tmp_path, endpoint, before=before, pass_fds=[listening.fileno()])

            with davd() as first:
                login = basic("admin", first.password)
                waiting = first.connect()
                assert ask(waiting, "PUT", "/files/admin/a", b"a", login).status == 201
                address = first.address()
            clients = [socket.create_connection(address, 30.0) for _ in range(4)]
            for client in clients:
                client.sendall(b"OPTIONS / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
            with davd():
                for client in clients:
                    with client:
                        assert client.recv(1000).startswith(b"HTTP/1.1 200 ")


def test_prose_and_blocks_are_told_apart() -> None:
    text = "a `b.c`\n```sh run\nd `e.f`\n```\n`g.h`\n"
    assert blocks(text) == [Block("sh", "run", "d `e.f`\n")]
    assert list(quoted(text)) == ["b.c", "g.h"]
    assert "e.f" not in prose(text)
