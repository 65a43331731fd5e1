// SPDX-License-Identifier: GPL-2.0
/*
 * A ring to the backend: its memory, its channel, and what is out on it.
 *
 *   open	a connection's life: ring memory and channel, to be published
 *   prepare	grants, of the kind and number that the backend's keys call for
 *   start	requests may pass
 *   halt	no more requests pass
 *   stop	the connection ends; what was not answered is sent again later
 *   fail	nothing will be sent again: the disk goes
 *
 * All but fail run in the device's lane.
 */
#include <linux/mm.h>
#include <linux/slab.h>
#include <xen/page.h>
#include "blkfront.h"

/* Grants beyond this are worth less than what they cost others. */
#define DATA_MAX	2048U

static unsigned int ring_slots(unsigned int order)
{
	return xpv_ring_slots(XEN_PAGE_SIZE << order,
			      sizeof(struct blkif_request));
}

/**
 * blkfront_ring_push() - publish what was put
 * @ring: the ring, locked
 *
 * Return: whether the backend wants an event, which is sent without the lock,
 * but in the same read-side section of RCU: see blkfront_ring_halt().
 */
bool blkfront_ring_push(struct blkfront_ring *ring)
{
	lockdep_assert_held(&ring->lock);
	return ring->live && ring->ring.prod != ring->ring.pushed &&
	       xpv_front_ring_push(&ring->ring);
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
	unsigned long stopped = ring->stopped;
	unsigned int i;

	lockdep_assert_held(&ring->lock);
	WRITE_ONCE(ring->stopped, 0);
	for_each_set_bit(i, &stopped, BLKFRONT_MAX_RINGS)
		blk_mq_start_stopped_hw_queue(ring->bf->hctx[i], true);
}

/*
 * Take what answers there are: never more than requests that are out.
 * Return: how many; 0 too if one is such that the ring is of no use any more.
 */
static unsigned int ring_take_pending(struct blkfront_ring *ring,
				      struct blkfront_batch *batch)
	__must_hold(&ring->lock)
{
	int n = xpv_front_ring_pending(&ring->ring), i;
	struct blkif_response rsp;

	if (n < 0) {
		snprintf(batch->why, sizeof(batch->why),
			 "backend answered more than was asked");
		goto broken;
	}
	for (i = 0; i < n; i++) {
		xpv_front_ring_get(&ring->ring, &rsp, sizeof(rsp));
		if (!blkfront_answer(ring, &rsp, batch))
			goto broken;
	}
	if (n)
		ring->stuck = false;
	return n;

broken:
	ring->live = false;
	ring->answers = false;
	return 0;
}

/*
 * Take the answers that are there, and then those that came meanwhile, as long
 * as it @may. The last look arms the next event.
 * Return: whether there was any.
 */
static bool ring_reap(struct blkfront_ring *ring, const bool *may)
{
	struct blkfront_batch batch;
	unsigned long flags;
	bool any = false;
	unsigned int n;

	while (xpv_front_ring_pending(&ring->ring) ||
	       xpv_front_ring_final_check(&ring->ring)) {
		n = 0;
		blkfront_batch_init(&batch);
		spin_lock_irqsave(&ring->lock, flags);
		if (*may)
			n = ring_take_pending(ring, &batch);
		spin_unlock_irqrestore(&ring->lock, flags);
		blkfront_batch_finish(ring, &batch);
		if (!n)
			break;
		any = true;
	}
	return any;
}

/**
 * blkfront_ring_poll() - take the answers that are there
 * @ring: any ring
 *
 * Context: process.
 * Return: how many there were.
 */
unsigned int blkfront_ring_poll(struct blkfront_ring *ring)
{
	struct blkfront_batch batch;
	unsigned long flags;
	int n = 0;

	if (!ring->polled)
		return 0;
	blkfront_batch_init(&batch);
	spin_lock_irqsave(&ring->lock, flags);
	if (ring->live)
		n = ring_take_pending(ring, &batch);
	spin_unlock_irqrestore(&ring->lock, flags);
	blkfront_batch_finish(ring, &batch);
	return n;
}

/*
 * A polled ring has an event for its first answer, and no other. Whoever polls
 * takes that too.
 */
static void ring_event(void *arg)
{
	struct blkfront_ring *ring = arg;
	bool worked = !ring->polled && ring_reap(ring, &ring->live);

	xpv_evtchn_eoi(&ring->ch, worked);
}

/* Give up what is out. */
static void ring_give_up(struct blkfront_ring *ring, bool again,
			 struct blkfront_batch *batch)
	__must_hold(&ring->lock)
{
	unsigned int i;

	for (i = 0; i < ring->nr_shadows; i++)
		if (ring->shadows[i].asked.out)
			blkfront_give_up(ring, &ring->shadows[i], again,
					 batch);
}

static void ring_reclaim(struct work_struct *work)
{
	struct blkfront_ring *ring = container_of(to_delayed_work(work),
						  struct blkfront_ring,
						  reclaim);

	blkfront_reclaim_lost(ring);
	spin_lock_irq(&ring->lock);
	blkfront_ring_kick(ring);
	spin_unlock_irq(&ring->lock);
}

/**
 * blkfront_ring_init() - set up a ring that has nothing yet
 * @ring: zeroed memory
 * @bf: the device
 * @index: the ring's number
 */
void blkfront_ring_init(struct blkfront_ring *ring, struct blkfront *bf,
			unsigned int index)
{
	ring->bf = bf;
	ring->index = index;
	spin_lock_init(&ring->lock);
	xpv_relics_init(&ring->relics);
	INIT_DELAYED_WORK(&ring->reclaim, ring_reclaim);
	INIT_WORK(&ring->finish, blkfront_finish_polled);
}

static void shadows_init(struct blkfront_shadow *shadows, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		shadows[i].next = i + 1;
	shadows[nr - 1].next = BLKFRONT_NONE;
}

/*
 * What a ring needs from its first connection to the device's end. The shadows
 * come last, since blkfront_ring_fail() may look at any time.
 */
static int ring_alloc(struct blkfront_ring *ring)
{
	struct xpv_device *dev = ring->bf->dev;
	unsigned int nr = ring_slots(ring->bf->order);
	unsigned int segs = ring->bf->max_segs;
	struct blkfront_shadow *shadows;
	int err;

	if (ring->shadows)
		return 0;
	shadows = xpv_fault(dev, "shadows") ? NULL :
		  kvcalloc(nr, sizeof(*shadows), GFP_NOIO);
	if (!shadows)
		return -ENOMEM;
	shadows_init(shadows, nr);
	err = xpv_grant_cache_init(&ring->data, dev,
				   min(nr * segs, max(DATA_MAX, 2 * segs)));
	if (!err)
		err = xpv_grant_cache_init(&ring->descs, dev,
					   nr * max(blkfront_descs(segs), 1U));
	if (err)
		goto err_free;

	spin_lock_irq(&ring->lock);
	ring->shadows = shadows;
	ring->nr_shadows = nr;
	ring->free = nr;
	ring->free_head = 0;
	spin_unlock_irq(&ring->lock);
	return 0;

err_free:
	xpv_grant_cache_exit(&ring->data);
	kvfree(shadows);
	return err;
}

/**
 * blkfront_ring_mapped() - look for pages that should be back
 * @ring: a stopped ring
 *
 * Return: how many the backend still maps.
 */
unsigned int blkfront_ring_mapped(struct blkfront_ring *ring)
{
	if (!ring->shadows)
		return 0;
	return xpv_grant_cache_reclaim(&ring->data) +
	       xpv_grant_cache_reclaim(&ring->descs);
}

/**
 * blkfront_ring_free() - free what a ring has had
 * @ring: a stopped ring with nothing out
 */
void blkfront_ring_free(struct blkfront_ring *ring)
{
	cancel_delayed_work_sync(&ring->reclaim);
	flush_work(&ring->finish);
	xpv_relics_exit(&ring->relics);
	xpv_grant_cache_exit(&ring->descs);
	xpv_grant_cache_exit(&ring->data);
	kvfree(ring->shadows);
	ring->shadows = NULL;
	ring->nr_shadows = 0;
}

/**
 * blkfront_ring_open() - ring memory and channel for a connection
 * @ring: a ring without memory
 * @order: number of pages, as a power of two
 *
 * Return: 0 or a negative errno.
 */
int blkfront_ring_open(struct blkfront_ring *ring, unsigned int order)
{
	struct xpv_device *dev = ring->bf->dev;
	int err;

	err = ring_alloc(ring);
	if (!err)
		err = xpv_relics_reserve(&ring->relics, dev);
	if (!err)
		err = xpv_ring_grant(&ring->mem, dev, order);
	if (err)
		return err;
	xpv_front_ring_init(&ring->ring, ring->mem.mem,
			    ring->mem.nr * XEN_PAGE_SIZE,
			    sizeof(struct blkif_request));
	if (ring->ch.irq)
		return 0;
	return xpv_evtchn_alloc(dev, &ring->ch, ring_event, ring, ring->index);
}

/**
 * blkfront_ring_prepare() - get ready for what the backend can do
 * @ring: an open ring, not started
 * @segs: most segments of a request, at least %BLKFRONT_DIRECT_SEGS
 * @unit: what sectors count, as a power of two of 512 bytes
 * @bounce: data goes through pages of our own
 * @polled: answers bring no events
 *
 * There must always be grants for the largest request, which may have been
 * made for another backend, so that it only ever waits for other requests.
 *
 * Return: 0 or a negative errno.
 */
int blkfront_ring_prepare(struct blkfront_ring *ring, unsigned int segs,
			  unsigned int unit, bool bounce, bool polled)
{
	unsigned int most = max(segs, ring->bf->segs);
	unsigned int descs = DIV_ROUND_UP(most, segs) * blkfront_descs(segs);
	int err;

	err = xpv_grant_cache_open(&ring->data, bounce, most);
	if (!err)
		err = xpv_grant_cache_open(&ring->descs, true, descs);
	if (err)
		return xpv_device_fail(ring->bf->dev, err,
				       "no grants for queue %u", ring->index);
	ring->bounce = bounce;
	ring->polled = polled;
	ring->max_segs = segs;
	ring->unit = unit;
	return 0;
}

/**
 * blkfront_ring_start() - let requests pass
 * @ring: a prepared ring, or one that this connection does not have
 */
void blkfront_ring_start(struct blkfront_ring *ring)
{
	spin_lock_irq(&ring->lock);
	/* What was prepared is seen by whoever sees this: see queue_one(). */
	smp_store_release(&ring->live, ring->mem.mem && !ring->dead);
	blkfront_ring_kick(ring);
	spin_unlock_irq(&ring->lock);
}

/**
 * blkfront_ring_halt() - let no more requests pass
 * @ring: a ring in any state
 *
 * Whoever was putting one is through after a grace period.
 *
 * Return: whether requests were passing.
 */
bool blkfront_ring_halt(struct blkfront_ring *ring)
{
	bool live;

	spin_lock_irq(&ring->lock);
	live = ring->live;
	ring->answers = live;
	ring->live = false;
	spin_unlock_irq(&ring->lock);
	return live;
}

/**
 * blkfront_ring_stop() - the connection is over
 * @ring: a ring that was halted
 *
 * Answers that are there count. What has none goes back to the block layer,
 * to be put again on the next connection, once it cannot come late.
 */
void blkfront_ring_stop(struct blkfront_ring *ring)
{
	struct blkfront_batch batch;

	if (!ring->shadows)
		return;
	blkfront_batch_init(&batch);
	xpv_evtchn_close(&ring->ch);
	if (ring->mem.mem)
		ring_reap(ring, &ring->answers);
	xpv_relics_add(&ring->relics, &ring->mem, ring->connection);
	spin_lock_irq(&ring->lock);
	ring->answers = false;
	ring->stuck = false;
	ring_give_up(ring, true, &batch);
	ring->connection++;
	spin_unlock_irq(&ring->lock);

	blkfront_batch_finish(ring, &batch);
	xpv_grant_cache_close(&ring->descs);
	xpv_grant_cache_close(&ring->data);
	blkfront_reclaim_soon(ring);
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
	ring->answers = false;
	ring->dead = true;
	ring_give_up(ring, false, &batch);
	blkfront_ring_kick(ring);
	spin_unlock_irq(&ring->lock);
	blkfront_batch_finish(ring, &batch);
	blkfront_fail_lost(ring);
}

/**
 * blkfront_ring_revive() - undo blkfront_ring_fail() for a new connection
 * @ring: a stopped ring
 */
void blkfront_ring_revive(struct blkfront_ring *ring)
{
	spin_lock_irq(&ring->lock);
	ring->dead = READ_ONCE(ring->bf->aborted);
	spin_unlock_irq(&ring->lock);
}
