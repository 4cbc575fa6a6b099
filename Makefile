# make run    the bot with its sandbox: open the printed page (no account, no Redis, no settings needed);
#             options of `python -m wechat_sandbox`: make run ARGS="--port 9200 --mode safe"
# make test   the tests, in parallel; installs redis-server, chromium … where it may, says what it skips where not
#             make test-fast: without browsers and without tests that start many processes, under a minute
#             make test-account HANDLERS=shop: the tests of your own package
#             make test-heavy: what needs packages by others, which npm fetches
# make lock   renew requirements.lock: the newest versions that requirements.txt allows, each with its hashes
# make check  ruff and mypy; TypeScript, which npm fetches, over the JavaScript
# make serve  the bot alone, with your config.py
# make bench  most measurements, a quarter of an hour (not bench.callback, which installs our peers, and
#             bench.endurance); each by itself, smaller: .venv/bin/python -m bench.NAME --help

PYTHON ?= python3
BIN := .venv/bin

# npm writes these files when it has installed the packages of a folder.
NODE_PEERS := tests/wechat_sandbox/peers/node_modules/.package-lock.json
TYPESCRIPT := tests/javascript/node_modules/.package-lock.json
PYTEST := $(BIN)/python -m pytest -n auto --dist loadfile --no-loadscope-reorder

# What is checked: an operator's own package beside it is not.
OURS := bot wechat_sandbox handlers tests bench setup_menu.py config.example.py

.PHONY: run serve test test-account test-fast test-heavy lock check bench screenshots format clean

run: .venv/.runtime
	@$(BIN)/python -m wechat_sandbox --with-bot $(ARGS)

serve: .venv/.runtime
	@$(BIN)/python -m bot

test: .venv/.dev
	@sh tests/system-packages.sh
	@$(PYTEST) $(ARGS)

test-fast: .venv/.dev
	@$(PYTEST) --ignore=tests/scenarios -m "not browser and not slow and not heavy" $(ARGS)

test-account: .venv/.dev
	@$(BIN)/python -m pytest $(or $(HANDLERS),handlers) $(ARGS)

test-heavy: .venv/.dev $(NODE_PEERS)
	@$(PYTEST) -m heavy $(ARGS)

tests/%/node_modules/.package-lock.json: tests/%/package-lock.json
	@sh tests/system-packages.sh node
	@echo "Installing the Node.js packages of $(<D) ..."
	@cd $(<D) && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error

bench: .venv/.dev
	@sh tests/system-packages.sh
	@$(BIN)/python -m bench.exactly_once
	@$(BIN)/python -m bench.exactly_once --store redis
	@$(BIN)/python -m bench.machines
	@$(BIN)/python -m bench.slow_beside_quick
	@$(BIN)/python -m bench.tokens
	@$(BIN)/python -m bench.many_keys
	@$(BIN)/python -m bench.steps
	@$(BIN)/python -m bench.home_page

check: .venv/.dev $(TYPESCRIPT)
	$(BIN)/ruff check $(OURS)
	$(BIN)/ruff format --check $(OURS)
	$(BIN)/mypy
	node tests/javascript/node_modules/typescript/bin/tsc -p tests/javascript

# For all systems and all versions of Python at once (--universal).
lock: .venv/.dev
	@$(BIN)/python -m uv pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
	  --custom-compile-command "make lock" requirements.txt -o requirements.lock

# The pictures of the README and of docs/, taken by the tests: all but three by the sandbox's.
screenshots: .venv/.dev
	@sh tests/system-packages.sh
	@SCREENSHOTS=docs $(BIN)/python -m pytest -q tests/browser
	@SCREENSHOTS=docs $(BIN)/python -m pytest -q tests/scenarios -k "home_page and safe-sqlite"

format: .venv/.dev
	$(BIN)/ruff check --fix $(OURS)
	$(BIN)/ruff format $(OURS)

clean:
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Python 3.11 or newer is needed; name one: make PYTHON=python3.12 ..."; exit 1; }
	@$(PYTHON) -m venv .venv \
	  || { rm -rf .venv; echo "venv is missing; on Debian: apt-get install python3-venv"; exit 1; }

.venv/.runtime: requirements.txt | .venv/bin/python
	@echo "Installing what the bot needs into .venv ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

.venv/.dev: requirements-dev.txt requirements.txt | .venv/bin/python
	@echo "Installing what tests and checks need into .venv ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-dev.txt
	@touch $@ .venv/.runtime
