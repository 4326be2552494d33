"""What Twisted finds of the way of delivering alerts."""

from twisted.plugin import IPlugin
from zope.interface import implementer

from davd.interfaces.alert import IAlertMaker


@implementer(IPlugin, IAlertMaker)
class SpoolMaker:
    """Names the callable that makes the way from its section `[alerts.delivery.spool]`."""

    name = "spool"
    description = "Writes alerts into a folder."
    path = "davd_spool.way"


spool = SpoolMaker()
