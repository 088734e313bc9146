#!/bin/sh
# log.sh - what the log of a command costs.
#
# A command writes BYTES (1000000000) in lines of 60 bytes: through a pipe into
# `cat > file`, and under quire-ci into its log, without a limit and with one
# of 64 MiB, which is the default, and without a limit as the output of a job
# that has a secret. ROUNDS (5) of each in turn. Prints the medians, and the median of
# the paired ratios to cat. The folder should be in memory (TMPDIR=/dev/shm):
# the log is 1.67 times as large as the output, and a disk would be measured.
#
# Goals: 1.6 times cat without a limit, 0.6 times with one.

BYTES=${BYTES:-1000000000}
ROUNDS=${ROUNDS:-5}

. "$(dirname "$0")/../system/lib.sh"

line=$(printf '%059d' 0)
yes "$line" | head -c "$BYTES" >"$T/lines"
mkdir -p "$T/w/.quire"
echo "{\"jobs\": [{\"id\": \"log\", \"run\": \"cat $T/lines\"}]}" \
	>"$T/w/.quire/ci.json"

mkdir -p "$T/s/.quire" "$T/secrets"
echo "{\"jobs\": [{\"id\": \"log\", \"run\": \"cat $T/lines\",
	\"secrets\": {\"TOKEN\": \"token\"}}]}" >"$T/s/.quire/ci.json"
echo 'ghp_a8Fh2kLx93nVbQz7TtYw5RsUeDpCjM0oKl1i' >"$T/secrets/token"
chmod 600 "$T/secrets/token"

perl - "$T" "$ROUNDS" <<'PERL'
use strict;
use warnings;
use Time::HiRes qw(time);
my ($top, $rounds) = @ARGV;
my (%s, %cpu, %ratio);

sub run {
	my ($kind, @command) = @_;
	system("rm -rf $top/out $top/r; mkdir $top/r");
	pipe(my $in, my $hold) or die;
	my @before = times;
	my $began = time;
	my $pid = fork // die;
	if (!$pid) {
		open(STDIN, '<&', $in) or die;
		open(STDOUT, '>', '/dev/null') or die;
		close($hold);
		exec(@command) or die;
	}
	waitpid($pid, 0);
	die "$kind: status $?" if $?;
	push @{$s{$kind}}, time - $began;
	my @after = times;
	push @{$cpu{$kind}}, $after[2] + $after[3] - $before[2] - $before[3];
	push @{$ratio{$kind}}, $s{$kind}[-1] / $s{cat}[-1];
}

sub median {
	my @v = sort { $a <=> $b } @_;
	return $v[$#v / 2];
}

my @ci = ('quire-ci', 'exec', '--run-dir', "$top/r", '--workspace');
for (1 .. $rounds) {
	run('cat', 'sh', '-c', "cat $top/lines | cat >$top/out");
	run('quire', @ci, "$top/w");
	run('quire, 64M', @ci, "$top/w", '--max-log', '64M');
	run('with a secret', @ci, "$top/s", '--secrets', "$top/secrets");
}
printf "%-13s %8s %8s %8s\n", '', 'seconds', 'cpu', 'x cat';
printf "%-13s %8.2f %8.2f %8.2f\n", $_, median(@{$s{$_}}),
	median(@{$cpu{$_}}), median(@{$ratio{$_}})
	for 'cat', 'quire', 'quire, 64M', 'with a secret';
PERL
