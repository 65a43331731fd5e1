// SPDX-License-Identifier: GPL-2.0
/* What the block layer calls for each request. */
#include <linux/blk-mq.h>
#include <linux/rcupdate.h>
#include "blkfront.h"

/* When to try again to have memory, if nothing has come back by then. */
#define WAIT_FOR_MEMORY	(HZ / 50 + 1)

/* What became of a request's grants before the ring was locked. */
enum filled {
	FILL_NOT_TRIED,		/* not connected */
	FILL_FAILED,
	FILL_DONE,
};

/*
 * A request that has to wait stops its queue under the ring's lock, under
 * which blkfront_ring_kick() starts it again, so neither overtakes the other.
 *
 * What it waits for may have come meanwhile, without anybody to kick: another
 * ring, that the queue was moved to; a connection, after @filled found none;
 * or grants, given back before the queue was seen to be stopped, which pairs
 * with kick_waiting(). Memory comes back from anywhere, so for that there is a
 * second look after a while.
 */
static void queue_wait(struct blkfront_ring *ring, struct blk_mq_hw_ctx *hctx,
		       struct request *rq, enum filled filled)
	__must_hold(&ring->lock)
{
	WRITE_ONCE(ring->stopped, ring->stopped | BIT(hctx->queue_num));
	blk_mq_stop_hw_queue(hctx);
	smp_mb();	/* @stopped set before grants are counted */
	if (ring != READ_ONCE(hctx->driver_data) ||
	    (ring->live && filled == FILL_NOT_TRIED) ||
	    (filled == FILL_FAILED &&
	     xpv_grant_cache_has(&ring->data, blk_rq_nr_phys_segments(rq))))
		blkfront_ring_kick(ring);
	else if (ring->live &&
		 (filled == FILL_FAILED || ring->free == ring->nr_shadows))
		queue_delayed_work(xpv_prompt_queue, &ring->reclaim,
				   WAIT_FOR_MEMORY);
}

/*
 * BLK_STS_RESOURCE, not _DEV_RESOURCE: the queue may start again before the
 * block layer has put the request back, with none out whose end would run it.
 */
static blk_status_t queue_one(struct blkfront_ring *ring,
			      struct blk_mq_hw_ctx *hctx, struct request *rq,
			      bool push)
{
	enum filled filled = FILL_NOT_TRIED;
	blk_status_t status = BLK_STS_OK;
	struct blkfront_batch batch;
	unsigned long flags;
	bool notify = false;

	/* Pairs with blkfront_ring_start(). */
	if (smp_load_acquire(&ring->live)) {
		status = blkfront_request_fill(ring, rq);
		filled = status == BLK_STS_OK ? FILL_DONE : FILL_FAILED;
	}
	blkfront_batch_init(&batch);
	spin_lock_irqsave(&ring->lock, flags);
	if (filled != FILL_FAILED || !ring->live)
		status = blkfront_request_put(ring, rq, &batch);
	if (status == BLK_STS_RESOURCE)
		queue_wait(ring, hctx, rq, filled);
	if (push || status != BLK_STS_OK)
		notify = blkfront_ring_push(ring);
	spin_unlock_irqrestore(&ring->lock, flags);

	if (notify)
		xpv_evtchn_notify(&ring->ch);
	if (status != BLK_STS_OK)
		blkfront_request_undo(ring, rq);
	if (batch.first)
		blkfront_batch_finish(ring, &batch);
	return status;
}

/* The connection does not end in the midst: see blkfront_ring_halt(). */
static blk_status_t queue_rq(struct blk_mq_hw_ctx *hctx,
			     const struct blk_mq_queue_data *bd)
{
	blk_status_t status;

	rcu_read_lock();
	status = queue_one(READ_ONCE(hctx->driver_data), hctx, bd->rq,
			   bd->last);
	rcu_read_unlock();
	return status;
}

/*
 * If the queue was moved to another ring, what was put was never pushed, and
 * was given up with its connection.
 */
static void commit_rqs(struct blk_mq_hw_ctx *hctx)
{
	struct blkfront_ring *ring;
	unsigned long flags;
	bool notify;

	rcu_read_lock();
	ring = READ_ONCE(hctx->driver_data);
	spin_lock_irqsave(&ring->lock, flags);
	notify = blkfront_ring_push(ring);
	spin_unlock_irqrestore(&ring->lock, flags);
	if (notify)
		xpv_evtchn_notify(&ring->ch);
	rcu_read_unlock();
}

static void complete_rq(struct request *rq)
{
	struct blkfront_cmd *cmd = blk_mq_rq_to_pdu(rq);

	blk_mq_end_request(rq, cmd->status);
}

/*
 * A request that is out cannot be taken back while the backend may still
 * carry it out. So a late answer is waited for, and reported once.
 */
static enum blk_eh_timer_return timed_out(struct request *rq)
{
	struct blkfront_ring *ring = READ_ONCE(rq->mq_hctx->driver_data);
	struct blkfront *bf = ring->bf;
	unsigned int out;
	bool first;

	spin_lock_irq(&ring->lock);
	first = !ring->stuck;
	ring->stuck = true;
	out = ring->nr_shadows - ring->free;
	spin_unlock_irq(&ring->lock);

	if (first)
		xpv_warn(bf->dev, "%s: backend in domain %d has not answered sector %llu for %u s, %u requests wait\n",
			 bf->vdev.name, bf->dev->otherend_id,
			 (u64)blk_rq_pos(rq), rq->timeout / HZ, out);
	return BLK_EH_RESET_TIMER;
}

/*
 * Polled requests do as well on a ring that brings events. The others must not
 * be on one that brings none.
 */
static struct blkfront_ring *ring_of(struct blkfront *bf, unsigned int index)
{
	unsigned int queues = bf->nr_queues - bf->nr_poll_queues;
	unsigned int rings = bf->nr_rings - bf->nr_polled;

	if (index >= queues && bf->nr_polled)
		return &bf->rings[rings + (index - queues) % bf->nr_polled];
	return &bf->rings[index % rings];
}

/**
 * blkfront_queue_map() - spread the disk's queues over a connection's rings
 * @bf: a device none of whose rings is live
 *
 * How many queues a disk has cannot change while requests wait for the very
 * connection, so several may share a ring, or some rings stay unused.
 */
void blkfront_queue_map(struct blkfront *bf)
{
	unsigned int i;

	for (i = 0; i < bf->nr_queues; i++)
		WRITE_ONCE(bf->hctx[i]->driver_data, ring_of(bf, i));
}

/**
 * blkfront_queue_spread() - take a ring's events where its requests come from
 * @bf: a connected device with a disk
 *
 * Else one CPU takes them all, and has to interrupt the others.
 */
void blkfront_queue_spread(struct blkfront *bf)
{
	unsigned int nr = min(bf->nr_queues - bf->nr_poll_queues,
			      bf->nr_rings - bf->nr_polled);
	unsigned int i;

	for (i = 0; nr > 1 && i < nr; i++)
		xpv_evtchn_prefer(&bf->rings[i].ch, bf->hctx[i]->cpumask);
}

static void map_queues(struct blk_mq_tag_set *set)
{
	const struct blkfront *bf = set->driver_data;
	struct blk_mq_queue_map *map = set->map;

	map[HCTX_TYPE_DEFAULT].nr_queues = bf->nr_queues - bf->nr_poll_queues;
	blk_mq_map_queues(&map[HCTX_TYPE_DEFAULT]);
	if (set->nr_maps <= HCTX_TYPE_POLL)
		return;
	map[HCTX_TYPE_READ].nr_queues = 0;
	map[HCTX_TYPE_POLL].nr_queues = bf->nr_poll_queues;
	map[HCTX_TYPE_POLL].queue_offset = map[HCTX_TYPE_DEFAULT].nr_queues;
	blk_mq_map_queues(&map[HCTX_TYPE_POLL]);
}

static int poll(struct blk_mq_hw_ctx *hctx, struct io_comp_batch *iob)
{
	return blkfront_ring_poll(READ_ONCE(hctx->driver_data));
}

static int init_hctx(struct blk_mq_hw_ctx *hctx, void *data,
		     unsigned int index)
{
	struct blkfront *bf = data;

	hctx->driver_data = ring_of(bf, index);
	bf->hctx[index] = hctx;
	return 0;
}

static void exit_hctx(struct blk_mq_hw_ctx *hctx, unsigned int index)
{
	struct blkfront_ring *ring = hctx->driver_data;
	struct blkfront *bf = ring->bf;
	unsigned int i;

	for (i = 0; i < bf->max_rings; i++) {
		ring = &bf->rings[i];
		spin_lock_irq(&ring->lock);
		__clear_bit(index, &ring->stopped);
		spin_unlock_irq(&ring->lock);
	}
}

const struct blk_mq_ops blkfront_mq_ops = {
	.queue_rq = queue_rq,
	.commit_rqs = commit_rqs,
	.complete = complete_rq,
	.timeout = timed_out,
	.init_hctx = init_hctx,
	.exit_hctx = exit_hctx,
	.map_queues = map_queues,
	.poll = poll,
};
