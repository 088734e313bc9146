#include "exec/fault.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

/* EAGAIN: of fork, no process to be had. */
static const int of_host[] = { ENOSPC, EDQUOT, EMFILE, ENFILE, ENOMEM, EAGAIN,
	EIO, EROFS };

#define N_OF_HOST (sizeof(of_host) / sizeof(of_host[0]))

int fault_is_no_space(int error)
{
	return error == ENOSPC || error == EDQUOT;
}

int fault_is_hosts(int error)
{
	for (size_t i = 0; i < N_OF_HOST; i++)
		if (of_host[i] == error)
			return 1;
	return 0;
}

int fault_in_text(const char *text)
{
	size_t len = strlen(text);

	for (size_t i = 0; i < N_OF_HOST; i++) {
		const char *want = strerror(of_host[i]);
		size_t n = strlen(want);

		if (len >= n && strcmp(text + len - n, want) == 0)
			return of_host[i];
	}
	return 0;
}
