// SPDX-License-Identifier: GPL-2.0
/* A device's two directories in the store. */
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "peer.h"

static void front_path(const struct device *dev, char *path, size_t size,
		       const char *key)
{
	snprintf(path, size, "%s/%s", dev->front, key);
}

static void read_front(const struct device *dev, const char *key, char *value,
		       size_t size)
{
	char path[128];

	front_path(dev, path, sizeof(path), key);
	if (!store_read(path, value, size))
		give_up("%s: there is no such key", path);
}

void device_open(struct device *dev, const char *class, const char *number)
{
	char text[16], path[160];

	memset(dev, 0, sizeof(*dev));
	snprintf(dev->front, sizeof(dev->front), "device/%s/%s", class, number);
	store_open();
	read_front(dev, "backend", dev->back, sizeof(dev->back));
	read_front(dev, "backend-id", text, sizeof(text));
	dev->domid = atoi(text);
	pages_open(dev->domid);
	snprintf(path, sizeof(path), "%s/state", dev->back);
	store_watch(path);
}

/* As the backend, in dom0's backend/DIR, where no driver looks. */
void device_serve(struct device *dev, const char *dir, const char *class, const char *domid,
		  const char *number)
{
	char path[160];

	memset(dev, 0, sizeof(*dev));
	dev->domid = atoi(domid);
	snprintf(dev->front, sizeof(dev->front), "/local/domain/0/backend/%s/%s/%s", dir, domid,
		 number);
	snprintf(dev->back, sizeof(dev->back), "/local/domain/%s/device/%s/%s", domid, class,
		 number);
	store_open();
	served_begin(dev->domid);
	snprintf(path, sizeof(path), "%s/state", dev->back);
	store_watch(path);
}

void device_state(struct device *dev, int state)
{
	char path[128], text[8];

	front_path(dev, path, sizeof(path), "state");
	snprintf(text, sizeof(text), "%d", state);
	if (!store_write(0, path, text))
		give_up("our state cannot be written");
}

/* The state of the other end, remembered. */
int device_other(struct device *dev)
{
	int state = device_number(dev, "state", GONE);

	dev->seen |= 1U << (state & 31);
	return state;
}

/*
 * Until the other end is in one of the STATES, which are bits, or time is up.
 * Return: the state it is in then.
 */
int device_wait_any(struct device *dev, unsigned int states, int ms)
{
	struct pollfd ready = { .fd = store_fd(), .events = POLLIN };
	long long end = now_ms() + ms;
	int other;

	for (;;) {
		store_drain();
		other = device_other(dev);
		if ((states & 1U << (other & 31)) || now_ms() >= end)
			return other;
		poll(&ready, 1, end - now_ms());
	}
}

bool device_wait(struct device *dev, int state, int ms)
{
	int other = device_wait_any(dev, 1U << state, ms);

	if (other == state)
		return true;
	note("the backend is in state %d, not %d, after %d ms", other, state,
	     ms);
	return false;
}

/* A key of the backend's; ABSENT if there is none, or no number in it. */
long long device_number(const struct device *dev, const char *key, long long absent)
{
	char path[192], text[32], *end;
	long long value;

	snprintf(path, sizeof(path), "%s/%s", dev->back, key);
	if (!store_read(path, text, sizeof(text)) || !*text)
		return absent;
	value = strtoll(text, &end, 10);
	return *end ? absent : value;
}

bool device_never_reconfigured(const struct device *dev)
{
	return !differs("the states seen beyond Closed, as bits",
			dev->seen & ~((2U << CLOSED) - 1), 0);
}

/* Take away what the peer before us wrote. */
void device_forget(const struct device *dev, const char *const keys[], unsigned int nr)
{
	char path[128];
	unsigned int i;

	for (i = 0; i < nr; i++) {
		front_path(dev, path, sizeof(path), keys[i]);
		store_remove(0, path);
	}
}

/* Write the key of ours, in DIR, that FORMAT makes: KEY=VALUE. */
void device_put(const struct device *dev, __u32 txn, const char *dir, const char *format, ...)
{
	char line[64], path[128], *value;
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	value = strchr(line, '=');
	*value++ = '\0';
	snprintf(path, sizeof(path), "%s/%s%s", dev->front, dir, line);
	if (!store_write(txn, path, value))
		give_up("%s cannot be written", path);
}
