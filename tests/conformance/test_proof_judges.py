"""The judges of the proof see what is planted for them: a proof that cannot fail is worth nothing.

Verifies: docs/architecture.md, Measuring
"""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.conformance.proof import unit, verdict
from tests.conformance.proof.confine import HONOURED, Confinement, Plan
from tests.conformance.proof.contents import CARDS, EVENTS, folded, rows_of
from tests.conformance.proof.link import Answered, Tally, Unanswered
from tests.conformance.proof.operate import plan
from tests.conformance.proof.service import UNIT, calls_of, samples
from tests.conformance.proof.truth import Known, Truth, digest, lost
from tests.conformance.proof.verdict import Bounds, Kill, Sample
from tests.conformance.proof.watching import requests_of

MIB = 2**20


class TestTruth:
    """Verifies: RFC 9110, 9.2.2, 8.8.1"""

    def written(self) -> Known:
        known = Known("/a")
        for number, content in enumerate((b"one", b"two")):
            version = known.begin(content, number * 10.0)
            known.done(version, f'"{number}"', number * 10.0 + 1)
        return known

    def test_what_was_acknowledged_last_is_there(self) -> None:
        known = self.written()
        assert lost([known], {"/a": b"two"}) == []
        for planted in (b"one", b"tw", None):
            assert len(lost([known], {"/a": planted})) == 1

    def test_what_was_deleted_is_gone(self) -> None:
        known = self.written()
        known.done(known.begin(None, 20.0), None, 21.0)
        assert lost([known], {"/a": None}) == []
        assert len(lost([known], {"/a": b"two"})) == 1

    def test_a_write_without_an_answer_may_be_either_way_until_it_shows(self) -> None:
        for shown, other in ((b"two", b"three"), (b"three", b"two")):
            known = self.written()
            known.begin(b"three", 20.0)
            assert known.open
            assert lost([known], {"/a": shown}) == lost([known], {"/a": other}) == []
            assert len(lost([known], {"/a": b"one"})) == 1
            assert known.settle(digest(shown), None, 30.0)
            assert not known.open
            assert lost([known], {"/a": shown}) == []
            assert len(lost([known], {"/a": other})) == 1

    def test_a_repeated_write_that_is_acknowledged_settles_it(self) -> None:
        known = self.written()
        known.begin(b"three", 20.0)
        known.done(known.begin(b"three", 25.0), '"3"', 26.0)
        assert not known.open
        assert len(lost([known], {"/a": b"two"})) == 1

    def test_a_refused_write_has_changed_nothing(self) -> None:
        known = self.written()
        known.undone(known.begin(b"three", 20.0))
        assert len(lost([known], {"/a": b"three"})) == 1

    def test_an_answer_that_nothing_explains_is_refused(self) -> None:
        known = self.written()
        assert known.settle(digest(b"two"), '"1"', 20.0)
        assert not known.settle(digest(b"one"), '"0"', 20.0)
        assert not known.settle(digest(b"two"), '"other"', 20.0)
        assert not known.settle(None, None, 20.0)

    def test_a_backup_has_what_was_there_at_some_time_while_it_was_made(self) -> None:
        known = self.written()
        cases: list[tuple[float, float, set[bytes | None]]] = [
            (-5.0, -1.0, {None}),
            (-1.0, 0.5, {None, b"one"}),
            (2.0, 9.0, {b"one"}),
            (2.0, 10.5, {b"one", b"two"}),
            (12.0, 13.0, {b"two"}),
        ]
        for begin, end, may in cases:
            for content in (None, b"one", b"two"):
                assert bool(lost([known], {"/a": content}, begin, end)) == (content not in may)

    def test_each_path_is_one_object(self) -> None:
        truth = Truth()
        assert truth.object("/a") is truth.object("/a")
        assert [known.path for known in truth.all()] == ["/a"]


def tally(*answered: Answered) -> Tally:
    return Tally(list(answered))


def get(at: float, pid: int = 1) -> Answered:
    return Answered(at, pid, "GET", 200)


class TestRequests:
    """Verifies: RFC 9112, 9.5"""

    def test_only_a_killed_process_excuses_a_broken_connection(self) -> None:
        kills = [Kill(10.0, 1, 9.9)]
        broken = Unanswered(9.9, 10.01, 1, "GET", "reset")
        assert verdict.excused(broken, kills)
        assert not verdict.excused(broken, [])
        assert not verdict.excused(Unanswered(9.9, 10.01, 2, "GET", "reset"), kills)
        # Before it was killed there was no reason to break.
        assert not verdict.excused(Unanswered(9.0, 9.5, 1, "GET", "reset"), kills)

    def test_where_the_process_is_not_known_the_time_tells(self) -> None:
        kills = [Kill(10.0, 1, 9.9)]
        assert verdict.excused(Unanswered(9.9, 10.01, 0, "", "reset"), kills)
        assert not verdict.excused(Unanswered(12.0, 12.1, 0, "", "refused"), kills)

    def test_a_failed_request_is_a_fault(self) -> None:
        seen = tally(get(1.0))
        assert not verdict.requests(seen, []).faults
        seen.unanswered.append(Unanswered(2.0, 2.1, 1, "PUT", "reset"))
        assert len(verdict.requests(seen, []).faults) == 1
        seen.wrong.append("PUT /a: 503 instead of 204")
        assert len(verdict.requests(seen, []).faults) == 2


class TestCounted:
    """Verifies: docs/operate/monitoring.md, Metrics"""

    def faults(self, told: int, seen: Tally, *kills: Kill) -> list[str]:
        return verdict.counted("metrics", {("GET", 200): told}, seen, kills, 5.0).faults

    def test_without_a_kill_they_are_the_same(self) -> None:
        seen = tally(get(1.0), get(2.0))
        assert not self.faults(2, seen)
        assert self.faults(1, seen)
        assert self.faults(3, seen)

    def test_a_killed_process_takes_along_what_it_answered_last(self) -> None:
        seen = tally(get(1.0), get(9.0), get(9.5, pid=2), get(20.0))
        kill = Kill(10.0, 1, 9.9)
        assert not self.faults(4, seen, kill)
        assert not self.faults(3, seen, kill)
        assert self.faults(2, seen, kill)

    def test_what_it_has_told_before_is_not_lost(self) -> None:
        seen = tally(get(8.0), get(9.95))
        told = [verdict.counted("metrics", {("GET", 200): count}, seen, [Kill(10.0, 1, 9.9)]) for count in (1, 0)]
        assert [bool(finding.faults) for finding in told] == [False, True]

    def test_a_request_without_an_answer_may_have_been_counted(self) -> None:
        seen = tally(get(1.0))
        seen.unanswered.append(Unanswered(2.0, 2.1, 1, "GET", "reset"))
        assert not self.faults(2, seen)
        assert self.faults(3, seen)
        seen.unanswered[0] = Unanswered(2.0, 2.1, 1, "PUT", "reset")
        assert self.faults(2, seen)

    def test_one_request_is_not_counted_under_two_statuses(self) -> None:
        seen = tally(get(1.0))
        seen.unanswered.append(Unanswered(2.0, 2.1, 1, "GET", "reset"))
        told = {("GET", 200): 2, ("GET", 499): 1}
        assert verdict.counted("metrics", told, seen, [], 5.0).faults

    def test_a_status_that_no_client_had_is_a_fault(self) -> None:
        assert verdict.counted("metrics", {("GET", 200): 1, ("GET", 500): 1}, tally(get(1.0)), [], 5.0).faults

    def test_counters_that_go_back_or_vanish_are_faults(self) -> None:
        first = {("GET", 200): 5, ("PUT", 201): 1}
        assert not verdict.monotonic([(0.0, first), (1.0, {("GET", 200): 6, ("PUT", 201): 1})]).faults
        assert len(verdict.monotonic([(0.0, first), (1.0, {("GET", 200): 4})]).faults) == 2

    def test_the_text_of_metrics_is_read(self) -> None:
        text = (
            "# TYPE davd_requests counter\n"
            'davd_requests_total{method="GET",class="normal",status="200"} 3\n'
            'davd_requests_total{method="GET",class="low",status="200"} 2\n'
            "davd_store_up 1.0\n"
        )
        assert requests_of(samples(text)) == Counter({("GET", 200): 5})
        assert samples(text)["davd_store_up", frozenset()] == 1.0


class TestFlat:
    """Verifies: docs/architecture.md, Measuring"""

    BOUNDS = {"worker": Bounds(8 * MIB, 4, warm=10.0, lived=10.0)}

    def samples(self, pid: int, memory: float = 0.0, descriptors: float = 0.0, begin: float = 100.0) -> list[Sample]:
        """A minute in which each grows steadily by so much; the first seconds are larger steps, as at every start."""
        grown = [(second, min(1.0, second / 60)) for second in range(61)]
        start = [min(second, 10) * MIB for second in range(61)]
        return [
            Sample(begin + second, pid, "worker", int(start[second] + memory * share), int(20 + descriptors * share))
            for second, share in grown
        ]

    def test_what_stays_as_it_is_is_flat(self) -> None:
        assert not verdict.flat(self.samples(1), self.BOUNDS).faults

    @pytest.mark.parametrize(("memory", "descriptors"), [(20 * MIB, 0), (0, 20)])
    def test_a_leak_is_seen(self, memory: float, descriptors: float) -> None:
        assert len(verdict.flat(self.samples(1, memory, descriptors), self.BOUNDS).faults) == 1

    def test_a_later_generation_that_begins_larger_is_seen(self) -> None:
        later = [
            Sample(one.at, one.pid, one.role, one.memory + 20 * MIB, one.descriptors)
            for one in self.samples(2, begin=200.0)
        ]
        assert len(verdict.flat([*self.samples(1), *later], self.BOUNDS).faults) == 1

    def test_a_process_that_was_killed_early_says_nothing(self) -> None:
        early = self.samples(2, memory=600 * MIB)[:15]
        assert not verdict.flat([*self.samples(1), *early], self.BOUNDS).faults

    def test_few_samples_are_enough(self) -> None:
        few = [one for one in [*self.samples(1), *self.samples(2, begin=207.0)] if one.at % 15 < 1]
        assert not verdict.flat(few, self.BOUNDS).faults

    def test_nothing_is_proven_by_nobody(self) -> None:
        assert verdict.flat([], self.BOUNDS).faults


class TestTold:
    """Verifies: docs/operate/operate.md, Signals"""

    def heard(self, *words: str) -> list[tuple[float, dict[str, str]]]:
        return [(float(at), {word: "1"}) for at, word in enumerate(words)]

    def test_all_words_in_their_order(self) -> None:
        words = ("WATCHDOG", "READY", "RELOADING", "WATCHDOG", "READY", "WATCHDOG", "STOPPING")
        assert not verdict.told(self.heard(*words), 10.0, 1).faults

    @pytest.mark.parametrize(
        "words",
        [
            ("WATCHDOG", "WATCHDOG", "STOPPING"),
            ("READY", "RELOADING", "WATCHDOG", "WATCHDOG", "STOPPING"),
            ("READY", "WATCHDOG", "WATCHDOG", "STOPPING"),
            ("READY", "RELOADING", "READY", "STOPPING"),
            ("READY", "WATCHDOG", "RELOADING", "READY", "WATCHDOG"),
        ],
        ids=["never ready", "reload without end", "no reload", "no life", "no stop"],
    )
    def test_what_is_missing_is_seen(self, words: tuple[str, ...]) -> None:
        assert verdict.told(self.heard(*words), 10.0, 1).faults

    def test_a_starved_watchdog_is_seen(self) -> None:
        words = ("WATCHDOG", "READY", "RELOADING", "READY", "WATCHDOG", "STOPPING")
        assert verdict.told(self.heard(*words), 3.0, 1).faults


def test_a_backup_that_copies_all_again_is_seen() -> None:
    """Verifies: docs/operate/backup.md, Restore points"""
    assert not verdict.incremental([(1000, 2000)], 300)
    assert not verdict.incremental([(1000, 2000), (600, 2000)], 300)
    assert verdict.incremental([(1000, 2000), (1000, 2000)], 300)


class TestPlan:
    """Verifies: docs/operate/operate.md, Signals"""

    def test_ten_minutes_have_what_was_promised(self) -> None:
        steps = plan(600.0, 60.0)
        names = Counter(step.name for step in steps)
        assert names == {"reload": 5, "refused": 5, "right": 5, "kill": 10, "restart": 2, "backup": 2, "reopen": 1}
        assert [step.at for step in steps] == sorted(step.at for step in steps)
        assert all(0 <= step.at < 600.0 for step in steps)

    def test_settings_are_right_again_before_the_workers_are_replaced(self) -> None:
        wrong = False
        for step in plan(600.0, 60.0):
            wrong = step.name == "refused" or (wrong and step.name != "right")
            assert not (wrong and step.name == "restart")


class TestUnit:
    """Verifies: docs/operate/operate.md, Install as a service"""

    def test_each_directive_of_the_unit_is_known(self, tmp_path: Path) -> None:
        done = run_confined(tmp_path, "-c", "print('ran')")
        assert done.stdout == "ran\n", done.stderr
        became = json.loads((tmp_path / "report").read_text())
        assert set(became) == {key for key, _ in unit.directives(UNIT)}
        assert not [key for key, outcome in became.items() if "does not know it" in outcome]
        assert became["NoNewPrivileges"] == HONOURED

    def test_what_is_honoured_is_in_force(self, tmp_path: Path) -> None:
        """Each probe does what its directive forbids; it may succeed only where the report says that it does."""
        probes = {
            "NoNewPrivileges": "assert '\\nNoNewPrivs:\\t1' not in open('/proc/self/status').read()",
            "SystemCallFilter": "import os; os.chroot('/')",
            "RestrictAddressFamilies": "import socket; socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)",
            "MemoryDenyWriteExecute": "import mmap; mmap.mmap(-1, 4096, prot=7)",
            "ProtectSystem": "import os; assert os.access('/etc', os.W_OK)",
            "LockPersonality": "import ctypes; assert ctypes.CDLL(None).personality(0x0040000) >= 0",
            "PrivateDevices": "open('/dev/mem')",
            "LimitCORE": "import resource; resource.setrlimit(resource.RLIMIT_CORE, (1, 1))",
        }
        tried = (
            "import json\ndone = []\n"
            f"for name, probe in {probes!r}.items():\n"
            "    try:\n        exec(probe)\n        done.append(name)\n"
            "    except Exception:\n        pass\n"
            "print(json.dumps(done))"
        )
        free = subprocess.run([sys.executable, "-c", tried], capture_output=True, text=True, timeout=60, check=True)
        assert {"NoNewPrivileges", "RestrictAddressFamilies", "MemoryDenyWriteExecute"} <= set(json.loads(free.stdout))
        done = run_confined(tmp_path, "-c", tried)
        became = json.loads((tmp_path / "report").read_text())
        assert [name for name in json.loads(done.stdout) if became[name] == HONOURED] == [], done.stderr

    def test_an_unknown_directive_is_not_passed_over(self) -> None:
        plan_of_one = Plan([("ProtectMoon", "yes")], 0, 0, "/", [], [], [], {}, "")
        confinement = Confinement(plan_of_one)
        confinement.carry_out()
        assert "not honoured" in confinement.outcome["ProtectMoon"]

    def test_lines_of_a_filter_add_and_take_away(self) -> None:
        allowed = calls_of(["read write ptrace", "~ptrace"])
        assert {"read", "write"} <= set(allowed) and "ptrace" not in allowed
        assert calls_of([]) == []

    def test_words_and_values(self) -> None:
        folders = {"/opt/davd": Path("/here/davd"), "/etc/davd": Path("/here/etc")}
        words = unit.command("/opt/davd/bin/twistd --config /etc/davd/davd.toml /etc/davdx", folders)
        assert words == ["/here/davd/bin/twistd", "--config", "/here/etc/davd.toml", "/etc/davdx"]
        assert (unit.seconds("30"), unit.seconds("2min"), unit.size("2G")) == (30.0, 120.0, 2**31)


def run_confined(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run Python as the unit of this tree says, as the user who runs the tests but root."""
    own = os.geteuid()
    folder.chmod(0o777)
    libraries = [path for path in sys.path if path and Path(path).is_dir()]
    wanted = Plan(
        directives=unit.directives(UNIT),
        uid=own or 61184,
        gid=os.getegid() or 61184,
        cwd="/",
        writable=[],
        readable=[str(Path(sys.base_prefix).resolve()), *libraries],
        calls=calls_of([value for key, value in unit.directives(UNIT) if key == "SystemCallFilter"]),
        groups={},
        report=str(folder / "report"),
    )
    file = folder / "plan"
    file.write_text(json.dumps({name: getattr(wanted, name) for name in wanted.__struct_fields__}))
    python = os.path.realpath(sys.executable)
    argv = [sys.executable, "-m", "tests.conformance.proof.confine", str(file), python, "-I", "-S", *words]
    root = Path(__file__).resolve().parents[2]
    return subprocess.run(argv, cwd=root, capture_output=True, text=True, timeout=60, check=False)


class TestContents:
    """Verifies: RFC 4918, 13; RFC 5545, 3.1"""

    def test_a_multistatus_is_read(self) -> None:
        text = (
            '<multistatus xmlns="DAV:"><response><href>/a</href><propstat><prop><getetag>"1"</getetag></prop>'
            "<status>HTTP/1.1 200 OK</status></propstat></response><response><href>/b</href>"
            "<status>HTTP/1.1 404 Not Found</status></response><sync-token>t</sync-token></multistatus>"
        )
        rows, token = rows_of(text.encode())
        assert token == "t"
        assert (rows["/a"].etag, rows["/b"].status) == ('"1"', 404)

    def test_one_path_is_told_of_once(self) -> None:
        one = "<response><href>/a</href><status>HTTP/1.1 404 Not Found</status></response>"
        with pytest.raises(ValueError, match="twice"):
            rows_of(f'<multistatus xmlns="DAV:">{one}{one}</multistatus>'.encode())

    def test_long_lines_are_folded(self) -> None:
        lines = folded("NOTE:" + "x" * 300)
        assert all(len(line) <= 75 for line in lines)
        assert lines[0] + "".join(line[1:] for line in lines[1:]) == "NOTE:" + "x" * 300
        assert {EVENTS.suffix, CARDS.suffix} == {".ics", ".vcf"}
