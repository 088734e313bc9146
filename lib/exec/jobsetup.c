#include "exec/jobsetup.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "exec/fault.h"
#include "exec/fds.h"
#include "exec/jobspawn.h"
#include "exec/proctree.h"
#include "exec/secret.h"

static int load_secrets(struct jobrun_state *s, struct err *e)
{
	const struct job *job = s->spec->job;

	/* no other process of this user looks into the memory of this one */
	if (job->n_secrets && prctl(PR_SET_DUMPABLE, 0) < 0)
		return err_sys(e, "prctl");
	return secret_load(s->spec->secrets, job, &s->env, &s->report.redactor,
		&s->note, e);
}

static int start_up(struct jobrun_state *s, struct err *e)
{
	const struct jobrun *spec = s->spec;
	const int keep[] = { spec->pipe_fd, spec->workspace_fd,
		spec->run_dir_fd, spec->scratch_fd,
		spec->output ? spec->output->fd : -1,
		spec->cgroups ? spec->cgroups->fd : -1 };
	sigset_t caught;

	/* a session of its own: what the terminal sends to its foreground is
	 * for the executor, and no job can read from it */
	setsid();
	fds_close_all_but(keep, sizeof(keep) / sizeof(*keep));
	sigemptyset(&caught);
	sigaddset(&caught, SIGCHLD);
	sigaddset(&caught, SIGTERM);
	sigaddset(&caught, SIGINT);
	sigaddset(&caught, SIGHUP);
	if (sigprocmask(SIG_SETMASK, &caught, NULL) < 0 ||
		signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		return err_sys(e, "signals");
	s->signals = signalfd(-1, &caught, SFD_NONBLOCK | SFD_CLOEXEC);
	if (s->signals < 0)
		return err_sys(e, "signals");
	/* the executor's own input and output are pipes that others watch */
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
		dup2(null, STDOUT_FILENO) < 0)
		return err_sys(e, "/dev/null");
	close(null);
	if (proctree_subreaper(1, e) < 0)
		return -1;
	if (spec->job->timeout_ms)
		s->deadline = s->keep_until =
			clock_mono_ms() + spec->job->timeout_ms;
	usage_init(&s->usage, spec->limits.workspace_bytes, spec->workspace_fd,
		spec->scratch_fd);
	jobspawn_env(&s->env, spec->env, spec->pipeline,
		spec->evaluates ? NULL : spec->job,
		spec->output ? spec->output->dir : NULL);
	return 0;
}

static int open_cgroup(struct jobrun_state *s, struct err *e)
{
	const struct jobrun *spec = s->spec;

	if (cgroup_make(&s->cgroup, spec->cgroups, spec->job->id, &spec->limits,
		    e) < 0)
		return -1;
	s->confine.procs_fd = s->cgroup.procs_fd;
	return 0;
}

static int open_sandbox(struct jobrun_state *s, struct err *e)
{
	const struct jobrun *spec = s->spec;
	struct buf output = BUF_INIT, inputs = BUF_INIT;

	if (!spec->sandbox)
		return 0;
	struct sandbox its = *spec->sandbox;
	if (spec->output) {
		buf_addf(&output, "%s/outputs/%s", spec->output->dir,
			spec->job->id);
		buf_addf(&inputs, "%s/inputs/%s", spec->output->dir,
			spec->job->id);
		its.output = output.ptr;
		its.inputs = inputs.ptr;
	}
	int ret = runner_sandbox(&s->runner, &its, spec->env, &s->confine, e);
	if (ret < 0)
		runner_plain(&s->runner, spec->workspace_fd, &s->confine);
	buf_release(&output);
	buf_release(&inputs);
	return ret;
}

/* What other jobs have to say to this one. */
static int open_output(struct jobrun_state *s, struct err *e)
{
	const struct jobrun *spec = s->spec;

	if (!spec->output || joboutput_begin(spec->output, spec->pipeline,
				     spec->job, spec->well, e) == 0)
		return 0;
	s->no_space = fault_is_no_space(errno);
	return -1;
}

int jobsetup(struct jobrun_state *s, struct err *e)
{
	if (start_up(s, e) < 0 || open_cgroup(s, e) < 0 ||
		open_output(s, e) < 0 || open_sandbox(s, e) < 0)
		return -1;
	return load_secrets(s, e);
}
