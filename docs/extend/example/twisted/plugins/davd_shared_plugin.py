"""What Twisted finds of the checker."""

from twisted.plugin import IPlugin
from zope.interface import implementer

from davd.interfaces.identity import ICheckerMaker


@implementer(IPlugin, ICheckerMaker)
class SharedPasswordMaker:
    """Names the callable that makes the checker from its section `[checkers.shared]`."""

    name = "shared"
    description = "One password for several names."
    path = "davd_shared.checker"


shared = SharedPasswordMaker()
