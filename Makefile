# Needs make and Python 3.11 or newer; everything else goes into .venv.

VENV := .venv
BIN := $(VENV)/bin
DEMO := out/demo
SAMPLE := data/samples/yunping-county-2023

IS_NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
# The first that is new enough; `make demo PYTHON=/path/to/python` names another.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	if $$python -c '$(IS_NEW_ENOUGH)' 2>/dev/null; then echo $$python; break; fi; done)

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help demo test lint docs bench clean

help: ## list what make can do
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-6s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(VENV)/.demo ## install, train a model, track it, tag a sample report (under 5 minutes)
	@echo
	@echo "== 1/4 Train on data/corpus =="
	@$(BIN)/fazhi train --config configs/default.toml --set name=demo --output $(DEMO)/model --force
	@echo
	@echo "== 2/4 Score it on the 20 reports of the frozen test split =="
	@$(BIN)/fazhi evaluate --model $(DEMO)/model --data data/corpus --split test
	@echo
	@echo "== 3/4 Tag a sample report =="
	@$(BIN)/fazhi tag $(SAMPLE).txt --model $(DEMO)/model
	@$(BIN)/fazhi tag $(SAMPLE).txt --model $(DEMO)/model --format html --output $(DEMO)/page.html --force
	@echo
	@echo "== 4/4 Tag a folder of reports =="
	@$(BIN)/fazhi archive $(dir $(SAMPLE)) --model $(DEMO)/model --output $(DEMO)/archive
	@$(BIN)/fazhi tables $(DEMO)/archive
	@echo
	@echo "Done. What to look at next:"
	@echo "  $(DEMO)/page.html    the report above as a page: open it in a browser"
	@echo "  $(DEMO)/archive/index.html    what is in the folder: years, themes, places, words, every report"
	@echo "  $(DEMO)/model/MODEL_CARD.md    what the model is, and how good"
	@echo "  $(BIN)/mlflow ui --backend-store-uri sqlite:///mlflow.db    the training run with its figures"
	@echo "  $(BIN)/fazhi tag YOUR_REPORT.html    a report of your own (text, HTML, Word or PDF)"

test: $(VENV)/.test ## run the tests that need no browser and no minutes
	@$(BIN)/python -m pytest -m "not slow and not browser"

lint: $(VENV)/.dev ## check style, types and the direction of imports
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(VENV)/.dev ## build the documentation site into out/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet
	@echo "The site is in out/site: open out/site/index.html"

bench: $(VENV)/.test ## measure speed against what one would use otherwise (some ten minutes)
	$(BIN)/python benchmarks/cold_start.py
	$(BIN)/python benchmarks/throughput.py
	$(BIN)/python benchmarks/search.py
	$(BIN)/python benchmarks/readers.py
	$(BIN)/python benchmarks/archive.py

clean: ## remove the environment, caches and demo output; models and tracked runs stay
	rm -rf $(VENV) $(DEMO) build dist
	rm -rf .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find fazhi_ml tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

# What is installed, as stamps: for the demo, with the test tools, with all tools.
$(VENV)/.test: GROUPS := --group test
$(VENV)/.dev: GROUPS := --group dev
$(VENV)/.dev: MORE := ,fonts,spark
$(VENV)/.demo $(VENV)/.test $(VENV)/.dev: pyproject.toml | $(VENV)/.pip
	@echo "Installing fazhi-ml and what it needs into $(VENV); the first time this takes a minute or two ..."
	@$(BIN)/python -m pip install -qq --editable '.[train,documents,archive$(MORE)]' $(GROUPS)
	@touch $@

# Dependency groups need pip 25.1; a new environment brings that of its Python.
$(VENV)/.pip:
	@test -n "$(PYTHON)" && $(PYTHON) -c '$(IS_NEW_ENOUGH)' || { \
		echo "fazhi-ml needs Python 3.11 or newer, and found $${PYTHON:-$$(python3 --version 2>&1 || true)}." >&2; \
		echo "Install one, or say where it is: make $(MAKECMDGOALS) PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install -qq --upgrade 'pip>=25.1'
	@touch $@
