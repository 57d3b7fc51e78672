# Everything that Scrip's people and its CI do is a target here; the recipes
# longer than a few lines are in scripts/. `make` prints the list.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# The toolchain is the one that is installed: nothing is downloaded behind our back.
export GOTOOLCHAIN := local

# The version is given to the linker, so git's own stamp is not needed; it would
# also refuse a tree that belongs to another user, as in a container.
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
BUILD_FLAGS := -trimpath -buildvcs=false -ldflags "-s -w -X main.version=$(VERSION)"

# The tests' own bound is ten minutes for the whole; a package that needs this
# long hangs.
TEST_TIMEOUT ?= 10m
CRASH_POINTS ?= 20000
FUZZTIME ?= 30s
HTTP_ADDR ?= 127.0.0.1:8080

.PHONY: help
help: ## print this list
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## build bin/scrip
	CGO_ENABLED=0 go build $(BUILD_FLAGS) -o bin/scrip ./cmd/scrip

.PHONY: run
run: build ## build and serve a demo on HTTP_ADDR (127.0.0.1:8080) with its data in ./data
	bin/scrip serve --demo --data ./data --http-addr $(HTTP_ADDR)

.PHONY: test-deps
test-deps: ## install what the tests need: npm packages inside the repository, a C compiler
	@scripts/test-deps.sh

# Tests that drive the program find it at bin/scrip. The last lines are go test's.
.PHONY: test
test: build test-deps ## run all tests under the race detector
	CGO_ENABLED=1 go test -race -timeout $(TEST_TIMEOUT) ./...

.PHONY: check
check: ## gofmt, vet, staticcheck, floors and ratchet, tidy, generated files; a clean tree where CI=true
	@scripts/check.sh

.PHONY: mutants
mutants: ## break the code in known ways and require that a named test notices each
	go run ./internal/mutants

.PHONY: bench-check
bench-check: ## hold the hot path's stages against what was recorded of their allocations and instructions
	go run ./internal/benchcheck

# BENCH_FLAGS is for both: -quick, -dir DIR; `go run ./internal/measure peers -h`
# lists them all. The machine should do nothing else meanwhile.
.PHONY: bench-peers
bench-peers: build ## Scrip beside Redis, PostgreSQL and a bare handler, into docs/BENCHMARKS.md (quarter of an hour)
	go run ./internal/measure peers $(BENCH_FLAGS)

.PHONY: bench-scale
bench-scale: build ## Scrip with up to 50 million codes, into docs/BENCHMARKS.md (quarter of an hour, 10 GB of disk)
	go run ./internal/measure scale $(BENCH_FLAGS)

.PHONY: crash
crash: ## every crash point and failed operation (CRASH_POINTS), not only the sample of `make test`
	scripts/tests-with.sh SCRIP_CRASH_POINTS env SCRIP_CRASH_POINTS=$(CRASH_POINTS) go test -count=1 -timeout 6h -run Crash

.PHONY: fuzz
fuzz: ## run each fuzz target for FUZZTIME (30s)
	FUZZTIME=$(FUZZTIME) scripts/fuzz.sh

.PHONY: soak
soak: build ## a million codes, 64 clients, kill and restart, audit
	scripts/tests-with.sh '^//go:build soak' go test -tags soak -count=1 -timeout 2h -v -run '^TestSoak'

.PHONY: vuln
vuln: bin/govulncheck ## look up known vulnerabilities of what we link (needs the network)
	bin/govulncheck ./...

.PHONY: tools
tools: bin/staticcheck bin/govulncheck ## build the pinned tools of tools/go.mod into bin/

bin/staticcheck: tools/go.mod tools/go.sum
	go build -C tools -buildvcs=false -o ../$@ honnef.co/go/tools/cmd/staticcheck

bin/govulncheck: tools/go.mod tools/go.sum
	go build -C tools -buildvcs=false -o ../$@ golang.org/x/vuln/cmd/govulncheck

.PHONY: clean
clean: ## remove what was built; never touches ./data
	rm -rf bin tmp
	find . -name node_modules -type d -prune -exec rm -rf {} +
	find . -name '*.test' -type f -delete
