/*
 * What systemd may do to a run that a push has started: end it with the
 * pusher's login, or with the service that git ran under. Either is repaired
 * by the next reconcile, but the run has failed as orphaned.
 */
#include <string.h>
#include <sys/stat.h>

#include "base/shword.h"
#include "exec/doctor_check.h"
#include "exec/unitconf.h"

#define CHECK "systemd"

static const char *const config_folders[] = { "/etc/systemd", "/run/systemd",
	"/usr/local/lib/systemd", "/usr/lib/systemd", NULL };
static const char *const unit_folders[] = { "/etc/systemd/system",
	"/run/systemd/system", "/usr/local/lib/systemd/system",
	"/usr/lib/systemd/system", "/lib/systemd/system", NULL };

/* Services that git may run under, and with it a hook. A socket starts an
 * instance of the one with the @ for each connection. */
static const char *const units[] = { "ssh.service", "sshd.service",
	"ssh@.service", "sshd@.service", "lighttpd.service", "apache2.service",
	"httpd.service", "nginx.service", "fcgiwrap.service",
	"fcgiwrap@.service", "git-daemon.service", "git-daemon@.service" };

/* sd_booted(3) */
static int is_running(const char *root)
{
	struct buf path = BUF_INIT;
	struct stat st;
	int is;

	buf_addf(&path, "%s/run/systemd/system", root);
	is = lstat(path.ptr, &st) == 0 && S_ISDIR(st.st_mode);
	buf_release(&path);
	return is;
}

/* logind.conf(5): whether a logout ends what the user's session started.
 * Lingering keeps the user's manager, not what a session holds. */
static int logout_kills(const char *root, const char *user)
{
	struct buf kill = BUF_INIT, only = BUF_INIT, spared = BUF_INIT;
	struct unitconf c;
	int kills;

	unitconf_find(&c, root, config_folders, "logind.conf", NULL);
	if (!unitconf_get(&c, "Login", "KillUserProcesses", 0, &kill))
		unitconf_default(&c, "Login", "KillUserProcesses", &kill);
	if (!unitconf_get(&c, "Login", "KillExcludeUsers", 1, &spared))
		buf_adds(&spared, "root");
	unitconf_get(&c, "Login", "KillOnlyUsers", 1, &only);
	kills = unitconf_bool(kill.ptr) == 1 &&
		!unitconf_has(spared.ptr, user) &&
		(!only.len || unitconf_has(only.ptr, user));
	unitconf_release(&c);
	buf_release(&kill);
	buf_release(&only);
	buf_release(&spared);
	return kills;
}

static void check_logind(struct doctor *d, const char *root, const char *user)
{
	struct buf word = BUF_INIT;

	if (!logout_kills(root, user)) {
		doctor_say(
			d, FINDING_OK, CHECK, "a logout ends no run (logind)");
		return;
	}
	/* the list replaces the default, which is root */
	buf_addf(&word, "[Login]\\nKillExcludeUsers=root %s\\n", user);
	doctor_say(d, FINDING_WRONG, CHECK,
		"KillUserProcesses is on in logind.conf: when %s logs out, a "
		"run that its push started is killed",
		user);
	doctor_root_runs(d,
		"mkdir -p %s/etc/systemd/logind.conf.d && printf '%s' "
		">%s/etc/systemd/logind.conf.d/quire.conf && systemctl kill -s HUP "
		"systemd-logind",
		root, word.ptr, root);
	buf_release(&word);
}

static void check_unit(struct doctor *d, const char *root, const char *name)
{
	struct buf mode = BUF_INIT;
	struct unitconf c;

	unitconf_find(&c, root, unit_folders, name, "service");
	if (!c.there)
		goto out;
	if (!unitconf_get(&c, "Service", "KillMode", 0, &mode) || !mode.len)
		buf_adds(&mode, "control-group");
	if (!strcmp(mode.ptr, "process") || !strcmp(mode.ptr, "none"))
		goto out;
	doctor_say(d, FINDING_NOTE, CHECK,
		"%s has KillMode=%s: if pushes come through it, %s ends their "
		"runs",
		name, mode.ptr,
		strchr(name, '@') ? "the end of a connection" : "its restart");
	doctor_advise(d, "if so: systemctl edit %s, [Service] KillMode=process",
		name);
out:
	unitconf_release(&c);
	buf_release(&mode);
}

void doctor_systemd(struct doctor *d, const char *root, const char *user)
{
	if (!is_running(root))
		return;
	check_logind(d, root, user);
	for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++)
		check_unit(d, root, units[i]);
}
