"""What twistd finds: the davd service and the uvloop reactor."""

from twisted.application.reactors import Reactor
from twisted.application.service import ServiceMaker

davd_service = ServiceMaker("davd", "davd.daemon.service", "A WebDAV, CalDAV and CardDAV server.", "davd")
uvloop_reactor = Reactor("uvloop", "davd.daemon.uvloop_reactor", "An asyncio reactor on uvloop's event loop.")
