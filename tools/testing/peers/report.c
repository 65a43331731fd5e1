// SPDX-License-Identifier: GPL-2.0
/* What a peer found out, and what kept it from doing so. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "peer.h"

static const char *reporter = "";
static int broken;

void report_as(const char *name)
{
	reporter = name;
}

void note(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("# ");
	vprintf(format, args);
	printf("\n");
	va_end(args);
}

void rule(const char *what, bool holds)
{
	printf("%s - %s: %s\n", holds ? "ok" : "not ok", reporter, what);
	fflush(stdout);
	if (!holds)
		broken = 1;
}

void give_up(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	printf("# gave up: ");
	vprintf(format, args);
	printf("\n");
	va_end(args);
	exit(2);
}

bool differs(const char *what, __u64 is, __u64 should)
{
	if (is == should)
		return false;
	note("%s is %#llx, not %#llx", what, (unsigned long long)is,
	     (unsigned long long)should);
	return true;
}

int any_broken(void)
{
	return broken;
}

long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}
