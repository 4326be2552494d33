"""nginx: static files, its DAV module and dav-ext, Basic with plain-text passwords (the cheapest check it has)."""

import os
from typing import ClassVar

from tests.performance.peers.peer import PASSWORD, USER, Peer, executable

CONFIGURATION = """
{user}
load_module /usr/lib/nginx/modules/ngx_http_dav_ext_module.so;
daemon off;
worker_processes auto;
worker_rlimit_nofile {files};
pid {folder}/nginx.pid;
error_log stderr error;
events {{ worker_connections 15000; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_timeout 300s;
    keepalive_requests 1000000000;
    client_max_body_size 0;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    default_type application/octet-stream;
    dav_ext_lock_zone zone=locks:10m;
    server {{
        listen 127.0.0.1:{plain} backlog=4096;
        listen 127.0.0.1:{secure} ssl backlog=4096;
        ssl_certificate {certificate};
        ssl_certificate_key {key};
        ssl_protocols TLSv1.2 TLSv1.3;
        root {folder}/files;
        auth_basic bench;
        auth_basic_user_file {folder}/passwords;
        location / {{
            dav_methods PUT DELETE MKCOL COPY MOVE;
            dav_ext_methods PROPFIND OPTIONS LOCK UNLOCK;
            dav_ext_lock zone=locks;
            autoindex on;
        }}
    }}
}}
"""


class Nginx(Peer):
    """nginx as a file server with WebDAV."""

    name: ClassVar[str] = "nginx"
    packages = ("nginx", "libnginx-mod-http-dav-ext")

    def launch(self) -> None:
        """Write nginx.conf and start the master, which starts a worker for each core."""
        (self.folder / "files").mkdir()
        (self.folder / "passwords").write_text(f"{USER}:{{PLAIN}}{PASSWORD}\n")
        settings = self.folder / "nginx.conf"
        settings.write_text(
            CONFIGURATION.format(
                user="user root;" if os.geteuid() == 0 else "",
                folder=self.folder,
                files=15100,
                plain=self.plain.port,
                secure=self.secure.port,
                certificate=self.certificate,
                key=self.key,
            )
        )
        self.spawn([executable("nginx", "nginx"), "-p", str(self.folder), "-c", str(settings)])
