// SPDX-License-Identifier: GPL-2.0
/* A disk's two directories in the store. */
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "peer.h"

static void front_path(const struct vbd *vbd, char *path, size_t size,
		       const char *key)
{
	snprintf(path, size, "%s/%s", vbd->front, key);
}

static void read_front(const struct vbd *vbd, const char *key, char *value,
		       size_t size)
{
	char path[128];

	front_path(vbd, path, sizeof(path), key);
	if (!store_read(path, value, size))
		give_up("%s: there is no such key", path);
}

void vbd_open(struct vbd *vbd, const char *number)
{
	char text[16], path[160];

	memset(vbd, 0, sizeof(*vbd));
	snprintf(vbd->front, sizeof(vbd->front), "device/vbd/%s", number);
	store_open();
	read_front(vbd, "backend", vbd->back, sizeof(vbd->back));
	read_front(vbd, "backend-id", text, sizeof(text));
	vbd->domid = atoi(text);
	pages_open(vbd->domid);
	snprintf(path, sizeof(path), "%s/state", vbd->back);
	store_watch(path);
}

void vbd_state(struct vbd *vbd, int state)
{
	char path[128], text[8];

	front_path(vbd, path, sizeof(path), "state");
	snprintf(text, sizeof(text), "%d", state);
	if (!store_write(0, path, text))
		give_up("our state cannot be written");
}

/* The state of the other end, remembered. */
int vbd_other(struct vbd *vbd)
{
	int state = vbd_number(vbd, "state", GONE);

	vbd->seen |= 1U << (state & 31);
	return state;
}

bool vbd_wait(struct vbd *vbd, int state, int ms)
{
	struct pollfd ready = { .fd = store_fd(), .events = POLLIN };
	long long end = now_ms() + ms;
	int other;

	for (;;) {
		store_drain();
		other = vbd_other(vbd);
		if (other == state)
			return true;
		if (now_ms() >= end)
			break;
		poll(&ready, 1, end - now_ms());
	}
	note("the backend is in state %d, not %d, after %d ms", other, state,
	     ms);
	return false;
}

/* A key of the backend's; ABSENT if there is none, or no number in it. */
long long vbd_number(const struct vbd *vbd, const char *key, long long absent)
{
	char path[192], text[32], *end;
	long long value;

	snprintf(path, sizeof(path), "%s/%s", vbd->back, key);
	if (!store_read(path, text, sizeof(text)) || !*text)
		return absent;
	value = strtoll(text, &end, 10);
	return *end ? absent : value;
}

bool vbd_never_reconfigured(const struct vbd *vbd)
{
	return !differs("the states seen beyond Closed, as bits",
			vbd->seen & ~((2U << CLOSED) - 1), 0);
}

/* Take away what the peer before us wrote. */
void vbd_forget_keys(const struct vbd *vbd)
{
	static const char *const keys[] = {
		"ring-ref", "ring-ref0", "ring-ref1", "ring-ref2", "ring-ref3",
		"ring-page-order", "event-channel", "protocol",
		"multi-queue-num-queues", "queue-0", "queue-1", "queue-2",
		"feature-persistent",
	};
	char path[128];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		front_path(vbd, path, sizeof(path), keys[i]);
		store_remove(0, path);
	}
}

static void __attribute__((format(printf, 4, 5)))
put_key(const struct vbd *vbd, __u32 txn, const char *dir, const char *format,
	...)
{
	char line[64], path[128], *value;
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	value = strchr(line, '=');
	*value++ = '\0';
	snprintf(path, sizeof(path), "%s/%s%s", vbd->front, dir, line);
	if (!store_write(txn, path, value))
		give_up("%s cannot be written", path);
}

static void publish_ring(const struct vbd *vbd, __u32 txn, const char *dir,
			 const struct ring *ring, const struct style *style)
{
	unsigned int i;

	if (!style->numbered)
		put_key(vbd, txn, dir, "ring-ref=%u", ring->pages.gref[0]);
	for (i = 0; style->numbered && i < ring->pages.nr; i++)
		put_key(vbd, txn, dir, "ring-ref%u=%u", i, ring->pages.gref[i]);
	put_key(vbd, txn, dir, "event-channel=%u", ring->ch.port);
}

static void publish_all(const struct vbd *vbd, __u32 txn,
			const struct ring *rings, unsigned int nr,
			const struct style *style)
{
	char dir[24] = "";
	unsigned int i;

	for (i = 0; i < nr; i++) {
		if (nr > 1)
			snprintf(dir, sizeof(dir), "queue-%u/", i);
		publish_ring(vbd, txn, dir, &rings[i], style);
	}
	if (style->numbered)
		put_key(vbd, txn, "", "ring-page-order=%u", style->order);
	if (style->num_queues)
		put_key(vbd, txn, "", "multi-queue-num-queues=%u", nr);
	if (style->protocol)
		put_key(vbd, txn, "", "protocol=%s", rings[0].abi->name);
	if (style->state)
		put_key(vbd, txn, "", "state=%d", style->state);
}

/* Write what a peer of that style does, in one transaction. */
void vbd_publish(const struct vbd *vbd, const struct ring *rings,
		 unsigned int nr, const struct style *style)
{
	unsigned int try;
	__u32 txn;

	for (try = 0; try < 100; try++) {
		txn = store_begin();
		publish_all(vbd, txn, rings, nr, style);
		if (store_commit(txn))
			return;
	}
	give_up("the transaction never succeeds");
}
