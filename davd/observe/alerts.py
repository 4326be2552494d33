"""Which alerts are in force: the rules, looked at again and again.

Implements: docs/operate/monitoring.md, Alerts
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from davd.model.alert import Alert
from davd.observe.rules import Rule


@dataclass(slots=True)
class _State:
    rule: Rule
    # Since when the condition holds without a break, since when it does not while the alert is in force.
    breached: float | None = None
    calm: float | None = None
    since: float | None = None
    told: float = 0.0
    value: float | None = None


class Alerts:
    """The state of each rule. An alert that stays in force is told again after `repeat_seconds` (0: never)."""

    def __init__(self, rules: Sequence[Rule], repeat_seconds: float = 0.0, host: str = "") -> None:
        self._states = {rule.name: _State(rule) for rule in rules}
        self._repeat = repeat_seconds
        self._host = host

    def reconfigure(self, rules: Sequence[Rule], repeat_seconds: float) -> None:
        """Go by other rules; what is in force stays so until its rule, by the new thresholds, is calm or gone."""
        old = self._states
        self._states = {}
        for rule in rules:
            state = self._states[rule.name] = old.get(rule.name, _State(rule))
            state.rule = rule
        self._repeat = repeat_seconds

    def look(self, now: float, signals: Mapping[str, float]) -> list[Alert]:
        """What is to be told now, by the signals at a POSIX time: what begins, what is over, what is told again.

        A signal that is missing tells nothing, so its condition does not hold.
        """
        told = []
        for state in self._states.values():
            if self._step(state, now, signals.get(state.rule.signal)):
                state.told = now
                told.append(self._alert(state, now))
                if state.calm is not None and state.since is not None and self._over(state, now):
                    state.since = state.calm = None
        return told

    def firing(self) -> list[Alert]:
        """What is in force, as it was at the last look."""
        return [self._alert(state, state.told) for state in self._states.values() if state.since is not None]

    def states(self) -> dict[str, int]:
        """Whether each rule's alert is in force, as 0 or 1."""
        return {name: int(state.since is not None) for name, state in self._states.items()}

    def _step(self, state: _State, now: float, value: float | None) -> bool:
        """Take one look; whether there is something to tell."""
        rule = state.rule
        state.value = value
        if value is not None and rule.breached(value):
            state.calm = None
            if state.breached is None:
                state.breached = now
            if state.since is None:
                if now - state.breached < rule.for_seconds:
                    return False
                state.since = now
                return True
            return bool(self._repeat) and now - state.told >= self._repeat
        state.breached = None
        if state.since is None:
            return False
        if value is not None and not rule.calm(value):
            state.calm = None
            return bool(self._repeat) and now - state.told >= self._repeat
        if state.calm is None:
            state.calm = now
        return self._over(state, now)

    def _over(self, state: _State, now: float) -> bool:
        return state.calm is not None and now - state.calm >= state.rule.clear_seconds

    def _alert(self, state: _State, now: float) -> Alert:
        rule = state.rule
        firing = not self._over(state, now)
        since = state.since if state.since is not None else now
        return Alert(
            rule.name, rule.severity, rule.summary, firing, state.value, rule.threshold, since, now, self._host
        )
