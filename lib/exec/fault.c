#include "exec/fault.h"

#include <errno.h>

int fault_is_no_space(int error)
{
	return error == ENOSPC || error == EDQUOT;
}

int fault_is_hosts(int error)
{
	switch (error) {
	case ENOSPC:
	case EDQUOT:
	case EMFILE:
	case ENFILE:
	case ENOMEM:
	case EAGAIN: /* of fork: no process to be had */
	case EIO:
	case EROFS:
		return 1;
	}
	return 0;
}
