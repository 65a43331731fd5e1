// SPDX-License-Identifier: GPL-2.0
/* Datagrams of one size after the other, each to come back as it went. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "netload.h"

#define WINDOW 16
#define WINDOW_BYTES (48 << 10) /* what sockets hold without being asked */
#define TRIES 6
#define TRY_MS 1000

unsigned int sweep_size(const struct sweep *sweep, unsigned int i)
{
	return sweep->from + i * sweep->step;
}

/* Where in the table the payload of one begins. */
uint64_t sweep_start(const struct sweep *sweep, unsigned int i)
{
	return stream_start(sweep->seed + i);
}

static void put(struct sweep *sweep, unsigned int i)
{
	static unsigned char data[CHUNK_MAX];

	if (send(sweep->sock, data, sweep->fill(sweep, data, i), 0) < 0)
		give_up("%u bytes: %s", sweep_size(sweep, i), strerror(errno));
	sweep->sent++;
}

/* Return: whether one came back for the first time. What is wrong with it ends it all. */
static bool take(struct sweep *sweep, int ms)
{
	struct pollfd ready = { .fd = sweep->sock, .events = POLLIN };
	static unsigned char data[CHUNK_MAX];
	bool fresh;
	ssize_t len;
	int i;

	if (poll(&ready, 1, ms) <= 0)
		return false;
	len = recv(sweep->sock, data, sizeof(data), 0);
	i = len < 0 ? -1 : sweep->check(sweep, data, len);
	if (i < 0 || (unsigned int)i >= sweep->nr)
		return false;
	fresh = !sweep->done[i];
	sweep->done[i] = true;
	return fresh;
}

static unsigned int put_missing(struct sweep *sweep, unsigned int first, unsigned int nr)
{
	unsigned int i, missing = 0;

	for (i = first; i < first + nr; i++) {
		if (sweep->done[i])
			continue;
		put(sweep, i);
		missing++;
	}
	return missing;
}

/* Some at a time, those that were lost again. */
static bool window(struct sweep *sweep, unsigned int first, unsigned int nr)
{
	const char *tries = getenv("NETLOAD_TRIES");
	unsigned int i, missing, try, most = tries ? atoi(tries) : TRIES;
	long long end;

	for (try = 0; try < most; try++) {
		missing = put_missing(sweep, first, nr);
		end = now_ms() + TRY_MS;
		while (missing && now_ms() < end)
			missing -= take(sweep, end - now_ms());
		if (!missing)
			return true;
	}
	for (i = first; sweep->done[i]; i++)
		;
	printf("%u bytes do not come back\n", sweep_size(sweep, i));
	return false;
}

/* How many from FIRST on to send before any has come back. */
static unsigned int at_once(const struct sweep *sweep, unsigned int first)
{
	unsigned int left = sweep->nr - first, nr = WINDOW;

	while (nr > 1 && nr * sweep_size(sweep, first + nr) > WINDOW_BYTES)
		nr--;
	return left < nr ? left : nr;
}

/* Return: whether one of each size came back as it was. */
bool sweep_run(struct sweep *sweep)
{
	unsigned int first, nr;
	bool good = true;

	sweep->seed = now_ms();
	for (first = 0; first < sweep->nr && good; first += nr) {
		nr = at_once(sweep, first);
		good = window(sweep, first, nr);
	}
	close(sweep->sock);
	printf("%u sizes, %u datagrams\n", sweep->nr, sweep->sent);
	return good;
}
