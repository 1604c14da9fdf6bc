# One command each; what a target lacks, it sets up. `make help` lists them.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.9
# uv as the lock file has it, with its hashes: what installs all the rest is itself what was reviewed.
UV_LOCKED := import tomllib; uv = next(p for p in tomllib.load(open("uv.lock", "rb"))["package"] if p["name"] == "uv"); print("uv==" + uv["version"], *("--hash=" + f["hash"] for f in [uv["sdist"], *uv["wheels"]]))
STACKS := $(wildcard infra/*)

.DEFAULT_GOAL := help
.PHONY: help setup demo test quick check format lint types imports bench soak fidelity recordings mutants build validate deploy publish destroy release audit costs docs faults pictures clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.ready ## Make the virtual environment from the lock file (other targets do it by themselves)

$(VENV)/.ready: pyproject.toml uv.lock
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) is missing; install Python 3.11 or newer" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) is older than 3.11; set PYTHON=/path/to/a/newer/one" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -x $(BIN)/uv && $(BIN)/uv --version | grep -q ' $(UV_VERSION)' || { $(PYTHON) -c '$(UV_LOCKED)' >$(VENV)/uv.txt && $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r $(VENV)/uv.txt; }
	@$(BIN)/uv sync --quiet --frozen --python $(BIN)/python
	@touch $@

demo: setup ## The whole system on this machine, to press and to watch (in a pipe it plays by itself)
	@$(BIN)/dormouse demo

test: setup ## Run every test
	@$(BIN)/pytest -n 3 --dist worksteal  # more than two cores have: a third of the time some test waits

QUICK := tests/domain tests/asking tests/reconcile tests/mapping tests/hcl tests/aws

quick: setup lint types imports ## Format, lint, types, imports and the fast tests, in under a minute
	@$(BIN)/pytest -q -n 2 -m "not slow and not terraform and not emulator" $(QUICK)

check: setup lint types imports test ## All that must pass before a change lands

format: setup ## Put the code into the one format
	@$(BIN)/ruff format src tests bench
	@$(BIN)/ruff check --fix src tests bench

lint: setup
	@$(BIN)/ruff format --no-cache --check src tests bench
	@$(BIN)/ruff check --no-cache src tests bench

types: setup
	@$(BIN)/mypy

imports: setup
	@$(BIN)/lint-imports

bench: setup ## Measure speed, as ratios in one run
	@PYTHONPATH=tests $(BIN)/python -m bench $(if $(PROFILE),--profile $(PROFILE))

DAYS ?= 500
SEED ?= 1
JOBS ?= 2

soak: setup ## Live through DAYS simulated days from SEED on with JOBS processes, and say what broke (PROFILE=FILE: at the pace of a trial)
	@PYTHONPATH=tests $(BIN)/python -m simulation.soak --days $(DAYS) --seed $(SEED) --jobs $(JOBS) $(if $(PROFILE),--profile $(PROFILE)) $(SOAK)

fidelity: setup ## Compare the simulated AWS with the recording FILE of the real one (dormouse trial --record FILE)
	@$(BIN)/python -m local.fidelity $(FILE) $(if $(PROFILE),--profile $(PROFILE))

recordings: setup ## Record anew what other emulators of AWS answer (tests/data/recordings)
	@PYTHONPATH=tests $(BIN)/python -m recording.peers

PARTS ?=
MUTANTS_VENV := .venv-mutants

mutants: setup ## Change the deciding code a line at a time: does a test notice? (PARTS="loop pacing" for these files; all take hours)
	@UV_PROJECT_ENVIRONMENT=$(MUTANTS_VENV) $(BIN)/uv sync --quiet --frozen --no-install-project --group mutants --python $(BIN)/python
	@PYTHONPATH=mutants/src:tests nice $(MUTANTS_VENV)/bin/python -m mutation $(PARTS)

SAM ?= $(BIN)/python -m controller.cli.run_sam
CONFIG_ENV ?= default
export SAM_CLI_TELEMETRY := 0

build: setup ## Build both Lambda functions into .aws-sam
	@$(SAM) build --config-env $(CONFIG_ENV)

validate: setup ## Have SAM and cfn-lint read template.yaml
	@$(SAM) validate --config-env $(CONFIG_ENV)

deploy: setup ## Put the controller and every stack's spec into the account of this shell (CONFIG_ENV=ci asks nothing)
	@$(BIN)/dormouse deploy --config-env $(CONFIG_ENV)

publish: setup ## Store the spec of every stack under infra/ for the controller
	@$(BIN)/dormouse deploy --publish-only --config-env $(CONFIG_ENV)

destroy: setup ## Take all that Dormouse made out of the account (LEAVE=asleep or LEAVE=awake asks nothing)
	@$(BIN)/dormouse destroy --config-env $(CONFIG_ENV)

release: setup ## Make a release from this commit in dist/: wheel, functions, bills of materials, notes, hashes
	@PYTHONPATH=tests:src $(BIN)/python -m release

# Exit code 1 where a pinned package has a known vulnerability. Without the source of advisories there is nothing to check.
audit: setup ## Look for known vulnerabilities in what uv.lock pins (asks api.osv.dev)
	@$(BIN)/uv audit --frozen --preview-features audit-command >$(VENV)/audit.txt 2>&1; code=$$?; \
	if grep -qE 'client error \(Connect\)|dns error|timed out' $(VENV)/audit.txt; then echo "SKIPPED: the source of advisories (api.osv.dev) cannot be reached; nothing was checked" >&2; \
	else cat $(VENV)/audit.txt; exit $$code; fi

costs: setup ## Write the idle bill of template.yaml into docs/costs.md
	@PYTHONPATH=tests $(BIN)/python -m deploy.idle_bill

faults: setup ## Write which tests hold us to which fault into docs/faults.md
	@PYTHONPATH=tests $(BIN)/python -m catalogue.index

docs: setup ## Write the reference pages under docs/reference from the code
	@PYTHONPATH=tests $(BIN)/python -m reference

pictures: setup ## Take the pictures of the page in docs/pictures (needs Chromium)
	@PYTHONPATH=tests:tests/api $(BIN)/python -m pictures

clean: ## Remove what these targets made
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis .aws-sam $(MUTANTS_VENV) mutants
