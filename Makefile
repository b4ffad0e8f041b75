# Every target makes its own virtual environment: git, make and Python 3.11+ (with venv) are enough.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/pip --quiet --disable-pip-version-check
# Two layers of one environment: what runs (demo, serve, package), from the locks, and what developing needs besides. What
# runs is not compiled at once: most modules are never imported, and the others are compiled when they are.
RUN    := $(VENV)/.run
READY  := $(VENV)/.ready

.PHONY: demo demo-fleet serve test check format package npm cli validate lock bench soak mutants token openapi screenshots clean

$(RUN): requirements-build.lock requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "make: Python 3.11 or newer is needed, this is %s (set PYTHON=…)" % sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --no-compile --require-hashes --requirement requirements-build.lock
	$(PIP) install --no-compile --require-hashes --no-build-isolation --requirement requirements.lock
	@touch $@

$(READY): $(RUN) requirements-dev.txt requirements-esa.txt tests/emulator/requirements.txt
	$(PIP) install --only-binary :all: --requirement requirements-dev.txt
	$(PIP) install --no-deps --no-build-isolation --requirement tests/emulator/requirements.txt
	@touch $@

demo: $(RUN)
	$(BIN)/python -m emulator.demo

# Three instances behind one port that act as one, by a Redis server (Debian's redis-server): docs/fleet.md
demo-fleet: $(RUN)
	@command -v redis-server >/dev/null || .ci/packages redis-server
	$(BIN)/python -m emulator.demo.fleet

serve: $(RUN)
	$(BIN)/python -m functions.server

test: $(READY)
	.ci/tools
	$(BIN)/python -m pytest tests -n 4 --dist loadscope -p no:randomly $(ARGS)

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

# The artifact in dist/, for Function Compute's Python where one is found or given: PACKAGE_PYTHON=/path/to/python3.12
# EXTRA=esa adds the SDK of an optional product (docs/adding-a-product.md 2), EXTRA=otel what traces need.
package: $(RUN)
	$(BIN)/python -m packager $(if $(PACKAGE_PYTHON),--python $(PACKAGE_PYTHON)) $(if $(EXTRA),--extra $(EXTRA))

# The page's client for other front ends' builds, in dist/npm: `npm pack` or `npm publish` there.
npm: $(READY)
	PATH="$(CURDIR)/$(BIN):$$PATH" npm ci --prefix npm --no-audit --no-fund --loglevel=error
	$(BIN)/node npm/build.mjs

# What would not work of s.yaml and s.builtin.yaml, filled in as `s deploy` would.
validate: $(RUN)
	$(BIN)/python -m packager.template

# The command for scripts in dist/: the source archive, and the wheel out of that.
cli: $(READY)
	$(BIN)/python -m build --no-isolation --outdir dist cli

# Every bar beside what a user would write today; ARGS="--quick", ARGS="--only idle", ARGS=--profile, ARGS=--help
bench: $(READY)
	$(BIN)/python -m bench $(ARGS)

# Everything below the requirements, with hashes; the same for every Python from 3.11 on.
lock:
	$(PYTHON) -m venv build/lock
	build/lock/bin/pip install --quiet --disable-pip-version-check pip-tools==7.6.2
	for name in requirements requirements-build requirements-esa requirements-otel; do \
		CUSTOM_COMPILE_COMMAND="make lock" build/lock/bin/pip-compile --quiet --generate-hashes --strip-extras --allow-unsafe \
			--no-emit-index-url --no-emit-find-links --no-emit-trusted-host --output-file $$name.lock $$name.txt || exit 1; \
	done

# The long runs: two thousand viewers at once; half an hour of mixed requests with faults (memory, threads, sockets by
# thirds); a shared server stopped and killed; the events function killed at random moments, and random histories of events; what reads bytes from outside,
# fuzzed; thousands of made-up requests.
soak: $(READY)
	$(BIN)/python -m bench.soak.watchers
	$(BIN)/python -m bench.soak.load
	$(BIN)/python -m bench.soak.shared_server
	$(BIN)/python -m bench.soak.oss_events $(ARGS)
	$(BIN)/python -m bench.soak.fuzz
	$(BIN)/python -m tests.clients.fuzz

# How many small changes of the functions their tests notice (docs/testing.md); ARGS="--each 10 --only events --seed 2"
mutants: $(READY)
	$(BIN)/python -m bench.soak.mutants $(ARGS)

token: $(RUN)
	@$(BIN)/python -m functions.api.auth.mint $(ARGS)

openapi: $(RUN)
	$(BIN)/python -m functions.api.openapi.document > functions/web/openapi.json
	$(BIN)/python -m declarations > functions/web/task-status.d.ts

# Pictures of the page, for the READMEs.
screenshots: $(READY)
	.ci/tools
	$(BIN)/node tests/web/support/screenshots.mjs

clean:
	rm -rf $(VENV) dist build
