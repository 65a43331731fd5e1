// SPDX-License-Identifier: GPL-2.0
/*
 * A ring to the backend: its memory, its channel, and what is out on it.
 *
 *   alloc	the device's life: shadows, grant references
 *   open	a connection's life: ring memory and channel, to be published
 *   prepare	descriptor pages, for as many segments as the backend takes
 *   start	requests may pass
 *   stop	the connection ends; what was not answered is sent again later
 *   fail	nothing will be sent again: the disk goes
 *
 * All but fail run in the device's lane.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <xen/page.h>
#include "blkfront.h"

/* References beyond this are worth less than what they cost others. */
#define POOL_MAX	4096U

/* How often to look whether a gone backend's mappings are gone too. */
#define RECLAIM_EVERY	(HZ / 10)

static unsigned int ring_slots(unsigned int order)
{
	return xpv_ring_slots(XEN_PAGE_SIZE << order,
			      sizeof(struct blkif_request));
}

/**
 * blkfront_batch_add() - note a request that is over
 * @batch: the batch
 * @cmd: the request
 */
void blkfront_batch_add(struct blkfront_batch *batch, struct blkfront_cmd *cmd)
{
	cmd->next = NULL;
	*batch->last = cmd;
	batch->last = &cmd->next;
}

/**
 * blkfront_batch_finish() - act on what was found under the ring's lock
 * @ring: the ring, unlocked
 * @batch: what was found
 *
 * Once the last request is completed the disk may go, so the rest comes
 * first.
 *
 * Context: any.
 */
void blkfront_batch_finish(struct blkfront_ring *ring,
			   struct blkfront_batch *batch)
{
	struct blkfront_cmd *cmd, *next;

	if (batch->why[0])
		xpv_device_fail(ring->bf->dev, -EPROTO, "%s", batch->why);
	if (batch->limits)
		schedule_work(&ring->bf->limits);
	for (cmd = batch->first; cmd; cmd = next) {
		struct request *rq = blk_mq_rq_from_pdu(cmd);

		next = cmd->next;
		if (cmd->again)
			blk_mq_requeue_request(rq, true);
		else
			blk_mq_complete_request(rq);
	}
}

/**
 * blkfront_ring_push() - publish what was put, and tell the backend
 * @ring: the ring, locked
 */
void blkfront_ring_push(struct blkfront_ring *ring)
{
	lockdep_assert_held(&ring->lock);
	if (!ring->live || ring->ring.prod == ring->ring.pushed)
		return;
	if (xpv_front_ring_push(&ring->ring))
		xpv_evtchn_notify(&ring->ch);
}

/**
 * blkfront_ring_kick() - let the block layer try again
 * @ring: the ring, locked
 *
 * Under the lock, so that it comes either before a request is looked at, or
 * after the queue was stopped for it.
 */
void blkfront_ring_kick(struct blkfront_ring *ring)
{
	lockdep_assert_held(&ring->lock);
	if (!ring->stopped || !ring->hctx)
		return;
	ring->stopped = false;
	blk_mq_start_stopped_hw_queue(ring->hctx, true);
}

/*
 * Take what answers there are: never more than requests that are out, since
 * none is put while we hold the lock. Return: whether there was any.
 */
static bool ring_reap(struct blkfront_ring *ring, struct blkfront_batch *batch)
	__must_hold(&ring->lock)
{
	struct blkif_response rsp;
	bool any = false;
	int n;

	for (n = xpv_front_ring_pending(&ring->ring); n > 0;
	     n = xpv_front_ring_final_check(&ring->ring)) {
		any = true;
		while (n--) {
			xpv_front_ring_get(&ring->ring, &rsp, sizeof(rsp));
			if (!blkfront_request_answer(ring, &rsp, batch))
				goto broken;
		}
	}
	if (n < 0) {
		snprintf(batch->why, sizeof(batch->why),
			 "backend answered more than was asked");
		goto broken;
	}
	if (any)
		ring->stuck = false;
	return any;

broken:
	ring->live = false;
	return any;
}

/* The final check above armed the next event. */
static void ring_event(void *arg)
{
	struct blkfront_ring *ring = arg;
	struct blkfront_batch batch;
	unsigned long flags;
	bool worked = false;

	blkfront_batch_init(&batch);
	spin_lock_irqsave(&ring->lock, flags);
	if (ring->live)
		worked = ring_reap(ring, &batch);
	if (worked)
		blkfront_ring_kick(ring);
	spin_unlock_irqrestore(&ring->lock, flags);

	blkfront_batch_finish(ring, &batch);
	xpv_evtchn_eoi(&ring->ch, worked);
}

/* What each request that is out has to go through; see ring_for_each_out(). */
typedef void (*out_fn)(struct blkfront_ring *ring,
		       struct blkfront_shadow *shadow,
		       struct blkfront_batch *batch);

static void ring_for_each_out(struct blkfront_ring *ring, out_fn fn,
			      struct blkfront_batch *batch)
	__must_hold(&ring->lock)
{
	unsigned int i;

	for (i = 0; i < ring->nr_shadows; i++)
		if (ring->shadows[i].rq)
			fn(ring, &ring->shadows[i], batch);
}

static void lose_again(struct blkfront_ring *ring,
		       struct blkfront_shadow *shadow,
		       struct blkfront_batch *batch)
	__must_hold(&ring->lock)
{
	if (shadow->lost)
		blkfront_request_lose(ring, shadow, batch);
}

static void ring_reclaim(struct work_struct *work)
{
	struct blkfront_ring *ring = container_of(work, struct blkfront_ring,
						  reclaim.work);
	struct blkfront_batch batch;
	unsigned long flags;
	bool more;

	blkfront_batch_init(&batch);
	spin_lock_irqsave(&ring->lock, flags);
	ring_for_each_out(ring, lose_again, &batch);
	more = ring->lost;
	blkfront_ring_kick(ring);
	spin_unlock_irqrestore(&ring->lock, flags);

	blkfront_batch_finish(ring, &batch);
	if (more)
		schedule_delayed_work(&ring->reclaim, RECLAIM_EVERY);
}

/*
 * A small pool only makes the queue wait; it must serve one large request,
 * and have some to lose to backends that do not give back.
 */
static int pool_alloc(struct blkfront_ring *ring)
{
	unsigned int least = 2 * ring->bf->max_segs + ring->nr_shadows;
	unsigned int size = ring->nr_shadows * (ring->bf->max_segs + 1);
	int err;

	size = clamp(size, least, max(least, POOL_MAX));
	do {
		err = xpv_grant_pool_init(&ring->pool, ring->bf->dev, size);
		size = size / 2;
	} while (err && size >= least);
	return err;
}

static void shadows_init(struct blkfront_ring *ring)
{
	unsigned int i;

	for (i = 0; i < ring->nr_shadows; i++) {
		ring->shadows[i].grants =
			&ring->all_grants[i * ring->bf->max_segs];
		ring->shadows[i].next = i + 1;
		ring->desc[i].ref = INVALID_GRANT_REF;
	}
	ring->shadows[i - 1].next = BLKFRONT_NONE;
	ring->free = ring->nr_shadows;
	ring->free_head = 0;
}

/**
 * blkfront_ring_alloc() - what a ring needs for the device's whole life
 * @ring: zeroed memory
 * @bf: the device
 * @index: the ring's number
 *
 * Return: 0 or a negative errno.
 */
int blkfront_ring_alloc(struct blkfront_ring *ring, struct blkfront *bf,
			unsigned int index)
{
	unsigned int nr = ring_slots(bf->order);
	int err = -ENOMEM;

	ring->bf = bf;
	ring->index = index;
	ring->nr_shadows = nr;
	spin_lock_init(&ring->lock);
	INIT_DELAYED_WORK(&ring->reclaim, ring_reclaim);

	ring->shadows = kvcalloc(nr, sizeof(*ring->shadows), GFP_KERNEL);
	ring->all_grants = kvcalloc(nr * bf->max_segs,
				    sizeof(*ring->all_grants), GFP_KERNEL);
	ring->desc = kvcalloc(nr, sizeof(*ring->desc), GFP_KERNEL);
	ring->desc_free = kvcalloc(nr, sizeof(*ring->desc_free), GFP_KERNEL);
	if (!ring->shadows || !ring->all_grants || !ring->desc ||
	    !ring->desc_free)
		goto err_free;
	shadows_init(ring);
	err = pool_alloc(ring);
	if (err)
		goto err_free;
	return 0;

err_free:
	blkfront_ring_free(ring);
	return err;
}

/**
 * blkfront_ring_free() - undo blkfront_ring_alloc()
 * @ring: a stopped ring with nothing out
 */
void blkfront_ring_free(struct blkfront_ring *ring)
{
	unsigned int i;

	if (!ring->bf)
		return;
	cancel_delayed_work_sync(&ring->reclaim);
	xpv_grant_pool_exit(&ring->pool);
	for (i = 0; ring->desc && i < ring->nr_shadows; i++)
		if (ring->desc[i].page)
			__free_page(ring->desc[i].page);
	kvfree(ring->desc_free);
	kvfree(ring->desc);
	kvfree(ring->all_grants);
	kvfree(ring->shadows);
	ring->desc_free = NULL;
	ring->desc = NULL;
	ring->all_grants = NULL;
	ring->shadows = NULL;
	ring->nr_shadows = 0;
}

/**
 * blkfront_ring_open() - ring memory and channel for a connection
 * @ring: the ring; nothing happens if it is open
 * @order: the largest ring wanted; a smaller one is taken if memory is short
 *
 * Return: 0 or a negative errno.
 */
int blkfront_ring_open(struct blkfront_ring *ring, unsigned int order)
{
	struct xpv_device *dev = ring->bf->dev;
	int err;

	if (!ring->mem.mem) {
		while ((err = xpv_ring_grant(&ring->mem, dev, order)) &&
		       order)
			order--;
		if (err)
			return xpv_device_fail(dev, err, "cannot grant a ring");
		xpv_front_ring_init(&ring->ring, ring->mem.mem,
				    ring->mem.nr * XEN_PAGE_SIZE,
				    sizeof(struct blkif_request));
	}
	if (ring->ch.irq)
		return 0;
	err = xpv_evtchn_alloc(dev, &ring->ch, ring_event, ring, ring->index);
	if (err)
		xpv_device_fail(dev, err, "cannot open an event channel");
	return err;
}

/* A descriptor page for every slot; granted as long as we are connected. */
static int grant_descriptors(struct blkfront_ring *ring)
{
	struct blkfront_grant *desc;
	int err;

	while (ring->nr_desc < ring->ring.nr) {
		desc = &ring->desc[ring->nr_desc];
		if (!desc->page)
			desc->page = alloc_page(GFP_NOIO | __GFP_ZERO);
		if (!desc->page)
			return -ENOMEM;
		err = xpv_grant_page(&ring->pool, desc->page, true,
				     &desc->ref);
		if (err)
			return err;
		ring->desc_free[ring->nr_desc] = ring->nr_desc;
		ring->nr_desc++;
	}
	return 0;
}

/* What the backend still maps it keeps; we get another page next time. */
static void revoke_descriptors(struct blkfront_ring *ring)
{
	unsigned int i;

	for (i = 0; i < ring->nr_shadows; i++) {
		struct blkfront_grant *desc = &ring->desc[i];

		if (desc->ref == INVALID_GRANT_REF)
			continue;
		if (!xpv_grant_try_end(&ring->pool, desc->ref)) {
			xpv_grant_abandon(&ring->pool, desc->ref, desc->page);
			__free_page(desc->page);
			desc->page = NULL;
		}
		desc->ref = INVALID_GRANT_REF;
	}
	ring->nr_desc = 0;
}

/**
 * blkfront_ring_prepare() - learn how much the backend takes per request
 * @ring: an open ring, not started
 * @indirect: most segments of an indirect request, 0 if there are none
 *
 * Without memory for descriptors the ring carries small requests only.
 */
void blkfront_ring_prepare(struct blkfront_ring *ring, unsigned int indirect)
{
	unsigned int segs = min(indirect, ring->bf->max_segs);

	if (segs > BLKFRONT_DIRECT_SEGS && grant_descriptors(ring))
		segs = 0;
	spin_lock_irq(&ring->lock);
	ring->max_segs = max_t(unsigned int, segs, BLKFRONT_DIRECT_SEGS);
	spin_unlock_irq(&ring->lock);
}

/**
 * blkfront_ring_start() - let requests pass
 * @ring: a prepared ring
 */
void blkfront_ring_start(struct blkfront_ring *ring)
{
	spin_lock_irq(&ring->lock);
	ring->live = !ring->dead;
	blkfront_ring_kick(ring);
	spin_unlock_irq(&ring->lock);
}

static void lose(struct blkfront_ring *ring, struct blkfront_shadow *shadow,
		 struct blkfront_batch *batch)
	__must_hold(&ring->lock)
{
	shadow->desc = BLKFRONT_NONE;
	blkfront_request_lose(ring, shadow, batch);
}

/**
 * blkfront_ring_stop() - the connection is over
 * @ring: a ring in any state
 *
 * Answers that are there count. What has none goes back to the block layer,
 * to be put again on the next connection.
 */
void blkfront_ring_stop(struct blkfront_ring *ring)
{
	struct blkfront_batch batch;
	bool live;

	blkfront_batch_init(&batch);
	spin_lock_irq(&ring->lock);
	live = ring->live;
	ring->live = false;
	spin_unlock_irq(&ring->lock);
	xpv_evtchn_close(&ring->ch);

	spin_lock_irq(&ring->lock);
	if (live)
		ring_reap(ring, &batch);
	ring_for_each_out(ring, lose, &batch);
	revoke_descriptors(ring);
	ring->stuck = false;
	if (ring->lost)
		schedule_delayed_work(&ring->reclaim, RECLAIM_EVERY);
	spin_unlock_irq(&ring->lock);

	blkfront_batch_finish(ring, &batch);
	xpv_ring_revoke(&ring->mem);
}

/**
 * blkfront_ring_fail() - fail what waits, now and from now on
 * @ring: a ring in any state
 *
 * Context: process; beside the lane.
 */
void blkfront_ring_fail(struct blkfront_ring *ring)
{
	struct blkfront_batch batch;

	blkfront_batch_init(&batch);
	spin_lock_irq(&ring->lock);
	ring->live = false;
	ring->dead = true;
	ring_for_each_out(ring, blkfront_request_fail, &batch);
	blkfront_ring_kick(ring);
	spin_unlock_irq(&ring->lock);
	blkfront_batch_finish(ring, &batch);
}

/**
 * blkfront_ring_revive() - undo blkfront_ring_fail() for a new disk
 * @ring: a stopped ring
 */
void blkfront_ring_revive(struct blkfront_ring *ring)
{
	spin_lock_irq(&ring->lock);
	ring->dead = READ_ONCE(ring->bf->aborted);
	spin_unlock_irq(&ring->lock);
}
