#!/bin/sh
# The rules of the house that a compiler does not hold: the floors, where SQL
# may stand, and what a library does not do. Each is tried on a small tree that
# breaks all of them, too.

. "$(dirname "$0")/lib.sh"

# code: the C files of the tree one stands in, without comments, each line as
# FILE:LINE: TEXT.
code() {
	token='"([^"\\]|\\.)*"|'\''([^'\''\\]|\\.)*'\''|/[*]|//' awk '
	BEGIN { token = ENVIRON["token"] }
	FNR == 1 { in_comment = 0 }
	{
		text = ""
		for (left = $0; left != "";) {
			if (in_comment) {
				if (!(at = index(left, "*/")))
					break
				in_comment = 0
				left = substr(left, at + 2)
			} else if (match(left, token)) {
				found = substr(left, RSTART, RLENGTH)
				text = text substr(left, 1, RSTART - 1)
				left = substr(left, RSTART + RLENGTH)
				if (found == "//")
					break
				if (found == "/*")
					in_comment = 1
				else
					text = text found
			} else {
				text = text left
				break
			}
		}
		if (text ~ /[^ \t]/)
			print FILENAME ":" FNR ": " text
	}' lib/*/*.[ch] bin/*.[ch]
}

# Rules. Each prints the lines of $CODE that break it.

# in_code FILES PATTERN
in_code() {
	grep -E "^($1):[0-9]+:.*($2)" "$CODE"
}

# climbs FLOOR [BELOW...]: includes of a floor that is not below it.
climbs() {
	grep -E "^lib/$1/[^:]*:[0-9]+: #include \"" "$CODE" |
		grep -Ev "#include \"($(echo "$*" | tr ' ' '|'))/[^/\"]+\"\$"
}

# calls FILES FUNCTIONS: of the C library, not one whose name ends like it.
calls() {
	in_code "$1" "(^|[^A-Za-z0-9_>.])($2)[[:space:]]*\\("
}

# Files that end a process without starting one. Two may: mem.c, and jobrun.c,
# which is the whole of a process that executor.c starts.
ends_the_process() {
	calls 'lib/[^:]*\.c' 'fork|vfork|clone|clone3' | cut -d: -f1 |
		sort -u >"$T/starters"
	printf 'lib/base/mem.c\nlib/exec/jobrun.c\n' >>"$T/starters"
	calls 'lib/[^:]*\.c' '_exit|_Exit|quick_exit' |
		awk -F: 'NR == FNR { may[$0]; next } !($1 in may)' \
			"$T/starters" -
}

# held LINE 'FOLDER...' RULE...: nothing breaks the rule here, and in the
# planted tree just that line does, in just these folders.
held() {
	line=$1 folders=$2
	shift 2
	CODE=$T/code
	"$@" >"$T/found"
	cat "$T/found"
	CODE=$T/planted.code
	"$@" | cut -d: -f1,2 | sort >"$T/found.planted"
	echo "$folders" | tr ' ' '\n' | sed "s|\$|/planted.c:$line|" | sort |
		diff - "$T/found.planted" && test ! -s "$T/found"
}

# mutable OBJECTS: what can be written to in an object file or an archive, but
# for the byte that all empty buffers share.
mutable() {
	objdump -t "$1" |
		awk '$3 == "O" || $2 == "O" {
			for (i = 1; i < NF; i++)
				if ($i ~ /^\.t?(data|bss)$/ &&
					$NF !~ /^(buf_empty|__(odr_)?asan|__ubsan|\.L)/)
					print $NF
		}'
}

# plant FOLDER HEADER: a file that breaks every rule once, a line each.
plant() {
	mkdir -p "$T/planted/$1"
	cat >"$T/planted/$1/planted.c" <<-EOF
		#include "$2"
		/* sqlite3_open(), "SELECT a FROM b", printf("c"), exit(1), _exit(1),
		 * strcpy(d, e) */ int f; // gets(g)
		const char *h = "/*", i = '"';
		sqlite3_open();
		sql("UPDATE a SET b = c");
		printf("");
		exit (1);
		_exit(1);
		strcpy(d, e);
		x.exit(1), x->printf(""), my_strcpy(d, e);
	EOF
}

plant lib/base store/db.h
plant lib/store exec/lock.h
plant lib/exec web/page.h
plant lib/web cmd.h
plant bin cmd.h
printf 'if (fork() == 0)\n\t_exit(0);\n' >"$T/planted/lib/exec/starts.c"
echo '_exit(0);' >"$T/planted/lib/base/mem.c"
(cd "$T/planted" && code) >"$T/planted.code"
(cd "$ROOT" && code) >"$T/code"

lib='lib/[^:]*\.c'
above='(lib/(base|exec|web)|bin)/[^:]*'

plan 12

check 'the reader of code leaves out comments, and no more' '
	test "$(grep -c . "$T/code")" -gt 10000 &&
	grep -F "lib/base/planted.c:3:  int f; " "$T/planted.code" &&
	grep -F "lib/base/planted.c:4: const char *h = \"/*\", i = '\''\"'\'';" \
		"$T/planted.code" &&
	test "$(grep -c "^bin/planted.c" "$T/planted.code")" = 10'
check 'base uses base alone' 'held 1 lib/base climbs base'
check 'store uses base' 'held 1 lib/store climbs store base'
check 'exec uses store and base' 'held 1 lib/exec climbs exec store base'
check 'web uses exec, store and base' \
	'held 1 lib/web climbs web exec store base'
check 'no file outside lib/store calls sqlite3' \
	'held 5 "lib/base lib/exec lib/web bin" in_code "$above" sqlite3_'
check 'no file outside lib/store contains SQL' '
	held 6 "lib/base lib/exec lib/web bin" in_code "$above" \
		"\"[^\"]*(SELECT .* FROM|SELECT [a-z]+\(|INSERT INTO|UPDATE [a-z_]+ SET|DELETE FROM|PRAGMA |CREATE TABLE)"'
check 'the library prints nothing' '
	held 7 "lib/base lib/store lib/exec lib/web" calls "$lib" \
		"printf|vprintf|fprintf|vfprintf|puts|fputs|putchar|perror|warn|warnx|err|errx|syslog"'
check 'the library never exits' \
	'held 8 "lib/base lib/store lib/exec lib/web" calls "$lib" "exit|abort"'
check 'but when memory runs out, or in a child that it started' \
	'held 9 "lib/base lib/store lib/exec lib/web" ends_the_process'
check 'no unbounded copy of a string' '
	held 10 "lib/base lib/store lib/exec lib/web bin" calls "$lib|bin/[^:]*\.c" \
		"strcpy|strcat|sprintf|vsprintf|gets"'
check 'the library keeps no state of its own' '
	echo "static int calls; int count(void) { return ++calls; }" >"$T/x.c" &&
	gcc -c -o "$T/x.o" "$T/x.c" && test "$(mutable "$T/x.o")" = calls &&
	mutable "$QUIRE_BUILD/libquire.a" >"$T/found" && cat "$T/found" &&
	test ! -s "$T/found"'
