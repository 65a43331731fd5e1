// SPDX-License-Identifier: GPL-2.0
/*
 * Answers, and what becomes of requests that get none.
 *
 * A part of a request is over when the backend has answered it, or is gone.
 * That is found under the ring's lock. A request all of whose parts are over
 * then is nobody else's: its data is copied, its grants are taken back and it
 * is completed without the lock, as a batch.
 *
 * Nobody gets a page back that another domain can still reach, and nothing is
 * sent again while an earlier backend still can carry it out: as long as one
 * of its pages is mapped, or the ring of one that changes the disk, a request is
 * lost.
 */
#include <linux/blk-mq.h>
#include <linux/minmax.h>
#include <linux/nospec.h>
#include <linux/string.h>
#include "blkfront.h"

/*
 * When to look whether a gone backend's mappings are gone too: soon, since most
 * unmap as they go, and then less and less often. Jiffies.
 */
#define RECLAIM_FIRST	1
#define RECLAIM_EVERY	(HZ / 10)

static void shadow_give(struct blkfront_ring *ring,
			struct blkfront_shadow *shadow)
	__must_hold(&ring->lock)
{
	xpv_grant_cache_give(&ring->descs, &shadow->desc);
	shadow->asked.out = false;
	shadow->next = ring->free_head;
	ring->free_head = shadow - ring->shadows;
	ring->free++;
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

/* One part of a request is over; the last one makes it over as a whole. */
static void part_over(struct blkfront_ring *ring,
		      struct blkfront_shadow *shadow, blk_status_t status,
		      bool again, struct blkfront_batch *batch)
	__must_hold(&ring->lock)
{
	struct blkfront_cmd *cmd = blk_mq_rq_to_pdu(shadow->rq);

	shadow_give(ring, shadow);
	if (status != BLK_STS_OK)
		cmd->status = status;
	cmd->again |= again;
	if (!--cmd->parts)
		blkfront_batch_add(batch, cmd);
}

static void drop_operation(struct blkfront_ring *ring, enum blkfront_can what,
			   const char *name, struct blkfront_batch *batch)
{
	if (!test_and_clear_bit(what, &ring->bf->can))
		return;
	xpv_info(ring->bf->dev, "backend refuses %s: not used any more\n",
		 name);
	batch->limits = true;
}

/*
 * The backend does not do what it offered. A discard was only a hint. Without
 * a flush a barrier may do; without both there is no cache to flush.
 */
static blk_status_t unsupported(struct blkfront_ring *ring,
				const struct blkfront_asked *asked, bool *again,
				struct blkfront_batch *batch)
	__must_hold(&ring->lock)
{
	switch (asked->op) {
	case BLKIF_OP_DISCARD:
		if (asked->secure)
			drop_operation(ring, BLKFRONT_CAN_SECURE,
				       "secure discard", batch);
		else
			drop_operation(ring, BLKFRONT_CAN_DISCARD, "discard",
				       batch);
		return BLK_STS_NOTSUPP;
	case BLKIF_OP_FLUSH_DISKCACHE:
		drop_operation(ring, BLKFRONT_CAN_FLUSH, "flush", batch);
		*again = true;
		return BLK_STS_OK;
	case BLKIF_OP_WRITE_BARRIER:
		drop_operation(ring, BLKFRONT_CAN_BARRIER, "barrier", batch);
		*again = true;
		return BLK_STS_OK;
	default:
		return BLK_STS_IOERR;
	}
}

static blk_status_t judge(struct blkfront_ring *ring,
			  const struct blkfront_asked *asked, s16 status,
			  bool *again, struct blkfront_batch *batch)
	__must_hold(&ring->lock)
{
	unsigned long *can = &ring->bf->can;
	bool worked = test_bit(BLKFRONT_DISCARD_WORKED, can);

	switch (blkfront_answer_says(asked, status, worked)) {
	case BLKFRONT_DONE:
		if (asked->op == BLKIF_OP_DISCARD && !asked->secure && !worked)
			set_bit(BLKFRONT_DISCARD_WORKED, can);
		return BLK_STS_OK;
	case BLKFRONT_REFUSED:
		return unsupported(ring, asked, again, batch);
	case BLKFRONT_FAILED:
		break;
	}
	return BLK_STS_IOERR;
}

/* Return: NULL if it answers nothing; then @batch says what is wrong. */
static struct blkfront_shadow *answered(struct blkfront_ring *ring,
					const struct blkif_response *rsp,
					struct blkfront_batch *batch)
	__must_hold(&ring->lock)
{
	int slot = blkfront_answer_slot(rsp, ring->nr_shadows), err = slot;
	struct blkfront_shadow *shadow = NULL;

	if (slot >= 0) {
		slot = array_index_nospec(slot, ring->nr_shadows);
		shadow = &ring->shadows[slot];
		err = blkfront_answer_check(&shadow->asked, rsp);
	}
	if (!err)
		return shadow;
	if (err == -EILSEQ)
		snprintf(batch->why, sizeof(batch->why),
			 "backend answered operation %u with %u",
			 shadow->asked.op, rsp->operation);
	else
		snprintf(batch->why, sizeof(batch->why),
			 "backend answered what was not asked (id %#llx)",
			 rsp->id);
	return NULL;
}

/**
 * blkfront_answer() - take an answer
 * @ring: the ring, locked
 * @rsp: private copy of what the backend wrote; untrusted
 * @batch: to be finished once the ring is unlocked
 *
 * Return: false if the answer is one that no backend may give. It is in
 * @batch then, and what was asked stays unanswered.
 */
bool blkfront_answer(struct blkfront_ring *ring,
		     const struct blkif_response *rsp,
		     struct blkfront_batch *batch)
{
	struct blkfront_shadow *shadow = answered(ring, rsp, batch);
	blk_status_t status;
	bool again = false;

	lockdep_assert_held(&ring->lock);
	if (!shadow)
		return false;
	status = judge(ring, &shadow->asked, rsp->status, &again, batch);
	part_over(ring, shadow, status, again, batch);
	return true;
}

/**
 * blkfront_give_up() - a part will not be answered
 * @ring: the ring, locked
 * @shadow: the part
 * @again: its request is sent again by the next connection, else it fails
 * @batch: to be finished once the ring is unlocked
 */
void blkfront_give_up(struct blkfront_ring *ring,
		      struct blkfront_shadow *shadow, bool again,
		      struct blkfront_batch *batch)
{
	lockdep_assert_held(&ring->lock);
	part_over(ring, shadow, again ? BLK_STS_OK : BLK_STS_IOERR, true,
		  batch);
}

/**
 * blkfront_reclaim_soon() - have lost requests and pages looked for
 * @ring: a ring whose connection just ended
 */
void blkfront_reclaim_soon(struct blkfront_ring *ring)
{
	WRITE_ONCE(ring->patience, RECLAIM_FIRST);
	mod_delayed_work(xpv_prompt_queue, &ring->reclaim, RECLAIM_FIRST);
}

static void reclaim_later(struct blkfront_ring *ring)
{
	queue_delayed_work(xpv_prompt_queue, &ring->reclaim,
			   READ_ONCE(ring->patience));
}

/* Return: whether it waits; false if the disk goes, so that it must not. */
static bool lost_add(struct blkfront_ring *ring, struct blkfront_cmd *cmd)
{
	unsigned long flags;
	bool waits;

	spin_lock_irqsave(&ring->lock, flags);
	waits = !ring->dead;
	if (waits) {
		cmd->next = ring->lost;
		ring->lost = cmd;
	}
	spin_unlock_irqrestore(&ring->lock, flags);
	if (waits)
		reclaim_later(ring);
	return waits;
}

static void cmd_abandon(struct blkfront_ring *ring, struct blkfront_cmd *cmd)
{
	xpv_grant_cache_abandon(&ring->data, &cmd->data);
	cmd->status = BLK_STS_IOERR;
}

/*
 * A discard needs no page, and of a write there may be a copy: both can be
 * carried out until the ring is unmapped. Done twice, they undo what was done
 * in between. A read or a flush does no harm.
 */
static bool is_on_relic(struct blkfront_ring *ring, struct blkfront_cmd *cmd)
{
	return op_is_write(req_op(blk_mq_rq_from_pdu(cmd))) &&
	       xpv_relics_has(&ring->relics, cmd->connection);
}

/*
 * What was not answered, or wrongly, may be carried out yet.
 * Return: whether the request can go on; if not, it is lost.
 */
static bool settle_again(struct blkfront_ring *ring, struct blkfront_cmd *cmd)
{
	if (xpv_grant_cache_revoke(&ring->data, &cmd->data) &&
	    !is_on_relic(ring, cmd))
		return true;
	if (lost_add(ring, cmd))
		return false;
	cmd_abandon(ring, cmd);
	return true;
}

/* As settle_again(), for a request that was answered. */
static bool settle(struct blkfront_ring *ring, struct blkfront_cmd *cmd,
		   struct xpv_grant_chain *back)
{
	struct request *rq = blk_mq_rq_from_pdu(cmd);

	if (cmd->again)
		return settle_again(ring, cmd);
	if (!cmd->data.nr)
		return true;
	if (ring->bounce) {
		if (cmd->status == BLK_STS_OK && rq_data_dir(rq) == READ)
			blkfront_copy(ring, rq);
	} else if (!xpv_grant_recall(&ring->data, &cmd->data)) {
		xpv_device_fail(ring->bf->dev, -EPROTO,
				"backend still maps pages of an answered request");
		cmd->again = true;
		return settle_again(ring, cmd);
	}
	xpv_grant_chain_join(&ring->data, back, &cmd->data);
	return true;
}

static void batch_settle(struct blkfront_ring *ring,
			 struct blkfront_batch *batch)
{
	struct blkfront_cmd **at = &batch->first, *cmd, *next;
	struct xpv_grant_chain back = {};

	for (cmd = batch->first; cmd; cmd = next) {
		next = cmd->next;
		if (settle(ring, cmd, &back))
			at = &cmd->next;
		else
			*at = next;
	}
	xpv_grant_cache_give(&ring->data, &back);
}

/*
 * Grants were given back: before it is seen whether somebody waits for them.
 * Pairs with queue_wait().
 */
static void kick_waiting(struct blkfront_ring *ring)
{
	unsigned long flags;

	smp_mb();	/* grants given before @stopped is read */
	if (!READ_ONCE(ring->stopped))
		return;
	spin_lock_irqsave(&ring->lock, flags);
	blkfront_ring_kick(ring);
	spin_unlock_irqrestore(&ring->lock, flags);
}

static void end_batch(struct io_comp_batch *iob)
{
	blk_mq_end_request_batch(iob);
}

static struct blkfront_cmd *list_out(struct blkfront_ring *ring,
				     struct blkfront_cmd **list)
{
	struct blkfront_cmd *first;

	spin_lock_irq(&ring->lock);
	first = *list;
	*list = NULL;
	spin_unlock_irq(&ring->lock);
	return first;
}

/**
 * blkfront_finish_polled() - complete requests that no interrupt may complete
 * @work: &blkfront_ring.finish
 */
void blkfront_finish_polled(struct work_struct *work)
{
	struct blkfront_ring *ring = container_of(work, struct blkfront_ring,
						  finish);
	struct blkfront_cmd *cmd, *next;

	for (cmd = list_out(ring, &ring->late); cmd; cmd = next) {
		next = cmd->next;
		blk_mq_end_request(blk_mq_rq_from_pdu(cmd), cmd->status);
	}
}

/*
 * The block layer relies on polled requests ending in process context, wherever
 * the answer came from: a backend may offer too few rings for one of them to be
 * polled.
 */
static void finish_later(struct blkfront_ring *ring, struct blkfront_cmd *cmd)
{
	unsigned long flags;

	spin_lock_irqsave(&ring->lock, flags);
	cmd->next = ring->late;
	ring->late = cmd;
	spin_unlock_irqrestore(&ring->lock, flags);
	queue_work(xpv_prompt_queue, &ring->finish);
}

static void cmd_complete(struct blkfront_ring *ring, struct request *rq,
			 struct io_comp_batch *iob)
{
	struct blkfront_cmd *cmd = blk_mq_rq_to_pdu(rq);

	if (cmd->again && cmd->status == BLK_STS_OK) {
		blk_mq_requeue_request(rq, true);
		return;
	}
	if (unlikely(rq->cmd_flags & REQ_POLLED) && !in_task()) {
		finish_later(ring, cmd);
		return;
	}
	if (blk_mq_complete_request_remote(rq))
		return;
	if (!blk_mq_add_to_batch(rq, iob, (__force int)cmd->status, end_batch))
		blk_mq_end_request(rq, cmd->status);
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
	DEFINE_IO_COMP_BATCH(iob);
	struct blkfront_cmd *cmd, *next;

	if (batch->why[0])
		xpv_device_fail(ring->bf->dev, -EPROTO, "%s", batch->why);
	if (batch->limits)
		queue_work(blkfront_slow_queue, &ring->bf->limits);
	if (!batch->first)
		return;
	batch_settle(ring, batch);
	kick_waiting(ring);
	for (cmd = batch->first; cmd; cmd = next) {
		next = cmd->next;
		cmd_complete(ring, blk_mq_rq_from_pdu(cmd), &iob);
	}
	if (iob.complete)
		iob.complete(&iob);
}

static void batch_fill(struct blkfront_batch *batch, struct blkfront_cmd *cmd)
{
	struct blkfront_cmd *next;

	blkfront_batch_init(batch);
	for (; cmd; cmd = next) {
		next = cmd->next;
		blkfront_batch_add(batch, cmd);
	}
}

/**
 * blkfront_reclaim_lost() - send again what is not lost any more
 * @ring: the ring
 *
 * Context: process.
 */
void blkfront_reclaim_lost(struct blkfront_ring *ring)
{
	struct blkfront_batch batch;

	WRITE_ONCE(ring->patience,
		   clamp_t(unsigned int, 2 * READ_ONCE(ring->patience),
			   RECLAIM_FIRST, RECLAIM_EVERY));
	batch_fill(&batch, list_out(ring, &ring->lost));
	blkfront_batch_finish(ring, &batch);
	if (blkfront_ring_mapped(ring) || xpv_relics_reclaim(&ring->relics))
		reclaim_later(ring);
}

/**
 * blkfront_fail_lost() - fail what is lost
 * @ring: a dead ring
 *
 * Pages that the backend still maps are left to Xen's deferred list: they are
 * not freed before it lets go.
 *
 * Context: process.
 */
void blkfront_fail_lost(struct blkfront_ring *ring)
{
	struct blkfront_batch batch;
	struct blkfront_cmd *cmd;

	batch_fill(&batch, list_out(ring, &ring->lost));
	for (cmd = batch.first; cmd; cmd = cmd->next)
		cmd_abandon(ring, cmd);
	blkfront_batch_finish(ring, &batch);
}
