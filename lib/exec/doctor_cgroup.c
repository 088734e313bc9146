/*
 * Whether jobs can be limited by control groups: as far as that is seen from
 * here, for it depends on what quire-run is started from.
 */
#include "exec/cgroup.h"
#include "exec/doctor_check.h"

#define CHECK "limits"

void doctor_cgroup(struct doctor *d)
{
	const char *why = "";
	int has = cgroup_probe(&why);

	if (has == CGROUP_ALL) {
		doctor_say(d, FINDING_OK, CHECK,
			"what is started from here can limit the memory, "
			"processes and CPUs of jobs");
		return;
	}
	if (has)
		why = "not all of the controllers memory, pids and cpu are "
		      "delegated";
	doctor_say(d, FINDING_NOTE, CHECK,
		"maxMemory, maxProcesses and maxCpus do not apply to runs that "
		"are started from here: %s",
		why);
	doctor_advise(d,
		"start pushes and quire-reconcile in a control group that is "
		"delegated (systemd: Delegate=yes in the unit, or systemd-run "
		"--user --scope -p Delegate=yes COMMAND); see quire-run(8)");
}
