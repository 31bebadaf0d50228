# Everything a person starts. Each target makes and reuses .venv by itself.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
PORT ?= 8000
# Passed to pip for torch alone, for example: TORCH_ARGS="--index-url https://download.pytorch.org/whl/cpu"
TORCH_ARGS ?=

BIN := .venv/bin
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --no-input

.PHONY: demo test lint eval bench bench-pages bench-serving messages format clean

demo: .venv/installed
	@$(BIN)/python manage.py demo --port $(PORT)

test: .venv/installed-dev
	@BROWSER="$$(scripts/find_browser)" && PICTURES_BROWSER="$$BROWSER" $(BIN)/python -m pytest $(ARGS)

lint: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports --no-cache

# Measures the search in a database of its own; ARGS="--full" adds galleries of 10,000.
eval: .venv/installed
	@$(BIN)/python manage.py evaluate_search $(ARGS)

# Measures the speed of the search beside others, then that of the ingest;
# ARGS="--photos 1000000" takes an hour. INGEST_ARGS are those of bench.ingest.
bench: .venv/installed-bench
	@$(BIN)/python -m bench.search $(ARGS)
	@$(BIN)/python -m bench.ingest $(INGEST_ARGS)

# Measures the pages of a large gallery; ARGS="--data FOLDER" keeps it for the next time.
bench-pages: .venv/installed-dev
	@$(BIN)/python -m bench.pages $(ARGS)

# Measures requests a second of one web process beside a bare view; needs wrk.
bench-serving: .venv/installed-dev
	@$(BIN)/python -m bench.serving $(ARGS)

# Collects the texts of the interface into locale/ and compiles the translations; needs GNU gettext.
messages: .venv/installed-dev
	$(BIN)/python manage.py makemessages --all --no-obsolete --no-wrap --add-location file \
		--ignore .venv --ignore data --ignore tests --ignore bench --ignore templates/admin
	$(BIN)/python manage.py compilemessages --ignore .venv --ignore data

format: .venv/installed-dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null || \
		{ echo "Pictures needs Python 3.11. Install it, or name it: make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Making .venv; the first time, everything is installed: some minutes."
	@$(PYTHON) -m venv .venv

.venv/torch: .venv/bin/python
	@echo "Installing PyTorch…"
	@$(PIP) $(TORCH_ARGS) "$$(grep '^torch==' requirements.txt)"
	@touch $@

.venv/installed: .venv/torch requirements.txt constraints.txt
	@echo "Installing what Pictures runs on…"
	@$(PIP) -r requirements.txt -c constraints.txt
	@touch $@

.venv/installed-dev: .venv/installed requirements-dev.txt
	@echo "Installing what tests and lint need…"
	@$(PIP) -r requirements-dev.txt -c constraints.txt
	@touch $@

.venv/installed-bench: .venv/installed requirements-bench.txt
	@echo "Installing what the search is measured beside…"
	@$(PIP) -r requirements-bench.txt -c constraints.txt
	@touch $@

clean:
	rm -rf .venv .pytest_cache .ruff_cache
