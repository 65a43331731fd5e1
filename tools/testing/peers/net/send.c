// SPDX-License-Identifier: GPL-2.0
/* What is sent on a queue. */
#include <string.h>

#include "net.h"

#define ANSWER_MS 10000
#define HEADER_BYTES 100 /* in the first slot of several */

void send_slot(struct queue *queue, const struct tx_request *request)
{
	ring_put(&queue->tx, request);
}

void send_extra(struct queue *queue, const struct extra *extra)
{
	struct tx_request slot = {};

	memcpy(&slot, extra, sizeof(*extra));
	ring_put(&queue->tx, &slot);
}

static void put_extras(struct queue *queue, struct sending *sending, const struct frame *frame)
{
	struct extra extra = { .type = EXTRA_GSO, .flags = frame->hash ? EXTRA_MORE : 0 };

	if (frame->gso_type) {
		extra.gso.size = frame->gso_size;
		extra.gso.type = frame->gso_type;
		send_extra(queue, &extra);
		sending->extras++;
	}
	if (frame->hash) {
		/* Windows leaves the algorithm 0. */
		extra = (struct extra){ .type = EXTRA_HASH,
					.hash.type = 1,
					.hash.value = { 1, 2, 3, 4 } };
		send_extra(queue, &extra);
		sending->extras++;
	}
}

/* How much of a frame goes into which slot. */
static unsigned int piece(const struct frame *frame, unsigned int slots, unsigned int i)
{
	unsigned int rest = frame->len - HEADER_BYTES, each;

	if (slots == 1)
		return frame->len;
	if (!i)
		return HEADER_BYTES;
	each = rest / (slots - 1);
	return i == slots - 1 ? rest - each * (slots - 2) : each;
}

/* Over that many SLOTS, each with a page of its own, at the page's end. */
void send_put(struct queue *queue, struct sending *sending, const struct frame *frame,
	      unsigned int slots)
{
	unsigned int i, done = 0, size;
	struct tx_request request;

	memset(sending, 0, sizeof(*sending));
	sending->id = queue->next_id;
	sending->slots = slots;
	pages_grant(&sending->pages, slots, false);
	for (i = 0; i < slots; i++, done += size) {
		size = piece(frame, slots, i);
		if (size > PAGE_BYTES)
			give_up("%u bytes do not fit into %u slots", frame->len, slots);
		request = (struct tx_request){
			.gref = sending->pages.gref[i],
			.offset = PAGE_BYTES - size,
			.flags = i + 1 < slots ? TX_MORE : 0,
			.id = queue->next_id++,
			/* The first tells the size of all. */
			.size = i ? size : frame->len,
		};
		if (!i)
			request.flags |= frame->flags |
					 (frame->gso_type || frame->hash ? TX_EXTRA : 0);
		memcpy((__u8 *)sending->pages.mem + i * PAGE_BYTES + request.offset,
		       frame->data + done, size);
		ring_put(&queue->tx, &request);
		if (!i)
			put_extras(queue, sending, frame);
	}
	pages_keep(&sending->pages, false);
	ring_push(&queue->tx);
}

/* Join or leave a group: no page, no data. */
void send_group(struct queue *queue, struct sending *sending, const __u8 *group, bool add)
{
	struct tx_request request = { .flags = TX_EXTRA, .id = queue->next_id++ };
	struct extra extra = { .type = add ? EXTRA_MCAST_ADD : EXTRA_MCAST_DEL };

	memset(sending, 0, sizeof(*sending));
	sending->id = request.id;
	sending->slots = 1;
	sending->extras = 1;
	memcpy(extra.mcast, group, MAC_BYTES);
	ring_put(&queue->tx, &request);
	send_extra(queue, &extra);
	ring_push(&queue->tx);
}

static void next(struct queue *queue, struct tx_response *response)
{
	if (!ring_await(&queue->tx, ANSWER_MS))
		give_up("packet %u is not answered", queue->next_id);
	memcpy(response, ring_slot(&queue->tx, queue->tx.cons++), sizeof(*response));
}

/*
 * Its answers, of which there are no others now. An extra's is seen when that of
 * its packet is.
 */
static void take_answers(struct queue *queue, struct sending *sending)
{
	unsigned int left = sending->slots, nulls = 0;
	struct tx_response response;
	__u32 seen = 0;

	while (left || nulls < sending->extras) {
		next(queue, &response);
		if (response.status == TXS_NULL) {
			sending->apart |= (__s32)(queue->tx.cons - seen) > 0;
			nulls++;
			continue;
		}
		if ((__u16)(response.id - sending->id) >= sending->slots || !left)
			give_up("an answer to %u, %u to %u were sent", response.id, sending->id,
				(__u16)(sending->id + sending->slots - 1));
		if (response.id == sending->id) {
			sending->status = response.status;
			seen = queue->tx.cons + ring_waiting(&queue->tx);
		}
		left--;
	}
}

/* Return: whether it was answered as it should, and its pages were free then. */
bool send_end(struct queue *queue, struct sending *sending)
{
	bool good;

	take_answers(queue, sending);
	pages_end(&sending->pages);
	good = !sending->pages.nr || pages_ended(&sending->pages);
	good &= !differs("the status", sending->status, TXS_OKAY);
	if (sending->apart)
		note("an extra was answered after its packet");
	return good && !sending->apart;
}

/* All answers to what was sent, whatever they say. Return: whether they came in time. */
bool send_settle(struct queue *queue, int ms)
{
	long long end = now_ms() + ms;
	struct ring *tx = &queue->tx;

	while (tx->cons != tx->prod && now_ms() < end)
		if (ring_await(tx, 50))
			tx->cons += ring_waiting(tx);
	return tx->cons == tx->prod;
}
