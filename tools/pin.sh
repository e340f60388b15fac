#!/usr/bin/env bash
# Resolve pyproject.toml into requirements/*.txt with hashes. Needs uv (make setup brings it into .uv).
set -euo pipefail
cd "$(dirname "$0")/.."
uv=$(command -v uv || echo .uv/bin/uv)
compile() { "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header "$@"; }
compile pyproject.toml --output-file requirements/base.txt
compile pyproject.toml --group dev --group build --constraint requirements/base.txt --output-file requirements/dev.txt
echo "uv" | compile - --output-file requirements/uv.txt
