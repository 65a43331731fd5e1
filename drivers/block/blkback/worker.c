// SPDX-License-Identifier: GPL-2.0
/*
 * A ring's worker: takes requests until the ring is empty, ends the event that
 * called it, and rests until the next.
 *
 * The event channel stays quiet meanwhile. A run is bounded, so that a guest
 * which never stops asking shares the processors with the others.
 */
#include <linux/blkdev.h>
#include <linux/errno.h>
#include <linux/list.h>
#include <linux/sched/mm.h>

#include "blkback.h"

/* Requests of one run. */
#define RING_BUDGET	128

/*
 * How many requests wait. When it says none, the guest has been asked for an
 * event. A guest that claims the impossible is not listened to any more.
 */
static int ring_waiting(struct blkback_ring *ring)
{
	int waiting = xpv_back_ring_pending(&ring->shared);

	if (!waiting)
		waiting = xpv_back_ring_final_check(&ring->shared);
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
 * Return: 0 when the ring is empty, and an event will come; 1 when there may
 * be more; or an error when it makes no sense to go on now: -EBUSY until the
 * busy requests are done, others until the ring is connected again.
 */
static int ring_serve(struct blkback_ring *ring)
{
	unsigned int budget;
	int waiting = 0;

	for (budget = RING_BUDGET; budget; budget--) {
		if (!ring->held) {
			if (test_bit(RING_STOPPING, &ring->flags))
				return -ESHUTDOWN;
			if (!waiting)
				waiting = ring_waiting(ring);
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

static void ring_end_event(struct blkback_ring *ring)
{
	if (!ring->eoi_owed)
		return;
	ring->eoi_owed = false;
	xpv_evtchn_eoi(&ring->ch, ring->worked);
	ring->worked = false;
}

static void ring_set_serving(struct blkback_ring *ring, bool serving)
{
	spin_lock_bh(&ring->lock);
	ring->serving = serving;
	if (!serving)
		wake_up(&ring->idle);
	spin_unlock_bh(&ring->lock);
}

/**
 * ring_work() - the worker
 * @work: of a connected ring
 *
 * It must not wait for a disk of this domain to write memory out: that disk
 * may be one we serve.
 */
void ring_work(struct work_struct *work)
{
	struct blkback_ring *ring =
		container_of(work, struct blkback_ring, work);
	unsigned int noio = memalloc_noio_save();
	struct blk_plug plug;
	int left;

	ring_set_serving(ring, true);
	if (test_and_clear_bit(RING_EVENT, &ring->flags))
		ring->eoi_owed = true;
	vbd_limits(&ring->be->vbd, &ring->limits);

	blk_start_plug(&plug);
	left = ring_serve(ring);
	blk_finish_plug(&plug);

	if (left > 0)
		ring_kick(ring);
	if (left == 0) {
		ring_end_event(ring);
		xpv_map_pool_shrink(&ring->pool, blkback_max_buffer_pages);
	}
	ring_set_serving(ring, false);
	memalloc_noio_restore(noio);
}

static struct blkback_request *next_discard(struct blkback_ring *ring)
{
	struct blkback_request *req;

	spin_lock_bh(&ring->lock);
	req = list_first_entry_or_null(&ring->discards, struct blkback_request,
				       link);
	if (req)
		list_del(&req->link);
	spin_unlock_bh(&ring->lock);
	return req;
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
	struct blkback_request *req;

	while ((req = next_discard(ring)))
		io_discard(req);
	memalloc_noio_restore(noio);
}
