"""A request on its way through the steps, and what it leaves behind in the accounts of admission."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from davd.http.request import Request
from davd.model.path import Path
from davd.model.principal import Principal

if TYPE_CHECKING:
    from davd.admission.arrival import Arrival
    from davd.admission.budgets import AccountBudget
    from davd.admission.place import Place
    from davd.dav.exchange import Exchange
    from davd.formats.xml.reader import Element
    from davd.model.errors import HTTPError


@dataclass(slots=True)
class Visit:
    """What the steps have found out: each field without a default is set by the step that knows it.

    `place` is the one in the pool, `account` the budget of `principal` (None when it is not limited), `exchange` the
    one whose answer is given (None when no verb was asked for it), `document` the content where that was large enough
    to be parsed beforehand, `status` that of an answer that is made while it is sent.
    """

    request: Request
    arrival: Arrival
    place: Place | None = None
    account: AccountBudget | None = None
    exchange: Exchange | None = None
    document: Element | HTTPError | None = None
    status: int = 0
    principal: Principal = field(init=False)
    path: Path = field(init=False)
