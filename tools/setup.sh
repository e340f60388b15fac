#!/usr/bin/env bash
# Everything `make demo` and `make test` need, into this folder: uv, .venv, the client. Asks nothing; safe to repeat.
set -euo pipefail
cd "$(dirname "$0")/.."

python=""
for candidate in python3 python3.14 python3.13 python3.12 python3.11; do
  if command -v "$candidate" >/dev/null 2>&1 && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    python=$(command -v "$candidate"); break
  fi
done
[ -n "$python" ] || { echo "setup: Python 3.11 or later is needed (on Debian and Ubuntu: apt-get install python3 python3-venv)" >&2; exit 1; }

if command -v uv >/dev/null 2>&1; then uv=uv
else
  uv=.uv/bin/uv
  if [ ! -x "$uv" ]; then
    echo "setup: installing uv into .uv"
    "$python" -m venv .uv || { echo "setup: python3-venv is needed (apt-get install python3-venv)" >&2; exit 1; }
    .uv/bin/python -m pip install --quiet --require-hashes --requirement requirements/uv.txt
  fi
fi

[ -x .venv/bin/python ] || "$uv" venv --quiet --python "$python" .venv
mark=.venv/.installed
if ! cmp -s "$mark" <(cat requirements/dev.txt pyproject.toml); then
  echo "setup: installing the pinned Python packages into .venv"
  "$uv" pip sync --quiet --python .venv/bin/python --require-hashes requirements/dev.txt
  echo "setup: installing vr-previs and building its client"
  "$uv" pip install --quiet --python .venv/bin/python --no-deps --no-build-isolation --editable .
  cat requirements/dev.txt pyproject.toml > "$mark"
else
  .venv/bin/python tools/client_build.py build
fi
