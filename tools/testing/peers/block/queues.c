// SPDX-License-Identifier: GPL-2.0
/*
 * A frontend that means harm on several queues at once: what one of them is up
 * to must not hide what another is, and when one is stopped all give back what
 * they hold.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "blk.h"

#define QUEUES	2

static void announce(struct device *dev, const struct ring *rings, unsigned int nr)
{
	const struct style style = { .protocol = true, .num_queues = true };

	vbd_forget_keys(dev);
	vbd_publish(dev, rings, nr, &style);
}

static void open_all(struct device *dev, struct ring *rings, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		blk_ring_open(&rings[i], &abi64, 0, dev->domid);
		rings[i].polls = true;
	}
}

static void begin(struct device *dev, struct ring *rings)
{
	open_all(dev, rings, QUEUES);
	announce(dev, rings, QUEUES);
	device_state(dev, INITIALISED);
	if (!device_wait(dev, CONNECTED, 10000))
		give_up("the backend does not connect");
	device_state(dev, CONNECTED);
}

static bool begin_anew(struct device *dev, struct ring *rings, unsigned int nr)
{
	bool ended = true;
	unsigned int i;

	for (i = 0; i < nr; i++)
		ended &= ring_close(&rings[i]);
	device_state(dev, INITIALISING);
	return device_wait(dev, INIT_WAIT, 10000) && ended;
}

static bool leave(struct device *dev, struct ring *rings)
{
	device_state(dev, CLOSED);
	return device_wait(dev, CLOSED, 10000) & begin_anew(dev, rings, QUEUES);
}

/* Each queue has a part of the disk of its own. */
static bool all_served(struct ring *rings)
{
	bool good = true;
	unsigned int i;

	for (i = 0; i < QUEUES; i++)
		good &= io_run(&rings[i], OP_WRITE, i, i * 64, 4, HARM_SEED) &&
			io_run(&rings[i], OP_READ, i, i * 64, 4, HARM_SEED);
	return good;
}

struct attack {
	pthread_t thread;
	struct ring *ring;
	bool good;
};

static void *attacker(void *arg)
{
	struct attack *attack = arg;

	attack->good = wild_requests(NULL, attack->ring);
	return NULL;
}

static void wild_on_all(struct device *dev)
{
	struct attack attacks[QUEUES] = {};
	struct ring rings[QUEUES];
	bool good = true;
	unsigned int i;

	begin(dev, rings);
	for (i = 0; i < QUEUES; i++) {
		attacks[i].ring = &rings[i];
		if (pthread_create(&attacks[i].thread, NULL, attacker,
				   &attacks[i]))
			give_up("no thread");
	}
	for (i = 0; i < QUEUES; i++) {
		pthread_join(attacks[i].thread, NULL);
		good &= attacks[i].good;
	}
	good &= all_served(rings);
	rule("random requests on all queues are answered once each",
	     leave(dev, rings) & good);
}

static void fill_ring(struct ring *ring, struct io *io, __u64 sector)
{
	unsigned int i;

	for (i = 0; i < ring->nr; i++)
		io_put(&io[i], ring, OP_WRITE, i, sector + i * 64, 8,
		       HARM_SEED);
	ring_push(ring);
}

static bool pages_are_free(struct io *io, unsigned int nr)
{
	bool good = true;
	unsigned int i;

	for (i = 0; i < nr; i++)
		pages_end(&io[i].data);
	for (i = 0; i < nr; i++)
		good &= pages_ended(&io[i].data);
	return good;
}

/* One queue stops the device while another has all its requests out. */
static void one_stops_all(struct device *dev)
{
	static struct io io[32];
	struct ring rings[QUEUES];
	bool good;

	begin(dev, rings);
	good = all_served(rings);
	fill_ring(&rings[0], io, AREA_WILD);
	WRITE_ONCE(*ring_req_prod(&rings[1]), rings[1].prod + 33);
	full_barrier();
	channel_notify(&rings[1].ch);
	good &= device_wait(dev, CLOSED, 10000);
	good &= pages_are_free(io, rings[0].nr);
	rule("one queue that stops the device frees the pages of the other",
	     begin_anew(dev, rings, QUEUES) & good);
}

static void gone_amid_traffic(struct device *dev)
{
	static struct io io[QUEUES][32];
	struct ring rings[QUEUES];
	bool good = true;
	unsigned int i;

	begin(dev, rings);
	for (i = 0; i < QUEUES; i++)
		fill_ring(&rings[i], io[i], AREA_WILD + i * 4096);
	device_state(dev, INITIALISING);
	good &= device_wait(dev, INIT_WAIT, 10000);
	for (i = 0; i < QUEUES; i++)
		good &= pages_are_free(io[i], rings[i].nr);
	rule("gone amid traffic on all queues",
	     begin_anew(dev, rings, QUEUES) & good);
}

/* What is published cannot be connected. */
static void refused(struct device *dev, const char *what, struct ring *rings,
		    unsigned int nr, const char *drop)
{
	char path[128];
	bool good;

	announce(dev, rings, nr);
	if (drop) {
		snprintf(path, sizeof(path), "%s/%s", dev->front, drop);
		store_remove(0, path);
	}
	device_state(dev, INITIALISED);
	good = device_wait(dev, CLOSED, 10000);
	rule(what, begin_anew(dev, rings, nr) & good);
}

static void too_many(struct device *dev)
{
	unsigned int nr = device_number(dev, "multi-queue-max-queues", 1) + 1;
	struct ring rings[16];

	if (nr > ARRAY_SIZE(rings))
		give_up("%u queues are too many to try", nr);
	open_all(dev, rings, nr);
	refused(dev, "more queues than are offered", rings, nr, NULL);
}

static void missing(struct device *dev, const char *what, const char *drop)
{
	struct ring rings[QUEUES];

	open_all(dev, rings, QUEUES);
	refused(dev, what, rings, QUEUES, drop);
}

static void shared_channel(struct device *dev)
{
	struct ring rings[QUEUES];
	struct channel own;

	open_all(dev, rings, QUEUES);
	own = rings[1].ch;
	rings[1].ch.port = rings[0].ch.port;
	announce(dev, rings, QUEUES);
	rings[1].ch = own;
	device_state(dev, INITIALISED);
	rule("two queues with one event channel",
	     device_wait(dev, CLOSED, 10000) &
	     begin_anew(dev, rings, QUEUES));
}

/*
 * Two queues in one page are served by two workers, each of which answers what
 * it sees: that harms nobody but us. It has to end well.
 */
static void shared_page(struct device *dev)
{
	struct ring rings[QUEUES];
	__u8 slot[SLOT_BYTES];
	unsigned int i;
	__u32 own;

	open_all(dev, rings, QUEUES);
	own = rings[1].pages.gref[0];
	rings[1].pages.gref[0] = rings[0].pages.gref[0];
	announce(dev, rings, QUEUES);
	rings[1].pages.gref[0] = own;
	device_state(dev, INITIALISED);
	if (!device_wait(dev, CONNECTED, 10000))
		give_up("two queues in one page do not connect");
	for (i = 0; i < 20; i++) {
		slot_head(&abi64, slot, OP_FLUSH, 0, i, 0);
		ring_put(&rings[0], slot);
	}
	ring_push(&rings[0]);
	channel_notify(&rings[0].ch);
	channel_notify(&rings[1].ch);
	channel_wait(&rings[0].ch, 500);
	device_state(dev, CLOSED);
	rule("two queues in one page",
	     device_wait(dev, CLOSED, 10000) &
	     begin_anew(dev, rings, QUEUES));
}

void play_hostile_queues(struct device *dev)
{
	struct ring rings[QUEUES];

	srandom(21);
	if (!device_wait(dev, INIT_WAIT, 10000))
		give_up("no backend");
	if (device_number(dev, "multi-queue-max-queues", 1) < QUEUES)
		give_up("the backend offers one queue");
	wild_on_all(dev);
	one_stops_all(dev);
	gone_amid_traffic(dev);
	too_many(dev);
	missing(dev, "a queue without a ring", "queue-1/ring-ref");
	missing(dev, "a queue without a channel", "queue-1/event-channel");
	shared_channel(dev);
	shared_page(dev);
	begin(dev, rings);
	rule("all queues are served in the end",
	     all_served(rings) & leave(dev, rings));
}
