/*
 * What quire-run does with control groups, alone: without operands as it does
 * at its start; with the directory of a run and its id, as it and
 * quire-reconcile do when they clean up after it.
 */
#include <fcntl.h>
#include <stdio.h>

#include "exec/cgroup.h"

int main(int argc, char **argv)
{
	const char *why = "";

	if (argc == 3) {
		cgroup_clear(open(argv[1], O_RDONLY | O_DIRECTORY), argv[2]);
		return 0;
	}
	cgroup_settle();
	if (cgroup_probe(&why) == CGROUP_ALL)
		return 0;
	puts(why);
	return 1;
}
