# The two commands: `make demo` and `make test`. What they do by hand stands in the README.
.DEFAULT_GOAL := help
.PHONY: help setup demo test lint types client unit protocol requirements format clean
PY := .venv/bin/python
LAN ?=
DIFFUSERS ?=
SERVE_OPTIONS := $(if $(LAN),--lan,)

help:            ## this list
	@grep -E '^[a-z]+: .*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## */\t/'

setup:           ## uv, .venv with the pinned packages, and the client, all in this folder
	@tools/setup.sh

demo: setup      ## the server on a sample project (LAN=1: HTTPS for headsets on the same network)
	@$(PY) -m vr_server.cli demo $(SERVE_OPTIONS)

test: setup      ## everything: style, types, imports, protocol drift, the client's tests, Python tests, the browser (DIFFUSERS=1: torch too)
	@tools/install_browser.sh
	@$(if $(DIFFUSERS),tools/install_diffusers.sh)
	@$(MAKE) --no-print-directory lint types client unit

lint:            ## ruff, import-linter
	.venv/bin/ruff format --check .
	.venv/bin/ruff check .
	.venv/bin/lint-imports

types:           ## mypy, strict
	.venv/bin/mypy

client:          ## oxlint, dependency-cruiser, vitest, protocol drift
	$(PY) tools/generate_protocol.py --check
	$(PY) tools/client_build.py run lint
	$(PY) tools/client_build.py run test

unit:            ## pytest: unit, contract, property, integration on two cores; then e2e, which wants both for itself
	.venv/bin/pytest -n 2 --dist loadfile --ignore tests/e2e
	.venv/bin/pytest tests/e2e

protocol:        ## write the client's protocol types from vr_server/rooms/protocol.py
	$(PY) tools/generate_protocol.py

requirements:    ## pin again, with hashes
	tools/pin.sh

format:          ## ruff's formatter and safe fixes
	.venv/bin/ruff format .
	.venv/bin/ruff check --fix .

clean:           ## remove what setup and the tests made (not data/)
	rm -rf .venv .uv vr_server/web webxr_client/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
