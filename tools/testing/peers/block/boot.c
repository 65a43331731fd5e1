// SPDX-License-Identifier: GPL-2.0
/*
 * What has a disk on the way to an operating system, and small systems. Each
 * leaves it so that the next can take it over.
 */
#include <string.h>

#include "blk.h"

/* Each writes an area of its own, with a seed of its own. */
#define SEED_LOADER	2
#define SEED_FIRMWARE	3
#define SEED_UNIKRAFT	4
#define SEED_NETBSD	5
#define AREA_LOADER(abi) ((abi) == &abi32 ? 0 : 256)
#define AREA_FIRMWARE	512
#define AREA_UNIKRAFT	1024
#define AREA_NETBSD	1536

/* One page of data for all time, and one id. */
static bool loader_io(struct ring *ring, struct pages *page, __u8 op,
		      __u64 sector)
{
	struct answer answer;
	__u8 slot[SLOT_BYTES];

	if (op == OP_READ)
		memset(page->mem, 0, PAGE_BYTES);
	else
		fill_pattern(page->mem, sector, PAGE_SECTORS, SEED_LOADER);
	slot_head(ring->abi, slot, op, 1, 0, sector);
	slot_segment(ring->abi, slot, 0, page->gref[0], 0, PAGE_SECTORS - 1);
	return command(ring, slot, &answer) &&
	       !differs("the status", answer.status, RSP_OKAY) &&
	       is_pattern(page->mem, sector, PAGE_SECTORS, SEED_LOADER);
}

static bool loader_ios(struct ring *ring, struct pages *page)
{
	__u64 sector;
	bool good = true;

	for (sector = 0; sector < 256; sector += PAGE_SECTORS)
		good &= loader_io(ring, page, OP_WRITE,
				  AREA_LOADER(ring->abi) + sector);
	for (sector = 0; sector < 256; sector += PAGE_SECTORS)
		good &= loader_io(ring, page, OP_READ,
				  AREA_LOADER(ring->abi) + sector);
	return good;
}

/* Closed at once, then a new beginning. */
static bool loader_leaves(struct device *dev, struct ring *ring,
			  struct pages *page)
{
	bool good;

	device_state(dev, CLOSED);
	good = device_wait(dev, CLOSED, 10000);
	pages_end(page);
	good &= pages_ended(page);
	good &= ring_close(ring);
	device_state(dev, INITIALISING);
	return good && device_wait(dev, INIT_WAIT, 10000);
}

/* A boot loader, of either ABI. */
void play_loader(struct device *dev, const struct abi *abi)
{
	const struct style style = { .protocol = true };
	struct pages page;
	struct ring ring;

	blk_ring_open(&ring, abi, 0, dev->domid);
	ring.polls = true;
	pages_grant(&page, 1, true);
	vbd_forget_keys(dev);
	vbd_publish(dev, &ring, 1, &style);
	device_state(dev, INITIALISED);
	rule("connects from Initialised", device_wait(dev, CONNECTED, 10000));
	rule("uses one page and one id", loader_ios(&ring, &page));
	rule("closes without Closing", loader_leaves(dev, &ring, &page));
}

/* Closing before Closed, and on to Initialising. */
static bool firmware_leaves(struct device *dev, struct ring *ring)
{
	bool good;

	device_state(dev, CLOSING);
	good = device_wait(dev, CLOSING, 10000);
	device_state(dev, CLOSED);
	good &= device_wait(dev, CLOSED, 10000);
	good &= ring_close(ring);
	device_state(dev, INITIALISING);
	good &= device_wait(dev, INIT_WAIT, 10000);
	vbd_forget_keys(dev);
	return good;
}

/* Empty: it orders what was written before. A disk may not offer it. */
static bool barrier(struct ring *ring)
{
	struct answer answer;
	__u8 slot[SLOT_BYTES];

	slot_head(ring->abi, slot, OP_BARRIER, 0, 9, 0);
	return command(ring, slot, &answer) && answer.status != RSP_ERROR;
}

/*
 * OVMF, which waits for Connected alone and says it first. The backend may not
 * even have begun.
 */
void play_firmware(struct device *dev)
{
	const struct style style = { .protocol = true, .state = CONNECTED };
	struct ring ring;

	note("the backend is in state %d", device_other(dev));
	blk_ring_open(&ring, &abi64, 0, dev->domid);
	ring.polls = true;
	vbd_publish(dev, &ring, 1, &style);
	rule("is connected without having waited for InitWait",
	     device_wait(dev, CONNECTED, 20000));
	rule("writes", io_run(&ring, OP_WRITE, 1, AREA_FIRMWARE, SLOT_SEGS,
			      SEED_FIRMWARE));
	rule("reads", io_run(&ring, OP_READ, 2, AREA_FIRMWARE, SLOT_SEGS,
			     SEED_FIRMWARE));
	rule("flush and barrier are echoed",
	     flush(&ring, 3, 0, 0) && barrier(&ring));
	rule("sees Closing, Closed, InitWait",
	     firmware_leaves(dev, &ring));
}

/* Which does not say what it is, and so is taken for 32 bit. */
void play_unikraft(struct device *dev)
{
	const struct style style = {
		.num_queues = true,
		.state = CONNECTED,
	};
	struct ring ring;

	vbd_forget_keys(dev);
	rule("is told how many queues there may be",
	     device_wait(dev, INIT_WAIT, 10000) &&
	     device_number(dev, "multi-queue-max-queues", 0) > 0);
	blk_ring_open(&ring, &abi32, 0, dev->domid);
	vbd_publish(dev, &ring, 1, &style);
	rule("connects without a protocol",
	     device_wait(dev, CONNECTED, 10000));
	rule("writes and reads by 32-bit slots",
	     io_burst(&ring, OP_WRITE, 1, AREA_UNIKRAFT, ring.nr,
		      SEED_UNIKRAFT) &&
	     io_burst(&ring, OP_READ, 1, AREA_UNIKRAFT, ring.nr,
		      SEED_UNIKRAFT));
	rule("closes", firmware_leaves(dev, &ring));
}

void play_netbsd(struct device *dev)
{
	const struct style style = { .protocol = true };
	struct ring ring;

	vbd_forget_keys(dev);
	blk_ring_open(&ring, &abi64, 0, dev->domid);
	vbd_publish(dev, &ring, 1, &style);
	device_state(dev, INITIALISED);
	rule("connects", device_wait(dev, CONNECTED, 10000));
	device_state(dev, CONNECTED);
	rule("writes and reads",
	     io_burst(&ring, OP_WRITE, 0, AREA_NETBSD, ring.nr, SEED_NETBSD) &&
	     io_burst(&ring, OP_READ, 0, AREA_NETBSD, ring.nr, SEED_NETBSD));
	rule("a flush with what the slot held before flushes",
	     flush(&ring, 5, SLOT_SEGS, AREA_NETBSD) &&
	     flush(&ring, 6, 255, ~0ULL));
	rule("closes", firmware_leaves(dev, &ring));
	rule("never sees a state beyond Closed",
	     device_never_reconfigured(dev));
}
