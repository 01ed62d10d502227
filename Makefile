# `make demo` and `make test` do all the set-up themselves; see README.md.
VENV := .venv
BIN := $(VENV)/bin

# What `make test-wireshark` and `make fuzz` test the plugin with: programs, or Debian releases that it sets up outside the repository.
TSHARKS := tshark trixie sid

# What `make test-pythons` tests the package with, each with the oldest and the newest dependencies.
PYTHONS := 3.10 3.11 3.12 3.13

.PHONY: demo test test-wireshark test-pythons lint tools bench bench-readme profile fuzz fuzz-readme screenshot clean

demo: $(VENV)/.installed
	$(BIN)/analyze-pcap --engine embedded pcaps/v2_err61_passwords_dont_match.pcapng

test: $(VENV)/.dev tools lint
	$(BIN)/python -m pytest
	@tests/test-pythons $(BIN)/python --short --optional 3.10 3.13
	@tests/test-wireshark $(BIN)/python --optional trixie
	@tests/test-freerdp $(BIN)/python --optional trixie

test-wireshark: $(VENV)/.dev tools
	@tests/test-wireshark $(BIN)/python $(TSHARKS)

test-pythons: $(VENV)/.dev tools
	@tests/test-pythons $(BIN)/python $(PYTHONS)

lint: $(VENV)/.dev tools
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	luacheck --quiet dissector
	$(BIN)/python dissector/generate_codes.py --check
	$(BIN)/python docs/make_man_pages.py --check
	$(BIN)/python docs/make_reference.py --check

tools:
	@tests/install-tools

$(VENV)/bin/python:
	@tests/make-venv $(VENV)

$(VENV)/.installed: pyproject.toml $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check .
	touch $@

$(VENV)/.dev: pyproject.toml $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@ $(VENV)/.installed

# The captures stay in MSRA_BENCH_FOLDER, by default below the folder for temporary files.
bench: $(VENV)/.dev tools
	$(BIN)/python -m tests.bench

bench-readme: $(VENV)/.dev tools
	$(BIN)/python -m tests.bench --readme README.md

profile: $(VENV)/.dev
	$(BIN)/python -m tests.bench.profiling

# Half of MINUTES for the decoders in Python, half for the plugin in each of TSHARKS; what breaks one of them is written
# to tests/regressions/.
MINUTES := 30
FUZZ = $(BIN)/python -m tests.fuzz --minutes $(MINUTES) --tshark $(TSHARKS)
fuzz: $(VENV)/.dev $(VENV)/.fuzz tools
	$(FUZZ)

fuzz-readme: $(VENV)/.dev $(VENV)/.fuzz tools
	$(FUZZ) --readme README.md

$(VENV)/.fuzz: $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check atheris
	touch $@

screenshot: $(VENV)/.dev tools
	$(BIN)/python -m pip install --quiet --disable-pip-version-check pillow
	$(BIN)/python docs/make_screenshot.py

clean:
	rm -rf $(VENV) .build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis
