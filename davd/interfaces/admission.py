"""What decides beside davd's own rules who goes first and who asks too much."""

from __future__ import annotations

from zope.interface import Attribute, Interface

from davd.http.request import Request
from davd.model.priority import RequestPriority


class IPriorityRule(Interface):
    """A say in the class of a request, before anybody has logged in."""

    def priority(request: Request, proposed: RequestPriority) -> RequestPriority | None:
        """The class of a request; None to leave the one that davd or an earlier rule proposes.

        Called for every request that is not answered from memory, and once more for one whose content came later, so it
        must be quick; it must not read the body.
        """


class IRateRule(Interface):
    """A say in how much one account or one address may ask."""

    def factor(kind: str, name: str) -> float | None:
        """By what the settings' rates and bursts are multiplied; None to leave them, infinity for no limit.

        `kind` is `"address"` or `"account"`, `name` the network as text or the account's name. Asked when the budget is
        made, and again after settings were changed.
        """


class IAdmissionMaker(Interface):
    """A Twisted plugin that brings a rule: what `path` makes provides IPriorityRule, IRateRule or both."""

    name = Attribute("The configuration section: `[rules.NAME]`. The rule is in force when there is such a section.")
    description = Attribute("One line for `davctl`.")
    path = Attribute("Dotted path of a callable `(settings: dict) -> IPriorityRule | IRateRule`.")
