# The README names make demo, make test and make acceptance. The environment is built by uv where there is one, else venv and pip.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin

.PHONY: demo test check format bench bench-verifier picture acceptance

.venv/.done: pyproject.toml Makefile
	@if command -v uv >/dev/null; then \
	  uv venv --quiet --allow-existing --python "$(PYTHON)" .venv && uv pip install --quiet --python $(BIN)/python --editable . --group dev; \
	else \
	  "$(PYTHON)" -m venv .venv && $(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1" && \
	  $(BIN)/python -m pip install --quiet --disable-pip-version-check --editable . --group dev; \
	fi
	@touch $@

demo: .venv/.done
	@$(BIN)/acrouter demo

test: check
	$(BIN)/python -m pytest -q -n 2 --dist loadfile

# The real clients, from npm's registry, against scripted models. Those in which time counts run alone.
acceptance: .venv/.done .clients/.done
	$(BIN)/python -m pytest -q --durations=5 -n 2 tests/acceptance --deselect tests/acceptance/test_hooks.py
	$(BIN)/python -m pytest -q tests/acceptance/test_hooks.py

.clients/.done: tests/acceptance/package.json
	@mkdir -p .clients && cp $< .clients/
	@npm install --prefix .clients --no-audit --no-fund --no-package-lock --loglevel=error \
	  || { echo "acceptance: the clients cannot be installed; it needs npm, and npm's registry within reach."; exit 1; }
	@touch $@

check: .venv/.done
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: .venv/.done
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/.done
	$(BIN)/python -m mcp_router.demo.speed
	$(BIN)/python -m mcp_router.demo.learning
	$(BIN)/python -m mcp_router.evaluation.dimensions

bench-verifier: .venv/.done
	$(BIN)/python -m tests.verifier.corpus
	$(BIN)/python -m tests.verifier.speed

picture: .venv/.done
	$(BIN)/python -m mcp_router.demo.picture docs/demo.svg

# The two figures of the README, from the tables in $ACROUTER_BENCH or beside the clone; a few minutes.
figures: .venv/.done
	$(BIN)/acrouter eval --bench ood176 --protocol cascade --orders 20 --figures .figures \
	  --policy acrouter,acrouter:memory-off,acrouter:memory-shuffled,linucb,cheap-first,always:gpt-5.4,always:claude-opus-4-6,hindsight-chain-4,ood176_ACRouter_cascade,oracle
	mv .figures/regret.svg .figures/frontier.svg docs/
	rm -r .figures
