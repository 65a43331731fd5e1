// SPDX-License-Identifier: GPL-2.0
/* How much of a load is asked for, and how fast it went. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "amount.h"

#define NS_PER_SECOND	1000000000ull

void give_up(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(stderr, format, args);
	fprintf(stderr, "\n");
	va_end(args);
	exit(2);
}

uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_SECOND + now.tv_nsec;
}

bool is_done(const struct amount *amount, uint64_t done, uint64_t start)
{
	return amount->count ? done >= amount->count : now_ns() - start >= amount->ns;
}

void tell_speed(uint64_t done, uint64_t start)
{
	printf("%.1f\n", done * (double)NS_PER_SECOND / (now_ns() - start));
}

struct amount amount_of(const char *text)
{
	struct amount amount = { 0 };
	char *end;
	unsigned long long number = strtoull(text, &end, 10);

	if (!number || (*end && strcmp(end, "s")))
		give_up("no amount: %s", text);
	if (*end)
		amount.ns = number * NS_PER_SECOND;
	else
		amount.count = number;
	return amount;
}
