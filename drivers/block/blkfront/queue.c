// SPDX-License-Identifier: GPL-2.0
/* What the block layer calls for each request. */
#include <linux/blk-mq.h>
#include "blkfront.h"

/*
 * A request that has to wait stops the queue under the ring's lock, under
 * which blkfront_ring_kick() starts it again, so neither overtakes the other.
 * BLK_STS_RESOURCE, not _DEV_RESOURCE: the queue may start again before the
 * block layer has put the request back, with none out whose end would run it.
 */
static blk_status_t queue_rq(struct blk_mq_hw_ctx *hctx,
			     const struct blk_mq_queue_data *bd)
{
	struct blkfront_ring *ring = hctx->driver_data;
	struct blkfront_batch batch;
	unsigned long flags;
	blk_status_t status;

	blkfront_batch_init(&batch);
	spin_lock_irqsave(&ring->lock, flags);
	status = blkfront_request_put(ring, bd->rq, &batch);
	if (status == BLK_STS_RESOURCE) {
		ring->stopped = true;
		blk_mq_stop_hw_queue(hctx);
	}
	if (bd->last || status != BLK_STS_OK)
		blkfront_ring_push(ring);
	spin_unlock_irqrestore(&ring->lock, flags);

	blkfront_batch_finish(ring, &batch);
	return status;
}

static void commit_rqs(struct blk_mq_hw_ctx *hctx)
{
	struct blkfront_ring *ring = hctx->driver_data;
	unsigned long flags;

	spin_lock_irqsave(&ring->lock, flags);
	blkfront_ring_push(ring);
	spin_unlock_irqrestore(&ring->lock, flags);
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
	struct blkfront_ring *ring = rq->mq_hctx->driver_data;
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

static int init_hctx(struct blk_mq_hw_ctx *hctx, void *data,
		     unsigned int index)
{
	struct blkfront *bf = data;
	struct blkfront_ring *ring = &bf->rings[index];

	hctx->driver_data = ring;
	spin_lock_irq(&ring->lock);
	ring->hctx = hctx;
	ring->stopped = false;
	spin_unlock_irq(&ring->lock);
	return 0;
}

static void exit_hctx(struct blk_mq_hw_ctx *hctx, unsigned int index)
{
	struct blkfront_ring *ring = hctx->driver_data;

	spin_lock_irq(&ring->lock);
	ring->hctx = NULL;
	spin_unlock_irq(&ring->lock);
}

const struct blk_mq_ops blkfront_mq_ops = {
	.queue_rq = queue_rq,
	.commit_rqs = commit_rqs,
	.complete = complete_rq,
	.timeout = timed_out,
	.init_hctx = init_hctx,
	.exit_hctx = exit_hctx,
};
