// SPDX-License-Identifier: GPL-2.0
/*
 * The Windows drivers: always through Closed first, every request with grants
 * of its own that are gone the moment its answer is seen, 64-bit pointers for
 * ids, indirect requests by read-only tables, never any persistent grant.
 */
#include <stdio.h>

#include "blk.h"

#define ID		0xffffa70b3c5d0000ULL
#define SEED		1
/* Where on the disk, in sectors. */
#define AREA_LARGE	0
#define AREA_BURST	16384
#define AREA_QUEUES	20480
#define AREA_GROWN	32768

#define QUEUES_MAX	2

static unsigned int large_segs;		/* of an indirect request */

static bool start_over(struct device *dev)
{
	if (!device_wait(dev, INIT_WAIT, 10000))
		return false;
	device_state(dev, CLOSING);
	if (!device_wait(dev, CLOSING, 10000))
		return false;
	device_state(dev, CLOSED);
	if (!device_wait(dev, CLOSED, 10000))
		return false;
	device_state(dev, INITIALISING);
	return device_wait(dev, INIT_WAIT, 10000);
}

static bool connect_rings(struct device *dev, struct ring *rings, unsigned int nr,
			  unsigned int order)
{
	const struct style style = {
		.protocol = true,
		.numbered = order,
		.num_queues = true,
		.order = order,
	};
	unsigned int i;

	for (i = 0; i < nr; i++)
		blk_ring_open(&rings[i], &abi64, order, dev->domid);
	vbd_forget_keys(dev);
	vbd_publish(dev, rings, nr, &style);
	device_state(dev, INITIALISED);
	if (!device_wait(dev, CONNECTED, 10000))
		return false;
	device_state(dev, CONNECTED);
	return true;
}

/* In order, and nothing is mapped when the backend says Closed. */
static bool close_rings(struct device *dev, struct ring *rings, unsigned int nr)
{
	bool good = true;
	unsigned int i;

	device_state(dev, CLOSING);
	good &= device_wait(dev, CLOSING, 10000);
	device_state(dev, CLOSED);
	good &= device_wait(dev, CLOSED, 10000);
	for (i = 0; i < nr; i++)
		good &= ring_close(&rings[i]);
	return good;
}

static bool sane_offer(const struct device *dev)
{
	long long segs = device_number(dev, "feature-max-indirect-segments", 0);

	note("%lld segments, order %lld, %lld queues", segs,
	     device_number(dev, "max-ring-page-order", 0),
	     device_number(dev, "multi-queue-max-queues", 0));
	large_segs = segs < PAGES_MAX ? segs : PAGES_MAX;
	return segs > SLOT_SEGS && segs <= 4096 &&
	       device_number(dev, "multi-queue-max-queues", 0) > 0 &&
	       device_number(dev, "max-ring-page-order", -1) >= 0;
}

/* Its unit for everything is "sector-size". */
static bool sane_disk(const struct device *dev)
{
	long long physical = device_number(dev, "physical-sector-size", 512);
	long long cache = device_number(dev, "feature-flush-cache", 0);

	return device_number(dev, "sectors", 0) > AREA_QUEUES &&
	       !differs("sector-size", device_number(dev, "sector-size", 0), 512) &&
	       (physical == 512 || physical == 4096) &&
	       device_number(dev, "info", -1) >= 0 && (cache == 0 || cache == 1);
}

/* From one page to as many as the backend takes, one after the other. */
static bool many_sizes(struct ring *ring, __u8 op)
{
	const unsigned int sizes[] = { 1, 7, SLOT_SEGS, 12, 64, large_segs };
	__u64 sector = AREA_LARGE;
	unsigned int i;
	bool good = true;

	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		good &= io_run(ring, op, ID + i, sector, sizes[i], SEED);
		sector += sizes[i] * PAGE_SECTORS;
	}
	return good;
}

/*
 * One at a time, looking for the answer all the time, so that a page that is
 * unmapped only just after its answer is caught.
 */
#define MOMENTS		300

static bool free_at_once(struct ring *ring)
{
	unsigned int i;
	bool good = true;

	ring->polls = true;
	for (i = 0; i < MOMENTS; i++)
		good &= io_run(ring, OP_WRITE, ID + i,
			       AREA_BURST + i * PAGE_SECTORS, 1, SEED);
	ring->polls = false;
	return good;
}

static bool full_ring(struct ring *ring)
{
	return io_burst(ring, OP_WRITE, ID, AREA_BURST, ring->nr, SEED) &&
	       io_burst(ring, OP_READ, ID, AREA_BURST, ring->nr, SEED);
}

static void first_life(struct device *dev)
{
	struct ring ring;

	rule("starts over from InitWait by way of Closed",
	     start_over(dev));
	rule("is offered what it needs", sane_offer(dev));
	rule("connects from Initialised with one page and one queue",
	     connect_rings(dev, &ring, 1, 0));
	rule("the disk has sectors of 512 bytes", sane_disk(dev));
	rule("writes from read-only pages that are free with the answer",
	     many_sizes(&ring, OP_WRITE));
	rule("reads back into pages that are free with the answer",
	     many_sizes(&ring, OP_READ));
	rule("a page is free at the moment of its answer",
	     free_at_once(&ring));
	rule("a full ring is answered, page by page",
	     full_ring(&ring));
	rule("a flush with a stray sector flushes",
	     flush(&ring, ID, 0, ~0ULL));
	rule("closes, and no page is mapped at Closed",
	     close_rings(dev, &ring, 1));
}

static bool next_life(struct device *dev, unsigned int nr, unsigned int order)
{
	struct ring rings[QUEUES_MAX];
	__u64 sector = AREA_QUEUES;
	unsigned int i;
	bool good = true;

	device_state(dev, INITIALISING);
	if (!device_wait(dev, INIT_WAIT, 10000) ||
	    !connect_rings(dev, rings, nr, order))
		return false;
	for (i = 0; i < nr; i++, sector += rings[0].nr * PAGE_SECTORS)
		good &= io_burst(&rings[i], OP_WRITE, ID, sector, rings[i].nr,
				 SEED + i);
	for (i = 0, sector = AREA_QUEUES; i < nr;
	     i++, sector += rings[0].nr * PAGE_SECTORS)
		good &= io_burst(&rings[nr - 1 - i], OP_READ, ID, sector,
				 rings[i].nr, SEED + i);
	return close_rings(dev, rings, nr) && good;
}

static unsigned int at_most(long long offered, unsigned int wanted)
{
	return offered < wanted ? offered : wanted;
}

void play_windows(struct device *dev)
{
	unsigned int order, queues;

	first_life(dev);
	order = at_most(device_number(dev, "max-ring-page-order", 0), 2);
	queues = at_most(device_number(dev, "multi-queue-max-queues", 1),
			 QUEUES_MAX);
	note("order %u, %u queues", order, queues);
	rule("works with a ring of several pages",
	     order > 0 && next_life(dev, 1, order));
	rule("works with several queues",
	     queues > 1 && next_life(dev, queues, order ? 1 : 0));
	rule("works again with one page",
	     next_life(dev, 1, 0));
	rule("never sees a state beyond Closed",
	     device_never_reconfigured(dev));
	device_state(dev, INITIALISING);
}

/*
 * The toolstack takes the disk away: it leaves only when the disk is offline
 * and the backend closes.
 */
void play_windows_ejected(struct device *dev)
{
	struct ring ring;

	rule("connects before it is ejected",
	     start_over(dev) && connect_rings(dev, &ring, 1, 0));
	rule("sees Closing and offline when it is ejected",
	     device_wait(dev, CLOSING, 20000) && !device_number(dev, "online", 0));
	rule("is still served while it closes",
	     io_run(&ring, OP_WRITE, ID, AREA_GROWN, 1, SEED));
	rule("ejects, and no page is mapped at Closed",
	     close_rings(dev, &ring, 1));
}

/* The toolstack makes the disk larger: told by "sectors", nothing else. */
void play_windows_resized(struct device *dev)
{
	struct ring ring;
	long long before, end = now_ms() + 20000;
	char path[160];

	snprintf(path, sizeof(path), "%s/sectors", dev->back);
	store_watch(path);
	rule("connects before the disk grows",
	     start_over(dev) && connect_rings(dev, &ring, 1, 0));
	before = device_number(dev, "sectors", 0);
	while (device_number(dev, "sectors", 0) == before && now_ms() < end)
		device_wait(dev, CLOSED, 200);
	rule("is told that the disk grew",
	     device_number(dev, "sectors", 0) > before);
	rule("uses what was added",
	     io_run(&ring, OP_WRITE, ID, before, 1, SEED) &&
	     io_run(&ring, OP_READ, ID, before, 1, SEED));
	rule("closes after the disk grew",
	     close_rings(dev, &ring, 1));
	device_state(dev, INITIALISING);
}
