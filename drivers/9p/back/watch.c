// SPDX-License-Identifier: GPL-2.0
/*
 * Watching an empty ring for a moment. Most who use a folder ask for one thing
 * after the other, and an event that tells of the next request costs far more than
 * the moment until it comes.
 *
 * Who is to watch is the only worker that has a request, and tells the guest, just
 * before it shows the answer, to send no event: it will look by itself. It does so
 * in any case, and asks again before it sleeps: p9b_ring_take(). Frontends that do
 * not ask for events send them all the same, and are not watched.
 */
#include <linux/ktime.h>
#include <linux/lockdep.h>
#include <linux/processor.h>
#include <linux/sched.h>

#include "p9back.h"

static u64 window(void)
{
	return xpv_poll_window(READ_ONCE(p9back_poll_us));
}

static bool is_alone(const struct p9back_ring *ring)
{
	return READ_ONCE(ring->busy) == 1;
}

/* What came of watching, or, if nobody did, whether it would have been of use. */
static void judge(struct p9back_request *req, bool got)
{
	struct p9back_ring *ring = req->ring;

	if (req->watched && got) {
		WRITE_ONCE(ring->polled, ring->polled + 1);
		xpv_poll_won(&ring->poll);
	} else if (req->watched) {
		WRITE_ONCE(ring->polled_vainly, ring->polled_vainly + 1);
		xpv_poll_lost(&ring->poll);
	} else if (req->fresh && got && is_alone(ring)) {
		xpv_poll_begin(&ring->poll, ktime_get_ns(), window());
	}
	req->watched = false;
	req->fresh = false;
}

/**
 * p9b_watch_learn() - a worker has looked for a request
 * @req: the worker's
 * @got: there was one
 * @more: and another one behind it
 */
void p9b_watch_learn(struct p9back_request *req, bool got, bool more)
{
	struct p9back_ring *ring = req->ring;

	lockdep_assert_held(&ring->take_lock);
	if (!xpv_bytes_agreed(&ring->bytes.out))
		return;
	judge(req, got);
	if (!got)
		ring->poll.rest_ns = window() ? ktime_get_ns() : 0;
	req->seen = ring->bytes.out.seen;
	req->watch = got && !more && window() && xpv_poll_pays(&ring->poll);
}

/**
 * p9b_watch_begin() - a request is about to be answered
 * @req: the request, whose worker will watch its ring, if that is worth it
 */
void p9b_watch_begin(struct p9back_request *req)
{
	if (!req->watch || !is_alone(req->ring))
		return;
	req->watched = true;
	xpv_bytes_hush(&req->ring->bytes.out);
}

/* Whether the guest has put anything since. Nothing else is made of its index. */
static bool look(const struct p9back_request *req)
{
	unsigned int i, j;

	for (i = 0; i < XPV_POLL_LOOKS; i++) {
		if (xpv_bytes_peek(&req->ring->bytes.out) != req->seen)
			return true;
		for (j = 0; j < XPV_POLL_RELAXES; j++)
			cpu_relax();
	}
	return false;
}

/**
 * p9b_watch() - wait for the next request, if that is worth it, but not long
 * @req: a worker's, that has answered what it had; p9b_ring_take() is next
 *
 * Context: the worker.
 */
void p9b_watch(struct p9back_request *req)
{
	u64 until;

	if (!req->watched)
		return;
	until = ktime_get_ns() + window();
	while (!look(req) && !need_resched() && ktime_get_ns() < until &&
	       !p9b_ring_is_over(req->ring))
		;
}
