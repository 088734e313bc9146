#!/bin/sh
# The rules of the house that a compiler does not hold: the floors, where SQL
# may stand, and what a library does not do.

. "$(dirname "$0")/lib.sh"
cd "$ROOT" || exit 70

# code FILE: without comments, and lines numbered as in the file.
code() {
	gcc -fpreprocessed -dD -E "$1" 2>/dev/null | awk -v file="$1" '
		/^# [0-9]+ / { line = $2 - 1; next }
		{ line++; if (NF) print file ":" line ": " $0 }'
}

# in_code PATTERN FILE...: the lines that match, as grep -E.
in_code() {
	pattern=$1
	shift
	for file in "$@"; do
		code "$file" | grep -E "^[^:]*:[0-9]+: .*$pattern"
	done
}

# nothing COMMAND...: prints nothing at all.
nothing() {
	"$@" >"$T/found"
	cat "$T/found"
	test ! -s "$T/found"
}

# climbs FLOOR ALLOWED...: includes of a floor that is not below it.
climbs() {
	floor=$1
	shift
	allowed=$(echo "$floor $*" | tr ' ' '|')
	grep -Hn '^#include "' "lib/$floor"/*.[ch] |
		grep -Ev "#include \"($allowed)/[^/\"]+\"\$"
}

# A function of the C library, not one whose name ends like it.
called() {
	echo "(^|[^A-Za-z0-9_>.])($1)[[:space:]]*\\("
}

# Files that end a process without starting one. Two may: mem.c, and jobrun.c,
# which is the whole of a process that executor.c starts.
ends_the_process() {
	for file in lib/*/*.c; do
		case $file in
		lib/base/mem.c | lib/exec/jobrun.c) continue ;;
		esac
		in_code "$(called 'fork|vfork|clone|clone3')" "$file" |
			grep -q . && continue
		in_code "$(called '_exit|_Exit|quick_exit')" "$file"
	done
}

# Objects of the library that can be written to, but for the byte that all
# empty buffers share.
mutable_globals() {
	objdump -t "$QUIRE_BUILD/libquire.a" |
		awk '$3 == "O" || $2 == "O" {
			for (i = 1; i < NF; i++)
				if ($i ~ /^\.t?(data|bss)$/ &&
					$NF !~ /^(buf_empty|__asan|__ubsan|\.L)/)
					print $NF
		}'
}

plan 12

check 'base uses base alone' 'nothing climbs base'
check 'store uses base' 'nothing climbs store base'
check 'exec uses store and base' 'nothing climbs exec store base'
check 'web uses exec, store and base' 'nothing climbs web exec store base'
check 'the reader of comments finds code, and no comments' '
	printf "/* SELECT a */\nint f(void); // SELECT b\nchar *s = \"SELECT c\";\n" >"$T/x.c"
	test "$(in_code SELECT "$T/x.c" | cut -d: -f2)" = 3'
check 'no file outside lib/store calls sqlite3' '
	nothing in_code "sqlite3_" lib/base/*.[ch] lib/exec/*.[ch] \
		lib/web/*.[ch] bin/*.[ch]'
check 'no file outside lib/store contains SQL' '
	nothing in_code "\"[^\"]*(SELECT .* FROM|SELECT [a-z]+\(|INSERT INTO|UPDATE [a-z_]+ SET|DELETE FROM|PRAGMA |CREATE TABLE)" \
		lib/base/*.[ch] lib/exec/*.[ch] lib/web/*.[ch] bin/*.[ch]'
check 'the library prints nothing' '
	nothing in_code "$(called "printf|vprintf|fprintf|vfprintf|puts|fputs|putchar|perror|warn|warnx|err|errx|syslog")" \
		lib/*/*.c'
check 'the library never exits' '
	nothing in_code "$(called "exit|abort")" lib/*/*.c'
check 'but when memory runs out, or in a child that it started' \
	'nothing ends_the_process'
check 'no unbounded copy of a string' '
	nothing in_code "$(called "strcpy|strcat|sprintf|vsprintf|gets")" \
		lib/*/*.c bin/*.c'
check 'the library keeps no state of its own' 'nothing mutable_globals'
