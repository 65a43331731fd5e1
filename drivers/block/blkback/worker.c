// SPDX-License-Identifier: GPL-2.0
/*
 * A ring's worker: takes requests until the ring is empty, ends the event that
 * called it, and rests until the next.
 *
 * The event channel stays quiet meanwhile. A run is bounded, so that a guest
 * which never stops asking shares the processors with the others.
 */
#include <linux/blkdev.h>
#include <linux/cpumask.h>
#include <linux/errno.h>
#include <linux/jiffies.h>
#include <linux/kthread.h>
#include <linux/ktime.h>
#include <linux/llist.h>
#include <linux/processor.h>
#include <linux/sched/mm.h>
#include <linux/sched.h>
#include <linux/timer.h>

#include "blkback.h"

/* Requests of one run; and those that the disk gets, or answers, together. */
#define RING_BUDGET	128
#define RING_BATCH	32

/*
 * How many requests wait; if none does, the guest may be asked for an event. A
 * guest that claims the impossible is not listened to any more.
 */
static int ring_waiting(struct blkback_ring *ring, bool ask)
{
	int waiting = ask ? xpv_back_ring_final_check(&ring->shared) :
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
	request_run(req, &ring->now, ring->now_err);
	return true;
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
				waiting = ring_waiting(ring, false);
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

static void ring_answer_ended(struct blkback_ring *ring)
{
	struct llist_node *ended = ring->ended;

	ring->ended = NULL;
	ring->nr_ended = 0;
	if (ended)
		ring_answer(ring, ended);
}

/* Take over what ended in interrupts. */
static void ring_gather(struct blkback_ring *ring)
{
	struct llist_node *node, *next;

	if (llist_empty(&ring->done))
		return;
	for (node = llist_del_all(&ring->done); node; node = next) {
		next = node->next;
		node->next = ring->ended;
		ring->ended = node;
		ring->nr_ended++;
	}
}

/*
 * How many runs in a row must have come soon for a poll to be worth it; and how
 * many at most after waits in vain, of which each doubles the number.
 */
#define POLL_NEED	8U
#define POLL_NEED_MAX	4096U

static u64 poll_window(void)
{
	return num_online_cpus() == 1 ? 0 : (u64)READ_ONCE(blkback_poll_us) *
					    NSEC_PER_USEC;
}

/* Whether the ring is one that a short wait would have spared an event. */
static void ring_learn(struct blkback_ring *ring)
{
	u64 window = poll_window();

	ring->poll_ns = 0;
	if (!window)
		return;
	ring->poll_need = max(ring->poll_need, POLL_NEED);
	if (ring->run_ns - ring->rest_ns >= window)
		ring->poll_score = 0;
	else if (ring->poll_score < ring->poll_need)
		ring->poll_score++;
	else
		ring->poll_ns = window;
}

/* What a wait for requests came upon. */
enum came { CAME_NOTHING, CAME_ENDED, CAME_REQUEST };

/*
 * How often to look before looking at the clock, which costs far more, and how
 * long to rest between two looks: under a microsecond.
 */
#define LOOKS	8
#define RELAXES	4

static enum came ring_look(struct blkback_ring *ring)
{
	unsigned int i, j;

	for (i = 0; i < LOOKS; i++) {
		if (xpv_back_ring_stirs(&ring->shared))
			return CAME_REQUEST;
		if (!llist_empty(&ring->done))
			return CAME_ENDED;
		for (j = 0; j < RELAXES; j++)
			cpu_relax();
	}
	return CAME_NOTHING;
}

/*
 * Wait for requests, until @until. What ends in interrupts meanwhile is left to
 * us: the barriers pair with llist_add() in ring_complete().
 */
static enum came ring_wait(struct blkback_ring *ring, u64 until)
{
	enum came came;

	/* Before the first look at @done. */
	smp_store_mb(ring->waiting, true);
	do {
		came = ring_look(ring);
	} while (came == CAME_NOTHING && !need_resched() &&
		 ktime_get_ns() < until &&
		 !test_bit(RING_STOPPING, &ring->flags));
	/* Before the last. */
	smp_store_mb(ring->waiting, false);
	ring_gather(ring);
	return came;
}

/*
 * Hold answers back while the guest keeps asking: it is busy, and an event for
 * each would only interrupt it. How many is found out by trying. A guest that
 * has no more to ask before it is answered makes the wait one in vain: it has
 * as many requests at a time as are held then, and from now on is answered at
 * half of that, so that it has some to go on with; or it was busy otherwise,
 * so not at much less than before. More are tried again ever more seldom while
 * that is in vain.
 */
#define HOLD_MAX	16U
#define HOLD_NEED	2U
#define HOLD_NEED_MAX	256U

static void hold_enough(struct blkback_ring *ring)
{
	if (ring->hold_trial) {
		ring->hold_trial = false;
		ring->hold_need = max(ring->hold_need / 2, HOLD_NEED);
	}
	if (ring->hold_max == HOLD_MAX || ++ring->hold_score < ring->hold_need)
		return;
	ring->hold_score = 0;
	ring->hold_trial = true;
	ring->hold_max = clamp(2 * ring->hold_max, 1U, HOLD_MAX);
}

static void hold_in_vain(struct blkback_ring *ring)
{
	ring->hold_score = 0;
	ring->hold_trial = false;
	ring->hold_need = clamp(4 * ring->hold_need, HOLD_NEED, HOLD_NEED_MAX);
	ring->hold_max = max3(ring->nr_ended / 2, ring->hold_max / 4, 1U);
}

static bool ring_hold(struct blkback_ring *ring)
{
	u64 window = poll_window();
	enum came came;
	u64 now;

	if (!window || !ring->nr_ended)
		return false;
	now = ktime_get_ns();
	if (!ring->hold_end)
		ring->hold_end = now + 2 * window;
	do {
		if (ring->nr_ended >= ring->hold_max) {
			hold_enough(ring);
			return false;
		}
		if (now >= ring->hold_end)
			return false;
		came = ring_wait(ring, min(now + window, ring->hold_end));
		now = ktime_get_ns();
	} while (came == CAME_ENDED);
	if (came == CAME_NOTHING)
		hold_in_vain(ring);
	return came == CAME_REQUEST;
}

/*
 * The ring is empty and all is answered: wait a moment for more before asking
 * for an event, which costs both ends far more than the moment. A wait in vain
 * has the ring prove itself anew, for longer each time: where both ends share a
 * processor, it is in vain always.
 */
static bool ring_poll(struct blkback_ring *ring)
{
	enum came came;
	u64 until;

	if (!ring->poll_ns)
		return false;
	until = ktime_get_ns() + ring->poll_ns;
	do {
		came = ring_wait(ring, until);
		ring_answer_ended(ring);
	} while (came == CAME_ENDED);
	if (came == CAME_REQUEST) {
		WRITE_ONCE(ring->polled, ring->polled + 1);
		ring->poll_need = POLL_NEED;
		return true;
	}
	WRITE_ONCE(ring->polled_vainly, ring->polled_vainly + 1);
	ring->poll_ns = 0;
	ring->poll_score = 0;
	ring->poll_need = clamp(2 * ring->poll_need, POLL_NEED, POLL_NEED_MAX);
	return false;
}

/* The ring is empty. Return: whether it is no longer. */
static bool ring_linger(struct blkback_ring *ring)
{
	if (ring_hold(ring))
		return true;
	ring->hold_end = 0;
	ring_answer_ended(ring);
	return ring_poll(ring);
}

/* Return: as ring_serve(), where 0 means that an event will come. */
static int ring_run(struct blkback_ring *ring)
{
	unsigned int begun = ring->taken;
	int left;

	do {
		left = ring_batch(ring);
		if (ring->nr_ended >= HOLD_MAX)
			ring_answer_ended(ring);
		if (left == 0)
			left = ring_linger(ring) ? 1 : ring_waiting(ring, true);
	} while (left > 0 && ring->taken - begun < RING_BUDGET);
	ring->hold_end = 0;
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

/* Give back what is kept without need. */
static void ring_tidy(struct blkback_ring *ring)
{
	unsigned int seconds = READ_ONCE(blkback_unused_seconds);
	unsigned int keep = READ_ONCE(blkback_max_buffer_pages);

	ring->cache.limit = ring_keep_limit(ring);
	if (test_bit(RING_EXPIRE, &ring->flags) && seconds) {
		clear_bit(RING_EXPIRE, &ring->flags);
		xpv_map_cache_expire(&ring->cache, seconds * HZ);
	}
	if (ring->cache.nr && seconds && !delayed_work_pending(&ring->expire) &&
	    !test_bit(RING_STOPPING, &ring->flags))
		queue_delayed_work(ring->be->wq, &ring->expire,
				   round_jiffies_up_relative(seconds * HZ));
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
	vbd_limits(&ring->be->vbd, &ring->limits);
	if (ring->limits.capacity != READ_ONCE(ring->be->vbd.told))
		xpv_device_look(ring->be->xdev);
	ring->run_ns = ktime_get_ns();
	ring_learn(ring);

	WRITE_ONCE(ring->task, current);
	left = ring_run(ring);
	WRITE_ONCE(ring->task, NULL);
	ring->rest_ns = READ_ONCE(blkback_poll_us) ? ktime_get_ns() : 0;

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
