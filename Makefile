# What a developer types. Everything is made inside the checkout, most of it in .venv/ and build/.
# Needs Python >= 3.11 with its headers, a C compiler and make.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
PYTEST_FLAGS ?= -n auto
# Groups of optional dependencies to install; `train` adds what the training tools need.
EXTRAS ?= test
# Tests that drive the C parts hard.
SANITIZED := tests/coprocessor tests/engines tests/memory tests/programs tests/oracles/test_random_programs.py \
    tests/firmware/test_firmware.py tests/network/test_streams.py tests/network/test_queues.py

# What the compiled modules are made of: the instruction definitions, the generator, the coprocessor's C.
NATIVE_SOURCES := setup.py iss/builtin.py $(filter-out iss/engines/_interpreter.c coprocessor/_native.c, $(wildcard \
    iss/isa/*.py iss/engines/*.py iss/engines/*.c iss/trace/*.c \
    coprocessor/*.py coprocessor/*.c coprocessor/include/neurohart/*.h coprocessor/src/*.c coprocessor/src/*.h))
PIP := $(BIN)/python -m pip --disable-pip-version-check
PRINT_REQUIREMENTS := import tomllib; p = tomllib.load(open("pyproject.toml", "rb")); q = p["project"]; \
    extras = [r for name in "$(EXTRAS)".split() for r in q["optional-dependencies"][name]]; \
    print(*p["build-system"]["requires"], *q["dependencies"], *extras, sep="\n")

.PHONY: help demo test build lint cwarnings sanitize wheel packages bench docs clean
.DEFAULT_GOAL := help

help: ## show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 20

demo: build ## classify handwritten digits by spikes, with and without coprocessor
	$(BIN)/neurohart demo

test: build ## run all tests; those that need a tool which is not installed are skipped and say so
	$(BIN)/python -m pytest -ra $(PYTEST_FLAGS)

build: $(VENV)/.native ## make the virtual environment and compile the C parts

lint: build ## ruff, formatting and mypy --strict
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

cwarnings: build ## compile all C with gcc and clang and every warning an error
	$(BIN)/python -m tools.checks.c_warnings

sanitize: build ## run the tests of the C parts under AddressSanitizer and UndefinedBehaviorSanitizer
	tools/checks/sanitize.sh $(abspath $(BIN)/python) -q $(PYTEST_FLAGS) $(SANITIZED)

wheel: $(VENV)/.dependencies ## build the source distribution and the wheel into dist/
	rm -rf build/lib build/bdist.* dist
	$(BIN)/python -m build --no-isolation --outdir dist .

packages: $(VENV)/.dependencies ## prove pip install ., -e . and the wheel in clean clones, with gcc and with clang
	tools/checks/packages.sh $(abspath $(BIN)/python)

bench: build ## compare speed with other simulators (minutes); EXTRAS="test bench" installs those of networks
	$(BIN)/python -m tools.bench
	$(BIN)/python -m tools.bench coprocessor

docs: build ## make the pictures of the documents again from real runs
	$(BIN)/python -m tools.docs.pictures

clean: ## remove the virtual environment and everything built
	rm -rf $(VENV) build dist neurohart.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	rm -f iss/engines/_interpreter.* coprocessor/_native.*
	find . -name __pycache__ -prune -exec rm -rf {} +

# The stamps: libraries are installed again when pyproject.toml changes, the C parts when what they are made of changes.
# Only the first one uses the network.
$(VENV)/.dependencies: pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11) and "NeuroHart needs Python 3.11 or newer: make PYTHON=...")'
	$(BIN)/python -c '$(PRINT_REQUIREMENTS)' > $(VENV)/requirements.txt
	$(PIP) install --quiet -r $(VENV)/requirements.txt
	touch $@

$(VENV)/.native: $(VENV)/.dependencies $(NATIVE_SOURCES)
	$(PIP) install --quiet --no-build-isolation --no-deps --editable .
	touch $@
