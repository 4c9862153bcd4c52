# make check is the gate; make help lists the rest.
GO ?= go

help: ## list the targets
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

check: fmt vet staticcheck test-race ## the gate: everything that must hold before a commit

fmt:
	@out=$$(gofmt -l .); test -z "$$out" || { echo "run gofmt -w on:"; echo "$$out"; exit 1; }

vet:
	$(GO) vet ./...

staticcheck:
	$(GO) tool -modfile=tools/go.mod staticcheck ./...

test: ## the tests
	$(GO) test -timeout 20m ./...

# SQLite is C translated to Go. What it allocates lies outside of Go's memory, where the race detector looks at nothing,
# but asks at every access: built without it, it takes a quarter of the time. Our own code and its driver keep it. GOFLAGS,
# because the tests of e2e build the program with it, too. The detector itself needs cgo.
RACE = CGO_ENABLED=1 GOFLAGS="$$GOFLAGS -gcflags=modernc.org/sqlite/lib=-race=false -gcflags=modernc.org/libc/...=-race=false -gcflags=modernc.org/memory=-race=false" $(GO) test -race

# Of e2e there are those long stories in which most happens at once.
test-race: ## the tests with the race detector, of packages in which, or in whose tests, anything can happen at once
	$(RACE) -timeout 25m $$($(GO) list -f '{{.Dir}}' ./... | grep -v '/e2e$$' | while read -r dir; do \
	  if grep -qsE '^\s*go |\.Go\(|^\s*"(sync|sync/atomic|net|net/http)"$$' $$dir/*.go; then echo $$dir; fi; done)
	$(RACE) ./e2e -run 'ServerIsKilled|TwoBroken|TwoWorkers|DemoShows'

test-apache: ## the tests of the database on the Apache edition of TimescaleDB, too (root on Debian; 1 minute more the first time)
	.ci/timescale-apache $(GO) test ./store/postgres -run /apache

s3-servers: ## build the S3 servers that tests start, MinIO and versitygw, into the cache (4 minutes the first time)
	.ci/s3-servers

test-s3: s3-servers ## the tests of recordings in buckets; without these servers they are skipped
	HEIMDALL_TEST_S3=required $(GO) test ./blob/s3
	HEIMDALL_TEST_S3=required $(GO) test ./e2e -run 'MINIO|ObjectStore'

test-simd: ## the tests of the metrics with vector instructions built in
	GOEXPERIMENT=simd $(GO) vet ./dsp
	GOEXPERIMENT=simd $(GO) test ./dsp

fuzz: ## each fuzz target for a while (FUZZTIME=20s)
	@for p in $$($(GO) list ./...); do for t in $$($(GO) test -list '^Fuzz' $$p | grep '^Fuzz'); do \
	  echo "$$p $$t"; $(GO) test -run '^$$' -fuzz "^$$t$$" -fuzztime $${FUZZTIME:-20s} $$p || exit 1; done; done

# Each story ends with: nothing stuck, nothing lost, nothing twice, and a clean check. What is not installed is skipped, loudly.
soak: ## kill, cut, restart and starve everything 200 times (HEIMDALL_KILL_ROUNDS); the table goes to docs/reliability.md (2 hours)
	HEIMDALL_KILL_ROUNDS=$${HEIMDALL_KILL_ROUNDS:-200} HEIMDALL_BACKLOG=$${HEIMDALL_BACKLOG:-10000} HEIMDALL_SOAK_TABLE=../docs/reliability.md \
	  $(GO) test -count=1 -v -timeout 300m -run 'Killed|Fleet|Waited|WhateverTheNetwork|BadNetwork|Leaks|FullDisk' ./e2e
	$(GO) test -count=20 -run Jumps ./acquire

loadtest: ## what was promised of a server under load, from simulated receivers; fails when anything is lost (1 minute)
	$(GO) run ./cmd/heimdall loadtest --acquisitions 100 --concurrent 100 --duration 10s --over 20s --max-success-p95 1s --max-accept-p95 50ms --max-memory 512MiB

bench-load: ## the figures of load in docs/benchmarks.md: an idle machine is needed (6 minutes)
	CGO_ENABLED=0 $(GO) build -trimpath -o /tmp/heimdall-bench-load ./cmd/heimdall
	for args in '-n 40 -c 4 -d 1s' '-n 20 -c 4 -d 10s' '-n 100 -c 100 -d 10s' '-n 100 -c 100 -d 10s --over 20s' '-n 1000 -c 100 -d 1s' '-n 60 -c 30 -d 5s --kill'; do \
	  echo "== heimdall loadtest $$args"; /tmp/heimdall-bench-load loadtest $$args || exit 1; done; rm /tmp/heimdall-bench-load

bench: bench-simd ## the benchmarks behind docs/benchmarks.md
	$(GO) test -run '^$$' -bench . -benchmem ./...

accuracy: ## the Monte Carlo behind the accuracy in docs/signal-metrics.md (SEEDS=200, about 10 minutes)
	$(GO) test ./dsp -run AsAccurate -count=1 -timeout 60m -v -seeds $${SEEDS:-200} -update

bench-simd: ## those of the metrics with vector instructions
	GOEXPERIMENT=simd $(GO) test -run '^$$' -bench . -benchmem ./dsp

bench-store: ## those of both databases; PostgreSQL must be installed (ROWS=10000000 for the sizes of a fleet)
	$(GO) test -run '^$$' -bench . -benchmem ./store/sqlite
	$(GO) test -run '^$$' -bench . -benchmem -timeout 60m ./store/postgres -rows $${ROWS:-1000000}

bench-views: ## what the pages of the dashboard take of a month of a million captures, on both databases (ROWS=10000000 for PostgreSQL)
	$(GO) test -run '^$$' -bench Views -benchtime 20x -timeout 30m ./store/sqlite
	$(GO) test -run '^$$' -bench Views -benchtime 20x -timeout 60m ./store/postgres -rows $${ROWS:-1000000}

bench-archive: s3-servers ## storing one file in a bucket, beside the SDK's own upload, and in a folder (MIB=256); checking a bucket (OBJECTS=100000)
	$(GO) test -run '^$$' -bench PutFile -benchtime 5x ./blob/s3 -file-mib $${MIB:-256}
	$(GO) test -run '^$$' -bench Check -benchtime 3x -timeout 60m ./check -objects $${OBJECTS:-10000}

generate: ## what is made from the code: docs/openapi.json, docs/api.md, docs/signal-metrics.md, web/dist
	$(GO) test ./api -run 'OpenAPI|APIPage' -update
	$(GO) test ./dsp -run SignalMetrics -update
	$(GO) generate ./web

screenshots: ## docs/screenshots, from a seeded demo in a real browser (chromium must be installed)
	HEIMDALL_TEST_BROWSER=required $(GO) test ./e2e -count=1 -run Screenshots -screenshots $(CURDIR)/docs/screenshots

bench-download: ## downloads from the server, and what the server's memory grows by (GB=10)
	$(GO) test -run '^$$' -bench BenchmarkDownload -benchtime 1x -timeout 30m ./e2e -download-gb $${GB:-10}

build: ## one static binary, ./heimdall (GOEXPERIMENT=simd on amd64: metrics at up to twice the speed)
	CGO_ENABLED=0 $(GO) build -trimpath -o heimdall ./cmd/heimdall

.PHONY: help check fmt vet staticcheck test test-race test-apache test-simd fuzz soak loadtest bench-load bench bench-simd bench-store bench-views bench-archive bench-download s3-servers test-s3 accuracy generate screenshots build
