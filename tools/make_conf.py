"""Writes conf/davd.toml: every setting with its default, from the classes that read them.

usage: tools/make_conf.py [--check]      with --check it writes nothing and fails when the file is not up to date
"""

import argparse
import inspect
import sys
import textwrap
from pathlib import Path

import msgspec

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from davd.config.keys import keys, written  # noqa: E402
from davd.config.settings import Settings  # noqa: E402

TARGET = ROOT / "conf/davd.toml"
WIDTH = 118

HEAD = """Settings of davd, each with its default. Made by tools/make_conf.py from the settings classes: copy it, and
take the comment sign from what you change. Behind each setting stands whether a change is in force at once (hot) or
after a restart, its range and unit, and the environment variable that wins over this file. A server that runs reads the
file again when it has changed, or on SIGHUP, and takes it over whole or not at all. `davctl --config FILE check-config`
looks through the whole file, `davctl --config FILE config show` tells what is set and where it comes from. Relative
paths count from the folder that davd is started in."""

CHECKERS = """
# Who proves passwords, beside the accounts of `davctl user`: name a checker in check_with, and give it a section.

# [checkers.htpasswd]
# file = "/etc/davd/htpasswd"

# Any checker of twisted.cred, as `twistd web --help-auth` lists them.
# [checkers.cred]
# checker = "file:/etc/davd/users"

# An extension is loaded when it has a section, even an empty one.
# [extensions.NAME]

# So is a rule of priorities or rates.
# [rules.NAME]
"""


def main() -> int:
    """Write the file, or compare it; the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    if not parser.parse_args().check:
        TARGET.write_text(page())
        return 0
    if TARGET.read_text() == page():
        return 0
    print(f"{TARGET.relative_to(ROOT)} is not up to date: run tools/make_conf.py", file=sys.stderr)
    return 1


def page() -> str:
    """The text of conf/davd.toml."""
    fields = msgspec.structs.fields(Settings)
    parts = [_comment(HEAD), "", *_section(Settings, "")]
    for field in fields:
        if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct):
            parts += ["", "", f"[{field.name}]", *_section(field.type, f"{field.name}.")]
    return "\n".join([*parts, CHECKERS])


def _section(owner: type[msgspec.Struct], at: str) -> list[str]:
    lines = [_comment(_explanation(owner)), ""]
    for field in msgspec.structs.fields(owner):
        key = keys().get(at + field.name)
        if key is not None:
            told = ["hot" if key.hot else "restart", key.limits, key.unit, key.environment]
            lines.append(f"{f'# {field.name} = {written(key.default)}':<45} # {'; '.join(filter(None, told))}")
    return lines


def _explanation(owner: type[msgspec.Struct]) -> str:
    return inspect.cleandoc(owner.__doc__ or "").replace("\n\n", "\n")


def _comment(text: str) -> str:
    wrapped = textwrap.wrap(" ".join(text.split()), WIDTH, break_long_words=False, break_on_hyphens=False)
    return "\n".join(f"# {line}" for line in wrapped)


if __name__ == "__main__":
    sys.exit(main())
