// SPDX-License-Identifier: GPL-2.0
/*
 * Packets, groups and control requests that cannot be, or are random, or change
 * while the backend reads them. Attacks of hostile.c.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "wild.h"

#define NO_GREF 0x7ffffff0

static __u32 any(__u32 below)
{
	return (__u32)random() % below;
}

/**
 * struct bad - a packet that cannot be carried
 * @what: why
 * @why: what the backend says of it as it stops the device; else it goes on
 * @taken: the packet's first answer is no error: it is carried, or dropped later
 * @size: of the first slot, which is that of all
 * @offset: of each slot
 * @slots: how many; 0 is one
 * @piece: size of the others
 * @flags: of the first one
 * @unfinished: the last one says there are more
 * @no_page: no grant is one
 * @extras: how many
 * @extra: what they are
 */
struct bad {
	const char *what, *why;
	bool taken;
	__u16 size, offset;
	unsigned int slots;
	__u16 piece, flags;
	bool unfinished, no_page;
	unsigned int extras;
	struct extra extra;
};

#define CROSSES	 "the first slot crosses its page's end"
#define ENDLESS	 "a packet without end"
#define PARTIAL	 "the beginning of a packet only"
#define NO_EXTRA "no such type of extra slot"

static const struct bad bads[] = {
	{ "no such grant", .size = 100, .no_page = true },
	{ "no such grant in the fifth slot", .size = 1000, .slots = 5, .piece = 100,
	  .no_page = true },
	{ "nothing", .size = 0 },
	{ "less than a header", .size = 13 },
	{ "65535 bytes in a slot", CROSSES, .size = 65535 },
	{ "bytes beyond the page", CROSSES, .size = 200, .offset = 4000 },
	{ "an offset beyond the page", CROSSES, .size = 100, .offset = 5000 },
	{ "the largest offset and size", CROSSES, .size = 65535, .offset = 65535 },
	{ "bytes beyond the second page", "a slot crosses its page's end", .size = 6000,
	  .slots = 2, .piece = 5000 },
	{ "19 slots", .size = 1900, .slots = 19, .piece = 100 },
	{ "21 slots", ENDLESS, .size = 2100, .slots = 21, .piece = 100 },
	{ "100 slots", ENDLESS, .size = 10000, .slots = 100, .piece = 100 },
	{ "slots without a byte", .taken = true, .size = 100, .slots = 4, .piece = 0 },
	{ "pieces larger than the whole", .size = 100, .slots = 3, .piece = 200 },
	{ "a slot that is not there", PARTIAL, .size = 200, .slots = 2, .piece = 100,
	  .unfinished = true },
	{ "an extra that is not there", PARTIAL, .size = 100, .flags = TX_EXTRA },
	{ "an extra of type 0", NO_EXTRA, .size = 100, .extras = 1 },
	{ "an extra of type 9", NO_EXTRA, .size = 100, .extras = 1, .extra.type = 9 },
	{ "extras without end", "the same type of extra slot twice", .size = 100, .extras = 30,
	  .extra = { .type = EXTRA_GSO,
		     .flags = EXTRA_MORE,
		     .gso = { .size = 100, .type = GSO_TCPV4 } } },
	{ "segments of no size", "the size of GSO segments is 0", .size = 3000, .extras = 1,
	  .extra = { .type = EXTRA_GSO, .gso.type = GSO_TCPV4 } },
	{ "segments of type 77", "no such type of GSO", .size = 3000, .extras = 1,
	  .extra = { .type = EXTRA_GSO, .gso = { .size = 1400, .type = 77 } } },
	{ "segments of what is no TCP", .taken = true, .size = 3000,
	  .flags = TX_BLANK | TX_VALIDATED, .extras = 1,
	  .extra = { .type = EXTRA_GSO, .gso = { .size = 1400, .type = GSO_TCPV4 } } },
	{ "a sum of what has none", .taken = true, .size = 100, .flags = TX_BLANK | TX_VALIDATED },
	{ "all flags", PARTIAL, .size = 100, .flags = 0xffff },
};

static void put_bad(struct queue *queue, const struct bad *bad, const struct pages *page)
{
	unsigned int i, extra, slots = bad->slots ? bad->slots : 1;
	struct tx_request request;

	for (i = 0; i < slots; i++) {
		request = (struct tx_request){
			.gref = bad->no_page && i == slots - 1 ? NO_GREF : page->gref[0],
			.offset = bad->offset,
			.flags = i + 1 < slots || bad->unfinished ? TX_MORE : 0,
			.id = queue->next_id++,
			.size = i ? bad->piece : bad->size,
		};
		if (!i)
			request.flags |= bad->flags | (bad->extras ? TX_EXTRA : 0);
		send_slot(queue, &request);
		for (extra = 0; !i && extra < bad->extras; extra++)
			send_extra(queue, &bad->extra);
	}
	ring_push(&queue->tx);
}

/* Return: whether the packet is refused, or the device stopped, as this one is to be. */
static bool is_dealt_with(struct card *card, const struct bad *bad, const struct pages *page)
{
	struct ring *tx = &card->queue[0].tx;
	struct tx_response response;
	bool good;

	put_bad(&card->queue[0], bad, page);
	if (bad->why) {
		note("the log is to say: %s", bad->why);
		return hostile_recovers(card, ENDS_STOPPED);
	}
	good = ring_await(tx, 5000);
	if (good) {
		memcpy(&response, ring_slot(tx, tx->cons), sizeof(response));
		good = !differs("the status", (__u16)response.status,
				(__u16)(bad->taken ? TXS_OKAY : TXS_ERROR));
	}
	return hostile_recovers(card, ENDS_SERVED) & good;
}

static bool bad_packets(struct card *card)
{
	struct pages page;
	unsigned int i;
	bool good = true;

	pages_grant(&page, 1, false);
	memset(page.mem, 0x11, PAGE_BYTES);
	for (i = 0; i < ARRAY_SIZE(bads); i++) {
		note("%s", bads[i].what);
		good &= is_dealt_with(card, &bads[i], &page);
	}
	pages_end(&page);
	return pages_ended(&page) & good;
}

/* More groups than anyone keeps, one of them over and over. */
static bool many_groups(struct card *card)
{
	__u8 group[MAC_BYTES] = { 0x01, 0x00, 0x5e };
	unsigned int i, refused = 0;
	struct sending sending;

	for (i = 0; i < 400; i++) {
		group[4] = i >> 8;
		group[5] = i;
		send_group(&card->queue[0], &sending, group, true);
		send_end(&card->queue[0], &sending);
		refused += sending.status != TXS_OKAY;
	}
	note("%u of 400 groups refused", refused);
	return refused;
}

/* Into pages that are none, or cannot be written. */
static bool bad_buffers(struct card *card)
{
	struct queue *queue = &card->queue[0];
	static struct frame frame;
	struct sending sending;
	struct pages page;
	unsigned int i;

	hostile_leave(card);
	hostile_begin(card);
	pages_grant(&page, 1, false);
	/* What was posted is overwritten before anything comes. */
	for (i = 0; i < queue->rx.nr; i++) {
		const struct rx_request request = { .id = i,
						    .gref = i & 1 ? NO_GREF : page.gref[0] };

		memcpy(ring_slot(&queue->rx, i), &request, sizeof(request));
	}
	for (i = 0; i < 40; i++) {
		frame_tcp(&frame, card->mac, false, 6000, 1448, i);
		send_put(queue, &sending, &frame, 3);
		send_end(queue, &sending);
	}
	usleep(200000);
	note("%u buffers used", ring_waiting(&queue->rx));
	pages_end(&page);
	pages_ended(&page);
	return hostile_leave(card) && (hostile_begin(card), true);
}

static void wild_control(const struct pages *page, struct ctrl_request *request)
{
	unsigned int i;

	request->id = random();
	request->type = any(4) ? any(12) : random();
	for (i = 0; i < ARRAY_SIZE(request->data); i++)
		request->data[i] = any(3) ? any(200) : any(2) ? (__u32)random() : ~0U;
	if (any(2))
		request->data[any(2)] = page->gref[0];
}

/* A full ring of them, again and again; each wants an answer. */
static bool control_flood(struct card *card)
{
	struct ring *ring = &card->control;
	struct ctrl_request request;
	unsigned int round, i;
	struct pages page;
	bool good = true;

	pages_grant(&page, 1, true);
	for (round = 0; round < 30 && good; round++) {
		for (i = 0; i < ring->nr; i++) {
			wild_control(&page, &request);
			ring_put(ring, &request);
		}
		ring_push(ring);
		for (i = 0; i < ring->nr && good; i++, ring->cons++)
			good = ring_await(ring, 10000);
	}
	if (!good)
		note("round %u: request %u is not answered", round, i);
	pages_end(&page);
	/* It may be mapped still: staged pages are, until the card is closed. */
	return (pages_ended(&page) | true) & good &&
	       control_is(ring, CTRL_OKAY, CTRL_SET_ALGORITHM, 0, 0, 0);
}

static void wild_slot(const struct pages *pool, struct tx_request *request)
{
	if (any(6)) {
		request->gref = any(8) ? pool->gref[any(pool->nr)] : (__u32)random();
		request->offset = any(8) ? any(2000) : random();
		request->size = any(8) ? 60 + any(2000) : random();
		request->flags = any(4) ? 0 : any(8) ? any(16) & ~TX_EXTRA : random();
		request->id = random();
		return;
	}
	*request = (struct tx_request){ .gref = random(), .offset = random(), .flags = random() };
	*(__u8 *)request = any(6);
}

struct scribble {
	struct ring *ring;
	const struct pages *pool;
	bool stop;
};

static void *scribbler(void *arg)
{
	struct scribble *scribble = arg;
	struct tx_request request;
	unsigned int i = 0;

	while (!READ_ONCE(scribble->stop)) {
		wild_slot(scribble->pool, &request);
		memcpy(ring_slot(scribble->ring, i++), &request, 1 + any(sizeof(request)));
	}
	return NULL;
}

/* Until the device stops, or the time is over. */
static unsigned int push_wild(struct card *card, const struct pages *pool, bool quiet, int ms)
{
	struct ring *tx = &card->queue[0].tx;
	long long end = now_ms() + ms;
	unsigned int i, sent = 0;
	struct tx_request request;

	while (now_ms() < end && device_other(card->dev) == CONNECTED) {
		for (i = 0; i < 32; i++, sent++) {
			wild_slot(pool, &request);
			if (quiet)
				tx->prod++;
			else
				ring_put(tx, &request);
		}
		ring_push(tx);
		for (i = 0; i < 20 && tx->cons != tx->prod; i++) {
			usleep(500);
			tx->cons += ring_waiting(tx);
		}
		if (tx->cons != tx->prod)
			break;
	}
	return sent;
}

static bool wild_rounds(struct card *card, bool scribbling)
{
	struct scribble scribble = {};
	long long end = now_ms() + 3000;
	unsigned int sent = 0, lives = 0;
	struct pages pool;
	pthread_t thread;
	bool good = true;

	pages_grant(&pool, 8, false);
	for (; now_ms() < end && good; lives++) {
		scribble = (struct scribble){ .ring = &card->queue[0].tx, .pool = &pool };
		if (scribbling && pthread_create(&thread, NULL, scribbler, &scribble))
			give_up("no thread");
		sent += push_wild(card, &pool, scribbling, 500);
		WRITE_ONCE(scribble.stop, true);
		if (scribbling)
			pthread_join(thread, NULL);
		good = hostile_leave(card);
		hostile_begin(card);
	}
	note("%u slots in %u lives", sent, lives);
	pages_end(&pool);
	return pages_ended(&pool) & good;
}

static bool wild_packets(struct card *card)
{
	return wild_rounds(card, false);
}

static bool changing_packets(struct card *card)
{
	return wild_rounds(card, true);
}

void wild_attacks(struct device *dev, attack_fn attack)
{
	attack(dev, "packets that cannot be are refused", bad_packets, ENDS_SERVED);
	attack(dev, "packets at random", wild_packets, ENDS_SERVED);
	attack(dev, "slots that change while they are read", changing_packets, ENDS_SERVED);
}

/* Which stop no device. */
void mild_attacks(struct device *dev, attack_fn attack)
{
	attack(dev, "buffers that cannot be", bad_buffers, ENDS_SERVED);
	attack(dev, "groups without end", many_groups, ENDS_SERVED);
	attack(dev, "control requests at random, without end", control_flood, ENDS_SERVED);
}
