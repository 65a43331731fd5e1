// SPDX-License-Identifier: GPL-2.0
/*
 * Pages of queues that send nothing: given back after ten to twenty seconds, those
 * that the backend keeps mapped after it was asked not to. They come again when
 * packets do, after so many that it is worth it.
 *
 * While packets are sent a work looks every ten seconds; when none are, it ends,
 * and the sender starts it again.
 */
#include <linux/workqueue.h>
#include "netfront.h"

#define REST_EVERY	(10 * HZ)

/* Requests that are worth having the pages again. */
#define REST_WAKE	64

/* The pages of all free slots, to be given back by the caller. */
static struct xpv_grant_chain take_pages(struct netfront_queue *queue)
{
	struct netfront_tx *tx = &queue->tx;
	struct xpv_grant_chain pages;

	tx->staged = false;
	tx->rest = NETFRONT_RESTING;
	tx->rest_at = tx->ring.prod;
	pages = netfront_tx_strip(tx);
	return pages;
}

/* What cannot go, since the backend does not let go of it, is used again. */
static void release(struct netfront_queue *queue, bool staged,
		    struct xpv_grant_chain *pages)
{
	struct netfront_tx *tx = &queue->tx;

	if (staged)
		netfront_stage_end(queue);
	xpv_grant_cache_revoke(&tx->own, pages);
	xpv_grant_cache_give(&tx->own, pages);
}

/* Return: false if packets wait for their answers, so that nothing can go yet. */
static bool try_release(struct netfront_queue *queue)
{
	struct netdev_queue *txq = netfront_txq(queue);
	struct netfront_tx *tx = &queue->tx;
	struct xpv_grant_chain pages = {};
	bool staged, idle;

	__netif_tx_lock_bh(txq);
	netfront_tx_take(queue, 0);
	idle = tx->ring.prod == tx->ring.cons;
	staged = tx->staged;
	if (idle)
		pages = take_pages(queue);
	else if (!netfront_tx_arm(queue))	/* what the event was for is taken */
		napi_schedule(&queue->napi);
	__netif_tx_unlock_bh(txq);
	if (idle)
		release(queue, staged, &pages);
	return idle;
}

static void wake(struct netfront_queue *queue)
{
	struct netdev_queue *txq = netfront_txq(queue);

	__netif_tx_lock_bh(txq);
	queue->tx.rest = NETFRONT_AWAKE;
	__netif_tx_unlock_bh(txq);
	netfront_stage_again(queue);
	/* They may not be mapped again. */
	__netif_tx_lock_bh(txq);
	netfront_tx_limit(queue);
	__netif_tx_unlock_bh(txq);
}

/* Return: whether to look again. */
static bool look(struct netfront_queue *queue)
{
	u32 prod = READ_ONCE(queue->tx.ring.prod);
	bool moved = prod != queue->rest_seen;

	queue->rest_seen = prod;
	switch (READ_ONCE(queue->tx.rest)) {
	case NETFRONT_RESTING:
		return false;
	case NETFRONT_WAKING:
		wake(queue);
		return true;
	default:
		return moved || !try_release(queue);
	}
}

static void rest_work(struct work_struct *work)
{
	struct netfront *nf = container_of(to_delayed_work(work),
					   struct netfront, rest);
	bool again = false;
	unsigned int i;

	mutex_lock(&nf->ctrl.busy);
	for (i = 0; i < nf->nr_queues; i++)
		again |= look(&nf->queues[i]);
	mutex_unlock(&nf->ctrl.busy);
	if (again)
		netfront_rest_start(nf);
}

/**
 * netfront_rest_init() - set up what looks for queues that rest
 * @nf: the device
 */
void netfront_rest_init(struct netfront *nf)
{
	INIT_DELAYED_WORK(&nf->rest, rest_work);
}

/**
 * netfront_rest_start() - look for queues that rest, from now on
 * @nf: a connected device whose queues are started
 */
void netfront_rest_start(struct netfront *nf)
{
	queue_delayed_work(netfront_ctrl_queue, &nf->rest,
			   round_jiffies_relative(REST_EVERY));
}

/**
 * netfront_rest_stop() - look no more
 * @nf: a device that sends nothing any more
 *
 * Context: the lane; sleeps, but not for the backend, if the control ring was
 * stopped.
 */
void netfront_rest_stop(struct netfront *nf)
{
	cancel_delayed_work_sync(&nf->rest);
}

/**
 * netfront_rest_end() - a resting queue has sent something
 * @queue: the queue, its transmit lock held
 *
 * Context: any.
 */
void netfront_rest_end(struct netfront_queue *queue)
{
	struct netfront_tx *tx = &queue->tx;

	if (tx->rest != NETFRONT_RESTING ||
	    tx->ring.prod - tx->rest_at < REST_WAKE)
		return;
	tx->rest = NETFRONT_WAKING;
	mod_delayed_work(netfront_ctrl_queue, &queue->nf->rest, 0);
}
