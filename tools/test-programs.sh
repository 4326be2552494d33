#!/usr/bin/env bash
# Sees that the programs the tests drive are there, and installs the missing ones through apt where it may.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

missing=()
while read -r program package; do
    command -v "$program" >/dev/null || missing+=("$package")
done <<'LIST'
litmus litmus
rclone rclone
cadaver cadaver
mount.davfs davfs2
nginx nginx
apache2 apache2
haproxy haproxy
caddy caddy
chromium chromium
wrk wrk
strace strace
curl curl
openssl openssl
node nodejs
npm npm
redis-server redis-server
promtool prometheus
git git
dbus-run-session dbus
LIST
[ -e /usr/lib/nginx/modules/ngx_http_dav_ext_module.so ] || missing+=(libnginx-mod-http-dav-ext)
ls /usr/lib/*/libical.so.3 >/dev/null 2>&1 || missing+=(libical3)
# evolution-data-server without a screen, spoken to through GObject introspection.
[ -e /usr/libexec/evolution-calendar-factory ] || missing+=(evolution-data-server)
[ -e /usr/lib/python3/dist-packages/gi ] || missing+=(python3-gi)
for library in ECal-2.0 EBook-1.2 EDataServer-1.2; do
    ls /usr/lib/*/girepository-1.0/$library.typelib >/dev/null 2>&1 || missing+=("gir1.2-$(echo "$library" | tr A-Z a-z)")
done

if [ ${#missing[@]} -gt 0 ]; then
    tools/apt.sh "${missing[@]}"
fi

# The npm client of tests/conformance, as its lock file pins it.
npm=tests/conformance/npm
if [ -f $npm/package-lock.json ]; then
    sum=$(sha256sum $npm/package-lock.json | cut -d' ' -f1)
    if [ "$(cat $npm/node_modules/.davd-lock.sum 2>/dev/null)" != "$sum" ]; then
        (cd $npm && npm ci --no-audit --no-fund --loglevel=error)
        echo "$sum" >$npm/node_modules/.davd-lock.sum
    fi
fi

# Clients and servers in Python that the tests and the bench drive.
clients=.venv-clients
sum=$( (pwd; cat requirements/clients.txt) | sha256sum | cut -d' ' -f1)
if [ "$(cat $clients/.davd.sum 2>/dev/null)" != "$sum" ]; then
    echo "installing requirements/clients.txt in $clients"
    rm -rf $clients
    "${VENV:-.venv}/bin/python" -m venv $clients
    pip=("$clients/bin/python" -m pip --quiet --disable-pip-version-check)
    "${pip[@]}" install --no-deps -r requirements/clients.txt
    # Its source brings the suite that vdirsyncer holds servers against.
    "${pip[@]}" download --no-deps --no-binary vdirsyncer --dest $clients/suites \
        "$(grep '^vdirsyncer==' requirements/clients.txt)"
    tar -C $clients/suites -xzf $clients/suites/vdirsyncer-*.tar.gz
    echo "$sum" >$clients/.davd.sum
fi
