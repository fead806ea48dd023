# Gatepost needs Go, a C compiler (for SQLite) and make; nothing else to build.
.PHONY: build demo test fuzz bench clean

build: # bin/gatepost
	@scripts/toolchain
	go build -o bin/gatepost ./cmd/gatepost

demo: build # the whole loop on this machine alone; ONCE=1 ends after the story
	bin/gatepost demo $(if $(ONCE),--once)

test: # everything that must hold; installs Dovecot, Postfix and Chromium if root on Debian
	@scripts/test

fuzz: # every fuzz target, FUZZTIME=60s each
	@scripts/toolchain
	@scripts/fuzz

bench:
	@scripts/toolchain
	go test -run '^$$' -bench . -benchmem ./...

clean:
	rm -rf bin
	go clean -testcache
