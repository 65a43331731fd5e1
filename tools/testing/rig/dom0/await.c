// SPDX-License-Identifier: GPL-2.0
/*
 * usage: await PATH VALUE SECONDS
 *
 * Waits until a node of the store has that value, without asking again and
 * again. Fails if it does not within the time.
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

int main(int argc, char **argv)
{
	struct xs_handle *xs;

	if (argc != 4)
		return 2;
	xs = xs_open(0);
	if (!xs || !xs_watch(xs, argv[1], "await"))
		return 2;
	return !await(xs, argv[1], argv[2], now_ms() + atol(argv[3]) * 1000LL);
}
