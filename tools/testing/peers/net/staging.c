// SPDX-License-Identifier: GPL-2.0
/*
 * A frontend that has pages of its own kept mapped (docs/misc/netif-staging-grants),
 * and asks for what cannot be besides. It wants to be told of a limit of a few dozen
 * pages, so that it can reach it.
 */
#include <string.h>

#include "net.h"

enum { CTRL_KEPT_SIZE = 8, CTRL_KEEP, CTRL_DROP };
#define LIST_MOST	(PAGE_BYTES / sizeof(struct entry))
#define LIMIT_MOST	128
#define READONLY	1
#define NO_GREF		0x7ffffff0
#define BUFFERS_KEPT	24
#define ROOM		256	/* before packets, at first */
#define LESS_ROOM	64
#define FLOOD_MS	1500

struct entry {
	__u32 gref;
	__u16 flags;
	__u16 status;
};

static const struct style style = {
	.queues = 1,
	.split = true,
	.sg = true,
	.gso = true,
	.control = true,
	.buffers = 64,
	.headroom = ROOM,
};

/**
 * struct staging - the peer
 * @card: its card
 * @limit: most pages that may be kept
 * @room: to be left before packets
 * @list: the page that lists are in
 * @pages: some to be kept, as many as may be and one more
 */
struct staging {
	struct card card;
	unsigned int limit;
	unsigned int room;
	struct pages list;
	struct pages pages;
};

/* Queue 0's room for more pages; an error is LIST_MOST. */
static unsigned int room(struct staging *staging)
{
	struct ctrl_response response;
	const __u32 data[3] = { 0 };

	if (!control_ask(&staging->card.control, CTRL_KEPT_SIZE, data, &response) ||
	    differs("the status", response.status, CTRL_OKAY))
		return LIST_MOST;
	return response.data;
}

static struct entry *entries(const struct staging *staging)
{
	return staging->list.mem;
}

/* A list of NR pages of PAGES, from the first on. */
static void list(const struct staging *staging, const struct pages *pages, unsigned int nr,
		 __u16 flags)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		entries(staging)[i] = (struct entry){ .gref = pages->gref[i], .flags = flags };
}

/* Return: whether asking for what is in the list is answered so. */
static bool asked(struct staging *staging, unsigned int type, unsigned int nr, __u32 status)
{
	return control_is(&staging->card.control, status, type, 0, staging->list.gref[0], nr);
}

/* Return: whether a list that cannot be is refused as a whole. */
static bool refused(struct staging *staging, unsigned int nr, __u32 status)
{
	unsigned int before = room(staging);

	return asked(staging, CTRL_KEEP, nr, status) &
	       !differs("the room after that", room(staging), before);
}

static bool tells_sizes(struct staging *staging)
{
	struct ring *control = &staging->card.control;

	staging->limit = room(staging);
	note("%u pages may be kept", staging->limit);
	if (!staging->limit || staging->limit > LIMIT_MOST)
		give_up("a limit of %u pages cannot be tried", staging->limit);
	pages_grant(&staging->list, 1, true);
	pages_grant(&staging->pages, staging->limit + 1, false);
	return control_is(control, CTRL_INVALID, CTRL_KEPT_SIZE, 1, 0, 0);
}

static bool keeps_all_or_none(struct staging *staging)
{
	struct entry *entry = entries(staging);
	struct ring *control = &staging->card.control;
	bool good;

	list(staging, &staging->pages, 5, READONLY);
	entry[3].gref = NO_GREF;
	good = refused(staging, 5, CTRL_INVALID);
	list(staging, &staging->pages, 5, READONLY);
	entry[4].gref = entry[1].gref;
	good &= refused(staging, 5, CTRL_INVALID);
	/* Those that can be mapped, and one that may not be written. */
	list(staging, &staging->card.queue[0].buffers, 5, 0);
	entry[4].gref = staging->pages.gref[0];
	good &= refused(staging, 5, CTRL_INVALID);
	entry[4] = (struct entry){ .gref = NO_GREF, .flags = READONLY };
	good &= refused(staging, 5, CTRL_INVALID);
	list(staging, &staging->pages, 5, READONLY);
	entry[0].gref = 0;
	good &= refused(staging, 5, CTRL_INVALID);
	good &= refused(staging, 0, CTRL_INVALID) & refused(staging, LIST_MOST + 1, CTRL_INVALID);
	good &= control_is(control, CTRL_INVALID, CTRL_KEEP, 0, NO_GREF, 1);
	good &= control_is(control, CTRL_INVALID, CTRL_KEEP, 1, staging->list.gref[0], 1);
	return good & !differs("the room", room(staging), staging->limit);
}

static bool keeps_to_its_limit(struct staging *staging)
{
	unsigned int limit = staging->limit;
	bool good;

	list(staging, &staging->pages, limit + 1, READONLY);
	good = refused(staging, limit + 1, CTRL_OVERFLOW);
	good &= asked(staging, CTRL_KEEP, limit, CTRL_OKAY);
	good &= !differs("the room", room(staging), 0);
	entries(staging)[0].gref = staging->pages.gref[limit];
	good &= refused(staging, 1, CTRL_OVERFLOW);
	list(staging, &staging->pages, limit, READONLY);
	good &= asked(staging, CTRL_DROP, limit, CTRL_OKAY);
	return good & !differs("the room", room(staging), limit);
}

/* Each of the list has its status, whatever the others have. */
static bool drops_what_it_kept(struct staging *staging)
{
	struct entry *entry = entries(staging);
	struct pages one;
	unsigned int i;
	bool good;

	pages_grant(&one, 1, false);
	list(staging, &one, 1, READONLY);
	good = asked(staging, CTRL_KEEP, 1, CTRL_OKAY) && refused(staging, 1, CTRL_INVALID);
	entry[0].gref = NO_GREF;
	entry[1].gref = one.gref[0];
	entry[2].gref = staging->pages.gref[0];
	for (i = 0; i < 3; i++)
		entry[i].status = 77;
	good &= asked(staging, CTRL_DROP, 3, CTRL_OKAY);
	good &= !differs("the status of no grant", entry[0].status, CTRL_INVALID) &
		!differs("of one that was kept", entry[1].status, CTRL_OKAY) &
		!differs("of one that was not", entry[2].status, CTRL_INVALID);
	pages_end(&one);
	return pages_ended(&one) & good & !differs("the room", room(staging), staging->limit);
}

/* From the first of the pages. Return: whether it comes back. */
static bool echoes(struct staging *staging, unsigned int seed)
{
	struct queue *queue = &staging->card.queue[0];
	static struct frame frame, got;
	struct tx_request request = { .gref = staging->pages.gref[0], .offset = seed % 2000 };
	struct sending sending = { .slots = 1 };
	unsigned int try;

	frame_udp(&frame, staging->card.mac, 700 + seed, seed);
	memcpy((__u8 *)staging->pages.mem + request.offset, frame.data, frame.len);
	request.size = frame.len;
	for (try = 0; try < 5; try++) {
		sending.id = queue->next_id++;
		request.id = sending.id;
		send_slot(queue, &request);
		ring_push(&queue->tx);
		if (!send_end(queue, &sending))
			return false;
		if (card_answers_to(&staging->card, &frame, &got, 1000))
			return frame_is_mirrored(&got, &frame) &
			       !differs("where it begins", got.begin, staging->room) &
			       !differs("the room that is told of", got.headroom, staging->room);
	}
	note("a frame from a page that was kept does not come back");
	return false;
}

/* Kept for sending, for receiving, or for neither; and one that may not be written. */
static bool carries_data(struct staging *staging)
{
	const struct pages *buffers = &staging->card.queue[0].buffers;
	unsigned int i;
	bool good;

	list(staging, &staging->pages, 1, READONLY);
	good = asked(staging, CTRL_KEEP, 1, CTRL_OKAY);
	list(staging, buffers, BUFFERS_KEPT, READONLY);
	for (i = 0; i < BUFFERS_KEPT / 2; i++)
		entries(staging)[i].flags = 0;
	good &= asked(staging, CTRL_KEEP, BUFFERS_KEPT, CTRL_OKAY);
	/* Buffers of each kind. */
	for (i = 0; i < 60 && good; i++)
		good = echoes(staging, i);
	list(staging, &staging->pages, 1, READONLY);
	return asked(staging, CTRL_DROP, 1, CTRL_OKAY) && echoes(staging, i) && good;
}

/* As a driver that has been given a program does. */
static bool other_room(struct staging *staging)
{
	struct device *dev = staging->card.dev;

	staging->room = LESS_ROOM;
	device_put(dev, 0, "", "xdp-headroom=%u", LESS_ROOM);
	device_state(dev, RECONFIGURING);
	if (!device_wait(dev, RECONFIGURED, 10000))
		return false;
	device_state(dev, CONNECTED);
	return device_wait(dev, CONNECTED, 10000) && echoes(staging, 100) && echoes(staging, 101);
}

/* Nothing but coming and going, a full ring of it at a time, of a page in use. */
static bool may_flood(struct staging *staging)
{
	struct ring *control = &staging->card.control;
	struct queue *queue = &staging->card.queue[0];
	const struct tx_request send = { .gref = staging->pages.gref[0], .size = 60 };
	struct ctrl_request request = { .data = { 0, staging->list.gref[0], 1 } };
	struct ctrl_response response;
	long long end = now_ms() + FLOOD_MS, start = now_ms();
	unsigned int i, done = 0, bad = 0;

	/* What it holds goes nowhere. */
	memset(staging->pages.mem, 0, PAGE_BYTES);
	list(staging, &staging->pages, 1, READONLY);
	while (now_ms() < end) {
		for (i = 0; i < control->nr; i++) {
			request.type = i & 1 ? CTRL_DROP : CTRL_KEEP;
			ring_put(control, &request);
		}
		ring_push(control);
		for (i = 0; i < control->nr; i++, done++) {
			send_slot(queue, &send);
			ring_push(&queue->tx);
			if (!ring_await(control, 10000))
				give_up("request %u of a flood is not answered", done);
			memcpy(&response, ring_slot(control, control->cons++), sizeof(response));
			bad += response.status != CTRL_OKAY;
			if (!send_settle(queue, 5000))
				give_up("a packet is not answered beside a flood");
		}
	}
	note("%u requests in %lld ms", done, now_ms() - start);
	return !differs("refusals", bad, 0) &
	       !differs("the room", room(staging), staging->limit - BUFFERS_KEPT);
}

void play_staging(struct device *dev)
{
	static struct staging staging;
	bool closed;

	staging.room = ROOM;
	card_open(&staging.card, dev);
	card_mac(&staging.card, dev->front);
	if (!device_wait(dev, INIT_WAIT, 10000) || !card_connect(&staging.card, &style))
		give_up("the backend does not connect");
	rule("is told how many pages may be kept", tells_sizes(&staging));
	rule("of a list, all are kept or none", keeps_all_or_none(&staging));
	rule("no more are kept than may be", keeps_to_its_limit(&staging));
	rule("is told what became of each that was to go", drops_what_it_kept(&staging));
	rule("data is right, in pages kept and not", carries_data(&staging));
	rule("has another room before packets when it asks for it", other_room(&staging));
	rule("may change its mind all the time", may_flood(&staging));
	rule("nothing is written to its pages but packets", queue_is_tight(&staging.card.queue[0]));
	pages_end(&staging.pages);
	pages_end(&staging.list);
	closed = pages_ended(&staging.pages) & pages_ended(&staging.list);
	rule("closes, and no page is held", card_closed(&staging.card, CLOSING) & closed);
	device_state(dev, INITIALISING);
}
