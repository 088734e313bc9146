/*
 * Where AddressSanitizer and UndefinedBehaviorSanitizer report, in the programs
 * that `make asan` builds. It is built in: what a hook or quire-run starts has
 * not the environment of the test, and its standard error goes to a log.
 */
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

/* libfaketime comes before the sanitizer's own library */
#define ADDRESS "verify_asan_link_order=0:log_path=" REPORTS "/address"

const char *__asan_default_options(void);
const char *__ubsan_default_options(void);

/* A test has strace look on, and perhaps forbid to see that. This is called
 * before libc can be used. */
static int is_traced(void)
{
	static const char key[] = "TracerPid:\t";
	char text[1024];
	long fd = syscall(SYS_openat, AT_FDCWD, "/proc/self/status", O_RDONLY);
	long n = fd < 0 ? -1 : syscall(SYS_read, fd, text, sizeof(text));

	if (fd >= 0)
		syscall(SYS_close, fd);
	if (n < 0)
		return 1;
	for (long i = 0; i + (long)sizeof(key) <= n; i++) {
		long k = 0;

		while (key[k] && text[i + k] == key[k])
			k++;
		if (!key[k])
			return text[i + k] != '0';
	}
	return 0;
}

/* The search for leaks is itself done by ptrace(2), which a process has one
 * of: what is traced is searched for everything else. */
const char *__asan_default_options(void)
{
	return is_traced() ? "detect_leaks=0:" ADDRESS : ADDRESS;
}

const char *__ubsan_default_options(void)
{
	return "print_stacktrace=1:log_path=" REPORTS "/undefined";
}
