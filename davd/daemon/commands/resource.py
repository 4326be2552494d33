"""`davctl resource`: things that are booked by inviting them."""

from __future__ import annotations

from typing import Final

from davd.daemon.commands.principals import commands
from davd.model.principal import RESOURCE

resource: Final = commands(RESOURCE, "resource", "beamer", "Beamer")
