# quire: continuous integration for bare git repositories.
#
#	make            builds the programs into build/bin, ready to run
#	make demo       a push, from the hook to the finished run, in a throw-away
#	                home (SERVE=1: then serves the pages on loopback)
#	make check      all tests
#	make install    PREFIX=/usr/local DESTDIR= sysconfdir=$(PREFIX)/etc
#	make deb        a package for Debian, in build
#
# Only build/ is written to. B=DIR builds elsewhere.

B = build
PREFIX = /usr/local
DESTDIR =
bindir = $(PREFIX)/bin
mandir = $(PREFIX)/share/man
datadir = $(PREFIX)/share/quire
hooksdir = $(datadir)/hooks
# /etc for an entry that cron reads
sysconfdir = $(PREFIX)/etc
unitdir = $(PREFIX)/lib/systemd/system
bashdir = $(PREFIX)/share/bash-completion/completions
zshdir = $(PREFIX)/share/zsh/site-functions

CC = gcc
CFLAGS = -O2 -g
WARN = -Wall -Wextra -Wshadow -Wvla -Wformat=2 -Wstrict-prototypes
WERROR =
# the hook and the pages start in a millisecond less when linked statically
STATIC = -static -Wl,--wrap=dlopen

MAKEFLAGS += --no-builtin-rules
PROGRAMS = quire quire-push quire-run quire-ci quire-reconcile quire-cgi

LIB_SRC := $(sort $(wildcard lib/*/*.c))
CMD_SRC := $(sort $(wildcard bin/cmd_*.c))
SQL := $(sort $(wildcard schema/[0-9]*.sql)) schema/triggers.sql
UNIT_SRC := $(sort $(wildcard tests/unit/test_*.c))
UNITS := $(UNIT_SRC:tests/unit/%.c=$(B)/unit/%)
FUZZ_SRC := $(sort $(wildcard tests/fuzz/fuzz_*.c))
FUZZ := $(FUZZ_SRC:tests/fuzz/%.c=$(B)/fuzz/%)
MAN := $(sort $(wildcard man/*.[1-9]))
HOOKS := $(sort $(wildcard hooks/run-finished.*))
UNITS_SYSTEMD = quire-reconcile.service quire-reconcile.timer

CPP = -Ilib -Ibin -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64
ALL_CFLAGS = -std=gnu17 $(WARN) $(WERROR) $(CPP) $(CFLAGS) -MMD -MP

# each program names what it links, and no more
LINK_quire           = -lgit2 -lsqlite3 -ljson-c -lpthread
LINK_quire-run       = -lgit2 -lsqlite3 -ljson-c -lpthread
LINK_quire-reconcile = -lgit2 -lsqlite3 -ljson-c -lpthread
LINK_quire-ci        = -ljson-c
LINK_quire-push      = $(STATIC) -lsqlite3 -lm
LINK_quire-cgi       = $(STATIC) -lsqlite3 -ljson-c -lm

# and so do those of fuzzing that need more than json-c
LINK_fuzz_request    = -lgit2 -lsqlite3 -lpthread

all: $(PROGRAMS:%=$(B)/bin/%)

$(B)/libquire.a: $(LIB_SRC:%.c=$(B)/obj/%.o) $(B)/obj/schema.o
	rm -f $@ && $(AR) rcs $@ $^

$(B)/obj/schema.c: schema/embed.sh $(SQL)
	@mkdir -p $(@D)
	sh schema/embed.sh $(SQL) >$@.tmp && mv $@.tmp $@

# the style sheet and the script are in the program, by .incbin
$(B)/obj/lib/web/page_asset.o: $(wildcard lib/web/style/*.css) lib/web/live.js
$(B)/obj/lib/exec/hookfile.o: hooks/post-receive

$(B)/obj/schema.o: $(B)/obj/schema.c $(B)/obj/flags
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

$(B)/obj/%.o: %.c $(B)/obj/flags
	@mkdir -p $(@D)
	$(CC) $(ALL_CFLAGS) -c -o $@ $<

# changed flags rebuild what was built with others
$(B)/obj/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(ALL_CFLAGS) $(STATIC) $(LIB_SRC)' | cmp -s - $@ || \
		echo '$(CC) $(ALL_CFLAGS) $(STATIC) $(LIB_SRC)' >$@

# what only statically linked programs need
ifneq ($(STATIC),)
$(B)/bin/quire-push $(B)/bin/quire-cgi: $(B)/obj/bin/static.o
endif
$(B)/bin/quire: $(CMD_SRC:%.c=$(B)/obj/%.o)
$(B)/bin/quire-ci: $(patsubst %.c,$(B)/obj/%.o,$(wildcard bin/ci_*.c))
$(PROGRAMS:%=$(B)/bin/%): $(B)/bin/%: $(B)/obj/bin/%.o \
		$(B)/obj/bin/program.o $(B)/libquire.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(B)/libquire.a \
		$(LINK_$*)

$(B)/unit/%: $(B)/obj/tests/unit/%.o $(B)/libquire.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $< $(B)/libquire.a \
		-lcmocka -lgit2 -lsqlite3 -ljson-c -lpthread

# the targets of fuzzing over what is kept, without a fuzzer
$(B)/fuzz/%: $(B)/obj/tests/fuzz/%.o $(B)/obj/tests/fuzz/replay.o \
		$(B)/libquire.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $^ -ljson-c $(LINK_$*)

units: $(UNITS) $(FUZZ)

# what the two set-up commands need of Debian, installed if it is missing
packages-%:
	@sh tests/packages.sh $(subst +, ,$*)

demo: packages-build+run
	@$(MAKE) --no-print-directory -s all
	@QUIRE_BUILD='$(abspath $(B))' SERVE='$(SERVE)' sh tests/sample/demo.sh

check: packages-build+test
	@$(MAKE) --no-print-directory all units
	@$(MAKE) --no-print-directory test

# the tests alone; T=tests/system/push.t runs one
T = $(sort $(wildcard tests/system/*.t)) tests/servers/lighttpd.t $(UNITS)
PROVE = prove -j2 --timer
test:
	@QUIRE_BUILD='$(abspath $(B))' CMOCKA_MESSAGE_OUTPUT=TAP $(PROVE) $(T)

# the pages under five web servers, none of which this machine is to serve
servers: packages-build+test+servers
	@$(MAKE) --no-print-directory all
	@sh tests/servers/packages.sh '$(CURDIR)/build/servers'
	@QUIRE_BUILD='$(abspath $(B))' $(PROVE) tests/servers/*.t

# all tests, with AddressSanitizer and UndefinedBehaviorSanitizer; what they
# find counts, also where the test does not look
ASAN = -fsanitize=address,undefined -fno-sanitize-recover=undefined \
	-fno-omit-frame-pointer
REPORTS = $(CURDIR)/build/asan/reports
asan: packages-build+test
	@rm -rf '$(REPORTS)' && mkdir -p -m 1777 '$(REPORTS)'
	@[ build/asan/sanitizers.o -nt tests/sanitizers.c ] || \
		rm -rf build/asan/bin build/asan/unit
	@$(CC) -DREPORTS='"$(REPORTS)"' -c -o build/asan/sanitizers.o \
		tests/sanitizers.c
	@$(MAKE) --no-print-directory B=build/asan STATIC= \
		CFLAGS='-O1 -g $(ASAN)' LDFLAGS=build/asan/sanitizers.o \
		all units test
	@! grep -rh . '$(REPORTS)'

# the main path of every program under valgrind
valgrind: packages-build+test+valgrind
	@$(MAKE) --no-print-directory B=build/dynamic STATIC= all
	@QUIRE_BUILD=build/dynamic prove tests/system/valgrind.sh

# what compilers, checkers and the pages' linter have to say: nothing
C_FILES = $(wildcard bin/*.[ch] lib/*/*.[ch] tests/*.[ch] tests/*/*.[ch])
SH_FILES = $(wildcard schema/*.sh tests/*.sh tests/*/*.sh \
	tests/system/*.t tests/servers/*.t tests/hosting/*.t tests/deb/*.t \
	hooks/debian/*.sh) \
	hooks/debian/quire.postinst hooks/debian/quire.postrm \
	bin/completion/complete bin/completion/quire.bash $(HOOKS) .ci/run
JOBS = $(shell nproc)
# clang-tidy counts on stderr what it leaves out, of the system's headers
lint: packages-build+test+lint
	@$(MAKE) --no-print-directory -s B=build/gcc CC=gcc WERROR=-Werror \
		all units
	@$(MAKE) --no-print-directory -s B=build/clang CC=clang \
		WERROR=-Werror all units
	cppcheck --quiet --error-exitcode=1 --std=c11 --inline-suppr \
		--enable=warning,performance,portability \
		--suppressions-list=tests/cppcheck.txt -Ilib -Ibin lib bin
	! printf '%s\n' $(wildcard bin/*.c lib/*/*.c) | \
		xargs -P $(JOBS) -I FILE clang-tidy --quiet \
		--config-file=tests/clang-tidy.yaml \
		FILE -- -std=gnu17 $(CPP) 2>&1 | \
		grep -v '^[0-9]* warnings* generated\.$$'
	mandoc -Tlint -W warning $(MAN)
	shellcheck -e SC1090,SC1091,SC2016 $(SH_FILES)
	@$(MAKE) --no-print-directory format-check

format-check: packages-lint
	clang-format --dry-run --Werror $(C_FILES)

# campaigns and measurements: each prints its figures
bench-%: packages-build+test+bench
	@$(MAKE) --no-print-directory all
	@QUIRE_BUILD='$(abspath $(B))' sh tests/bench/$*.sh

# the pages in Chromium: runs that are followed, keyboard, phone, contrast. npm
# puts what it needs into build/browser; screenshots are left there
browser: packages-build+test+browser
	@$(MAKE) --no-print-directory all
	@QUIRE_BUILD='$(abspath $(B))' sh tests/browser/browser.sh $(TESTS)

# the model of the queue, exhaustively: minutes, and gigabytes of memory
model: packages-test
	@sh tests/model/check.sh

# every program killed at each of its system calls, and each of them failing:
# half an hour
crash: packages-build+test
	@$(MAKE) --no-print-directory all
	@QUIRE_BUILD='$(abspath $(B))' sh tests/crash/crash.sh

# libFuzzer over all that reads what others write: SECONDS_EACH=60 a target
FUZZER = -fsanitize=fuzzer-no-link,address,undefined \
	-fno-sanitize-recover=undefined
fuzz: packages-build+fuzz
	@$(MAKE) --no-print-directory -s B=build/libfuzzer STATIC= CC=clang \
		CFLAGS='-O1 -g $(FUZZER)' libfuzzer
	@QUIRE_BUILD='$(abspath $(B))' sh tests/fuzz/fuzz.sh $(TARGETS)

libfuzzer: $(FUZZ_SRC:tests/fuzz/%.c=$(B)/%)
$(B)/fuzz_%: $(B)/obj/tests/fuzz/fuzz_%.o $(B)/libquire.a
	$(CC) -fsanitize=fuzzer,address,undefined -o $@ $^ -ljson-c \
		$(LINK_fuzz_$*)

# real projects, from Debian's source packages, in the sandbox
projects: packages-build+run+projects
	@$(MAKE) --no-print-directory all
	@QUIRE_BUILD='$(abspath $(B))' sh tests/projects/projects.sh

# the ways in which pushes come, as quire(7) has them, each on a machine of its
# own that is this one seen through name spaces: as root
hosting: packages-build+test+hosting
	@$(MAKE) --no-print-directory all
	@rm -rf '$(B)/hosting'
	@$(MAKE) --no-print-directory -s install PREFIX=/usr/local \
		DESTDIR='$(abspath $(B))/hosting'
	@QUIRE_BUILD='$(abspath $(B))' prove --timer $(sort $(wildcard \
		tests/hosting/*.t))

# a thousand pushes by fifty pushers at once, and what they cost
storm: packages-build+test
	@$(MAKE) --no-print-directory all
	@QUIRE_BUILD='$(abspath $(B))' sh tests/bench/storm.sh

# the limits that need a cgroup v2, in a virtual machine
cgroup: packages-build all $(B)/cgroup/settle
	@QUIRE_BUILD='$(abspath $(B))' sh tests/cgroup/run.sh

$(B)/cgroup/%: $(B)/obj/tests/cgroup/%.o $(B)/libquire.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $< $(B)/libquire.a

# what is installed, MODE:FROM:TO each; the cron entry, which people edit, is
# not replaced, and removed only as it came
INSTALLED = \
	$(foreach p,$(PROGRAMS),755:$(B)/bin/$p:$(bindir)/$p) \
	$(foreach m,$(MAN),644:$m:$(mandir)/man$(subst .,,$(suffix $m))/$(notdir $m)) \
	$(foreach h,$(HOOKS),755:$h:$(hooksdir)/$(notdir $h)) \
	$(foreach u,$(UNITS_SYSTEMD),644:$(B)/etc/$u:$(unitdir)/$u) \
	$(foreach c,quire quire-ci,644:bin/completion/quire.bash:$(bashdir)/$c) \
	644:bin/completion/quire.zsh:$(zshdir)/_quire \
	755:bin/completion/complete:$(datadir)/complete
CRON = $(DESTDIR)$(sysconfdir)/cron.d/quire

$(B)/etc/%: hooks/%.in FORCE
	@mkdir -p $(@D)
	@sed 's|@bindir@|$(bindir)|g' $< >$@

install: all $(B)/etc/cron $(UNITS_SYSTEMD:%=$(B)/etc/%)
	@for f in $(INSTALLED); do \
		from=$${f#*:} && \
		echo "install $${f##*:}" && \
		install -D -m $${f%%:*} "$${from%:*}" \
			'$(DESTDIR)'"$${f##*:}" || exit; \
	done
	@[ -e '$(CRON)' ] || install -D -m 644 $(B)/etc/cron '$(CRON)'

uninstall: $(B)/etc/cron
	@for f in $(INSTALLED); do \
		echo "remove $${f##*:}" && \
		rm -f '$(DESTDIR)'"$${f##*:}" || exit; \
	done
	@for d in '$(hooksdir)' '$(datadir)'; do \
		[ ! -d '$(DESTDIR)'"$$d" ] || \
			rmdir --ignore-fail-on-non-empty '$(DESTDIR)'"$$d"; \
	done
	@if [ ! -e '$(CRON)' ]; then :; \
	elif cmp -s $(B)/etc/cron '$(CRON)'; then rm '$(CRON)'; \
	else echo 'left, as it was changed: $(CRON)'; fi

# a package for Debian, which lintian finds nothing wrong with
VERSION := $(shell sed -n 's/^.define QUIRE_VERSION "\(.*\)"/\1/p' bin/program.h)
deb: packages-build+deb
	@sh hooks/debian/build.sh '$(B)' '$(VERSION)'

# that package in a bare Debian: installed, used, upgraded, removed, purged; what
# it is upgraded to has one more migration, so what has them in it is made anew
LINKED = $(B)/deb/obj/bin $(B)/deb/obj/libquire.a $(B)/deb/obj/obj/schema.*
NEXT = $(abspath $(B))/deb-test/$(shell printf %04d $(words $(SQL)))_next.sql
DEB = $(B)/quire_$(1)_$(shell dpkg --print-architecture).deb
deb-test: packages-build+deb+debtest
	@mkdir -p $(B)/deb-test && rm -rf $(LINKED)
	@echo 'ALTER TABLE runs ADD COLUMN next;' >$(NEXT)
	@$(MAKE) --no-print-directory -s deb VERSION='$(VERSION)+next' \
		SQL='$(SQL:schema/triggers.sql=$(NEXT) schema/triggers.sql)'
	@rm -rf $(LINKED)
	@$(MAKE) --no-print-directory -s deb
	@OLD='$(abspath $(call DEB,$(VERSION)))' BARE='$(abspath $(B))/deb-test' \
		NEW='$(abspath $(call DEB,$(VERSION)+next))' \
		QUIRE_BUILD='$(abspath $(B))/deb/obj' prove -v tests/deb/package.t

clean:
	rm -rf $(B)

# small programs that only the measurements use
$(B)/bench/%: $(B)/obj/tests/bench/%.o $(B)/libquire.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $< $(B)/libquire.a \
		-lgit2 -lsqlite3 -ljson-c -lpthread
bench-workspace: $(B)/bench/lay_out

FORCE:
.PHONY: all units demo check test asan valgrind browser model crash fuzz \
	libfuzzer projects hosting storm servers lint format-check install \
	uninstall deb deb-test clean FORCE
.SECONDARY:

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)
