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
wrk wrk
strace strace
curl curl
openssl openssl
node nodejs
npm npm
redis-server redis-server
LIST
[ -e /usr/lib/nginx/modules/ngx_http_dav_ext_module.so ] || missing+=(libnginx-mod-http-dav-ext)

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
