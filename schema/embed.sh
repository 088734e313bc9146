#!/bin/sh
# Writes the migrations given as C: the table `migrations` of store/migrate.h.
set -eu

quote() {
	sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/.*/	"&\\n"/' "$1"
}

echo '/* made by schema/embed.sh; do not edit */'
echo '#include "store/migrate.h"'
table=
for f; do
	name=$(basename "$f" .sql)
	if [ "$name" = triggers ]; then
		echo 'const char triggers_sql[] ='
	else
		version=$(echo "${name%%_*}" | sed 's/^0*//')
		echo "static const char sql_${version}[] ="
		table="$table	{ $version, \"$name\", sql_${version} },
"
	fi
	quote "$f"
	echo '	;'
done
echo 'const struct migration migrations[] = {'
printf '%s};\n' "$table"
echo 'const int migrations_count = sizeof(migrations) / sizeof(migrations[0]);'
