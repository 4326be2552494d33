"""`python -m tests.conformance.proof`: install davd, run it as its unit says, trouble it, and see that nothing is lost.

Exit status 0 when all was as it has to be, 1 when anything was not; what was seen is printed in either case.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.conformance.proof import install
from tests.conformance.proof.run import Options, prove
from tests.conformance.proof.verdict import Finding

# More sentences than these of one kind tell nothing new.
_MOST = 20
_LONGEST = 1500


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def report(findings: list[Finding]) -> int:
    """Print what was found; how many findings have faults."""
    failed = 0
    for finding in findings:
        failed += bool(finding.faults)
        _say(f"{'FAILED' if finding.faults else 'proven'}  {finding.name}: {finding.figures}")
        for fault in finding.faults[:_MOST]:
            _say(f"          {fault[:_LONGEST]}")
        if len(finding.faults) > _MOST:
            _say(f"          and {len(finding.faults) - _MOST} more")
    return failed


def main() -> int:
    """Do it."""
    parser = argparse.ArgumentParser(prog="python -m tests.conformance.proof", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="how long davd is under load (10)")
    parser.add_argument("--minute", type=float, default=60.0, help="seconds between reloads, and between kills (60)")
    parser.add_argument("--rate", type=float, default=80.0, help="requests a second of all clients together (80)")
    parser.add_argument("--workers", type=int, default=2, help="worker processes (2)")
    parser.add_argument("--borrow", action="store_true", help="use the libraries that are here, install only davd")
    parser.add_argument("--tree", type=Path, default=install.ROOT, help="the checkout whose davd is proven (this one)")
    parser.add_argument("--worker-mib", type=float, default=12.0, help="by how much a warm worker may grow (12)")
    parser.add_argument("--supervisor-mib", type=float, default=4.0, help="by how much the supervisor may grow (4)")
    parser.add_argument("--descriptors", type=int, default=24, help="by how many descriptors a worker may (24)")
    parser.add_argument("--keep", action="store_true", help="leave the folder with logs and store")
    words = parser.parse_args()
    base = Path(tempfile.mkdtemp(prefix="davd-proof-"))
    base.chmod(0o755)
    options = Options(
        duration=words.minutes * 60,
        minute=words.minute,
        rate=words.rate,
        workers=words.workers,
        worker_bytes=int(words.worker_mib * 2**20),
        supervisor_bytes=int(words.supervisor_mib * 2**20),
        descriptors=words.descriptors,
    )
    failed = True
    try:
        begin = time.monotonic()
        programs = install.install(base / "installed", words.borrow, words.tree)
        _say(f"installed in {time.monotonic() - begin:.0f} s")
        failed = report(prove(base, programs, options, _say)) > 0
    except install.InstallError as error:
        _say(str(error))
    finally:
        if words.keep or failed:
            _say(f"logs and store are in {base}")
        else:
            shutil.rmtree(base)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
