// SPDX-License-Identifier: GPL-2.0
/*
 * A frontend that means harm. After each attack it behaves, and wants to be
 * served: either the same rings go on, or the backend stopped the device and
 * takes a new beginning. Which of them is part of what is tested. Its pages must
 * be free whenever a life has ended.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wild.h"

static const struct style plain = {
	.queues = 1,
	.split = true,
	.sg = true,
	.gso = true,
	.control = true,
	.buffers = RX_BUFFERS,
};

#define SOON_MS 2000

void hostile_begin(struct card *card)
{
	struct device *dev = card->dev;

	if (!device_wait(dev, INIT_WAIT, 10000))
		give_up("the backend does not wait");
	if (!card_connect(card, &plain))
		give_up("the backend does not connect");
	card->queue[0].rx.polls = true;
}

static bool begin_anew(struct card *card)
{
	bool ended = card_release(card);

	device_state(card->dev, INITIALISING);
	return device_wait(card->dev, INIT_WAIT, 10000) && ended;
}

bool hostile_leave(struct card *card)
{
	device_state(card->dev, CLOSED);
	return device_wait(card->dev, CLOSED, 10000) & begin_anew(card);
}

/* Return: whether an honest frame is answered, and comes back, in time. */
static bool is_served(struct card *card)
{
	static struct frame frame, got;
	struct sending sending;
	unsigned int try;

	for (try = 0; try < 3; try++) {
		frame_udp(&frame, card->mac, 600, 7 + try);
		send_put(&card->queue[0], &sending, &frame, 1);
		if (!ring_await(&card->queue[0].tx, SOON_MS)) {
			pages_end(&sending.pages);
			return false;
		}
		if (send_end(&card->queue[0], &sending) &&
		    card_answers_to(card, &frame, &got, SOON_MS))
			return frame_is_mirrored(&got, &frame);
	}
	return false;
}

static bool is_stopped(struct card *card, enum end end)
{
	if (end == ENDS_STOPPED)
		return device_wait_any(card->dev, 1U << CLOSING | 1U << CLOSED, 5000) != CONNECTED;
	send_settle(&card->queue[0], 5000);
	return device_other(card->dev) != CONNECTED;
}

static bool goes_on(struct card *card)
{
	return is_served(card) &&
	       !differs("requests without an answer",
			card->queue[0].tx.prod - card->queue[0].tx.cons, 0);
}

/*
 * Return: whether the device is served on, or was stopped and can begin anew:
 * whichever of them should be. Whoever serves on has answered all there was.
 */
bool hostile_recovers(struct card *card, enum end end)
{
	bool good;

	if (!is_stopped(card, end) && goes_on(card)) {
		if (end == ENDS_STOPPED)
			note("the device is served on, and should have been stopped");
		return end != ENDS_STOPPED;
	}
	note("the device stopped, the backend is in state %d", device_other(card->dev));
	if (end == ENDS_SERVED)
		note("and should have served it on");
	good = hostile_leave(card) && end != ENDS_SERVED;
	hostile_begin(card);
	return is_served(card) && good;
}

/* Attacks on the connected device. */
static void attack(struct device *dev, const char *what, bool (*how)(struct card *card),
		   enum end end)
{
	struct card card;
	bool good;

	card_open(&card, dev);
	card_mac(&card, dev->front);
	hostile_begin(&card);
	good = how(&card);
	good &= hostile_recovers(&card, end);
	rule(what, hostile_leave(&card) & good);
}

#define STORM 5000

static bool event_storm(struct card *card)
{
	unsigned int i;

	for (i = 0; i < STORM; i++) {
		channel_notify(&card->queue[0].tx.ch);
		channel_notify(&card->queue[0].rx.ch);
		channel_notify(&card->control.ch);
	}
	return true;
}

static void jump(struct ring *ring, __u32 by)
{
	WRITE_ONCE(*ring_req_prod(ring), ring->prod + by);
	full_barrier();
	channel_notify(&ring->ch);
	usleep(100000);
}

static bool jumps_ahead(struct card *card)
{
	jump(&card->queue[0].tx, card->queue[0].tx.nr + 1);
	return true;
}

static bool jumps_back(struct card *card)
{
	if (!card_works(card, 50))
		return false;
	jump(&card->queue[0].tx, -1);
	return true;
}

static bool jumps_half_around(struct card *card)
{
	jump(&card->queue[0].tx, 1U << 31);
	return true;
}

/* Where to receive: the mirror then has something to send. */
static bool receiver_jumps(struct card *card)
{
	static const __u32 by[] = { 1, 1000, 1U << 31, -300 };
	static struct frame frame;
	struct sending sending;
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(by); i++) {
		jump(&card->queue[0].rx, by[i]);
		for (k = 0; k < 4; k++) {
			frame_udp(&frame, card->mac, 1400, k);
			send_put(&card->queue[0], &sending, &frame, 1);
			pages_end(&sending.pages);
		}
		usleep(50000);
		if (device_other(card->dev) != CONNECTED)
			break;
	}
	/* What has come is nobody's, so only a new beginning tells. */
	return hostile_leave(card) && (hostile_begin(card), true);
}

static bool control_jumps(struct card *card)
{
	jump(&card->control, 1000);
	jump(&card->control, 1U << 31);
	return true;
}

static bool overwritten_indices(struct card *card)
{
	WRITE_ONCE(*ring_rsp_prod(&card->queue[0].tx), 0xdeadbeef);
	WRITE_ONCE(*ring_rsp_prod(&card->queue[0].rx), 0xdeadbeef);
	full_barrier();
	/* What the backend publishes is its own count, not what it finds. */
	channel_notify(&card->queue[0].tx.ch);
	usleep(10000);
	WRITE_ONCE(*ring_rsp_prod(&card->queue[0].tx), card->queue[0].tx.cons);
	WRITE_ONCE(*ring_rsp_prod(&card->queue[0].rx), card->queue[0].rx.cons);
	return true;
}

/* Rings that cannot be: the backend does not connect, and says Closing or Closed. */
static void bad_rings(struct device *dev, const char *what, void (*spoil)(struct card *card))
{
	struct card card;
	bool good;
	int other;

	card_open(&card, dev);
	card_mac(&card, dev->front);
	if (!device_wait(dev, INIT_WAIT, 10000))
		give_up("the backend does not wait");
	card_prepare(&card, &plain);
	spoil(&card);
	card_publish(&card);
	device_state(dev, CONNECTED);
	other = device_wait_any(dev, 1U << CONNECTED | 1U << CLOSING | 1U << CLOSED, 10000);
	note("%s: the backend is in state %d", what, other);
	good = other == CLOSING || other == CLOSED;
	rule(what, hostile_leave(&card) & good);
}

static void absurd_indices(struct card *card)
{
	WRITE_ONCE(*ring_req_prod(&card->queue[0].tx), 1000);
}

static void readonly_ring(struct card *card)
{
	struct pages *pages = &card->queue[0].rx.pages;

	pages_end(pages);
	pages_ended(pages);
	pages_grant(pages, 1, false);
}

static void foreign_ring(struct card *card)
{
	card->queue[0].tx.pages.gref[0] = 40000;
}

/* Leaves in the middle: by Closed, or by a new beginning. */
static void mid_traffic(struct device *dev, const char *what, int ours, int theirs)
{
	static struct frame frame;
	struct sending sending[32];
	struct card card;
	unsigned int i;
	bool good;

	card_open(&card, dev);
	card_mac(&card, dev->front);
	hostile_begin(&card);
	frame_tcp(&frame, card.mac, false, 20000, 1448, 1);
	for (i = 0; i < ARRAY_SIZE(sending); i++)
		send_put(&card.queue[0], &sending[i], &frame, 6);
	device_state(dev, ours);
	good = device_wait(dev, theirs, 10000);
	for (i = 0; i < ARRAY_SIZE(sending); i++)
		pages_end(&sending[i].pages);
	for (i = 0; i < ARRAY_SIZE(sending); i++)
		good &= pages_ended(&sending[i].pages);
	rule(what, begin_anew(&card) & good);
}

/*
 * Also shows that the check of every other test can fail: here the pages are
 * in use, and Xen does not let the grant end.
 */
static void freed_rings(struct device *dev)
{
	struct card card;
	bool ended;

	card_open(&card, dev);
	card_mac(&card, dev->front);
	hostile_begin(&card);
	ended = card_release(&card);
	rule("rings cannot be taken from under the backend", !ended);
	device_state(dev, CLOSED);
	ended = device_wait(dev, CLOSED, 10000);
	device_state(dev, INITIALISING);
	rule("and new ones can be begun", device_wait(dev, INIT_WAIT, 10000) && ended);
}

/* What stops no device, not even one that cannot begin anew once it was stopped. */
void play_mild(struct device *dev)
{
	mild_attacks(dev, attack);
	attack(dev, "events without requests", event_storm, ENDS_SERVED);
	attack(dev, "buffers that were never posted", receiver_jumps, ENDS_SERVED);
	attack(dev, "the backend's indices overwritten", overwritten_indices, ENDS_SERVED);
	bad_rings(dev, "indices that were never possible", absurd_indices);
	bad_rings(dev, "a ring that cannot be written", readonly_ring);
	bad_rings(dev, "a ring that is no grant", foreign_ring);
	mid_traffic(dev, "Closed in the middle of traffic", CLOSED, CLOSED);
	mid_traffic(dev, "Initialising in the middle of traffic", INITIALISING, INIT_WAIT);
	freed_rings(dev);
}

/* For a device of its own: one that is begun anew so often is made to rest. */
void play_wild(struct device *dev)
{
	srandom(20);
	wild_attacks(dev, attack);
}

void play_hostile(struct device *dev)
{
	srandom(21);
	attack(dev, "more requests than the ring holds", jumps_ahead, ENDS_STOPPED);
	attack(dev, "a producer that goes back", jumps_back, ENDS_STOPPED);
	attack(dev, "a producer half around the world", jumps_half_around, ENDS_STOPPED);
	attack(dev, "control requests that were never put", control_jumps, ENDS_STOPPED);
	play_mild(dev);
	attack(dev, "and is served in the end", event_storm, ENDS_SERVED);
}
