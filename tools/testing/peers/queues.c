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

#include "peer.h"

#define QUEUES	2

static void announce(struct vbd *vbd, const struct ring *rings, unsigned int nr)
{
	const struct style style = { .protocol = true, .num_queues = true };

	vbd_forget_keys(vbd);
	vbd_publish(vbd, rings, nr, &style);
}

static void open_all(struct vbd *vbd, struct ring *rings, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++) {
		ring_open(&rings[i], &abi64, 0, vbd->domid);
		rings[i].polls = true;
	}
}

static void begin(struct vbd *vbd, struct ring *rings)
{
	open_all(vbd, rings, QUEUES);
	announce(vbd, rings, QUEUES);
	vbd_state(vbd, INITIALISED);
	if (!vbd_wait(vbd, CONNECTED, 10000))
		give_up("the backend does not connect");
	vbd_state(vbd, CONNECTED);
}

static bool begin_anew(struct vbd *vbd, struct ring *rings, unsigned int nr)
{
	bool ended = true;
	unsigned int i;

	for (i = 0; i < nr; i++)
		ended &= ring_close(&rings[i]);
	vbd_state(vbd, INITIALISING);
	return vbd_wait(vbd, INIT_WAIT, 10000) && ended;
}

static bool leave(struct vbd *vbd, struct ring *rings)
{
	vbd_state(vbd, CLOSED);
	return vbd_wait(vbd, CLOSED, 10000) & begin_anew(vbd, rings, QUEUES);
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

static void wild_on_all(struct vbd *vbd)
{
	struct attack attacks[QUEUES] = {};
	struct ring rings[QUEUES];
	bool good = true;
	unsigned int i;

	begin(vbd, rings);
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
	     leave(vbd, rings) & good);
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
static void one_stops_all(struct vbd *vbd)
{
	static struct io io[32];
	struct ring rings[QUEUES];
	bool good;

	begin(vbd, rings);
	good = all_served(rings);
	fill_ring(&rings[0], io, AREA_WILD);
	WRITE_ONCE(*ring_req_prod(&rings[1]), rings[1].prod + 33);
	full_barrier();
	channel_notify(&rings[1].ch);
	good &= vbd_wait(vbd, CLOSED, 10000);
	good &= pages_are_free(io, rings[0].nr);
	rule("one queue that stops the device frees the pages of the other",
	     begin_anew(vbd, rings, QUEUES) & good);
}

static void gone_amid_traffic(struct vbd *vbd)
{
	static struct io io[QUEUES][32];
	struct ring rings[QUEUES];
	bool good = true;
	unsigned int i;

	begin(vbd, rings);
	for (i = 0; i < QUEUES; i++)
		fill_ring(&rings[i], io[i], AREA_WILD + i * 4096);
	vbd_state(vbd, INITIALISING);
	good &= vbd_wait(vbd, INIT_WAIT, 10000);
	for (i = 0; i < QUEUES; i++)
		good &= pages_are_free(io[i], rings[i].nr);
	rule("gone amid traffic on all queues",
	     begin_anew(vbd, rings, QUEUES) & good);
}

/* What is published cannot be connected. */
static void refused(struct vbd *vbd, const char *what, struct ring *rings,
		    unsigned int nr, const char *drop)
{
	char path[128];
	bool good;

	announce(vbd, rings, nr);
	if (drop) {
		snprintf(path, sizeof(path), "%s/%s", vbd->front, drop);
		store_remove(0, path);
	}
	vbd_state(vbd, INITIALISED);
	good = vbd_wait(vbd, CLOSED, 10000);
	rule(what, begin_anew(vbd, rings, nr) & good);
}

static void too_many(struct vbd *vbd)
{
	unsigned int nr = vbd_number(vbd, "multi-queue-max-queues", 1) + 1;
	struct ring rings[16];

	if (nr > ARRAY_SIZE(rings))
		give_up("%u queues are too many to try", nr);
	open_all(vbd, rings, nr);
	refused(vbd, "more queues than are offered", rings, nr, NULL);
}

static void missing(struct vbd *vbd, const char *what, const char *drop)
{
	struct ring rings[QUEUES];

	open_all(vbd, rings, QUEUES);
	refused(vbd, what, rings, QUEUES, drop);
}

static void shared_channel(struct vbd *vbd)
{
	struct ring rings[QUEUES];
	struct channel own;

	open_all(vbd, rings, QUEUES);
	own = rings[1].ch;
	rings[1].ch.port = rings[0].ch.port;
	announce(vbd, rings, QUEUES);
	rings[1].ch = own;
	vbd_state(vbd, INITIALISED);
	rule("two queues with one event channel",
	     vbd_wait(vbd, CLOSED, 10000) &
	     begin_anew(vbd, rings, QUEUES));
}

/*
 * Two queues in one page are served by two workers, each of which answers what
 * it sees: that harms nobody but us. It has to end well.
 */
static void shared_page(struct vbd *vbd)
{
	struct ring rings[QUEUES];
	__u8 slot[SLOT_BYTES];
	unsigned int i;
	__u32 own;

	open_all(vbd, rings, QUEUES);
	own = rings[1].pages.gref[0];
	rings[1].pages.gref[0] = rings[0].pages.gref[0];
	announce(vbd, rings, QUEUES);
	rings[1].pages.gref[0] = own;
	vbd_state(vbd, INITIALISED);
	if (!vbd_wait(vbd, CONNECTED, 10000))
		give_up("two queues in one page do not connect");
	for (i = 0; i < 20; i++) {
		slot_head(&abi64, slot, OP_FLUSH, 0, i, 0);
		ring_put(&rings[0], slot);
	}
	ring_push(&rings[0]);
	channel_notify(&rings[0].ch);
	channel_notify(&rings[1].ch);
	channel_wait(&rings[0].ch, 500);
	vbd_state(vbd, CLOSED);
	rule("two queues in one page",
	     vbd_wait(vbd, CLOSED, 10000) &
	     begin_anew(vbd, rings, QUEUES));
}

void play_hostile_queues(struct vbd *vbd)
{
	struct ring rings[QUEUES];

	srandom(21);
	if (!vbd_wait(vbd, INIT_WAIT, 10000))
		give_up("no backend");
	if (vbd_number(vbd, "multi-queue-max-queues", 1) < QUEUES)
		give_up("the backend offers one queue");
	wild_on_all(vbd);
	one_stops_all(vbd);
	gone_amid_traffic(vbd);
	too_many(vbd);
	missing(vbd, "a queue without a ring", "queue-1/ring-ref");
	missing(vbd, "a queue without a channel", "queue-1/event-channel");
	shared_channel(vbd);
	shared_page(vbd);
	begin(vbd, rings);
	rule("all queues are served in the end",
	     all_served(rings) & leave(vbd, rings));
}
