"""Apache httpd: the event MPM, mod_dav_fs, Basic with SHA-1 passwords (its cheapest check)."""

import base64
import hashlib
import os
import shutil
from typing import ClassVar

from tests.performance.peers.peer import PASSWORD, USER, Peer, executable

MODULES = (
    "mpm_event",
    "authn_core",
    "authn_file",
    "authz_core",
    "authz_user",
    "auth_basic",
    "mime",
    "dir",
    "alias",
    "setenvif",
    "socache_shmcb",
    "ssl",
    "dav",
    "dav_fs",
)
CONFIGURATION = """
{modules}
{user}
ServerName 127.0.0.1
ServerRoot {folder}
PidFile {folder}/httpd.pid
Mutex file:{folder} default
ErrorLog {folder}/error.log
LogLevel error
Listen 127.0.0.1:{plain}
Listen 127.0.0.1:{secure}
ListenBacklog 4096
ThreadLimit 300
ServerLimit 4
StartServers 4
ThreadsPerChild 300
MaxRequestWorkers 1200
MaxSpareThreads 1200
AsyncRequestWorkerFactor 50
KeepAlive On
KeepAliveTimeout 300
MaxKeepAliveRequests 0
Timeout 300
TypesConfig /etc/mime.types
DocumentRoot {folder}/files
DavLockDB {folder}/locks/locks
LimitRequestBody 0
<Directory {folder}/files>
    Dav On
    DavDepthInfinity On
    AuthType Basic
    AuthName bench
    AuthBasicProvider file
    AuthUserFile {folder}/passwords
    Require valid-user
</Directory>
<VirtualHost 127.0.0.1:{plain}>
</VirtualHost>
<VirtualHost 127.0.0.1:{secure}>
    SSLEngine on
    SSLProtocol -all +TLSv1.2 +TLSv1.3
    SSLCertificateFile {certificate}
    SSLCertificateKeyFile {key}
</VirtualHost>
"""


class Apache(Peer):
    """Apache httpd with mod_dav; as root its workers run as www-data, since it refuses to run as root."""

    name: ClassVar[str] = "apache"
    packages = ("apache2",)

    def launch(self) -> None:
        """Write httpd.conf and start the parent in the foreground."""
        for name in ("files", "locks"):
            (self.folder / name).mkdir()
            if os.geteuid() == 0:
                shutil.chown(self.folder / name, "www-data", "www-data")
        digest = base64.b64encode(hashlib.sha1(PASSWORD.encode(), usedforsecurity=False).digest()).decode()
        (self.folder / "passwords").write_text(f"{USER}:{{SHA}}{digest}\n")
        settings = self.folder / "httpd.conf"
        settings.write_text(
            CONFIGURATION.format(
                modules="\n".join(
                    f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so" for name in MODULES
                ),
                user="User www-data\nGroup www-data" if os.geteuid() == 0 else "",
                folder=self.folder,
                plain=self.plain.port,
                secure=self.secure.port,
                certificate=self.certificate,
                key=self.key,
            )
        )
        self.spawn([executable("apache2", "apache2"), "-d", str(self.folder), "-f", str(settings), "-DFOREGROUND"])
