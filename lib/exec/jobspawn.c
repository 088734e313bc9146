#include "exec/jobspawn.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "exec/fds.h"
#include "exec/jobexec.h"
#include "exec/signals.h"

void jobspawn_set(struct strv *env, const char *name, const char *value)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < env->n; i++) {
		if (strncmp(env->v[i], name, len) != 0 || env->v[i][len] != '=')
			continue;
		struct buf var = BUF_INIT;
		buf_addf(&var, "%s=%s", name, value);
		free(env->v[i]);
		env->v[i] = buf_detach(&var);
		return;
	}
	strv_pushf(env, "%s=%s", name, value);
}

/* Of one that this process may run within. */
static int is_of_a_job(const char *var)
{
	static const char *const names[] = {
		"QUIRE_JOB=", "QUIRE_OUTPUT=", "QUIRE_INPUTS="
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (strncmp(var, names[i], strlen(names[i])) == 0)
			return 1;
	return 0;
}

void jobspawn_env(struct strv *env, char *const *base, const struct pipeline *p,
	const struct job *job, const char *output_dir)
{
	struct buf path = BUF_INIT;

	for (size_t i = 0; base && base[i]; i++)
		if (!is_of_a_job(base[i]))
			strv_push(env, base[i]);
	for (size_t i = 0; i < p->n_env; i++)
		jobspawn_set(env, p->env[i].name, p->env[i].value);
	if (!job)
		return;
	for (size_t i = 0; i < job->n_env; i++)
		jobspawn_set(env, job->env[i].name, job->env[i].value);
	jobspawn_set(env, "QUIRE_JOB", job->id);
	if (!output_dir)
		return;
	buf_addf(&path, "%s/outputs/%s", output_dir, job->id);
	jobspawn_set(env, "QUIRE_OUTPUT", path.ptr);
	buf_reset(&path);
	buf_addf(&path, "%s/inputs/%s", output_dir, job->id);
	jobspawn_set(env, "QUIRE_INPUTS", path.ptr);
	buf_release(&path);
}

void jobspawn_become(
	const struct command *c, char **env, int workspace_fd, const int out[2])
{
	int in = open("/dev/null", O_RDONLY | O_CLOEXEC);

	if (in < 0 || dup2(in, STDIN_FILENO) < 0 ||
		dup2(out[0], STDOUT_FILENO) < 0 ||
		dup2(out[1], STDERR_FILENO) < 0)
		_exit(126);
	if (workspace_fd >= 0 && fchdir(workspace_fd) < 0)
		_exit(jobexec_give_up("the workspace"));
	setsid();
	/* also before anybody may look at this process: it is the copy of one
	 * that had more than a command is to have */
	fds_close_all_but(NULL, 0);
	limit_nice_session();
	signals_default();
	umask(022);
	_exit(c->shell ? jobexec_shell(c->argv.v, env)
		       : jobexec(c->argv.v, env));
}

pid_t jobspawn(const struct command *c, char **env, int workspace_fd,
	const int out[2], const struct confine *confine, struct err *e)
{
	pid_t pid = fork();

	if (pid < 0)
		return err_sys(e, "can't start a process");
	if (pid == 0) {
		if (limit_enter(confine) < 0) {
			dprintf(out[1], "quire: limits: %s\n", strerror(errno));
			_exit(126);
		}
		jobspawn_become(c, env, workspace_fd, out);
	}
	return pid;
}
