#!/usr/bin/env bash
# Resolve pyproject.toml into requirements/*.txt with hashes. Needs uv (make setup brings it into .uv).
#
# base.txt: what the server needs. dev.txt: that, and what building and testing it needs. extra-NAME.txt: what the extra NAME
# needs beside base.txt, in the versions of dev.txt where the tests use it. A file for each extra, since pip and uv install
# whole files in hash-checking mode, and nobody who wants depth should have to take nudenet's weights (AGPL-3.0).
# None for `diffusers`: a hash of torch is that of one build (CPU, or one CUDA, of one index), and which is right is the
# machine's matter; tools/install_diffusers.sh names the versions that are tested and leaves the build to pip.
set -euo pipefail
cd "$(dirname "$0")/.."
uv=$(command -v uv || echo .uv/bin/uv)
compile() { "$uv" pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header "$@"; }
compile pyproject.toml --output-file requirements/base.txt
compile pyproject.toml --group dev --group build --constraint requirements/base.txt --output-file requirements/dev.txt

beside_base=() held=(--constraint requirements/base.txt --constraint requirements/dev.txt)
while read -r name; do beside_base+=(--no-emit-package "$name"); done < <(sed -nE 's/^([A-Za-z0-9._-]+)==.*/\1/p' requirements/base.txt)
for extra in depth content c2pa; do
  file=requirements/extra-$extra.txt
  compile pyproject.toml --extra "$extra" "${held[@]}" "${beside_base[@]}" --output-file "$file"
  held+=(--constraint "$file") # so that any of them go together
done
echo "uv" | compile - --output-file requirements/uv.txt
