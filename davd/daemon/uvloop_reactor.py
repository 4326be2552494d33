"""The reactor that `twistd -r uvloop` installs."""

from __future__ import annotations

import asyncio

import uvloop
from twisted.internet import asyncioreactor


def install() -> None:
    """Make Twisted's asyncio reactor on a new uvloop event loop the process's reactor."""
    loop = uvloop.new_event_loop()
    asyncio.set_event_loop(loop)
    asyncioreactor.install(loop)
