#!/usr/bin/env bash
# A browser for the end-to-end tests, if this machine has none: Debian's chromium where apt-get works, Playwright's elsewhere.
set -euo pipefail
cd "$(dirname "$0")/.."
for name in chromium chromium-browser google-chrome; do
  command -v "$name" >/dev/null 2>&1 && exit 0
done
if command -v apt-get >/dev/null 2>&1; then
  run=""; [ "$(id -u)" = 0 ] || run="sudo -n"
  if $run true 2>/dev/null; then
    echo "setup: installing chromium with apt-get"
    export DEBIAN_FRONTEND=noninteractive
    if $run apt-get update -qq && $run apt-get install -y -qq --no-install-recommends chromium fonts-wqy-zenhei >/dev/null; then exit 0; fi
  fi
fi
echo "setup: installing Playwright's chromium"
.venv/bin/python -m playwright install chromium
