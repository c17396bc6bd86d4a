# The front door. `make help` lists the targets; each installs and builds what it needs and reuses it next time.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
NPM_STAMP := build/stamps/npm

.PHONY: help check test unit plane world demo cluster down bench policy reality lives night tools images gen format clean

help: ## Show the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(NPM_STAMP): package-lock.json package.json
	@echo "installing the npm packages"
	@npm ci --no-fund --no-audit --loglevel=error
	@mkdir -p $(@D) && touch $@

check: $(NPM_STAMP) ## Types, lint, format, generated files and unit tests, in seconds
	@npm run --silent types
	@npm run --silent lint
	@npm run --silent format:check
	@npm run --silent gen:check
	@npm run --silent test:unit

tools: $(NPM_STAMP) ## Build and unpack the real parts (Kubernetes, livekit-server, helm, Redis …)
	@node lab/tools.ts all

images: tools ## Make the container images of the local cluster
	@node lab/image.ts

test: $(NPM_STAMP) ## Run all tests on real parts: unit, control plane, world
	@npm run --silent types && npm run --silent lint && npm run --silent format:check && npm run --silent gen:check
	@node lab/tools.ts all
	@node lab/image.ts
	@status=0; \
	npm run --silent jest -- --selectProjects unit plane --maxWorkers=2 || status=1; \
	npm run --silent jest -- --selectProjects world --runInBand || status=1; \
	exit $$status

unit: $(NPM_STAMP) ## Run the unit tests only
	@npm run --silent test:unit

plane: tools ## Run the tests on a real API server only
	@npm run --silent test:plane

world: images ## Run the tests on whole clusters with real participants only
	@npm run --silent test:world

demo: images ## Show the operator at work on a real local cluster (KEEP=1 leaves it running)
	@node lab/demo.ts

cluster: images ## Start a local cluster and leave it running
	@node lab/cluster.ts up

down: $(NPM_STAMP) ## Remove every local cluster of this checkout
	@node lab/cluster.ts down --all

bench: images ## Measure reaction times, cost and the speed of deciding, side by side in one run
	@node lab/bench-decide.ts
	@node lab/bench-simulate.ts
	@node lab/bench.ts

policy: $(NPM_STAMP) ## Play the governor and its rivals on the shipped profiles; tables and reports in build/policy
	@node lab/policy.ts

reality: images ## Run one scenario on a real local cluster and in the simulator, and compare (25 minutes)
	@node lab/reality.ts

lives: $(NPM_STAMP) ## Live many random simulated fleets with faults (COUNT=1000; the seed of a bad one is printed)
	@node lab/lives.ts --count $(or $(COUNT),1000)

night: images ## Live random days on a real local cluster with faults (MINUTES=480)
	@node lab/night.ts

gen: $(NPM_STAMP) ## Make the generated files anew
	@npm run --silent gen

format: $(NPM_STAMP) ## Format the code
	@npm run --silent format

clean: ## Remove what was built here (the next run builds it again)
	@rm -rf build dist
