# Parley's tasks. `make` alone lists them.
#
# ARGS go to the program: make demo ARGS=--help

SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# Where Go installs this user's toolchains and modules is Go's business; only the
# tools of this repository are pinned here.
GOLANGCI_VERSION := v2.15.0
GOLANGCI := bin/golangci-lint-$(GOLANGCI_VERSION)

FUZZTIME ?= 30s
PKG ?= ./...

# Compilers and linters spend a fifth of their time on collecting garbage: they do it less often, until one of them holds three gigabytes.
QUICK = GOGC=400 GOMEMLIMIT=3GiB

# Packages whose tests start neither PostgreSQL nor a browser, by whatever they import; a mailbox takes longest.
LIGHT = ./channels/email $$(go list -test -f '{{.ImportPath}} {{join .Deps " "}} ' ./... | \
	awk '/^[^ ]+[.]test / && !/ parley\/store\/(storetest|pgserver) | github.com\/chromedp\/chromedp / {sub(/[.]test$$/, "", $$1); print $$1}')

# Tests of the tree itself (who may import whom, generated pages, what docs refer to) in packages that else need more.
TREE = ^Test(Imports|Docs.*|CommentsLeadSomewhere|NobodyCallsByTheDefaultTransport|ArchitectureNamesPackages|Requirements|Parity)$$

# Tests run in their package's folder: a relative path would not lead there.
ifneq ($(strip $(PARLEY_TESTDATA)),)
override PARLEY_TESTDATA := $(abspath $(PARLEY_TESTDATA))
endif
export PARLEY_TESTDATA

.PHONY: help demo build served check test soak lint linters fuzz torture bench golden pictures

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

demo: ## try Parley without any account: prints the address of a page
	@.ci/need go postgres
	@$(QUICK) .ci/build
	@exec ./bin/parley demo $(ARGS)

build: ## build bin/parley
	@.ci/need go
	$(QUICK) go build -trimpath -ldflags=-s -o bin/parley ./cmd/parley

served: ## build bin/parley-served for servers: without demo, fakes, torture, bench and their emulators
	@.ci/need go
	$(QUICK) go build -tags served -trimpath -ldflags=-s -o bin/parley-served ./cmd/parley

# Most of the linters' time goes to following values through functions: that is done in the packages that differ from the last
# commit. In all others, what a change elsewhere can break is looked for: code that doesn't compile, a switch that misses a new
# word, an error that nobody takes. `make lint` is the whole.
check: $(GOLANGCI) ## before each commit: format, vet, linters for what changed, unit tests without database and browser; within a minute
	@.ci/need go
	@changed=$$(.ci/changed); if [ -n "$$changed" ]; then echo "Linting $$changed"; $(QUICK) $(GOLANGCI) run $$changed; fi
	$(QUICK) $(GOLANGCI) run --enable-only exhaustive,errcheck ./...
	$(QUICK) go test -vet=off $(LIGHT)
	$(QUICK) go test -vet=off ./cmd/parley/app ./cmd/parley/demo -run '$(TREE)'

test: ## everything: unit, PostgreSQL, scenarios, browser, short torture; the race detector where goroutines share memory
	@.ci/need go compiler postgres browser
	@[ -n "$$PARLEY_TESTDATA" ] || echo "PARLEY_TESTDATA is not set: the tests with sample data of others are skipped."
	@.ci/test $(PKG)

soak: ## now and then: the race detector for everything, every story on every surface and in every way of running Parley, the long forms of tests, databases that sort by a language, and the engine without reading ahead
	@.ci/need go compiler postgres browser
	PARLEY_TEST_LONG=yes PARLEY_FLOOD=full go test -race -vet=off -timeout 90m ./...
	PARLEY_TEST_READS_LATE=yes go test -vet=off -timeout 90m ./bridge/engine
	PARLEY_TEST_LOCALE=en-US go test -vet=off -timeout 90m ./store/... ./bridge/relay ./bridge/engine

lint: $(GOLANGCI) ## formatting and linters
	@.ci/need go compiler
	$(QUICK) $(GOLANGCI) run $(PKG)

linters: $(GOLANGCI) # builds them, if they aren't there

fuzz: ## each fuzz target for FUZZTIME (30s)
	@.ci/need go
	.ci/fuzz $(FUZZTIME)

# `make test` has a short form of it (TestTorture).
torture: ## fault injection: kill, stop, cut off, fill and upgrade Parley while messages flow, and check what arrived
	@.ci/need go postgres
	@$(QUICK) .ci/build
	@exec ./bin/parley torture $(ARGS)

# `make test` has a short form of it that judges invariants, never ratios.
bench: ## measure against what PostgreSQL can do here: a table, and bench.json
	@.ci/need go postgres
	@$(QUICK) .ci/build
	@exec ./bin/parley bench --json bench.json $(ARGS)

golden: ## rewrite the golden files; review them as a diff
	@.ci/need go postgres
	go test $$(grep -rlE --include='*_test.go' '"parley/channels/golden"' . | xargs -n1 dirname | sort -u) -update

pictures: ## take README's pictures from the demo in a browser; look at each
	@.ci/need go postgres browser emoji
	PARLEY_PICTURES=$(CURDIR)/docs/pictures go test ./cmd/parley/demo -run '^TestPictures$$' -count 1

$(GOLANGCI):
	@.ci/need go
	@echo "Building golangci-lint $(GOLANGCI_VERSION) into bin/, once; this takes about two minutes."
	$(QUICK) GOBIN=$(CURDIR)/bin go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@$(GOLANGCI_VERSION)
	mv bin/golangci-lint $@
