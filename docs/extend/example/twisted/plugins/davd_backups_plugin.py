"""What Twisted finds of the rule."""

from twisted.plugin import IPlugin
from zope.interface import implementer

from davd.interfaces.admission import IAdmissionMaker


@implementer(IPlugin, IAdmissionMaker)
class BackupsMaker:
    """Names the callable that makes the rule from its section `[rules.backups]`."""

    name = "backups"
    description = "Lets backup programs go last."
    path = "davd_backups.rule"


backups = BackupsMaker()
