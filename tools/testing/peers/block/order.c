// SPDX-License-Identifier: GPL-2.0
/*
 * FreeBSD, which orders what it writes by barriers: one with data for a write
 * that is to come after others, an empty one for a flush where it is offered no
 * other.
 */
#include <string.h>

#include "blk.h"

#define SEED		7
#define BEFORE		8
#define BEHIND		4
#define ANSWER_MS	10000

/* Requests, by their ids, in the order in which they are asked. */
enum {
	WRITES,
	BARRIER = WRITES + BEFORE,
	READ,
	LATER,
	EMPTY = LATER + BEHIND,
	ALL
};

#define AREA_BARRIER	(BARRIER * PAGE_SECTORS)

static struct io io[ALL];
static unsigned int when[ALL];	/* the how many-th its answer was */

static void put_write(struct ring *ring, __u8 op, unsigned int id)
{
	io_put(&io[id], ring, op, id, id * PAGE_SECTORS, 1, SEED);
}

static void put_empty(struct ring *ring)
{
	__u8 slot[SLOT_BYTES];

	slot_head(ring->abi, slot, OP_BARRIER, 0, EMPTY, 0);
	ring_put(ring, slot);
}

/* All at once: only the backend keeps them apart. */
static void ask(struct ring *ring)
{
	unsigned int id;

	for (id = WRITES; id < BARRIER; id++)
		put_write(ring, OP_WRITE, id);
	put_write(ring, OP_BARRIER, BARRIER);
	io_put(&io[READ], ring, OP_READ, READ, AREA_BARRIER, 1, SEED);
	for (id = LATER; id < EMPTY; id++)
		put_write(ring, OP_WRITE, id);
	put_empty(ring);
	ring_push(ring);
}

static bool answered(const struct answer *answer)
{
	if (answer->id == EMPTY)
		return !differs("the status", answer->status, RSP_OKAY);
	return io_end(&io[answer->id], answer);
}

static bool all_answered(struct ring *ring)
{
	struct answer answer;
	unsigned int nr;
	bool good = true;

	for (nr = 1; nr <= ALL; nr++) {
		if (!ring_get(ring, &answer, ANSWER_MS))
			give_up("%u of %u are not answered", ALL + 1 - nr, ALL);
		if (answer.id >= ALL || when[answer.id])
			give_up("the answer's id %#llx was not asked for",
				(unsigned long long)answer.id);
		when[answer.id] = nr;
		good &= answered(&answer);
	}
	return good;
}

/* Whether the answer came after those of all before it and before the others. */
static bool in_order(unsigned int id)
{
	bool good = true, asked_first, answered_first;
	unsigned int i;

	for (i = WRITES; i < ALL; i++) {
		asked_first = i < id;
		answered_first = when[i] < when[id];
		if (i == id || asked_first == answered_first)
			continue;
		note("request %u was answer %u, and the barrier %u answer %u",
		     i, when[i], id, when[id]);
		good = false;
	}
	return good;
}

static bool leaves(struct device *dev, struct ring *ring)
{
	bool good;

	device_state(dev, CLOSED);
	good = device_wait(dev, CLOSED, 10000);
	return ring_close(ring) && good;
}

void play_freebsd(struct device *dev)
{
	const struct style style = { .protocol = true };
	struct ring ring;

	blk_ring_open(&ring, &abi64, 0, dev->domid);
	vbd_forget_keys(dev);
	vbd_publish(dev, &ring, 1, &style);
	device_state(dev, INITIALISED);
	rule("connects", device_wait(dev, CONNECTED, 10000));
	device_state(dev, CONNECTED);
	rule("is offered barriers",
	     !differs("feature-barrier",
		      device_number(dev, "feature-barrier", 0), 1));
	ask(&ring);
	rule("writes, barriers and what is between them succeed",
	     all_answered(&ring));
	rule("a barrier with data is answered after all before it, and before the rest",
	     in_order(BARRIER));
	rule("so is an empty one", in_order(EMPTY));
	rule("what no barrier follows succeeds",
	     io_run(&ring, OP_WRITE, ALL, ALL * PAGE_SECTORS, 1, SEED));
	rule("closes", leaves(dev, &ring));
}
