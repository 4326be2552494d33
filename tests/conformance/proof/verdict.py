"""The judges: pure functions from what was seen to what is wrong with it, a sentence each."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tests.conformance.proof.link import Tally, Unanswered

# Between the moment at which a process is killed and that at which its clients see their connections broken.
_MARGIN = 0.5
# Between the moment at which a client has its answer and that at which it has been counted.
_COUNTED = 0.1

Count = Counter[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class Kill:
    """A worker that was killed, and when (monotonic); at `asked`, before that, it was asked what it had counted."""

    at: float
    pid: int
    asked: float


@dataclass(frozen=True, slots=True)
class Sample:
    """What a process used: bytes of resident memory and open descriptors. `role` is the same for processes alike."""

    at: float
    pid: int
    role: str
    memory: int
    descriptors: int


@dataclass(slots=True)
class Finding:
    """One thing that was to be proven: the figures in words, and what is wrong."""

    name: str
    figures: str
    faults: list[str] = field(default_factory=list)


def excused(broken: Unanswered, kills: Sequence[Kill]) -> bool:
    """Whether it went unanswered because its process was killed; where that is not known, one was at that time."""
    if broken.pid:
        return any(kill.pid == broken.pid and kill.at <= broken.at for kill in kills)
    return any(broken.since - _MARGIN <= kill.at <= broken.at for kill in kills)


def requests(tally: Tally, kills: Sequence[Kill]) -> Finding:
    """No request failed but those on connections to killed processes, and each answer was right."""
    faults = [
        f"{one.method or 'connect'} to process {one.pid or 'unknown'} after {one.at - one.since:.3f} s: {one.why}"
        for one in tally.unanswered
        if not excused(one, kills)
    ]
    ended = len(tally.unanswered) - len(faults)
    figures = (
        f"{len(tally.answered)} answered, {ended} ended by {len(kills)} kills, {len(tally.connections)} connections"
    )
    return Finding("failed requests", figures, faults + tally.wrong)


def counted(
    what: str, told: Mapping[tuple[str, int], float], tally: Tally, kills: Sequence[Kill], seconds: float | None = None
) -> Finding:
    """What davd has counted, by method and status, is what the clients have counted.

    It may lack answers that a killed process gave in its last so many seconds (without a number: since it was asked
    what it had counted), and have answers to requests whose connections broke.
    """
    clients = tally.by_method()
    lost: Count = Counter()
    for kill in kills:
        # An answer is counted when it has been sent, so a client may have it a moment before.
        since = kill.asked - _COUNTED if seconds is None else kill.at - seconds
        for answer in tally.answered:
            if answer.pid == kill.pid and since <= answer.at <= kill.at + _MARGIN:
                lost[answer.method, answer.status] += 1
    open_ended = Counter(one.method for one in tally.unanswered)
    faults = []
    more: Counter[str] = Counter()
    for key in sorted({*clients, *told}):
        method, status = key
        least, value = clients[key] - lost[key], told.get(key, 0)
        more[method] += max(0, int(value) - clients[key])
        if value < least:
            faults.append(f"{method} {status}: {value:.0f} counted, {clients[key]} had, {lost[key]} may be lost")
        elif value > clients[key] + open_ended[method]:
            unknown = open_ended[method]
            faults.append(f"{method} {status}: {value:.0f} counted, {clients[key]} had and {unknown} without an answer")
    faults += [
        f"{method}: {number} more counted than had, {open_ended[method]} without an answer"
        for method, number in sorted(more.items())
        if number > open_ended[method]
    ]
    figures = f"{sum(told.values()):.0f} counted, {len(tally.answered)} had, {sum(lost.values())} may be lost"
    return Finding(what, figures, faults)


def monotonic(scrapes: Sequence[tuple[float, Mapping[tuple[str, int], float]]]) -> Finding:
    """No counter ever went back."""
    faults = []
    for (_, before), (at, after) in zip(scrapes, scrapes[1:], strict=False):
        back = {key: (value, after.get(key, 0)) for key, value in before.items() if after.get(key, 0) < value}
        for (method, status), (value, now) in sorted(back.items()):
            faults.append(f"{method} {status} went from {value:.0f} to {now:.0f} at {at:.1f}")
    return Finding("counters never go back", f"{len(scrapes)} scrapes", faults)


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much more memory (bytes) and descriptors a process may have at its end than when it had become warm.

    `warm` are the seconds until it is that; one that did not live `lived` seconds longer is not judged.
    """

    memory: int
    descriptors: int
    warm: float
    lived: float


def flat(samples: Sequence[Sample], bounds: Mapping[str, Bounds]) -> Finding:
    """No process grew beyond its bounds, and no later one of its role is larger at the same age than the first."""
    by_process: defaultdict[tuple[str, int], list[Sample]] = defaultdict(list)
    for sample in samples:
        by_process[sample.role, sample.pid].append(sample)
    faults, figures = [], []
    judged: defaultdict[str, list[list[Sample]]] = defaultdict(list)
    for (role, pid), had in by_process.items():
        bound = bounds[role]
        warm = [sample for sample in had if sample.at - had[0].at >= bound.warm]
        if not warm or warm[-1].at - warm[0].at < bound.lived:
            continue
        judged[role].append(had)
        few = max(1, len(warm) // 5)
        faults += _grown(f"{role} {pid}", warm[:few], warm[-few:], bound)
        figures.append(_figure(f"{role} {pid}", warm[:few], warm[-few:]))
    for role, alike in judged.items():
        age = min(had[-1].at - had[0].at for had in alike)
        ends = [_near(had, age) for had in alike]
        for had, end in zip(alike[1:], ends[1:], strict=True):
            named = f"{role} {had[0].pid}, beside the first at the same age,"
            faults += _grown(named, ends[0], end, bounds[role])
    missing = [f"no process that was a {role} lived long enough to be judged" for role in bounds if role not in judged]
    return Finding("flat memory and descriptors", "; ".join(figures), faults + missing)


def _near(had: Sequence[Sample], age: float) -> Sequence[Sample]:
    """The samples of a process in the last fifth of its time until that age, at least the last of them."""
    until = [one for one in had if one.at - had[0].at <= age]
    return [one for one in until if one.at - had[0].at >= 0.8 * age] or until[-1:]


def _median(samples: Sequence[Sample], name: str) -> float:
    return float(statistics.median(getattr(sample, name) for sample in samples))


def _grown(what: str, early: Sequence[Sample], late: Sequence[Sample], bound: Bounds) -> list[str]:
    faults = []
    memory = _median(late, "memory") - _median(early, "memory")
    if memory > bound.memory:
        faults.append(f"{what} grew by {memory / 2**20:.1f} MiB, more than {bound.memory / 2**20:.1f}")
    descriptors = _median(late, "descriptors") - _median(early, "descriptors")
    if descriptors > bound.descriptors:
        faults.append(f"{what} had {descriptors:.0f} descriptors more, over {bound.descriptors}")
    return faults


def _figure(what: str, early: Sequence[Sample], late: Sequence[Sample]) -> str:
    memory = [_median(part, "memory") / 2**20 for part in (early, late)]
    descriptors = [_median(part, "descriptors") for part in (early, late)]
    return f"{what} {memory[0]:.1f} to {memory[1]:.1f} MiB, {descriptors[0]:.0f} to {descriptors[1]:.0f} fds"


def told(heard: Sequence[tuple[float, Mapping[str, str]]], watchdog: float, reloads: int) -> Finding:
    """The service manager heard READY, a RELOADING with a READY after it for each reload, and life in between.

    `heard` are its messages, the last of which should say that davd stops.
    """
    faults = []
    words = Counter(word for _, message in heard for word in message)
    waiting = False
    for _, message in heard:
        if "RELOADING" in message:
            waiting = True
        elif "READY" in message:
            waiting = False
    if not words["READY"]:
        faults.append("READY was never heard")
    if waiting:
        faults.append("no READY after the last RELOADING")
    if words["RELOADING"] < reloads:
        faults.append(f"RELOADING was heard {words['RELOADING']} times for {reloads} reloads and restarts")
    alive = [at for at, message in heard if "WATCHDOG" in message or "STOPPING" in message]
    if len(alive) < 2:
        faults.append("the watchdog was not fed")
    gap = max((after - before for before, after in zip(alive, alive[1:], strict=False)), default=0.0)
    if gap > watchdog:
        faults.append(f"no sign of life for {gap:.1f} s, when systemd ends davd after {watchdog:.0f}")
    if not heard or "STOPPING" not in heard[-1][1]:
        faults.append("STOPPING was not the last that was heard")
    figures = ", ".join(f"{words[word]} {word}" for word in ("READY", "RELOADING", "WATCHDOG", "STOPPING"))
    return Finding("words to the service manager", f"{figures}, {gap:.1f} s at most between signs of life", faults)


def incremental(made: Sequence[tuple[int, int]], kept: int) -> list[str]:
    """What is wrong with the bytes that each backup has written, beside the size that the store had.

    The first is whole. A later one is to leave out what has not changed, of which there are `kept` bytes at least.
    """
    first, whole = made[0]
    return [
        f"{new} bytes were written of a store of {size}, where {kept} have not changed: not incremental"
        for new, size in made[1:]
        if new > size * first / whole - kept / 2
    ]
