"""What `twistd davd` takes on its command line."""

from __future__ import annotations

from twisted.python import usage


def workers(text: str) -> int:
    """A number of workers as the settings have it: `auto` is 0."""
    return 0 if text == "auto" else int(text)


class Options(usage.Options):
    """The options of `twistd davd`."""

    synopsis = "[--config FILE] [--data DIR] [--listen ENDPOINT]... [--admin ENDPOINT] [--workers N|auto]"
    longdesc = (
        "Serves files over WebDAV. ENDPOINT is a Twisted endpoint string such as tcp:8080:interface=127.0.0.1 or "
        "unix:/run/davd/http.sock; ssl:PORT without key options uses the certificate in the data folder."
    )
    optParameters = [
        ["config", None, None, "TOML file with the settings."],
        ["data", None, None, "Folder of the store and the certificate (default: davd-data here)."],
        ["admin", None, None, "Endpoint of the admin plane, which is off without it."],
        ["workers", None, None, "Number of processes that serve, or auto: one for each processor but one.", workers],
    ]
    optFlags = [["allow-root", None, "Start although the user is root."]]
    compData = usage.Completions(optActions={"config": usage.CompleteFiles("*.toml"), "data": usage.CompleteDirs()})

    def __init__(self) -> None:
        super().__init__()
        self["listen"] = []

    def opt_listen(self, endpoint: str) -> None:
        """Endpoint to serve on; may be given several times (default: ssl:8443)."""
        self["listen"].append(endpoint)
