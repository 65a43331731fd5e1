// SPDX-License-Identifier: GPL-2.0
/*
 * One that sends for answers which it never takes, one that only takes nothing,
 * one that takes a little now and then, and one beside them that must not feel it.
 * All mind their business until /tmp/stop is there.
 */
#include <stdlib.h>
#include <unistd.h>

#include "net.h"

static const struct style nothing = { .queues = 1, .split = true, .sg = true, .gso = true };
static const struct style honest = { .queues = 1,
				     .split = true,
				     .sg = true,
				     .gso = true,
				     .buffers = RX_BUFFERS };

static void begin(struct card *card, struct device *dev, const struct style *style)
{
	card_open(card, dev);
	card_mac(card, dev->front);
	if (!device_wait(dev, INIT_WAIT, 10000) || !card_connect(card, style))
		give_up("the backend does not connect");
}

void play_deaf(struct device *dev)
{
	static struct frame frame;
	struct sending sending;
	unsigned int sent = 0;
	struct card card;

	begin(&card, dev, &nothing);
	for (; access("/tmp/stop", F_OK); sent++) {
		frame_tcp(&frame, card.mac, false, 30000, 1448, sent);
		send_put(&card.queue[0], &sending, &frame, 9);
		send_end(&card.queue[0], &sending);
	}
	note("%u frames sent, none taken", sent);
	rule("closes with its answers untaken", sent > 50 && card_closed(&card, CLOSED));
	device_state(dev, INITIALISING);
}

/* It gives buffers once, and looks at none. */
void play_mute(struct device *dev)
{
	struct card card;

	begin(&card, dev, &honest);
	while (access("/tmp/stop", F_OK))
		usleep(100000);
	rule("closes with all untaken", card_closed(&card, CLOSED));
	device_state(dev, INITIALISING);
}

/* It gives a buffer or a few back twenty times a second. */
void play_miser(struct device *dev)
{
	static struct frame frame;
	struct card card;

	begin(&card, dev, &honest);
	while (access("/tmp/stop", F_OK)) {
		queue_take(&card.queue[0], &frame, 0);
		usleep(50000);
	}
	rule("closes with most untaken", card_closed(&card, CLOSED));
	device_state(dev, INITIALISING);
}

void play_neighbour(struct device *dev)
{
	unsigned int rounds = 0, slow = 0;
	long long start, took, slowest = 0;
	struct card card;
	bool good = true;

	begin(&card, dev, &honest);
	while (access("/tmp/stop", F_OK) && good) {
		start = now_ms();
		good = card_works(&card, rounds++);
		took = now_ms() - start;
		slow += took > 1000;
		if (took > slowest)
			slowest = took;
		usleep(20000);
	}
	note("%u rounds, the slowest %lld ms, %u of more than a second", rounds, slowest, slow);
	rule("is served all the time",
	     rounds > 10 && slow * 20 <= rounds && card_closed(&card, CLOSED) && good);
	device_state(dev, INITIALISING);
}
