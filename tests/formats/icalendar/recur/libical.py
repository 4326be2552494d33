"""libical's occurrences of a rule, to compare with; in a process of its own, since some rules make it abort."""

from __future__ import annotations

import json
import subprocess
import sys

_PROGRAM = """
import ctypes, json, sys
library = ctypes.CDLL("libical.so.3")
expand = library.icalrecur_expand_recurrence
expand.argtypes = [ctypes.c_char_p, ctypes.c_long, ctypes.c_int, ctypes.POINTER(ctypes.c_long)]
for line in sys.stdin:
    rule, start, count = json.loads(line)
    walls = (ctypes.c_long * count)()
    expand(rule.encode(), start, count, walls)
    print(json.dumps([wall for wall in walls if wall]), flush=True)
"""


class Libical:
    """Answers questions until it is closed."""

    def __init__(self) -> None:
        self._process = self._start()

    def _start(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", _PROGRAM], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def occurrences(self, rule: str, start: int, count: int) -> list[int] | None:
        """The first walls, each once and in order, without those before `start`; None when libical has aborted."""
        process = self._process
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(json.dumps([rule, start, count]) + "\n")
        process.stdin.flush()
        answer = process.stdout.readline()
        if not answer:
            self.close()
            self._process = self._start()
            return None
        return sorted({wall for wall in json.loads(answer) if wall >= start})

    def close(self) -> None:
        """End the process."""
        self._process.kill()
        self._process.communicate()
