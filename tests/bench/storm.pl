#!/usr/bin/perl
# storm.pl - the crowd of storm.sh, which see: pushes of all pushers at once.
#
#	storm.pl KIND DIR PUSHERS PUSHES REPOS
#
# DIR holds the repositories r1.git to rREPOS.git; what is pushed is in
# source.git and commits here. A push that git itself turns down, because
# another one to the same ref was faster, is made again. Prints a line
# "MILLISECONDS REPO REF COMMIT" for each push that git accepted; and on
# standard error whatever a pusher was told that is not what the hook of this
# KIND promises.
use strict;
use warnings;
use Time::HiRes qw(time usleep);

my ($kind, $dir, $pushers, $pushes, $repos) = @ARGV;
my $tries = 1000;

open(my $list, '<', 'commits') or die "commits: $!\n";
chomp(my ($first, @commits) = <$list>);
close($list);

# What git says where two pushes to a ref meet.
my $turned_down = qr/^\ !\ \[remote\ rejected\]\ .*\(
	(?:failed\ to\ update\ ref|cannot\ lock\ ref.*|failed\ to\ lock
	|reference\ already\ exists|incorrect\ old\ value\ provided)\)$/mx;

sub promised {
	my ($repo, $ref, $said) = @_;

	return $said eq '' if $kind ne 'quire';
	$repo =~ s/\.git$//;
	$ref =~ s,^refs/heads/,,;
	return $said =~ /^remote:\ quire:\ \Q$repo\E\#\d+\ (?:
		queued\ for\ \Q$ref\E(?:\ \(\d+\ ahead\))?
		|superseded:\ \Q$ref\E\ has\ moved\ on
		|for\ \Q$ref\E:\ quire-reconcile\ was\ faster)\ *\n\z/x;
}

# One push: its status, and what its pusher was told.
sub push_once {
	my ($repo, $ref, $sha) = @_;
	my $said = '';

	pipe(my $from, my $to) or die $!;
	my $pid = fork() // die $!;
	if (!$pid) {
		close($from);
		open(STDERR, '>&', $to) && open(STDOUT, '>&', $to) or die $!;
		exec('git', '-C', 'source.git', 'push', '-q', "$dir/$repo",
			"+$sha:$ref");
	}
	close($to);
	$said .= $_ while (<$from>);
	waitpid($pid, 0);
	return ($?, $said);
}

sub push_until_accepted {
	my ($repo, $ref, $sha) = @_;

	for (1 .. $tries) {
		my $start = time;
		my ($status, $said) = push_once($repo, $ref, $sha);
		my $ms = (time - $start) * 1000;

		if ($status && $said =~ $turned_down) {
			usleep(1000 + rand(20000));
			next;
		}
		printf "%.1f %s %s %s\n", $ms, $repo, $ref, $sha if !$status;
		return if !$status && promised($repo, $ref, $said);
		$said = "silent\n" if $said eq '';
		$said =~ s/^/$repo $ref (status $status): /mg;
		print STDERR $said;
		return;
	}
	print STDERR "$repo $ref: git turned it down $tries times\n";
}

sub pusher {
	my ($n) = @_;

	srand($n);
	for my $i (0 .. $pushes - 1) {
		# some at a time are in the same repository
		my $repo = 'r' . ((int($n / 5) + $i) % $repos + 1) . '.git';
		my $ref = 'refs/heads/' . ($i % 2 ? "own-$n" : 'main');

		push_until_accepted($repo, $ref, $commits[$n * $pushes + $i]);
	}
}

$| = 1;
my @children;
for my $n (0 .. $pushers - 1) {
	my $pid = fork() // die $!;
	if (!$pid) {
		pusher($n);
		exit(0);
	}
	push @children, $pid;
}
for my $pid (@children) {
	waitpid($pid, 0);
	print STDERR "a pusher ended with $?\n" if $?;
}
