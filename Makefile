# The front door. `make help` lists the targets; each installs and builds what it needs and reuses it next time.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
NPM_STAMP := build/stamps/npm

.PHONY: help check test unit plane world load demo cluster down bench policy reality lives night chaos fencing soak soak-days tools images image gen fuzz sbom format clean

help: ## Show the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(NPM_STAMP): package-lock.json package.json
	@echo "installing the npm packages"
	@npm ci --no-fund --no-audit --loglevel=error
	@mkdir -p $(@D) && touch $@

check: $(NPM_STAMP) ## Types, lint, format, generated files and unit tests, without any cluster
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
	npm run --silent jest -- --selectProjects world --maxWorkers=2 || status=1; \
	npm run --silent jest -- --selectProjects faults load --runInBand || status=1; \
	exit $$status

unit: $(NPM_STAMP) ## Run the unit tests only
	@npm run --silent test:unit

plane: tools ## Run the tests on a real API server only
	@npm run --silent test:plane

world: images ## Run the tests on whole clusters with real participants only
	@npm run --silent test:world

load: tools ## Run the tests that put measured load on a media server only
	@npm run --silent test:load

demo: images ## Show the operator at work on a real local cluster (KEEP=1 leaves it running)
	@node lab/demo.ts

cluster: images ## Start a local cluster and leave it running
	@node lab/cluster/cluster.ts up

down: $(NPM_STAMP) ## Remove every local cluster of this checkout
	@node lab/cluster/cluster.ts down

bench: images ## Measure reaction times, cost and the speed of deciding, side by side in one run
	@node lab/bench-decide.ts
	@node lab/bench-simulate.ts
	@node lab/bench.ts
	@node lab/scale/bench-scale.ts --sizes 10,100,1000
	@node lab/loadtest/bench.ts

policy: $(NPM_STAMP) ## Play the governor and its rivals on the shipped profiles; tables and reports in build/policy
	@node lab/policy.ts
	@node lab/policy-names.ts

reality: images ## Run one scenario on a real local cluster and in the simulator, and compare (25 minutes)
	@node lab/reality/reality.ts

lives: $(NPM_STAMP) ## Live many random simulated fleets with faults (COUNT=1000; the seed of a bad one is printed)
	@node lab/lives.ts --count $(or $(COUNT),1000)

night: images ## Live random days on a real local cluster with faults (MINUTES=480)
	@node lab/night/night.ts

chaos: tools ## Strike operators on a real API server and Redis with faults (MINUTES=60; SEED, ONLY=FAULT run one again)
	@node lab/chaos/chaos.ts --minutes $(or $(MINUTES),60) $(if $(SEED),--seed $(SEED)) $(if $(ONLY),--only $(ONLY))

fencing: tools ## Freeze leaders and thaw them when another one leads (HANDOVERS=100)
	@node lab/chaos/fencing.ts --handovers $(or $(HANDOVERS),100) $(if $(SEED),--seed $(SEED))

soak: tools ## Watch the memory, sockets and watches of an operator under load (MINUTES=120)
	@node lab/soak.ts --minutes $(or $(MINUTES),120)

soak-days: $(NPM_STAMP) ## Live simulated weeks under one operator and watch its memory (DAYS=38; SEED)
	@node --expose-gc lab/soak-days.ts --days $(or $(DAYS),38) $(if $(SEED),--seed $(SEED))

fuzz: $(NPM_STAMP) ## Feed the decoders with damaged input (TARGET=trace MINUTES=10 SEED=5; all in turn without TARGET)
	@node test/fuzz/main.ts --target "$(TARGET)" --minutes "$(MINUTES)" --seed "$(SEED)" --run "$(RUN)"

sbom: $(NPM_STAMP) ## Write the bill of materials of the image's packages (CycloneDX) to build/sbom.cdx.json
	@mkdir -p build && npm sbom --omit=dev --package-lock-only --sbom-format=cyclonedx --sbom-type=application \
		--loglevel=error > build/sbom.cdx.json && echo "wrote build/sbom.cdx.json"

image: tools ## Make the operator's image, the same to the last byte for everybody, and say its id
	@node lab/image.ts operator

gen: $(NPM_STAMP) ## Make the generated files anew
	@npm run --silent gen

format: $(NPM_STAMP) ## Format the code
	@npm run --silent format

clean: ## Remove what was built here (the next run builds it again)
	@rm -rf build dist
