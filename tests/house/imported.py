"""The rules that need davd imported, each in a process of its own that sees only the given tree."""

import subprocess
import sys
from pathlib import Path

from tests.house.source import INNER_FLOORS

# A module that cannot be imported is a finding like the others, so that one broken file does not hide the rest.
_IMPORT_EVERYTHING = """
import importlib, pathlib, sys
root = pathlib.Path(sys.argv[1])
sys.path.insert(0, sys.argv[1])

def modules(package):
    for path in sorted(root.joinpath(*package.split(".")).rglob("*.py")):
        name = ".".join(path.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
        try:
            yield importlib.import_module(name)
        except Exception as error:
            print(name, "cannot be imported:", repr(error))
"""

_INNER = (
    _IMPORT_EVERYTHING
    + """
for floor in sys.argv[2:]:
    for module in modules("davd." + floor):
        if "twisted" in sys.modules:
            print("importing", module.__name__, "loads twisted")
            sys.exit()
"""
)

_VERIFY = (
    _IMPORT_EVERYTHING
    + """
import inspect
from zope.interface import implementedBy, classImplements
from zope.interface.exceptions import Invalid
from zope.interface.verify import verifyClass

for module in list(modules("davd")):
    for name, value in sorted(vars(module).items()):
        if not inspect.isclass(value) or value.__module__ != module.__name__:
            continue
        for interface in implementedBy(value):
            print("seen:", value.__module__, value.__qualname__, interface.__name__, file=sys.stderr)
            try:
                verifyClass(interface, value)
            except Invalid as error:
                print(" ".join(str(error).split()))
"""
)


def floors_that_load_twisted(root: Path) -> list[str]:
    """Modules of floors 0 to 5 whose import brings in Twisted, by whatever way."""
    return _run(root, _INNER, *INNER_FLOORS).stdout.splitlines()


def broken_promises(root: Path) -> list[str]:
    """What zope's verifyClass finds missing in the classes of davd that claim to implement an interface."""
    return _run(root, _VERIFY).stdout.splitlines()


def promises(root: Path) -> list[str]:
    """Every pair of class and interface that broken_promises looks at."""
    lines = _run(root, _VERIFY).stderr.splitlines()
    return [line.removeprefix("seen: ") for line in lines if line.startswith("seen: ")]


def _run(root: Path, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-P", "-c", program, str(root), *arguments],
        cwd=root,
        capture_output=True,
        text=True,
        timeout=120,
    )
    if done.returncode:
        raise AssertionError(done.stderr)
    return done
