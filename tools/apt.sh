#!/usr/bin/env bash
# Installs Debian or Ubuntu packages without starting the services in them, as root or through sudo without a password.
# usage: tools/apt.sh PACKAGE...
# Where it may not, it prints the command to type and fails.
set -euo pipefail

policy=/usr/sbin/policy-rc.d
kept=''

# Debian asks this program whether a service may start; 101 is "no".
forbid_services() {
    if [ -e "$policy" ]; then
        kept=$(mktemp "$policy.XXXXXX")
        cp -p "$policy" "$kept"
    fi
    trap allow_services EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
}

allow_services() {
    if [ -n "$kept" ]; then mv -f "$kept" "$policy"; else rm -f "$policy"; fi
}

install_as_root() {
    local before service unit
    before=$(enabled_units)
    forbid_services
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq || echo "apt-get update failed; trying with the package lists that are there" >&2
    apt-get install -y -qq --no-install-recommends "$@" >&2
    # What was not enabled before does not start at the next boot either.
    for unit in $(enabled_units); do
        service=${unit%.service}
        case " $* " in *" $service "*)
            grep -qx "$unit" <<<"$before" || systemctl disable --quiet "$unit" || true ;;
        esac
    done
}

enabled_units() {
    if command -v systemctl >/dev/null; then
        systemctl list-unit-files --type=service --state=enabled --no-legend 2>/dev/null | awk '{print $1}' || true
    fi
}

if [ "${1:-}" = --as-root ]; then
    shift
    install_as_root "$@"
    exit
fi

[ $# -gt 0 ] || { echo "usage: tools/apt.sh PACKAGE..." >&2; exit 2; }
command="apt-get install --no-install-recommends $*"
if ! command -v apt-get >/dev/null; then
    echo "missing here: $*. Install them with this system's package manager, then try again." >&2
    exit 1
elif [ "$(id -u)" = 0 ]; then
    echo "installing $*" >&2
    install_as_root "$@"
elif sudo -n true 2>/dev/null; then
    echo "installing $* through sudo" >&2
    sudo -n bash "$(readlink -f "$0")" --as-root "$@"
else
    echo "missing here: $*. Type this, then try again:" >&2
    echo "    sudo $command" >&2
    exit 1
fi
