// SPDX-License-Identifier: GPL-2.0
/*
 * usage: await VALUE SECONDS PATH...
 *
 * Waits until every one of these nodes of the store had that value, without asking
 * again and again. Fails if they did not within the time.
 */
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <xenstore.h>

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static bool has(struct xs_handle *xs, const char *path, const char *value)
{
	unsigned int length;
	char *text = xs_read(xs, XBT_NULL, path, &length);
	bool same = text && !strcmp(text, value);

	free(text);
	return same;
}

/* Each event, the one that a new watch has at once too, is a reason to look. */
static bool await(struct xs_handle *xs, const char *path, const char *value, long long end)
{
	struct pollfd fd = { .fd = xs_fileno(xs), .events = POLLIN };
	long long left;
	char **event;

	while ((left = end - now_ms()) > 0) {
		if (poll(&fd, 1, (int)left) <= 0)
			continue;
		event = xs_check_watch(xs);
		if (!event)
			continue;
		free(event);
		if (has(xs, path, value))
			return true;
	}
	return has(xs, path, value);
}

/* One after the other: to watch all at once would keep the store busier. */
int main(int argc, char **argv)
{
	struct xs_handle *xs;
	long long end;
	int i;

	if (argc < 4)
		return 2;
	end = now_ms() + atol(argv[2]) * 1000LL;
	xs = xs_open(0);
	if (!xs)
		return 2;
	for (i = 3; i < argc; i++) {
		if (!xs_watch(xs, argv[i], "await"))
			return 2;
		if (!await(xs, argv[i], argv[1], end))
			return 1;
		xs_unwatch(xs, argv[i], "await");
	}
	return 0;
}
