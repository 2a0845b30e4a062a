# remotemedia. Every target works on a clean clone; what a target needs besides Go is installed inside this folder.

SHELL := bash
GO ?= go
BIN := bin
BUILD_FLAGS := -trimpath -ldflags="-s -w"
PROGRAM ?= $(BIN)/remotemedia
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2
FUZZTIME ?= 10s
BENCH ?= .

.DEFAULT_GOAL := help
.PHONY: help build build-test release demo test lint generate typescript-client typescript-generate conformance proto-generate proto-lint proto-breaking proto-check accept profile bench bench-go bench-audio bench-ghz bench-k6 fuzz clean

help: ## List the targets
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## /{printf "  %-16s %s\n", $$1, $$2}' Makefile

build: ## Build bin/remotemedia, one static program
	CGO_ENABLED=0 $(GO) build $(BUILD_FLAGS) -o $(PROGRAM) ./cmd/remotemedia

build-test: ## Build bin/remotemedia-test, which has the nodes that fail on purpose
	CGO_ENABLED=0 $(GO) build $(BUILD_FLAGS) -tags faultnodes -o $(BIN)/remotemedia-test ./cmd/remotemedia

release: ## Build the program for all platforms, with checksums, to build/dist
	@scripts/release.sh

demo: build ## Start the service, send speech through it, write a WAV and a picture to build/demo
	@scripts/demo.sh

test: ## Run everything that is checked: format, vet, tests, race detector, protos, calls from Python
	@scripts/test.sh

lint: ## Format, vet and staticcheck
	@scripts/test.sh format vet
	$(GO) run $(STATICCHECK) ./...

generate: proto-generate build ## Write everything that is generated: api/, schema/, docs/nodes/ and docs/errors.md
	$(BIN)/remotemedia schema > schema/manifest.schema.json
	$(GO) run ./internal/reference/write

python-client: build build-test ## Check and test the Python client against the service
	@scripts/test.sh python-client

conformance: build-test ## Run the conformance cases with every client; prints a table of case by language
	@scripts/test.sh conformance

python-generate: build ## Write the Python client's messages and node classes
	@scripts/test.sh python-generate

typescript-client: build build-test ## Check and test the TypeScript client against the service
	@scripts/test.sh typescript-client

typescript-generate: build ## Write the TypeScript client's messages and node functions
	@scripts/test.sh typescript-generate

proto-generate: ## Write the Go messages to api/
	scripts/proto.sh generate

proto-lint: ## Check the style of the protos
	scripts/proto.sh lint

proto-breaking: ## Compare the protos with the contract that clients in the field have
	scripts/proto.sh breaking

proto-check: ## Fail when api/ isn't what the protos give
	scripts/proto.sh check

bench: ## Measure the service beside its peers (20 min; BENCH_QUICK=1: 3 min); writes bench/RESULTS.md
	@scripts/bench.sh

accept: ## Check the figures of the specification, on a machine that does nothing else; a release needs it
	@scripts/bench.sh accept

profile: ## CPU, allocation, block and mutex profiles of the service under load, to build/profile
	@scripts/bench.sh profile

bench-go: ## Run the Go benchmarks; BENCH=regexp chooses
	$(GO) test -run '^$$' -bench '$(BENCH)' -benchmem ./...

bench-audio: ## Compare the resampler with others in speed and quality; writes bench/AUDIO.md
	@scripts/bench-audio.sh

bench-ghz: build ## Load the service with ghz, against thresholds
	@bench/ghz.sh

bench-k6: build ## Load the service with k6, against thresholds
	@bench/k6.sh

.PHONY: overload
overload: build ## Offer more than the service can do (OVERLOAD_QUICK=1: for a minute only); writes bench/OVERLOAD.md
	CGO_ENABLED=0 $(GO) build -trimpath -o build/overload/ ./bench/peers/goecho
	$(GO) run ./bench/overload $(if $(OVERLOAD_QUICK),-quick)

.PHONY: soak
soak: build-test ## Keep the service busy and look for what grows (SOAK=60s says how long); writes bench/SOAK.md
	$(GO) run ./bench/soak -for $(or $(SOAK),60s)

fuzz: ## Fuzz every target for FUZZTIME (10s)
	@scripts/fuzz.sh $(FUZZTIME)

clean: ## Remove what was built and installed
	rm -rf $(BIN) build .venv tools/buf/node_modules tools/buf/.cache clients/typescript/node_modules clients/typescript/dist conformance/stubs/typescript/node_modules conformance/stubs/typescript/build
