// SPDX-License-Identifier: GPL-2.0
/* A ring of requests and responses, by the layout of io/ring.h. */
#include <string.h>

#include "peer.h"

#define LATE_MS	200

/* The head of the shared page. */
struct shared {
	__u32 req_prod;
	__u32 req_event;
	__u32 rsp_prod;
	__u32 rsp_event;
	__u8 pad[48];
	__u8 slots[];
};

static struct shared *shared(const struct ring *ring)
{
	return ring->pages.mem;
}

__u32 *ring_req_prod(const struct ring *ring)
{
	return &shared(ring)->req_prod;
}

__u32 *ring_rsp_prod(const struct ring *ring)
{
	return &shared(ring)->rsp_prod;
}

__u8 *ring_slot(const struct ring *ring, __u32 index)
{
	return shared(ring)->slots +
	       (index & (ring->nr - 1)) * ring->stride;
}

/* Of slots of STRIDE bytes; with a channel of its own. */
void ring_open(struct ring *ring, unsigned int stride, unsigned int order,
	       unsigned int domid)
{
	unsigned int bytes = PAGE_BYTES << order;

	memset(ring, 0, sizeof(*ring));
	ring->stride = stride;
	pages_grant(&ring->pages, 1 << order, true);
	channel_open(&ring->ch, domid);
	for (ring->nr = 1; 64 + 2 * ring->nr * stride <= bytes;)
		ring->nr *= 2;
	shared(ring)->req_event = 1;
	shared(ring)->rsp_event = 1;
}

/* Return: whether the backend had unmapped it. */
bool ring_close(struct ring *ring)
{
	pages_end(&ring->pages);
	channel_close(&ring->ch);
	return pages_ended(&ring->pages);
}

void ring_put(struct ring *ring, const void *slot)
{
	memcpy(ring_slot(ring, ring->prod++), slot, ring->stride);
}

/* Without an event, even if one is asked for. */
void ring_show(struct ring *ring)
{
	full_barrier();
	WRITE_ONCE(shared(ring)->req_prod, ring->prod);
	full_barrier();
}

void ring_push(struct ring *ring)
{
	__u32 old = READ_ONCE(shared(ring)->req_prod);

	ring_show(ring);
	if (ring->prod - READ_ONCE(shared(ring)->req_event) < ring->prod - old)
		channel_notify(&ring->ch);
}

/* How many responses there are. */
__u32 ring_waiting(struct ring *ring)
{
	__u32 nr = READ_ONCE(shared(ring)->rsp_prod) - ring->cons;

	full_barrier();
	if (nr > ring->prod - ring->cons)
		give_up("%u answers to %u requests", nr,
			ring->prod - ring->cons);
	return nr;
}

/* As fast as it can be seen. */
static bool poll_once(struct ring *ring)
{
	unsigned int spins;

	for (spins = 0; spins < 1000; spins++)
		if (ring_waiting(ring))
			return true;
	return false;
}

static bool await_event(struct ring *ring, int ms)
{
	WRITE_ONCE(shared(ring)->rsp_event, ring->cons + 1);
	full_barrier();
	if (ring_waiting(ring))
		return true;
	/* What came just now may have its event on the way. */
	if (!channel_wait(&ring->ch, ms) && ring_waiting(ring) &&
	    !channel_wait(&ring->ch, LATE_MS))
		give_up("an answer came without the event asked for");
	return ring_waiting(ring);
}

/* Return: whether there is a response within the time. */
bool ring_await(struct ring *ring, int ms)
{
	long long end = now_ms() + ms;
	bool came = ring_waiting(ring);

	while (!came && now_ms() < end)
		came = ring->polls ? poll_once(ring) :
				     await_event(ring, end - now_ms());
	return came;
}
