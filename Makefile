# What a developer types. `make` alone lists it.

GO       ?= go
VERSION  ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
# As what is built for users: with cgo the standard library, and so all that imports it, is compiled once more.
STATIC    = CGO_ENABLED=0 $(GO)
BUILD     = $(STATIC) build -trimpath -ldflags "-s -w -X main.version=$(VERSION)"
# The race detector needs cgo, and so a C compiler: `make test RACE=` does without. SQLite, which is translated from C and
# locks for itself, and ciphers, which share nothing, are not watched: that took half the time, and not one race is ours.
RACE     ?= -race $(foreach p,modernc.org crypto/internal/fips140 golang.org/x/crypto,'-gcflags=$(p)/...=-race=false -d=checkptr=0')
# Counted, as go test before 1.27 may fail where a time ends while an input is tried (Go issue 75804).
FUZZTIME ?= 500000x
SHORTFUZZ ?= 10000x
BENCHTIME ?= 3s

STATICCHECK = honnef.co/go/tools/cmd/staticcheck@v0.8.2
ERRCHECK    = github.com/kisielk/errcheck@v1.30.0

.DEFAULT_GOAL := help
.PHONY: help demo dev build build-libcrypto test test-all replay clients check fuzz fuzz-short bench

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: ## start the demo shop, sign in, exchange a token and explain it
	$(GO) run ./cmd/tokenhouse demo

dev: ## serve the demo shop on port 8080, database in ./data; administrator admin, admin
	@echo 'sign in as alice, alice-password, at client storefront of http://localhost:8080/realms/shop'
	$(GO) run ./cmd/tokenhouse start-dev --import-realm=examples \
	  --bootstrap-admin-username=admin --bootstrap-admin-password=admin

build: ## one static binary, ./tokenhouse
	$(BUILD) -o tokenhouse ./cmd/tokenhouse

build-libcrypto: ## the same, RSA signatures by OpenSSL's libcrypto where the machine has it
	$(BUILD) -tags libcrypto -o tokenhouse ./cmd/tokenhouse

# What does one thing after the other for minutes: the race detector makes it take four times as long, and finds no
# more in it than in the tests that do many things at once.
PLAYED = ^Test(Replay|FixedPoint|HostileBodies|RealmFiles|Attack|(Exchange)?Conformance|Permissions|WhatIsReadMayBeWritten|BearerTakesEach\w+|Screens|Guides|KeycloakTokens)$$

# Where nothing happens at once, so that the race detector has nothing to find: no goroutine is begun there.
CALM = ./internal/core/... ./internal/keycloak/... ./internal/kcadm/...

# Begun first, so that at the end no core waits for another.
LONGEST = ./internal/server ./internal/store ./internal/flow/manage ./internal/cli

# `make check` has vetted them.
test: ## all tests but the long ones, with the race detector where much happens at once
	$(GO) test $(RACE) -vet=off -timeout 30m -skip '$(PLAYED)' $(LONGEST) \
	  $$($(GO) list ./... | grep -vxF "$$($(GO) list $(CALM))")
	$(STATIC) test -vet=off -timeout 30m $(CALM)
	$(STATIC) test -vet=off -timeout 30m -run '$(PLAYED)' ./internal/server ./internal/web/pages ./internal/flow/... ./internal/cli ./internal/upstream ./bearer

replay: ## how many of Keycloak's recorded answers pass, wait and differ
	@$(STATIC) test -count=1 -v -run '^TestReplay$$' ./internal/server | grep -E '^(replay |ok|FAIL|panic)'

clients: ## use a server by clients of npm, PyPI and Maven, which are installed for it
	TEST_CLIENTS=1 $(STATIC) test -count=1 -v -run '^TestClients$$' ./internal/server

test-all: ## the long tests too: crashes, soak, a million users, and each fuzz test for FUZZTIME
	TEST_LONG=1 $(GO) test $(RACE) -timeout 3h ./...
	$(MAKE) fuzz

# Without the limit a fuzz test spends most of its time on making inputs shorter, a minute on each.
fuzz: ## each fuzz test for FUZZTIME (500,000 inputs)
	@for package in $$($(GO) list ./...); do \
	  for name in $$($(GO) test -list '^Fuzz' $$package | grep '^Fuzz'); do \
	    echo "$$package $$name"; \
	    $(GO) test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 100x $$package || exit 1; \
	  done; \
	done

# What strangers send before anybody knows who they are, but for FuzzLogoutToken: to build that for fuzzing takes minutes.
STRANGERS = ./internal/core/token=FuzzOpen ./internal/core/token=FuzzParse ./internal/core/federation=FuzzVerify \
  ./internal/core/federation=FuzzClaims ./internal/core/assertion=FuzzExamine ./internal/core/proof=FuzzCheck \
  ./internal/flow/verify=FuzzSubject ./internal/flow/verify=FuzzAssertion ./internal/flow/verify=FuzzForeign \
  ./bearer=FuzzVerify ./bearer=FuzzObject ./bearer=FuzzProof ./internal/web/caller=FuzzCertificate ./internal/flow/authorize=FuzzCookies ./internal/flow/authorize=FuzzRequestObject \
  ./internal/core/federation=FuzzWorkload ./internal/core/audience=FuzzResource ./internal/core/oauth=FuzzClaimsParameter

fuzz-short: ## each fuzz test of tokens, assertions and proofs for SHORTFUZZ (10,000 inputs)
	@for at in $(STRANGERS); do \
	  echo "$${at%=*} $${at#*=}"; \
	  $(STATIC) test -run '^$$' -fuzz "^$${at#*=}\$$" -fuzztime $(SHORTFUZZ) -fuzzminimizetime 100x $${at%=*} || exit 1; \
	done

check: ## format, vet, staticcheck, errcheck, and whether it builds static
	@test -z "$$(gofmt -l .)" || { gofmt -l .; echo 'these files want gofmt'; exit 1; }
	$(STATIC) vet ./...
	$(STATIC) vet -tags libcrypto ./internal/flow/keyring
	$(STATIC) run $(STATICCHECK) ./...
	$(STATIC) run $(ERRCHECK) -ignoretests -exclude .errcheck ./...
	$(GO) mod tidy -diff
	$(GO) mod verify
	$(STATIC) build -o /dev/null ./cmd/tokenhouse

bench: ## requests per CPU second and allocations, on both databases
	@$(GO) test -run '^$$' -bench . -benchtime $(BENCHTIME) -timeout 1h $(BENCHFLAGS) ./internal/server ./internal/store ./internal/proxy | awk '\
	  /^Benchmark/ { sub(/^Benchmark/, "", $$1); sub(/-[0-9]+$$/, "", $$1); printf "%-48s", $$1; \
	    for (i = 5; i < NF; i += 2) printf "  %9s %-11s", $$i, $$(i + 1); print ""; next } \
	  /FAIL|panic|refused/'
