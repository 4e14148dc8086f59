# Everything a developer or the build machine does has a target here.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

CACHE := .cache
# -race needs cgo and a C compiler. Without one the tests run plain and say so; on a build machine (CI=true) that is an error.
CC_FOUND := $(shell command -v $${CC:-cc} 2>/dev/null || command -v gcc 2>/dev/null)
RACE := $(if $(CC_FOUND),-race,)
GO_TEST_ENV := $(if $(CC_FOUND),CGO_ENABLED=1,CGO_ENABLED=0)

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## build ./vigil
	CGO_ENABLED=0 go build -trimpath -o vigil ./cmd/vigil

.PHONY: demo
demo: ## the whole main job on this machine, without network, in under 45 s
	go run ./cmd/vigil demo --exit-when-done

.PHONY: test
test: ## the tests with -race, on SQLite and PostgreSQL, in under 3 min; what is longer is skipped and says so
	@scripts/test.sh short "$(RACE)" "$(GO_TEST_ENV)"

.PHONY: test-long
test-long: ## all tests and whole samples: kill -9, a browser, the demo left running; and 4 fuzz targets in turn (15 min)
	@scripts/test.sh long "$(RACE)" "$(GO_TEST_ENV)"
	@scripts/fuzz.sh $(or $(FUZZTIME),20s) 4

.PHONY: soak
soak: ## by hand, for hours: test 10 times idle and 3 times beside 8 busy processes, test-long 5 times, all fuzz targets
	@scripts/soak.sh "$(RACE)" "$(GO_TEST_ENV)"

.PHONY: test-short
test-short: ## the tests of one's own packages: make test-short PKG=./judge/...
	$(GO_TEST_ENV) go test $(RACE) $(or $(PKG),./...)

.PHONY: test-geodata
test-geodata: ## the reader of geo databases on a real one, brought with npm; skipped where that is not there
	@scripts/test-geodata.sh

.PHONY: lint
lint: ## gofmt, go vet, golangci-lint (from a module of its own in tools/)
	@unformatted=$$(gofmt -l $$(git ls-files '*.go')); [ -z "$$unformatted" ] || { echo "gofmt would change: $$unformatted"; exit 1; }
	go vet ./...
	@mkdir -p $(CACHE)
	go -C tools build -o ../$(CACHE)/golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	GOLANGCI_LINT_CACHE=$(abspath $(CACHE))/lint $(CACHE)/golangci-lint run ./...

.PHONY: bench
bench: ## looks/s and visits/s beside a raw net/http loop, in one run, on loopback
	@scripts/bench.sh

.PHONY: accuracy
accuracy: ## judge the labelled corpus and print what came out wrong: make accuracy ARGS="--half tune --wrong"
	@go run ./cmd/vigil-lab accuracy $(ARGS)

.PHONY: fuzz
fuzz: ## each fuzz target for FUZZTIME (default 20s)
	@scripts/fuzz.sh $(or $(FUZZTIME),20s)

.PHONY: golden
golden: ## rewrite the golden files; look at the difference before you commit it
	go test $$(grep -rl 'flag.Bool("update"' --include='*_test.go' . | xargs -n1 dirname | sort -u) -update

.PHONY: clean
clean: ## remove what was built
	rm -rf vigil dist $(CACHE)
