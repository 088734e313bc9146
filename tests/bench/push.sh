#!/bin/sh
# push.sh - what a hook adds to a push.
#
# Pushes to bare repositories in turn: without a hook, with an empty sh hook,
# with quire's, with nq in the hook. Each push is of one new commit to main,
# over the local path transport. Prints the medians, and the median of the
# paired differences to the empty hook; with one run in the database, then with
# a million. ROUNDS (100) pushes of each kind; MILLION (1000000) rows.
#
# The difference to the empty hook is the figure that counts: quire's hook is
# to add 3 ms at most. Between two pushes the run that was queued is waited
# for, so that it costs the one that queued it and no other.

ROUNDS=${ROUNDS:-100}
MILLION=${MILLION:-1000000}

. "$(dirname "$0")/../system/lib.sh"

# bare KIND: the repository of a kind, and a clone with a first push done.
bare() {
	git init -q --bare "$T/$1.git"
	rm -f "$T/$1.git/hooks/"*
	git init -q "$T/w-$1"
	git -C "$T/w-$1" remote add origin "$T/$1.git"
	mkdir "$T/w-$1/.quire"
	echo '{"jobs":[{"id":"noop","run":"true"}]}' \
		>"$T/w-$1/.quire/ci.json"
	git -C "$T/w-$1" add .quire
	git -C "$T/w-$1" commit -qm 'a pipeline'
	# what a push of years leaves: nothing for gc --auto to do
	git -C "$T/$1.git" config gc.auto 0
	git -C "$T/$1.git" config receive.autogc false
}

hook() {
	cat >"$T/$1.git/hooks/post-receive"
	chmod +x "$T/$1.git/hooks/post-receive"
}

new_home
for kind in none empty quire nq; do
	bare "$kind"
done
printf '#!/bin/sh\n' | hook empty
printf '#!/bin/sh\nNQDIR=%s nq -q true\n' "$T/nq" | hook nq
mkdir "$T/nq"
quire repo adopt "$T/quire.git" >/dev/null
for kind in none empty quire nq; do
	git -C "$T/w-$kind" push -q origin main 2>/dev/null
done
wait_idle 60

measure() {
	perl - "$T" "$ROUNDS" none empty quire nq <<-'PERL'
	use strict;
	use warnings;
	use Time::HiRes qw(time usleep);
	my ($top, $rounds, @kinds) = @ARGV;
	my %ms;

	sub median {
		my @s = sort { $a <=> $b } @_;
		return ($s[int(@s / 2)] + $s[int((@s - 1) / 2)]) / 2;
	}

	sub idle {
		for (1 .. 3000) {
			my $n = `sqlite3 -cmd '.timeout 10000' '$top/home/quire.db' "SELECT count(*) FROM runs WHERE state IN ('pending', 'active')"`;
			return if $n == 0;
			usleep(10000);
		}
		die "the queue does not empty\n";
	}

	open(my $said, '>>', "$top/said") or die $!;
	for my $round (0 .. $rounds + 4) {
		for my $i (0 .. $#kinds) {
			my $kind = $kinds[($i + $round) % @kinds];
			chdir("$top/w-$kind") or die $!;
			system('git commit -q --allow-empty -m next') == 0 or die;
			usleep(20000);
			my $start = time;
			my $pid = fork // die $!;
			if (!$pid) {
				open(STDERR, '>&', $said) or die $!;
				exec('git', 'push', '-q', 'origin', 'main');
			}
			waitpid($pid, 0);
			my $took = (time - $start) * 1000;
			die "push failed\n" if $?;
			# the first rounds warm the caches
			push @{$ms{$kind}}, $took if $round > 4;
			idle() if $kind eq 'quire';
			usleep(20000) if $kind eq 'nq';
		}
	}
	for my $kind (@kinds) {
		my @diff = map { $ms{$kind}[$_] - $ms{empty}[$_] }
			0 .. $rounds - 1;
		printf "  %-6s %6.2f ms   %+6.2f ms\n", $kind,
			median(@{$ms{$kind}}), median(@diff);
	}
	PERL
}

echo "$ROUNDS pushes of each kind: median, and median difference to empty"
echo "with $(sql 'SELECT count(*) FROM runs') run"
measure

sql "WITH RECURSIVE n (i) AS
	(SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < $MILLION)
INSERT INTO runs (id, repo, ref_name, sha, pushed_at_ms, state, queued_at_ms,
	started_at_ms, finished_at_ms, git_dir, traceparent, number, push_seq,
	pusher, subject, author)
SELECT printf('%08x-0000-7000-8000-%012x', i / 16, i), 'quire.git',
	'refs/heads/' || iif(i % 10, 'main', 'b' || i % 1000),
	printf('%040x', i), i, iif(i % 5, 'complete', 'superseded'), i, i, i,
	'$T/quire.git', '00-00000000000000000000000000000001-01-01', i + 1000000,
	i, 'somebody', 'a commit message of usual length, number ' || i,
	'A Author <author@example.org>'
FROM n;
UPDATE repos SET last_number = $MILLION * 3;
UPDATE counters SET value = max(value, $MILLION) WHERE name = 'push_seq';
PRAGMA wal_checkpoint(TRUNCATE);" >/dev/null
echo "with $(sql 'SELECT count(*) FROM runs') runs"
measure
