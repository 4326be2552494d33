"""A rule for backup programs: theirs is the lowest class, and the accounts they use may ask more than others."""

from collections.abc import Sequence
from typing import Any

from zope.interface import implementer

from davd.http.request import Request
from davd.interfaces.admission import IPriorityRule, IRateRule
from davd.model.priority import RequestPriority


@implementer(IPriorityRule, IRateRule)
class Backups:
    """Knows a backup by the first word of its User-Agent, and the accounts of backups by name."""

    def __init__(self, agents: Sequence[str], accounts: Sequence[str], factor: float) -> None:
        self._agents = tuple(agents)
        self._accounts = frozenset(accounts)
        self._factor = factor

    def priority(self, request: Request, proposed: RequestPriority) -> RequestPriority | None:
        """Backups go last; what others ask is no business of this rule."""
        return RequestPriority.LOW if request.headers.get("user-agent", "").startswith(self._agents) else None

    def factor(self, kind: str, name: str) -> float | None:
        """So much more than the settings say, for the accounts that are named."""
        return self._factor if kind == "account" and name in self._accounts else None


def rule(settings: dict[str, Any]) -> Backups:
    """The rule of `[rules.backups]`: `agents` and `accounts`, lists of texts, and `factor`, a number."""
    agents, accounts, factor = (settings.get(name) for name in ("agents", "accounts", "factor"))
    for name, value in (("agents", agents), ("accounts", accounts)):
        if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
            raise ValueError(f"rules.backups.{name}: expected a list of texts")
    if not isinstance(factor, int | float) or factor <= 0:
        raise ValueError("rules.backups.factor: expected a number above 0")
    return Backups(agents, accounts, float(factor))
