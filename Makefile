# Everything a developer types. Each target does its own set-up; only Python >= 3.11 and pip must be there.
PYTHON ?= $(shell command -v python3.11 || command -v python3 || command -v python)
RUN = .venv/bin/python

.PHONY: help setup demo test check bench docs build clean

help:
	@echo "make demo    build an application and use it: scaffold, migrate, serve, import 5,000 records, query"
	@echo "make test    lint, types, floors and all tests"
	@echo "make check   the same on every interpreter found, with full iteration counts and coverage"
	@echo "             make check PART=data (or test PART=web, ...) runs one part alone"
	@echo "make bench   ratios to hand-written code and to peers"
	@echo "make build   sdists and wheels of all packages into dist/"

setup:
	@$(PYTHON) tools/bootstrap.py

demo: setup
	@$(RUN) tools/demo $(if $(KEEP),--keep)

test: setup
	@$(RUN) tools/suite.py test $(PART)

check: setup
	@$(RUN) tools/suite.py check $(PART)

bench: setup
	@for file in benchmarks/[a-z]*.py; do echo "== $$file"; $(RUN) $$file || exit 1; done

build: setup
	@$(RUN) tools/build.py

clean:
	rm -rf .venv .tools dist build .coverage* .mypy_cache .pytest_cache .ruff_cache .hypothesis
