#include "exec/pushoption.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/near.h"
#include "exec/pusher.h"

#define OURS "ci."

static const char skip[] = OURS "skip";
static const char stay[] = OURS "wait";

static void tell_unknown(const char *option, struct buf *told)
{
	static const char *const known[] = { skip, stay };
	const char *near =
		near_word(option, known, sizeof(known) / sizeof(*known));

	if (near)
		pusher_say(told,
			"unknown push option '%s' (did you mean '%s'?)", option,
			near);
	else
		pusher_say(told, "unknown push option '%s'", option);
}

void push_options_read(struct push_options *o, struct buf *told)
{
	const char *count = getenv("GIT_PUSH_OPTION_COUNT");
	unsigned long n = count ? strtoul(count, NULL, 10) : 0;

	*o = (struct push_options){ 0 };
	for (unsigned long i = 0; i < n; i++) {
		char name[64];
		const char *option;

		snprintf(name, sizeof(name), "GIT_PUSH_OPTION_%lu", i);
		option = getenv(name);
		if (!option)
			return; /* whoever set the count by hand */
		if (!strcmp(option, skip))
			o->skip = 1;
		else if (!strcmp(option, stay))
			o->wait = 1;
		else if (!strncmp(option, OURS, strlen(OURS)))
			tell_unknown(option, told);
	}
}
