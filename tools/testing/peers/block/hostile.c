// SPDX-License-Identifier: GPL-2.0
/*
 * A frontend that means harm. After each attack it behaves, and wants to be
 * served: either the same ring goes on, or the backend stopped the device and
 * takes a new beginning. Its pages must be free whenever a life has ended.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "blk.h"

#define AREA_HONEST	0
#define HONEST_PAGES	4
#define NO_GREF		0x7ffffff0

static void announce(struct device *dev, struct ring *ring)
{
	const struct style style = { .protocol = true };

	vbd_forget_keys(dev);
	vbd_publish(dev, ring, 1, &style);
	device_state(dev, INITIALISED);
}

static void begin(struct device *dev, struct ring *ring, const struct abi *abi)
{
	blk_ring_open(ring, abi, 0, dev->domid);
	announce(dev, ring);
	if (!device_wait(dev, CONNECTED, 10000))
		give_up("the backend does not connect");
	device_state(dev, CONNECTED);
}

static void begin_polling(struct device *dev, struct ring *ring,
			  const struct abi *abi)
{
	begin(dev, ring, abi);
	ring->polls = true;
}

static bool begin_anew(struct device *dev, struct ring *ring)
{
	bool ended = ring_close(ring);

	device_state(dev, INITIALISING);
	return device_wait(dev, INIT_WAIT, 10000) && ended;
}

static bool leave(struct device *dev, struct ring *ring)
{
	device_state(dev, CLOSED);
	return device_wait(dev, CLOSED, 10000) & begin_anew(dev, ring);
}

static bool is_served(struct ring *ring)
{
	return io_run(ring, OP_WRITE, 1, AREA_HONEST, HONEST_PAGES, HARM_SEED) &&
	       io_run(ring, OP_READ, 2, AREA_HONEST, HONEST_PAGES, HARM_SEED);
}

/* Requests that cannot be carried out, one at a time. */

struct bad {
	const char *what;
	__u8 op, nr;
	__u64 sector;
	__u8 first, last;
	bool no_page, readonly_page;
	__u16 indirect_nr;
	bool no_table;
};

#define END	(~0ULL)		/* the disk's last sector */

static const struct bad bads[] = {
	{ "no such grant", .nr = 1, .last = 7, .no_page = true },
	{ "write from no such grant", .op = OP_WRITE, .nr = 1, .last = 7,
	  .no_page = true },
	{ "read into a read-only page", .nr = 1, .last = 7,
	  .readonly_page = true },
	{ "a sector far beyond the end", .nr = 1, .last = 7,
	  .sector = 1ULL << 40 },
	{ "sectors that wrap around", .op = OP_WRITE, .nr = 1, .last = 7,
	  .sector = ~0ULL - 1 },
	{ "sectors across the end", .op = OP_WRITE, .nr = 1, .last = 7,
	  .sector = END },
	{ "no segment", .nr = 0 },
	{ "one segment too many", .nr = SLOT_SEGS + 1, .last = 7 },
	{ "255 segments", .op = OP_WRITE, .nr = 255, .last = 7 },
	{ "a segment that ends before it begins", .nr = 1, .first = 5,
	  .last = 4 },
	{ "a segment beyond its page", .op = OP_WRITE, .nr = 1, .last = 8 },
	{ "a segment far beyond its page", .op = OP_WRITE, .nr = 1,
	  .first = 200, .last = 255 },
	{ "discard beyond the end", .op = OP_DISCARD, .sector = 1ULL << 40 },
	{ "operation 4", .op = 4, .nr = 1, .last = 7 },
	{ "operation 255", .op = 255, .nr = 255 },
	{ "indirect without a segment", .op = OP_INDIRECT },
	{ "indirect with 4097 segments", .op = OP_INDIRECT,
	  .indirect_nr = 4097 },
	{ "indirect with 65535 segments", .op = OP_INDIRECT,
	  .indirect_nr = 65535 },
	{ "indirect inside indirect", .op = OP_INDIRECT, .nr = OP_INDIRECT,
	  .indirect_nr = 1, .last = 7 },
	{ "an indirect barrier", .op = OP_INDIRECT, .nr = OP_BARRIER,
	  .indirect_nr = 1, .last = 7 },
	{ "an indirect table that is no grant", .op = OP_INDIRECT,
	  .indirect_nr = 1, .last = 7, .no_table = true },
	{ "an indirect segment that is no grant", .op = OP_INDIRECT,
	  .indirect_nr = 20, .last = 7, .no_page = true },
	{ "an indirect segment beyond its page", .op = OP_INDIRECT,
	  .nr = OP_WRITE, .indirect_nr = 20, .last = 9 },
};

struct bad_pages {
	struct pages data, readonly, table;
};

static void fill_segments(const struct bad *bad, struct bad_pages *pages,
			  void *slot)
{
	struct segment *table = pages->table.mem;
	__u32 gref = bad->no_page ? NO_GREF :
		     bad->readonly_page ? pages->readonly.gref[0] :
					  pages->data.gref[0];
	unsigned int i;

	for (i = 0; i < SLOT_SEGS && bad->op != OP_INDIRECT; i++)
		slot_segment(&abi64, slot, i, gref, bad->first, bad->last);
	for (i = 0; i < TABLE_SEGS; i++) {
		table[i].gref = gref;
		table[i].first = bad->first;
		table[i].last = bad->last;
	}
}

static bool is_refused(struct device *dev, struct ring *ring,
		       const struct bad *bad, struct bad_pages *pages)
{
	__u64 sector = bad->sector;
	struct answer answer;
	__u8 slot[SLOT_BYTES];
	unsigned int i;

	if (sector == END)
		sector = device_number(dev, "sectors", 0) - 1;
	if (bad->op == OP_INDIRECT)
		slot_indirect(&abi64, slot, bad->nr, bad->indirect_nr, 7,
			      sector);
	else
		slot_head(&abi64, slot, bad->op, bad->nr, 7, sector);
	for (i = 0; i < 8 && bad->op == OP_INDIRECT; i++)
		slot_table(&abi64, slot, i, bad->no_table ?
					    NO_GREF : pages->table.gref[0]);
	fill_segments(bad, pages, slot);
	if (bad->op == OP_DISCARD)
		memset(slot + abi64.tail, 0x01, 8);
	if (command(ring, slot, &answer) && answer.status != RSP_OKAY)
		return true;
	note("%s: status %d", bad->what, answer.status);
	return false;
}

static bool bad_requests(struct device *dev, struct ring *ring)
{
	struct bad_pages pages;
	unsigned int i;
	bool good = true;

	pages_grant(&pages.data, 1, true);
	pages_grant(&pages.readonly, 1, false);
	pages_grant(&pages.table, 1, false);
	for (i = 0; i < ARRAY_SIZE(bads); i++)
		good &= is_refused(dev, ring, &bads[i], &pages);
	pages_end(&pages.data);
	pages_end(&pages.readonly);
	pages_end(&pages.table);
	return pages_ended(&pages.data) & pages_ended(&pages.readonly) &
	       pages_ended(&pages.table) & good;
}

static bool overwritten_indices(struct device *dev, struct ring *ring)
{
	(void)dev;
	WRITE_ONCE(*ring_rsp_prod(ring), 0xdeadbeef);
	full_barrier();
	/* What the backend publishes is its own count, not what it finds. */
	channel_notify(&ring->ch);
	usleep(10000);
	WRITE_ONCE(*ring_rsp_prod(ring), ring->cons);
	return is_served(ring);
}

#define STORM	5000

static bool event_storm(struct device *dev, struct ring *ring)
{
	unsigned int i;

	(void)dev;
	for (i = 0; i < STORM; i++)
		channel_notify(&ring->ch);
	return true;
}

/* Attacks that a device goes on after. */
static void survivable(struct device *dev, const char *what,
		       const struct abi *abi,
		       bool (*attack)(struct device *dev, struct ring *ring))
{
	struct ring ring;
	bool good;

	begin_polling(dev, &ring, abi);
	good = attack(dev, &ring);
	good &= is_served(&ring);
	rule(what, leave(dev, &ring) & good);
}

/* A producer that cannot be: the device stops by itself. */
static void absurd_producer(struct device *dev, const char *what, __u32 ahead)
{
	struct ring ring;
	bool good;

	begin_polling(dev, &ring, &abi64);
	good = is_served(&ring);
	WRITE_ONCE(*ring_req_prod(&ring), ring.prod + ahead);
	full_barrier();
	channel_notify(&ring.ch);
	good &= device_wait(dev, CLOSED, 10000);
	rule(what, begin_anew(dev, &ring) & good);
}

static void absurd_from_the_start(struct device *dev)
{
	struct ring ring;
	bool good;

	blk_ring_open(&ring, &abi64, 0, dev->domid);
	WRITE_ONCE(*ring_req_prod(&ring), ring.nr + 1);
	announce(dev, &ring);
	good = device_wait(dev, CLOSED, 10000);
	rule("indices that were never possible",
	     begin_anew(dev, &ring) & good);
}

static void readonly_ring(struct device *dev)
{
	struct ring ring;
	bool good;

	blk_ring_open(&ring, &abi64, 0, dev->domid);
	pages_end(&ring.pages);
	good = pages_ended(&ring.pages);
	pages_grant(&ring.pages, 1, false);
	announce(dev, &ring);
	good &= device_wait(dev, CLOSED, 10000);
	rule("a ring that cannot be written",
	     begin_anew(dev, &ring) & good);
}

/* A channel of which the backend is not the other end. */
static void foreign_channel(struct device *dev)
{
	struct ring ring;
	__u32 own;
	bool good;

	blk_ring_open(&ring, &abi64, 0, dev->domid);
	own = ring.ch.port;
	ring.ch.port = 4000;
	announce(dev, &ring);
	ring.ch.port = own;
	good = device_wait(dev, CLOSED, 10000);
	rule("a channel that leads nowhere", begin_anew(dev, &ring) & good);
}

/* Leaves in the middle: by Closed, or by a new beginning. */
static void mid_traffic(struct device *dev, const char *what, int ours,
			int theirs)
{
	static struct io io[32];
	struct ring ring;
	unsigned int i;
	bool good;

	begin_polling(dev, &ring, &abi64);
	for (i = 0; i < ring.nr; i++)
		io_put(&io[i], &ring, OP_WRITE, i, AREA_WILD + i * 64, 8, HARM_SEED);
	ring_push(&ring);
	device_state(dev, ours);
	good = device_wait(dev, theirs, 10000);
	for (i = 0; i < ring.nr; i++)
		pages_end(&io[i].data);
	for (i = 0; i < ring.nr; i++)
		good &= pages_ended(&io[i].data);
	rule(what, begin_anew(dev, &ring) & good);
}

/*
 * Also shows that the check of every other test can fail: here the pages are
 * in use, and Xen does not let the grant end.
 */
static void freed_ring(struct device *dev)
{
	struct ring ring;
	bool good;

	begin_polling(dev, &ring, &abi64);
	good = is_served(&ring);
	rule("a ring cannot be taken from under the backend",
	     !ring_close(&ring) & good);
	device_state(dev, INITIALISING);
	rule("and a new one can be begun",
	     device_wait(dev, INIT_WAIT, 10000));
}

void play_hostile(struct device *dev)
{
	srandom(20);
	if (!device_wait(dev, INIT_WAIT, 10000))
		give_up("no backend");
	survivable(dev, "requests that cannot be are refused", &abi64,
		   bad_requests);
	survivable(dev, "random requests are answered once each", &abi64,
		   wild_requests);
	survivable(dev, "random requests of 32 bit, too", &abi32,
		   wild_requests);
	survivable(dev, "slots that change while they are read", &abi64,
		   changing_slots);
	survivable(dev, "the backend's index overwritten", &abi64,
		   overwritten_indices);
	survivable(dev, "events without requests", &abi64, event_storm);
	absurd_producer(dev, "more requests than the ring holds", 33);
	absurd_producer(dev, "a producer that goes back", -1);
	absurd_producer(dev, "a producer half around the world",
			1U << 31);
	absurd_from_the_start(dev);
	readonly_ring(dev);
	foreign_channel(dev);
	mid_traffic(dev, "Closed in the middle of traffic", CLOSED,
		    CLOSED);
	mid_traffic(dev, "Initialising in the middle of traffic",
		    INITIALISING, INIT_WAIT);
	freed_ring(dev);
	survivable(dev, "and is served in the end", &abi32, event_storm);
}

/*
 * Its neighbour, which minds its own business until /tmp/stop is there, and
 * is served all the time.
 */
void play_neighbour(struct device *dev)
{
	long long start, took, slowest = 0;
	unsigned int rounds = 0;
	struct ring ring;
	bool good = true;

	if (!device_wait(dev, INIT_WAIT, 10000))
		give_up("no backend");
	begin(dev, &ring, &abi64);
	while (access("/tmp/stop", F_OK) && good) {
		start = now_ms();
		good = io_burst(&ring, OP_WRITE, 0, 0, ring.nr, rounds % 200) &&
		       io_burst(&ring, OP_READ, 0, 0, ring.nr, rounds % 200);
		took = now_ms() - start;
		if (took > slowest)
			slowest = took;
		rounds++;
		usleep(20000);
	}
	note("%u rounds, the slowest %lld ms", rounds, slowest);
	device_state(dev, CLOSED);
	good &= device_wait(dev, CLOSED, 10000);
	rule("is served all the time", ring_close(&ring) & good);
	device_state(dev, INITIALISING);
}
