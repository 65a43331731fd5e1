// SPDX-License-Identifier: GPL-2.0
/* What has a card on the way to an operating system, and small systems. */
#include <string.h>

#include "net.h"

static const struct style rom = {
	.queues = 1,
	.sg = true,
	.no_csum = true,
	.buffers = 18,
	.first_id = 1000,
};

static const struct style openbsd = { .queues = 1, .sg = true, .buffers = RX_BUFFERS };

/* Nothing but what cannot be done without. */
static const struct style netbsd = { .queues = 1, .buffers = RX_BUFFERS };

static bool echoes(struct card *card, unsigned int slots)
{
	static struct frame frame;
	unsigned int len;

	for (len = 60; len <= 1514; len += 61) {
		frame_udp(&frame, card->mac, len, len);
		if (!card_echo(card, 0, &frame, len < 200 ? 1 : slots))
			return false;
	}
	return true;
}

/* More at once than there are buffers for: what does not fit may be lost, or wait. */
static bool flood(struct card *card)
{
	static struct frame frame, got;
	struct sending sending[40];
	unsigned int i, came = 0;

	for (i = 0; i < ARRAY_SIZE(sending); i++) {
		frame_udp(&frame, card->mac, 600, i);
		send_put(&card->queue[0], &sending[i], &frame, 1);
	}
	while (queue_take(&card->queue[0], &got, 1000))
		came++;
	if (!send_settle(&card->queue[0], 5000))
		return false;
	for (i = 0; i < ARRAY_SIZE(sending); i++)
		pages_end(&sending[i].pages);
	note("%u of %zu came back", came, ARRAY_SIZE(sending));
	return came >= 18 && echoes(card, 1);
}

/* Closed at once, then a new beginning. */
static bool leaves(struct card *card)
{
	bool good = card_closed(card, CLOSED);

	device_state(card->dev, INITIALISING);
	return device_wait(card->dev, INIT_WAIT, 5000) && good;
}

/* A boot ROM: unless the other end waits for it, Closed without a word. */
void play_rom(struct device *dev)
{
	struct card card;

	card_open(&card, dev);
	card_mac(&card, dev->front);
	if (device_other(dev) != INIT_WAIT) {
		device_state(dev, CLOSED);
		device_wait(dev, CLOSED, 5000);
		device_state(dev, INITIALISING);
	}
	rule("is waited for within five seconds", device_wait(dev, INIT_WAIT, 5000));
	rule("connects", card_connect(&card, &rom));
	card.queue[0].rx.polls = true;
	card.queue[0].tx.polls = true;
	rule("echoes with 18 buffers whose ids are not their slots", echoes(&card, 1));
	rule("in packets of two slots", echoes(&card, 2));
	rule("more packets than buffers", flood(&card));
	rule("ids come back as they went", !differs("astray", card.queue[0].astray, 0));
	rule("closes without Closing", leaves(&card));
	rule("and the next one, as well",
	     card_connect(&card, &rom) && card_works(&card, 5) && leaves(&card));
}

/* Which looks for its address where the backend is, and for slots by their place. */
void play_bsd(struct device *dev)
{
	struct card card;

	card_open(&card, dev);
	card_mac(&card, dev->back);
	rule("is waited for", device_wait(dev, INIT_WAIT, 10000));
	rule("connects", card_connect(&card, &openbsd));
	rule("echoes at the address that the backend has", echoes(&card, 3));
	rule("a response is in its request's slot", !differs("astray", card.queue[0].astray, 0));
	rule("closes", card_closed(&card, CLOSING));
	device_state(dev, INITIALISING);
}

/* NetBSD and Unikraft: one slot a packet. */
void play_simple(struct device *dev)
{
	struct card card;

	card_open(&card, dev);
	card_mac(&card, dev->front);
	rule("is waited for", device_wait(dev, INIT_WAIT, 10000));
	rule("connects without any feature", card_connect(&card, &netbsd));
	rule("echoes in packets of one slot", echoes(&card, 1));
	rule("receives in packets of one slot", !differs("slots", card.queue[0].widest, 1));
	rule("closes", card_closed(&card, CLOSING));
	device_state(dev, INITIALISING);
}
