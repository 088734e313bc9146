# source_tree.awk - a commit of N source-like files, for git fast-import.
#
#	awk -v n=5000 -f source_tree.awk | git -C repo.git fast-import
#
# The sizes are spread as in a large C project (half below 3 KB, some of 200),
# the names lie in some 300 folders, three levels deep. Always the same.

function word(  w, i, len)
{
	len = 2 + int(rand() * 9)
	w = ""
	for (i = 0; i < len; i++)
		w = w substr("etaoinshrdlucmfwypvbgkjqxz", 1 + int(rand() * rand() * 26), 1)
	return w
}

function line(  l, i, len)
{
	l = substr("\t\t\t\t", 1, int(rand() * 4))
	len = int(rand() * 9)
	for (i = 0; i < len; i++)
		l = l words[int(rand() * rand() * 4000)] substr(" (),;->=+*_ ", 1 + int(rand() * 12), 1)
	return l "\n"
}

# roughly log-normal: median 2.6 KB, mean 8
function size(  g, i)
{
	g = 0
	for (i = 0; i < 6; i++)
		g += rand()
	g = exp(7.85 + (g - 3) * 2.1)
	return g > 250000 ? 250000 : int(g)
}

BEGIN {
	srand(42)
	for (i = 0; i < 4000; i++)
		words[i] = word()
	for (i = 0; i < 6000; i++)
		lines[i] = line()
	block = ""
	while (length(block) < 400000)
		block = block (rand() < 0.12 ? line() : \
			lines[int(rand() * rand() * rand() * 6000)])
	print "commit refs/heads/main"
	print "committer Tess Test <tess@example.org> 1700000000 +0000"
	print "data 5\ntree"
	for (i = 0; i < n; i++) {
		d = int(rand() * rand() * 300)
		path = "d" (d % 17) "/" (d % 3 ? words[d] "/" : "") \
			(d % 5 ? "" : "sub/") words[i % 4000] i ".c"
		s = size()
		text = "/* file " i " " word() " */\n" \
			substr(block, 1 + int(rand() * (400000 - s)), s) "\n"
		print "M " (i % 23 ? "100644" : "100755") " inline " path
		print "data " length(text)
		printf "%s", text
	}
	print "done"
}
