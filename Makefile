# quire: continuous integration for bare git repositories.
#
#	make            builds the programs into build/bin, ready to run
#	make demo       a push, from the hook to the finished run, in a throw-away
#	                home (SERVE=1: then serves the pages on loopback)
#	make check      all tests
#	make install    PREFIX=/usr/local DESTDIR=
#
# Only build/ is written to. B=DIR builds elsewhere.

B = build
PREFIX = /usr/local
DESTDIR =
bindir = $(PREFIX)/bin
mandir = $(PREFIX)/share/man

CC = gcc
CFLAGS = -O2 -g
WARN = -Wall -Wextra -Wshadow -Wvla -Wformat=2 -Wstrict-prototypes
WERROR =
# the hook and the pages start in a millisecond less when linked statically
STATIC = -static
PKG_CONFIG = pkg-config

MAKEFLAGS += --no-builtin-rules
PROGRAMS = quire quire-push quire-run quire-ci quire-reconcile quire-cgi

LIB_SRC := $(sort $(wildcard lib/*/*.c))
CMD_SRC := $(sort $(wildcard bin/cmd_*.c))
SQL := $(sort $(wildcard schema/[0-9]*.sql)) schema/triggers.sql
UNIT_SRC := $(sort $(wildcard tests/unit/test_*.c))
UNITS := $(UNIT_SRC:tests/unit/%.c=$(B)/unit/%)
MAN := $(sort $(wildcard man/*.[1-9]))

CPP = -Ilib -Ibin -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64
ALL_CFLAGS = -std=gnu17 $(WARN) $(WERROR) $(CPP) $(CFLAGS) -MMD -MP

# each program names what it links, and no more
LINK_quire           = -lgit2 -lsqlite3 -ljson-c -lpthread
LINK_quire-run       = -lgit2 -lsqlite3 -ljson-c -lpthread
LINK_quire-reconcile = -lgit2 -lsqlite3 -ljson-c -lpthread
LINK_quire-ci        = -ljson-c
LINK_quire-push      = $(STATIC) -lsqlite3 -lm
LINK_quire-cgi       = $(STATIC) -lsqlite3 -ljson-c -lm

all: $(PROGRAMS:%=$(B)/bin/%)

$(B)/libquire.a: $(LIB_SRC:%.c=$(B)/obj/%.o) $(B)/obj/schema.o
	rm -f $@ && $(AR) rcs $@ $^

$(B)/obj/schema.c: schema/embed.sh $(SQL)
	@mkdir -p $(@D)
	sh schema/embed.sh $(SQL) >$@.tmp && mv $@.tmp $@

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

$(B)/bin/quire: $(CMD_SRC:%.c=$(B)/obj/%.o)
$(PROGRAMS:%=$(B)/bin/%): $(B)/bin/%: $(B)/obj/bin/%.o \
		$(B)/obj/bin/program.o $(B)/libquire.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(B)/libquire.a \
		$(LINK_$*)

$(B)/unit/%: $(B)/obj/tests/unit/%.o $(B)/libquire.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -o $@ $< $(B)/libquire.a \
		-lcmocka -lgit2 -lsqlite3 -ljson-c -lpthread

units: $(UNITS)

FORCE:
.PHONY: all units FORCE
.SECONDARY:

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)
