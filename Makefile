# Gatepost needs Go, a C compiler (for SQLite) and make; nothing else to build.
.PHONY: build demo test fuzz soak growth letters bench dist dist-check clean

build: # bin/gatepost
	@scripts/toolchain
	go build -o bin/gatepost ./cmd/gatepost

demo: build # the whole loop on this machine alone; ONCE=1 ends after the story
	bin/gatepost demo $(if $(ONCE),--once)

test: # everything that must hold; installs Dovecot, Postfix and Chromium if root on Debian
	@scripts/test

fuzz: # every fuzz target, FUZZTIME=60s each, or FUZZTIME=10000000x TARGETS="Identity|Tag"
	@scripts/toolchain
	@scripts/fuzz

soak: # 1,000 kills over 20,000 mails, 300 power cuts, every fault of the network, a replica; KILLS, MAILS, CUTS, SEEDS, SEED
	@scripts/soak

growth: # five years of 1,000 streams replayed, then measured; MAILS, TASKS, TEAMS, STREAMS, YEARS, SEED, DIR, STOP
	@scripts/growth

bench: # reading and sending beside their floors and the obvious program, on Dovecot and Postfix; MAILS, ROUNDS, STREAMS, SETS, LETTERS, PROFILE
	@scripts/bench

dist: # what is shipped, in dist/: static binaries, Debian packages, man pages, completions
	@scripts/toolchain
	@scripts/dist

dist-check: dist # each of it tried: the package installed, run and removed in a copy of this machine; root on Debian
	@scripts/dist-check

letters: build # docs/letters: every sample letter at two widths and two schemes; needs Chromium
	bin/gatepost letters --out docs/letters --browser $(or $(CHROMIUM),chromium)

clean:
	rm -rf bin dist
	go clean -testcache
