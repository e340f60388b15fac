#!/usr/bin/env bash
# What the tests of the engine `diffusers` need (torch, diffusers, transformers), into .venv. Asks nothing; safe to repeat.
# Where pip's index has a CPU build of torch, pip takes it; else it is the one with CUDA, several GB. TORCH_INDEX names a
# further index to look for one in.
set -euo pipefail
cd "$(dirname "$0")/.."
[ -x .venv/bin/python ] || { echo "install_diffusers: run make setup first" >&2; exit 1; }

packages=(torch==2.13.0 diffusers==0.42.1 transformers==5.24.0 accelerate==1.15.0 ftfy==6.3.1 sentencepiece==0.2.3)
if .venv/bin/python - "${packages[@]}" <<'PY'
import sys
from importlib.metadata import PackageNotFoundError, version
try:
    here = [f"{name}=={version(name).split('+')[0]}" for name in (told.split("==")[0] for told in sys.argv[1:])]
except PackageNotFoundError:
    sys.exit(1)
sys.exit(here != sys.argv[1:])
PY
then exit 0; fi

pip=""
for candidate in .uv/bin/python python3 python; do
  if "$candidate" -m pip --version >/dev/null 2>&1; then pip=$candidate; break; fi
done
[ -n "$pip" ] || { echo "install_diffusers: pip is needed (apt-get install python3-venv, then make setup)" >&2; exit 1; }

echo "setup: installing torch and diffusers into .venv"
# the project's own pins hold: their hashes would be asked of these packages too, so they go
pins=$(mktemp); trap 'rm -f "$pins"' EXIT
sed -E '/^[[:space:]]+--hash/d; s/[[:space:]]*\\$//' requirements/dev.txt > "$pins"
"$pip" -m pip --disable-pip-version-check --python .venv/bin/python install --quiet --constraint "$pins" \
  ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} "${packages[@]}"
