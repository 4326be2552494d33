"""Writes conf/davd.toml: every setting with its default, from the classes that read them.

usage: tools/make_conf.py [--check]      with --check it writes nothing and fails when the file is not up to date
"""

import argparse
import inspect
import sys
import textwrap
from pathlib import Path
from typing import Any

import msgspec

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from davd.config.settings import Settings  # noqa: E402

TARGET = ROOT / "conf/davd.toml"
WIDTH = 118

HEAD = """Settings of davd, each with its default. Made by tools/make_conf.py from the settings classes: copy it, and
take the comment sign from what you change. An environment variable wins over this file: DAVD_NET__MAX_CONNECTIONS=500
sets max_connections in [net]. `davctl --config FILE check-config` looks through the whole file. Relative paths count
from the folder that davd is started in."""

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
    parts = [_comment(HEAD), "", *_section(Settings)]
    for field in fields:
        if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct):
            parts += ["", "", f"[{field.name}]", *_section(field.type)]
    return "\n".join([*parts, CHECKERS])


def _section(owner: type[msgspec.Struct]) -> list[str]:
    lines = [_comment(_explanation(owner)), ""]
    for field in msgspec.structs.fields(owner):
        default = getattr(owner(), field.name)
        if not isinstance(default, msgspec.Struct | dict):
            setting = f"# {field.name} = {_toml(default)}"
            limits = _limits(field.type)
            lines.append(f"{setting:<48}# {limits}" if limits else setting)
    return lines


def _explanation(owner: type[msgspec.Struct]) -> str:
    return inspect.cleandoc(owner.__doc__ or "").replace("\n\n", "\n")


def _comment(text: str) -> str:
    wrapped = textwrap.wrap(" ".join(text.split()), WIDTH, break_long_words=False, break_on_hyphens=False)
    return "\n".join(f"# {line}" for line in wrapped)


def _limits(kind: Any) -> str:
    """What the type of a setting allows, in words; empty where the default tells enough."""
    parsed = msgspec.inspect.type_info(kind)
    if isinstance(parsed, msgspec.inspect.LiteralType):
        return " or ".join([_toml(value) for value in parsed.values])
    least, most = getattr(parsed, "ge", None), getattr(parsed, "le", None)
    above = getattr(parsed, "gt", None)
    if least is not None and most is not None:
        return f"{least} to {most}"
    if above is not None:
        return f"more than {above}" + (f", at most {most}" if most is not None else "")
    return f"{least} or more" if least is not None else ""


def _toml(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    if isinstance(value, str):
        return msgspec.json.encode(value).decode()
    return f"{value:_}" if isinstance(value, int) and value >= 10_000 else str(value)


if __name__ == "__main__":
    sys.exit(main())
