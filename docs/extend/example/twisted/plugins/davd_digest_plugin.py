"""What Twisted finds: a maker and nothing else, so that looking for plugins stays cheap."""

from twisted.plugin import IPlugin
from zope.interface import implementer

from davd.interfaces.extension import IExtensionMaker


@implementer(IPlugin, IExtensionMaker)
class DigestMaker:
    """Names the callable that makes the extension from its section `[extensions.digest]`."""

    name = "digest"
    description = "Tells the SHA-256 digest of files as a property."
    path = "davd_digest.extension"


digest = DigestMaker()
