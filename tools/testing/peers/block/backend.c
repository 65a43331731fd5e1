// SPDX-License-Identifier: GPL-2.0
/*
 * A backend, in dom0, of a disk in its memory, which means harm when it is told
 * to: by the key "harm" of its directory. What no backend may do ends the
 * connection; it then takes the key away, begins a new life in which it behaves,
 * and finds that what was asked is asked again.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "blk.h"

#define DISK_SECTORS 4096

/* Where a slot of the only ABI there is has a discard's length. */
#define AT_LENGTH 24

struct backend;

/**
 * struct harm - something that no frontend should be hurt by
 * @name: what the key says
 * @needs: requests that have to wait for it, one of them a read
 * @strike: does it, in place of an answer; NULL if answers to @ops have @status
 * @ops: the operations, as bits
 * @status: the answer's
 */
struct harm {
	const char *name;
	unsigned int needs;
	void (*strike)(struct backend *backend, const __u8 *slot);
	unsigned int ops;
	__s16 status;
};

/**
 * struct backend - all there is to it
 * @dev: its device: "front" is what it writes, "back" its frontend
 * @ring: what it serves
 * @ch: its channel
 * @kept: a page of a request that it goes on mapping
 * @harm: what it is told to do, or NULL
 * @struck: it has done so
 */
struct backend {
	struct device dev;
	struct served ring;
	struct channel ch;
	struct served kept;
	const struct harm *harm;
	bool struck;
};

static __u8 disk[DISK_SECTORS * SECTOR_BYTES];

static __u64 slot_word(const __u8 *slot, unsigned int at)
{
	__u64 word;

	memcpy(&word, slot + at, sizeof(word));
	return word;
}

static struct segment slot_part(const __u8 *slot, unsigned int i)
{
	struct segment seg;

	memcpy(&seg, slot + abi64.tail + i * sizeof(seg), sizeof(seg));
	return seg;
}

/* Return: whether all of it is within the disk, and its pages there. */
static bool move_data(const __u8 *slot)
{
	__u64 sector = slot_word(slot, abi64.sector);
	unsigned int i, nr;
	struct segment seg;

	for (i = 0; i < slot[1] && i < SLOT_SEGS; i++, sector += nr) {
		seg = slot_part(slot, i);
		nr = seg.last - seg.first + 1;
		if (sector + nr > DISK_SECTORS ||
		    !served_copy(disk + sector * SECTOR_BYTES, nr * SECTOR_BYTES, seg.gref,
				 seg.first * SECTOR_BYTES, slot[0] == OP_READ))
			return false;
	}
	return true;
}

static bool discard(const __u8 *slot)
{
	__u64 sector = slot_word(slot, abi64.sector), nr = slot_word(slot, AT_LENGTH);

	if (sector > DISK_SECTORS || nr > DISK_SECTORS - sector)
		return false;
	memset(disk + sector * SECTOR_BYTES, 0, nr * SECTOR_BYTES);
	return true;
}

static __s16 carry_out(const __u8 *slot)
{
	switch (slot[0]) {
	case OP_READ:
	case OP_WRITE:
	case OP_BARRIER:
		return move_data(slot) ? RSP_OKAY : RSP_ERROR;
	case OP_FLUSH:
		return RSP_OKAY;
	case OP_DISCARD:
		return discard(slot) ? RSP_OKAY : RSP_ERROR;
	}
	return RSP_NOTSUPP;
}

static void answer(struct backend *backend, __u64 id, __u8 op, __s16 status)
{
	__u8 *to = served_slot(&backend->ring, backend->ring.prod++);

	memset(to, 0, abi64.rsp);
	memcpy(to, &id, sizeof(id));
	to[8] = op;
	memcpy(to + 10, &status, sizeof(status));
}

static void serve_one(struct backend *backend, const __u8 *slot)
{
	const struct harm *harm = backend->harm;
	__s16 status;

	if (harm && (harm->ops & 1U << (slot[0] & 31)))
		status = harm->status;
	else
		status = carry_out(slot);
	answer(backend, slot_word(slot, abi64.id), slot[0], status);
}

/* Harm. Each of it is shown to the frontend at once. */

static void strike_unasked(struct backend *backend, const __u8 *slot)
{
	answer(backend, slot_word(slot, abi64.id) + 0x1000, slot[0], RSP_OKAY);
}

/* The slot is one of the table's, and what asked there was answered long ago. */
static void strike_late(struct backend *backend, const __u8 *slot)
{
	answer(backend, slot_word(slot, abi64.id) - (1ULL << 32), slot[0], RSP_OKAY);
}

static void strike_twice(struct backend *backend, const __u8 *slot)
{
	serve_one(backend, slot);
	serve_one(backend, slot);
}

static void strike_operation(struct backend *backend, const __u8 *slot)
{
	answer(backend, slot_word(slot, abi64.id), OP_WRITE, carry_out(slot));
}

static void strike_jump(struct backend *backend, const __u8 *slot)
{
	(void)slot;
	backend->ring.prod += 1000;
}

static void strike_back(struct backend *backend, const __u8 *slot)
{
	(void)slot;
	backend->ring.prod--;
}

/* An answer means that the page is free. */
static void strike_mapped(struct backend *backend, const __u8 *slot)
{
	served_map(&backend->kept, slot_part(slot, 0).gref, SLOT_BYTES);
	serve_one(backend, slot);
}

static void strike_mute(struct backend *backend, const __u8 *slot)
{
	(void)backend;
	(void)slot;
}

static const struct harm harms[] = {
	{ "unasked", 1, strike_unasked, 0, 0 },
	{ "late", 1, strike_late, 0, 0 },
	{ "twice", 2, strike_twice, 0, 0 },
	{ "operation", 1, strike_operation, 0, 0 },
	{ "jump", 1, strike_jump, 0, 0 },
	{ "back", 1, strike_back, 0, 0 },
	{ "mapped", 1, strike_mapped, 0, 0 },
	{ "mute", 1, strike_mute, 0, 0 },
	{ "no-read", 0, NULL, 1 << OP_READ, RSP_NOTSUPP },
	{ "bad-flush", 0, NULL, 1 << OP_FLUSH, RSP_ERROR },
	{ "no-flush", 0, NULL, 1 << OP_FLUSH | 1 << OP_BARRIER, RSP_NOTSUPP },
	{ "no-discard", 0, NULL, 1 << OP_DISCARD, RSP_ERROR },
};

static const struct harm *told_to(const struct backend *backend)
{
	char path[128], name[16];
	unsigned int i;

	snprintf(path, sizeof(path), "%s/harm", backend->dev.front);
	if (!store_read(path, name, sizeof(name)))
		return NULL;
	for (i = 0; i < ARRAY_SIZE(harms); i++)
		if (!strcmp(harms[i].name, name))
			return &harms[i];
	give_up("no such harm: %s", name);
}

/* Beside the one that was taken. Who has more to ask does not wait for answers. */
static bool enough_wait(const struct backend *backend)
{
	unsigned int tries;

	for (tries = 0; tries < 200; tries++) {
		if (served_waiting(&backend->ring) + 1 >= backend->harm->needs)
			return true;
		usleep(5000);
	}
	return false;
}

static bool may_strike(const struct backend *backend, const __u8 *slot)
{
	const struct harm *harm = backend->harm;

	return harm && harm->strike && slot[0] == OP_READ && enough_wait(backend);
}

static void serve_ring(struct backend *backend)
{
	__u8 slot[SLOT_BYTES];

	while (served_waiting(&backend->ring) || served_waiting_at_last(&backend->ring)) {
		memcpy(slot, served_slot(&backend->ring, backend->ring.cons++), sizeof(slot));
		backend->struck = may_strike(backend, slot);
		if (backend->struck)
			backend->harm->strike(backend, slot);
		else
			serve_one(backend, slot);
		served_push(&backend->ring, &backend->ch);
		if (backend->struck)
			return;
	}
}

/* Until the frontend says something else than Connected, or harm is done. */
static void serve(struct backend *backend)
{
	struct pollfd ready[2];

	do {
		backend->harm = told_to(backend);
		serve_ring(backend);
		if (backend->struck)
			return;
		ready[0] = (struct pollfd){ .fd = backend->ch.fd, .events = POLLIN };
		ready[1] = (struct pollfd){ .fd = store_fd(), .events = POLLIN };
		poll(ready, ARRAY_SIZE(ready), 1000);
		if (ready[0].revents)
			channel_wait(&backend->ch, 0);
		if (ready[1].revents)
			store_drain();
	} while (device_other(&backend->dev) == CONNECTED);
}

static void begin(struct backend *backend)
{
	struct device *dev = &backend->dev;

	device_state(dev, INIT_WAIT);
	if (!device_wait(dev, INITIALISED, 20000))
		give_up("the frontend offers no ring");
	served_map(&backend->ring, device_number(dev, "ring-ref", 0), SLOT_BYTES);
	channel_bind(&backend->ch, dev->domid, device_number(dev, "event-channel", 0));
	backend->struck = false;
	device_state(dev, CONNECTED);
	if (!device_wait(dev, CONNECTED, 20000))
		give_up("the frontend does not connect");
}

static void end(struct backend *backend)
{
	device_state(&backend->dev, CLOSING);
	channel_close(&backend->ch);
	if (backend->kept.page)
		served_unmap(&backend->kept);
	served_unmap(&backend->ring);
	device_state(&backend->dev, CLOSED);
}

/* Nothing is heard of it any more until the frontend has had enough. */
static void see_it_end(struct backend *backend)
{
	char path[128], what[64];

	snprintf(path, sizeof(path), "%s/harm", backend->dev.front);
	snprintf(what, sizeof(what), "is not listened to any more: %s", backend->harm->name);
	if (backend->harm->strike == strike_mute)
		device_wait_any(&backend->dev, ~(1U << CONNECTED), 600000);
	else
		rule(what, device_wait(&backend->dev, CLOSED, 10000));
	store_remove(0, path);
}

static bool is_online(const struct backend *backend)
{
	char path[128], online[8];

	snprintf(path, sizeof(path), "%s/online", backend->dev.front);
	return store_read(path, online, sizeof(online)) && atoi(online);
}

static void offer(const struct device *dev)
{
	device_put(dev, 0, "", "sectors=%u", DISK_SECTORS);
	device_put(dev, 0, "", "sector-size=%u", SECTOR_BYTES);
	device_put(dev, 0, "", "info=0");
	device_put(dev, 0, "", "feature-flush-cache=1");
	device_put(dev, 0, "", "feature-barrier=1");
	device_put(dev, 0, "", "feature-discard=1");
}

/* Until the toolstack takes the disk away. */
void hostile_backend(const char *domid, const char *number)
{
	static struct backend backend;

	report_as("backend");
	device_serve(&backend.dev, "peer", "vbd", domid, number);
	offer(&backend.dev);
	while (is_online(&backend)) {
		begin(&backend);
		serve(&backend);
		if (backend.struck)
			see_it_end(&backend);
		end(&backend);
	}
}
