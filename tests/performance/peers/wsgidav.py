"""WsgiDAV on cheroot: a process for each port, ten threads each (its default)."""

import json
import sys
from pathlib import Path
from typing import ClassVar

from tests.performance.peers.peer import PASSWORD, USER, Missing, Peer


class Wsgidav(Peer):
    """WsgiDAV with its property manager and locks in memory."""

    name: ClassVar[str] = "wsgidav"

    def launch(self) -> None:
        """Write a configuration for each port and start both processes."""
        program = Path(sys.executable).parent / "wsgidav"
        if not program.exists():
            raise Missing(f"{program}: pip install wsgidav cheroot")
        (self.folder / "files").mkdir()
        for origin in (self.plain, self.secure):
            settings: dict[str, object] = {
                "host": origin.host,
                "port": origin.port,
                "provider_mapping": {"/": str(self.folder / "files")},
                "http_authenticator": {"accept_basic": True, "accept_digest": False, "default_to_digest": False},
                "simple_dc": {"user_mapping": {"*": {USER: {"password": PASSWORD}}}},
                "lock_storage": True,
                "property_manager": True,
                "verbose": 1,
                "logging": {"enable_loggers": []},
            }
            if origin.tls:
                settings |= {
                    "ssl_certificate": str(self.certificate),
                    "ssl_private_key": str(self.key),
                    "ssl_adapter": "builtin",
                }
            path = self.folder / f"{origin.port}.json"
            path.write_text(json.dumps(settings))
            self.spawn([str(program), "--config", str(path)])
