# `make study` and `make test` set everything up themselves. `make help` lists the targets.
SHELL := /bin/sh
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.locked
PORT ?= 5050
JOBS ?= 2
PYTEST := $(BIN)/python -m pytest --durations=10 -n $(JOBS) --dist loadfile
export GANSTUDY_PYTHON := $(CURDIR)/$(BIN)/python
export DVC_NO_ANALYTICS := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.DEFAULT_GOAL := help
.PHONY: help setup study test lint browser unit pipeline faults smoke judges bench bench-data bench-metrics ui reports gate site changes review lock clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "%-15s%s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## Make the virtual environment from the hashed lock

$(STAMP): requirements.lock bin/setup
	@sh bin/setup $(PYTHON) $(VENV)

study: $(STAMP) ## Run the study: data, judge, training, metrics, report
	@sh bin/study $(BIN)

test: $(STAMP) lint unit pipeline ## Everything that must hold

lint: $(STAMP) ## Style, types, workflow
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/zizmor --offline --quiet .github/workflows

# JOBS processes of one thread each: threads of several processes would wait for each other. A file's
# tests stay in one process, which makes their fixtures once.
unit pipeline: export OMP_NUM_THREADS := 1
unit: $(STAMP) browser ## The tests of each part, in JOBS processes
	$(PYTEST) --ignore=tests/pipeline --ignore=tests/faults

pipeline: $(STAMP) ## The tests that run DVC, git and MLflow for real, in JOBS processes
	$(PYTEST) tests/pipeline tests/faults

faults: $(STAMP) ## Kill, fill, race and fuzz it in earnest: reports/reliability.md
	FAULTS=full $(BIN)/python -m pytest $(or $(FILES),tests/faults)

smoke: $(STAMP) ## A study of digits in minutes, in build/smoke
	@sh bin/workspace build/smoke studies/smoke/params.yaml
	cd build/smoke && "$(CURDIR)/$(BIN)/dvc" repro
	@echo "report: build/smoke/reports/README.md, and index.html beside it"

judges: $(STAMP) ## Train the judges that come with ganstudy anew: src/ganstudy/judges
	@sh bin/judges $(BIN) $(NAMES)

bench: $(STAMP) ## Speed and memory of training and of everything around it: reports/benchmarks.md
	PYTHONPATH=src $(BIN)/python benchmarks/speed.py $(PARTS)

bench-data: $(STAMP) ## Memory of every command, also with a million images; speed by resolution
	PYTHONPATH=src $(BIN)/python benchmarks/memory.py
	PYTHONPATH=src $(BIN)/python benchmarks/resolutions.py

bench-metrics: $(STAMP) ## Speed, memory and intervals of the metrics: reports/evaluation.md
	PYTHONPATH=src $(BIN)/python benchmarks/evaluation.py $(PARTS)

ui: $(STAMP) ## MLflow's pages on this machine, at PORT
	@sh bin/ganstudy ui --port $(PORT)

browser: $(STAMP) ## A browser for the tests of pages
	@sh bin/browser

reports: $(STAMP) ## Draw every report anew from its committed evidence, without data
	@JOBS=$(JOBS) sh bin/reports

gate: $(STAMP) ## Do the committed reports belong to the committed code, params and evidence?
	@sh bin/gate $(BIN)

site: ## The committed pages of all studies as a web site, build/site
	@sh bin/site

changes: $(STAMP) ## Metrics and params that differ from BASE, a commit
	@sh bin/changes $(BIN) "$(BASE)"

review: $(STAMP) ## The small study of BASE and of this tree, and what differs: build/review/comment.md
	@sh bin/review $(BIN) "$(BASE)" $(PYTHON)

lock: ## Resolve the dependencies anew (needs uv)
	uv pip compile --universal --only-binary :all: --generate-hashes --no-emit-index-url --no-header \
	    --python-version 3.11 --extra dev pyproject.toml -o requirements.lock

clean: ## Remove caches and the smoke study, not data or results
	rm -rf build .pytest_cache .mypy_cache .ruff_cache .hypothesis
