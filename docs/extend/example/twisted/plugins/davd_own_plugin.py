"""What twistd finds of the server of one's own: it becomes a word on twistd's command line."""

from twisted.application.service import ServiceMaker

own = ServiceMaker("davd-own", "davd_own", "davd over a store that keeps a journal.", "davd-own")
