#!/usr/bin/env bash
# Makes or mends the virtual environment and installs davd in it, from the pinned requirements.
# usage: tools/venv.sh core|test        PYTHON=/path/to/python and VENV=folder may be set
# Does nothing, quickly, as long as the files it reads have not changed since it last went well.
set -euo pipefail
cd "$(dirname "$0")/.."

set=${1:?usage: tools/venv.sh core|test}
venv=${VENV:-.venv}
inputs=(requirements/build.txt requirements/core.txt setup.py pyproject.toml tools/venv.sh)
[ "$set" = test ] && inputs+=(requirements/test.txt)
sum=$( (pwd; cat "${inputs[@]}") | sha256sum | cut -d' ' -f1)
stamp=$venv/.davd-$set.sum

if [ -x "$venv/bin/twistd" ] && [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$sum" ] && "$venv/bin/python" -c ''; then
    exit 0
fi

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }
has_venv() { "$1" -c 'import venv, ensurepip' >/dev/null 2>&1; }

# The first Python that is new enough; one that can make environments goes before one that cannot.
find_python() {
    local found='' name
    for name in ${PYTHON:-python3.13 python3.12 python3.11 python3}; do
        new_enough "$name" || continue
        if has_venv "$name"; then echo "$name"; return; fi
        found=${found:-$name}
    done
    echo "$found"
}

make_venv() {
    local python version
    python=$(find_python)
    if [ -z "$python" ] && [ -z "${PYTHON:-}" ]; then
        # Debian 12 and Ubuntu 24.04 have it as python3; Ubuntu 22.04 has it beside an older python3.
        tools/apt.sh python3 python3-venv || true
        new_enough python3 || tools/apt.sh python3.11 python3.11-venv || true
        python=$(find_python)
    fi
    if [ -z "$python" ]; then
        echo "davd needs Python 3.11 or newer; none was found. Install one (PYTHON=/path/to/python make ... uses it)." >&2
        exit 1
    fi
    if ! has_venv "$python"; then
        version=$("$python" -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
        tools/apt.sh "$version-venv"
    fi
    rm -rf "$venv"
    "$python" -m venv "$venv"
}

if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    echo "making $venv"
    make_venv
fi

export PIP_DISABLE_PIP_VERSION_CHECK=1
pip=("$venv/bin/python" -m pip --quiet)
rm -f "$venv"/.davd-*.sum
echo "installing requirements/$set.txt and davd in $venv"
"${pip[@]}" install -r requirements/build.txt -r "requirements/$set.txt"
"${pip[@]}" install --no-deps --no-build-isolation --editable .
# Twisted writes its list of plugins into the plugin folders; whoever installs may write there, whoever serves may not.
"$venv/bin/twistd" --help >/dev/null
echo "$sum" >"$stamp"
if [ "$set" = test ]; then
    (pwd; cat "${inputs[@]::5}") | sha256sum | cut -d' ' -f1 >"$venv/.davd-core.sum"
fi
