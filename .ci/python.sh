#!/bin/sh
# Without arguments: name the first Python that is new enough (or python3, for --check to complain about).
# --check PYTHON: say in one sentence what is wrong with it, if anything.
set -eu

new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

if [ "${1:-}" != "--check" ]; then
    for candidate in python3 python3.14 python3.13 python3.12 python3.11 python; do
        if new_enough "$candidate"; then
            echo "$candidate"
            exit
        fi
    done
    echo python3
    exit
fi

python=$2
if ! found=$("$python" -c 'import platform; print(platform.python_version())' 2>/dev/null); then
    echo "Itemwise needs Python 3.11 or newer, and '$python' does not run here. Install Python, or name one: make run PYTHON=/path/to/python3.12" >&2
    exit 1
fi
if ! new_enough "$python"; then
    echo "Itemwise needs Python 3.11 or newer; '$python' is $found. Install a newer one, or name one: make run PYTHON=/path/to/python3.12" >&2
    exit 1
fi
if ! "$python" -c 'import venv, ensurepip' 2>/dev/null; then
    echo "'$python' cannot make virtual environments: its venv module is missing. On Debian and Ubuntu: sudo apt-get install python3-venv" >&2
    exit 1
fi
