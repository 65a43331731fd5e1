/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Request/response rings (public header io/ring.h, without its macros).
 *
 * The page is shared with a peer that may write any byte of it at any time.
 * So:
 *  - a producer index is read once, and checked against what is possible;
 *  - a request or response is copied once into private memory, and only the
 *    copy is looked at;
 *  - what we publish is built in private memory and copied out;
 *  - private indices never come from the shared page again after init.
 *
 * Barriers pair with the peer's, whoever wrote it:
 *  - *_put() before *_push(): virt_wmb() in push pairs with the virt_rmb() of
 *    the peer between reading the producer and reading slots.
 *  - *_pending(): virt_rmb() pairs with the peer's virt_wmb() before it moves
 *    its producer.
 *  - *_push() and *_final_check(): virt_mb() on both sides between writing
 *    one index and reading the other, so that either the producer sees the
 *    new event threshold, or the consumer sees the new producer.
 *
 * None of these sleep. A ring has no lock of its own: the caller serialises
 * each direction, and the two directions of one ring touch disjoint fields.
 */
#ifndef XPV_RING_H
#define XPV_RING_H

#include <linux/build_bug.h>
#include <linux/errno.h>
#include <linux/log2.h>
#include <linux/string.h>
#include <linux/types.h>
#include <asm/barrier.h>

/**
 * struct xpv_ring_page - the shared page(s), as both ends see them
 * @req_prod: requests published by the frontend
 * @req_event: the backend wants an event once req_prod passes this
 * @rsp_prod: responses published by the backend
 * @rsp_event: the frontend wants an event once rsp_prod passes this
 * @pad: private to the protocol
 * @slots: the ring; a slot holds a request, later the response to some request
 */
struct xpv_ring_page {
	u32 req_prod;
	u32 req_event;
	u32 rsp_prod;
	u32 rsp_event;
	u8 pad[48];
	u8 slots[];
};

/**
 * struct xpv_ring - private view of a ring, of either end
 * @page: the shared page(s)
 * @slot_size: bytes per slot
 * @nr: slots, a power of two
 * @prod: our producer: requests (frontend) or responses (backend) put so far
 * @pushed: how much of @prod the other end has been shown
 * @cons: our consumer: responses (frontend) or requests (backend) taken so far
 */
struct xpv_ring {
	struct xpv_ring_page *page;
	u32 slot_size;
	u32 nr;
	u32 prod;
	u32 pushed;
	u32 cons;
};

/**
 * struct xpv_ring_view - the shared indices at one moment, for people
 * @req_prod: as in &struct xpv_ring_page
 * @req_event: as there
 * @rsp_prod: as there
 * @rsp_event: as there
 */
struct xpv_ring_view {
	u32 req_prod;
	u32 req_event;
	u32 rsp_prod;
	u32 rsp_event;
};

/**
 * xpv_ring_look() - read the shared indices, to show them
 * @ring: the ring
 *
 * Return: what the pages say, which nothing must depend on.
 */
static inline struct xpv_ring_view xpv_ring_look(const struct xpv_ring *ring)
{
	struct xpv_ring_view view = {
		.req_prod = READ_ONCE(ring->page->req_prod),
		.req_event = READ_ONCE(ring->page->req_event),
		.rsp_prod = READ_ONCE(ring->page->rsp_prod),
		.rsp_event = READ_ONCE(ring->page->rsp_event),
	};

	return view;
}

/**
 * xpv_ring_slots() - how many slots fit a ring
 * @bytes: size of the shared memory
 * @slot_size: bytes per slot, the larger of request and response
 */
static inline u32 xpv_ring_slots(size_t bytes, u32 slot_size)
{
	return rounddown_pow_of_two((bytes - sizeof(struct xpv_ring_page)) /
				    slot_size);
}

static inline void *xpv_ring_slot(const struct xpv_ring *ring, u32 index)
{
	return ring->page->slots + (size_t)(index & (ring->nr - 1)) *
				   ring->slot_size;
}

/*
 * Copy a slot out of shared memory, reading each word exactly once. Slots are
 * 4-byte aligned and their size is a multiple of 4 in every protocol.
 */
static inline void xpv_ring_copy_once(void *to, const void *slot, size_t size)
{
	const u32 *from = slot;
	u32 *word = to;
	size_t i;

	for (i = 0; i < size / sizeof(u32); i++)
		word[i] = READ_ONCE(from[i]);
}

/* A peer that wants an event for any index in (from, to] gets one. */
static inline bool xpv_ring_wants_event(u32 from, u32 to, u32 event)
{
	return (u32)(to - event) < (u32)(to - from);
}

/**
 * xpv_front_ring_init() - lay out a fresh ring as its frontend
 * @ring: private view to fill
 * @mem: zeroed pages, not yet published
 * @bytes: size of @mem
 * @slot_size: bytes per slot
 */
static inline void xpv_front_ring_init(struct xpv_ring *ring, void *mem,
				       size_t bytes, u32 slot_size)
{
	ring->page = mem;
	ring->slot_size = slot_size;
	ring->nr = xpv_ring_slots(bytes, slot_size);
	ring->prod = 0;
	ring->pushed = 0;
	ring->cons = 0;
	ring->page->req_event = 1;
	ring->page->rsp_event = 1;
}

/**
 * xpv_front_ring_free() - slots a frontend may still fill
 * @ring: the ring
 */
static inline u32 xpv_front_ring_free(const struct xpv_ring *ring)
{
	return ring->nr - (ring->prod - READ_ONCE(ring->cons));
}

/**
 * xpv_front_ring_put() - place a request; published by the next push
 * @ring: the ring, with a free slot
 * @req: the request, in private memory
 * @size: its size, at most a slot's
 */
static inline void xpv_front_ring_put(struct xpv_ring *ring, const void *req,
				      size_t size)
{
	memcpy(xpv_ring_slot(ring, ring->prod), req, size);
	WRITE_ONCE(ring->prod, ring->prod + 1);
}

/**
 * xpv_front_ring_push() - publish the requests placed
 * @ring: the ring
 *
 * Return: true if the backend asked to be notified.
 */
static inline bool xpv_front_ring_push(struct xpv_ring *ring)
{
	u32 old = ring->pushed;

	virt_wmb();	/* requests before their producer */
	ring->pushed = ring->prod;
	WRITE_ONCE(ring->page->req_prod, ring->pushed);
	virt_mb();	/* producer before the peer's threshold */
	return xpv_ring_wants_event(old, ring->pushed,
				    READ_ONCE(ring->page->req_event));
}

/**
 * xpv_front_ring_pending() - responses waiting
 * @ring: the ring
 *
 * Return: their number, or -EILSEQ if the backend claims to have answered
 * more than was asked: the ring must not be used any more.
 */
static inline int xpv_front_ring_pending(const struct xpv_ring *ring)
{
	u32 waiting = READ_ONCE(ring->page->rsp_prod) - ring->cons;

	virt_rmb();	/* producer before the responses */
	if (waiting > READ_ONCE(ring->prod) - ring->cons)
		return -EILSEQ;
	return waiting;
}

/**
 * xpv_front_ring_owed() - requests without an answer
 * @ring: the ring, which others may be using
 * @answers: raised by how many there are, taken or not
 *
 * A backend may claim what it likes: nothing but the time it is given depends on it.
 */
static inline u32 xpv_front_ring_owed(const struct xpv_ring *ring, u32 *answers)
{
	u32 answered = READ_ONCE(ring->page->rsp_prod);

	*answers += answered;
	return READ_ONCE(ring->prod) - answered;
}

/**
 * xpv_front_ring_stirs() - whether the backend has moved its producer
 * @ring: the ring, with no response seen pending
 *
 * For polling: cheaper than xpv_front_ring_pending(), which has the last word.
 */
static inline bool xpv_front_ring_stirs(const struct xpv_ring *ring)
{
	return READ_ONCE(ring->page->rsp_prod) != ring->cons;
}

/**
 * xpv_front_ring_get() - take one response
 * @ring: the ring, with a response pending
 * @rsp: private memory for the copy
 * @size: bytes to copy, a multiple of 4
 */
static inline void xpv_front_ring_get(struct xpv_ring *ring, void *rsp,
				      size_t size)
{
	xpv_ring_copy_once(rsp, xpv_ring_slot(ring, ring->cons++), size);
}

/**
 * xpv_front_ring_final_check() - ask for an event, then look once more
 * @ring: the ring, with no response seen pending
 *
 * Return: as xpv_front_ring_pending(). On 0 an event will come.
 */
static inline int xpv_front_ring_final_check(struct xpv_ring *ring)
{
	WRITE_ONCE(ring->page->rsp_event, ring->cons + 1);
	virt_mb();	/* threshold before the peer's producer */
	return xpv_front_ring_pending(ring);
}

/**
 * xpv_front_ring_check_after() - ask for an event later than the next response
 * @ring: the ring
 * @after: how many responses from here the event is to wait for, at least 1
 *	and no more than are out
 *
 * Return: true if that many have come already, so that no event will; true
 * too if the backend's producer is impossible, which the next
 * xpv_front_ring_pending() tells.
 */
static inline bool xpv_front_ring_check_after(struct xpv_ring *ring, u32 after)
{
	WRITE_ONCE(ring->page->rsp_event, ring->cons + after);
	virt_mb();	/* threshold before the peer's producer */
	return READ_ONCE(ring->page->rsp_prod) - ring->cons >= after;
}

/**
 * xpv_back_ring_init() - take up a ring as its backend
 * @ring: private view to fill
 * @mem: the mapped pages; untrusted
 * @bytes: size of @mem
 * @slot_size: bytes per slot
 *
 * A ring that already carried traffic goes on where its responses ended. That
 * loses nothing if the backend before answered all that it took, as one that
 * is unloaded does. Responses come in any order, so what a crashed one left
 * cannot be told from the ring: then the frontend has to begin anew.
 *
 * Return: 0, or -EILSEQ if the indices are impossible.
 */
static inline int xpv_back_ring_init(struct xpv_ring *ring, void *mem,
				     size_t bytes, u32 slot_size)
{
	ring->page = mem;
	ring->slot_size = slot_size;
	ring->nr = xpv_ring_slots(bytes, slot_size);
	ring->prod = READ_ONCE(ring->page->rsp_prod);
	ring->pushed = ring->prod;
	ring->cons = ring->prod;
	if (READ_ONCE(ring->page->req_prod) - ring->prod > ring->nr)
		return -EILSEQ;
	return 0;
}

/**
 * xpv_back_ring_pending() - requests waiting
 * @ring: the ring
 *
 * Return: their number, or -EILSEQ if the frontend claims more than the ring
 * can hold: the ring must not be used any more.
 */
static inline int xpv_back_ring_pending(const struct xpv_ring *ring)
{
	u32 asked = READ_ONCE(ring->page->req_prod);

	virt_rmb();	/* producer before the requests */
	if (asked - READ_ONCE(ring->prod) > ring->nr ||
	    asked - ring->cons > ring->nr)
		return -EILSEQ;
	return asked - ring->cons;
}

/**
 * xpv_back_ring_stirs() - whether the frontend has moved its producer
 * @ring: the ring, with no request seen pending
 *
 * For polling: cheaper than xpv_back_ring_pending(), which has the last word.
 */
static inline bool xpv_back_ring_stirs(const struct xpv_ring *ring)
{
	return READ_ONCE(ring->page->req_prod) != ring->cons;
}

/**
 * xpv_back_ring_get() - take one request
 * @ring: the ring, with a request pending
 * @req: private memory for the copy
 * @size: bytes to copy, a multiple of 4
 */
static inline void xpv_back_ring_get(struct xpv_ring *ring, void *req,
				     size_t size)
{
	xpv_ring_copy_once(req, xpv_ring_slot(ring, ring->cons++), size);
}

/**
 * xpv_back_ring_ask() - ask for an event, then look once more
 * @ring: the ring
 * @nr: how many requests have to wait for the frontend to send it; at least 1
 *
 * Return: as xpv_back_ring_pending(). If it is less than @nr an event will
 * come, once that many wait.
 */
static inline int xpv_back_ring_ask(struct xpv_ring *ring, u32 nr)
{
	WRITE_ONCE(ring->page->req_event, ring->cons + nr);
	virt_mb();	/* threshold before the peer's producer */
	return xpv_back_ring_pending(ring);
}

/**
 * xpv_back_ring_final_check() - ask for an event with the next request, then
 *	look once more
 * @ring: the ring, with no request seen pending
 *
 * Return: as xpv_back_ring_pending(). On 0 an event will come.
 */
static inline int xpv_back_ring_final_check(struct xpv_ring *ring)
{
	return xpv_back_ring_ask(ring, 1);
}

/**
 * xpv_back_ring_put() - place a response; published by the next push
 * @ring: the ring; a request was taken for every response placed
 * @rsp: the response, in private memory
 * @size: its size, at most a slot's
 */
static inline void xpv_back_ring_put(struct xpv_ring *ring, const void *rsp,
				     size_t size)
{
	memcpy(xpv_ring_slot(ring, ring->prod), rsp, size);
	WRITE_ONCE(ring->prod, ring->prod + 1);
}

/**
 * xpv_back_ring_show() - let the other end see the responses placed
 * @ring: the ring
 *
 * For one of several publications after which the other end is notified once:
 * xpv_back_ring_push() has to follow, and answers for all of them.
 */
static inline void xpv_back_ring_show(struct xpv_ring *ring)
{
	virt_wmb();	/* responses before their producer */
	WRITE_ONCE(ring->page->rsp_prod, ring->prod);
}

/**
 * xpv_back_ring_push() - publish the responses placed
 * @ring: the ring
 *
 * Return: true if the frontend asked to be notified.
 */
static inline bool xpv_back_ring_push(struct xpv_ring *ring)
{
	u32 old = ring->pushed;

	virt_wmb();	/* responses before their producer */
	ring->pushed = ring->prod;
	WRITE_ONCE(ring->page->rsp_prod, ring->pushed);
	virt_mb();	/* producer before the peer's threshold */
	return xpv_ring_wants_event(old, ring->pushed,
				    READ_ONCE(ring->page->rsp_event));
}

#endif
