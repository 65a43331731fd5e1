// SPDX-License-Identifier: GPL-2.0
/*
 * A ring's worker: takes requests until the ring is empty (and what it does then
 * is in linger.c), ends the event that called it, and rests until the next.
 *
 * The event channel stays quiet meanwhile. A run is bounded, so that a guest
 * which never stops asking shares the processors with the others.
 */
#include <linux/blkdev.h>
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/llist.h>
#include <linux/sched/mm.h>
#include <linux/sched.h>
#include <linux/timer.h>

#include "blkback.h"

/* Requests of one run; and those that the disk gets, or answers, together. */
#define RING_BUDGET	128
#define RING_BATCH	32

/**
 * ring_waiting() - how many requests wait
 * @ring: the ring
 * @ask: how many have to wait for the guest to send an event; 0 asks for none
 *
 * A guest that claims the impossible is not listened to any more.
 *
 * Context: the worker.
 * Return: their number; if it is less than @ask an event will come; or an
 * error, already reported.
 */
int ring_waiting(struct blkback_ring *ring, unsigned int ask)
{
	int waiting = ask ? xpv_back_ring_ask(&ring->shared, ask) :
			    xpv_back_ring_pending(&ring->shared);

	if (waiting < 0) {
		ring_stop(ring);
		xpv_device_fail(ring->be->xdev, waiting,
				"the frontend claims more requests than the ring of queue %u holds",
				ring->index);
	}
	return waiting;
}

/* Take one request off the ring. What is wrong with it is its answer. */
static void ring_take(struct blkback_ring *ring)
{
	const struct blkif_abi *abi = ring->be->front.abi;
	u32 slot[BLKIF_SLOT_MAX / sizeof(u32)];

	xpv_back_ring_get(&ring->shared, slot, abi->slot_size);
	ring->now_err = blkif_parse_req(abi, slot, &ring->limits, &ring->now);
	ring->worked = true;
}

static bool ring_start(struct blkback_ring *ring)
{
	struct blkback_request *req;

	if (!ring_get_request(ring, &req))
		return false;
	if (request_run(req, &ring->now, ring->now_err))
		return true;
	ring_put_back(ring, req);
	return false;
}

/*
 * Take up to @max requests. Return: 0 when none waits any more; 1 when there
 * may be more; or an error when it makes no sense to go on now: -EBUSY until
 * the busy requests are done, others until the ring is connected again.
 */
static int ring_serve(struct blkback_ring *ring, unsigned int max)
{
	int waiting = 0;

	for (; max; max--) {
		if (!ring->held) {
			if (test_bit(RING_STOPPING, &ring->flags))
				return -ESHUTDOWN;
			if (!waiting)
				waiting = ring_waiting(ring, 0);
			if (waiting <= 0)
				return waiting;
			waiting--;
			ring_take(ring);
		}
		if (!ring_start(ring))
			return -EBUSY;
	}
	return 1;
}

static int ring_batch(struct blkback_ring *ring)
{
	struct blk_plug plug;
	int left;

	blk_start_plug(&plug);
	left = ring_serve(ring, RING_BATCH);
	blk_finish_plug(&plug);
	return left;
}

/* Return: as ring_serve(), where 0 means that the worker will be called. */
static int ring_run(struct blkback_ring *ring)
{
	unsigned int begun = ring->taken;
	int left;

	do {
		left = ring_batch(ring);
		ring_answer_enough(ring);
		if (left == 0)
			left = ring_linger(ring);
	} while (left > 0 && ring->taken - begun < RING_BUDGET);
	if (!ring->napping)
		ring_answer_ended(ring);
	return left;
}

static void ring_end_event(struct blkback_ring *ring)
{
	if (!ring->eoi_owed)
		return;
	ring->eoi_owed = false;
	xpv_evtchn_eoi(&ring->ch, ring->worked);
	ring->worked = false;
}

static bool ring_has_unused(const struct blkback_ring *ring)
{
	return ring->cache.nr || READ_ONCE(ring->pool.cache.num_pages) ||
	       ring_has_surplus(ring);
}

/*
 * Give back what nobody has used for some seconds, and see to it that this is
 * looked at again as long as there is such a thing.
 */
static void ring_expire(struct blkback_ring *ring, unsigned int seconds)
{
	if (test_bit(RING_EXPIRE, &ring->flags)) {
		clear_bit(RING_EXPIRE, &ring->flags);
		xpv_map_cache_expire(&ring->cache, seconds * HZ);
		xpv_map_pool_expire(&ring->pool);
		ring_expire_requests(ring);
	}
	if (delayed_work_pending(&ring->expire) ||
	    test_bit(RING_STOPPING, &ring->flags) || !ring_has_unused(ring))
		return;
	queue_delayed_work(ring->be->wq, &ring->expire,
			   round_jiffies_up_relative(seconds * HZ / 2));
}

/* Give back what is kept without need. */
static void ring_tidy(struct blkback_ring *ring)
{
	unsigned int seconds = READ_ONCE(blkback_unused_seconds);
	unsigned int keep = READ_ONCE(blkback_max_buffer_pages);

	ring->cache.limit = ring_keep_limit(ring);
	if (seconds)
		ring_expire(ring, seconds);
	if (time_before(jiffies, READ_ONCE(ring->be->squeeze_end)))
		keep = 0;
	xpv_map_pool_shrink(&ring->pool, keep);
	if (READ_ONCE(blkback_log_stats))
		stats_log(ring);
}

/**
 * ring_expire_work() - ask the worker to look for kept pages that nobody uses
 * @work: of a connected ring
 */
void ring_expire_work(struct work_struct *work)
{
	struct blkback_ring *ring =
		container_of(to_delayed_work(work), struct blkback_ring, expire);

	set_bit(RING_EXPIRE, &ring->flags);
	ring_kick(ring);
}

/**
 * ring_work() - the worker
 * @work: of a connected ring
 *
 * It has a thread of its own, which an event finds awake while it runs, and
 * otherwise wakes with little ado.
 *
 * It must not wait for a disk of this domain to write memory out: that disk
 * may be one we serve.
 */
void ring_work(struct kthread_work *work)
{
	struct blkback_ring *ring =
		container_of(work, struct blkback_ring, work);
	unsigned int noio = memalloc_noio_save();
	int left;

	if (test_bit(RING_EVENT, &ring->flags) &&
	    test_and_clear_bit(RING_EVENT, &ring->flags))
		ring->eoi_owed = true;
	vbd_limits(ring->be, &ring->limits);
	if (ring->limits.capacity != READ_ONCE(ring->be->vbd.told))
		xpv_device_look(ring->be->xdev);
	ring_wake(ring);

	WRITE_ONCE(ring->task, current);
	left = ring_run(ring);
	WRITE_ONCE(ring->task, NULL);
	ring->poll.rest_ns = READ_ONCE(blkback_poll_us) ? ktime_get_ns() : 0;

	if (left > 0)
		ring_kick(ring);
	if (left == 0)
		ring_end_event(ring);
	if (left <= 0)
		ring_tidy(ring);
	memalloc_noio_restore(noio);
}

/**
 * ring_discard_work() - the discard worker
 * @work: of a connected ring
 */
void ring_discard_work(struct work_struct *work)
{
	struct blkback_ring *ring =
		container_of(work, struct blkback_ring, discard_work);
	unsigned int noio = memalloc_noio_save();
	struct blkback_request *req, *next;
	struct llist_node *chain;

	chain = llist_reverse_order(llist_del_all(&ring->discards));
	llist_for_each_entry_safe(req, next, chain, node)
		io_discard(req);
	memalloc_noio_restore(noio);
}
