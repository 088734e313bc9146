#include "store/setting.h"

#define GLOBAL 0
#define PER_REPO 1

const struct setting_key setting_keys[] = {
	{ "commitUrl", SETTING_URL, PER_REPO, "", NULL, 0, 0,
		"address of a commit; %s becomes its id, %r the repository" },
	{ "env", SETTING_ENV, PER_REPO, "", NULL, 0, 0,
		"variables for jobs: NAME=VALUE words split by blanks" },
	{ "keepDays", SETTING_INT, PER_REPO, "90", NULL, 0, 36500,
		"days that a run is kept after its end; 0: no limit" },
	{ "keepRunning", SETTING_TEXT, PER_REPO, "", NULL, 0, 0,
		"refs (globs) where a push supersedes only what is pending" },
	{ "keepRuns", SETTING_INT, PER_REPO, "0", NULL, 0, 1000000000,
		"how many runs are kept, the newest; 0: no limit" },
	{ "kick", SETTING_TEXT, GLOBAL, "", NULL, 0, 0,
		"command that starts quire-run for a pusher who is not the owner" },
	{ "maxArtifacts", SETTING_SIZE, PER_REPO, "1G", NULL, 0, 0,
		"most that is kept of a run's artifacts; 0: no limit" },
	{ "maxLog", SETTING_SIZE, PER_REPO, "64M", NULL, 0, 0,
		"most of a command's output that is kept; 0: all" },
	{ "maxRuns", SETTING_INT, GLOBAL, "1", NULL, 1, 1024,
		"how many runs are active at a time" },
	{ "minFree", SETTING_SIZE, GLOBAL, "1G", NULL, 0, 0,
		"no run is begun with less space free than this" },
	{ "path", SETTING_PATH, PER_REPO,
		"/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
		NULL, 0, 0, "PATH of jobs" },
	{ "private", SETTING_BOOL, PER_REPO, "off", NULL, 0, 0,
		"pages only for users who are logged in" },
	{ "protectedRefs", SETTING_TEXT, PER_REPO, "*", NULL, 0, 0,
		"refs (globs) whose pipelines get secrets" },
	{ "publicRuns", SETTING_BOOL, PER_REPO, "off", NULL, 0, 0,
		"logs are shown to everybody who sees the pages" },
	{ "readers", SETTING_TEXT, PER_REPO, "", NULL, 0, 0,
		"users who count as logged in, split by blanks; empty: all" },
	{ "refs", SETTING_TEXT, PER_REPO, "refs/heads/* refs/tags/*", NULL, 0,
		0, "refs (globs) whose pushes make runs" },
	{ "sandbox", SETTING_CHOICE, GLOBAL, "none", "none", 0, 0,
		"what a job is confined by" },
	{ "timeout", SETTING_DURATION, PER_REPO, "1h", NULL, 0, 0,
		"most that a run may take; 0: no limit" },
	{ "url", SETTING_URL, PER_REPO, "", NULL, 0, 0,
		"address of the pages, for the line that a pusher sees" },
};
const size_t setting_keys_count =
	sizeof(setting_keys) / sizeof(setting_keys[0]);
