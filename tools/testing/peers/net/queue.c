// SPDX-License-Identifier: GPL-2.0
/* A queue, and what is received on it. */
#include <string.h>

#include "net.h"

/* What a page holds that was given to be filled. */
#define BLANK 0xa5

void queue_open(struct queue *queue, const struct style *style, unsigned int domid)
{
	memset(queue, 0, sizeof(*queue));
	queue->split = style->split;
	queue->mum = style->mum;
	queue->nr_buffers = style->buffers;
	queue->first_id = style->first_id;
	ring_open(&queue->tx, sizeof(struct tx_request), 0, domid);
	ring_open(&queue->rx, sizeof(struct rx_request), 0, domid);
	if (!queue->split) {
		channel_close(&queue->rx.ch);
		queue->rx.ch = queue->tx.ch;
	}
	if (style->buffers)
		pages_grant(&queue->buffers, style->buffers, true);
	memset(queue->buffers.mem, BLANK, style->buffers * PAGE_BYTES);
	queue_post(queue);
}

/* Return: whether the backend had let go of all of it. */
bool queue_close(struct queue *queue)
{
	bool good;

	if (!queue->split)
		queue->rx.ch.fd = -1; /* that of tx */
	good = ring_close(&queue->tx) & ring_close(&queue->rx);
	pages_end(&queue->buffers);
	return pages_ended(&queue->buffers) & good;
}

static unsigned int id_of(const struct queue *queue, __u32 index)
{
	return queue->first_id + index % queue->nr_buffers;
}

/* All buffers that are free. */
void queue_post(struct queue *queue)
{
	struct rx_request request = {};
	__u32 end = queue->rx.cons + queue->nr_buffers;

	while (queue->rx.prod != end) {
		request.id = id_of(queue, queue->rx.prod);
		request.gref = queue->buffers.gref[queue->rx.prod % queue->nr_buffers];
		ring_put(&queue->rx, &request);
	}
	if (queue->mum)
		ring_show(&queue->rx);
	else
		ring_push(&queue->rx);
}

/* The page of the next slot. */
static __u8 *page_of(const struct queue *queue)
{
	return (__u8 *)queue->buffers.mem + queue->rx.cons % queue->nr_buffers * PAGE_BYTES;
}

/* Nobody else's bytes may be beside the data of a page, which is blank again then. */
static void blank(struct queue *queue, unsigned int offset, unsigned int len)
{
	static const __u8 clean[PAGE_BYTES] = { [0 ... PAGE_BYTES - 1] = BLANK };
	__u8 *page = page_of(queue);

	memset(page + offset, BLANK, len);
	if (!memcmp(page, clean, PAGE_BYTES))
		return;
	queue->spilled++;
	memset(page, BLANK, PAGE_BYTES);
}

/* Return: whether nothing was written but packets. */
bool queue_is_tight(const struct queue *queue)
{
	return !differs("pages with more in them than packets", queue->spilled, 0);
}

static void take_extra(struct frame *frame, const struct extra *extra)
{
	if (extra->type == EXTRA_GSO) {
		frame->gso_type = extra->gso.type;
		frame->gso_size = extra->gso.size;
		if (!extra->gso.size || !(frame->flags & RX_BLANK) ||
		    !(frame->flags & RX_VALIDATED))
			give_up("segments of %u bytes, flags %#x", extra->gso.size, frame->flags);
	} else if (extra->type == EXTRA_HASH) {
		frame->hash = true;
		frame->hash_type = extra->hash.type;
		memcpy(&frame->hash_value, extra->hash.value, sizeof(frame->hash_value));
	} else if (extra->type == EXTRA_XDP) {
		frame->headroom = extra->headroom;
	} else {
		give_up("an extra of type %u", extra->type);
	}
}

/* The next slot's response. What was seen of a packet must be all of it. */
static void next(struct queue *queue, __u32 seen, void *to)
{
	if (queue->rx.cons == seen) {
		queue->torn++;
		if (!ring_await(&queue->rx, 10000))
			give_up("the rest of a packet does not come");
	}
	memcpy(to, ring_slot(&queue->rx, queue->rx.cons), sizeof(struct rx_response));
}

static void take_data(struct queue *queue, struct frame *frame, const struct rx_response *response)
{
	if (response->id != id_of(queue, queue->rx.cons))
		queue->astray++;
	if (response->status < 0 || response->offset + response->status > PAGE_BYTES ||
	    frame->len + response->status > FRAME_MAX)
		give_up("status %d, offset %u", response->status, response->offset);
	memcpy(frame->data + frame->len, page_of(queue) + response->offset, response->status);
	blank(queue, response->offset, response->status);
	frame->len += response->status;
	queue->rx.cons++;
}

static void take_packet(struct queue *queue, struct frame *frame, __u32 seen)
{
	__u32 first = queue->rx.cons;
	struct rx_response response;
	struct extra extra = { .flags = EXTRA_MORE };

	memset(frame, 0, offsetof(struct frame, data));
	next(queue, seen, &response);
	frame->flags = response.flags;
	frame->begin = response.offset;
	take_data(queue, frame, &response);
	while ((frame->flags & RX_EXTRA) && (extra.flags & EXTRA_MORE)) {
		next(queue, seen, &extra);
		take_extra(frame, &extra);
		blank(queue, 0, 0);
		queue->rx.cons++;
	}
	while (response.flags & RX_MORE) {
		next(queue, seen, &response);
		take_data(queue, frame, &response);
	}
	if (queue->rx.cons - first > queue->widest)
		queue->widest = queue->rx.cons - first;
}

/* Return: whether a packet came from the mirror within the time. */
bool queue_take(struct queue *queue, struct frame *frame, int ms)
{
	long long end = now_ms() + ms;
	__u32 seen;

	while (ring_await(&queue->rx, end - now_ms())) {
		seen = queue->rx.cons + ring_waiting(&queue->rx);
		take_packet(queue, frame, seen);
		queue_post(queue);
		if (!memcmp(frame->data + MAC_BYTES, mirror_mac, MAC_BYTES)) {
			queue->mirrored++;
			return true;
		}
		if (now_ms() > end)
			break;
	}
	return false;
}
