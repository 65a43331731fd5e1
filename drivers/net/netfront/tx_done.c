// SPDX-License-Identifier: GPL-2.0
/*
 * Responses of the transmit ring, and when to be told of them.
 *
 * They are taken under the transmit lock by whoever needs slots: NAPI after an
 * event, or the sender itself. An event is asked for only while somebody waits:
 * a packet whose sender is held back by it, or a stopped queue. Then it comes
 * when half of what is out was answered.
 */
#include <linux/nospec.h>
#include "netfront.h"

/**
 * struct done - what was found
 * @back: grants of lent pages
 * @packets: that were held
 * @bytes: in them
 * @errors: that the backend could not send
 */
struct done {
	struct xpv_grant_chain back;
	unsigned int packets;
	unsigned int bytes;
	unsigned int errors;
};

/* Return: whether the backend has let go of the page. */
static bool slot_recall(struct netfront_tx *tx, struct netfront_tx_slot *slot,
			struct done *done)
{
	struct xpv_grant_chain one = { slot->lent, slot->lent, 1 };

	if (slot->lent == NETFRONT_NONE)
		return true;
	if (!xpv_grant_recall(&tx->lent, &one))
		return false;
	slot->lent = NETFRONT_NONE;
	xpv_grant_chain_join(&tx->lent, &done->back, &one);
	return true;
}

static void packet_over(struct netfront_tx *tx, u16 id, struct done *done,
			int budget)
{
	struct sk_buff *skb = tx->slots[id].skb;

	if (skb) {
		tx->held--;
		done->packets++;
		done->bytes += skb->len;
		napi_consume_skb(skb, budget);
	}
	netfront_tx_give(tx, id);
}

/* The packet's first slot is given back with its last answer. */
static void slot_over(struct netfront_tx *tx, u16 id, struct done *done,
		      int budget)
{
	u16 head = tx->slots[id].head;

	tx->slots[id].out = false;
	if (id != head)
		netfront_tx_give(tx, id);
	if (!--tx->slots[head].left)
		packet_over(tx, head, done, budget);
}

/* Return: NULL, or what is wrong with it. */
static const char *take_one(struct netfront_queue *queue, struct done *done,
			    int budget)
{
	struct netfront_tx *tx = &queue->tx;
	struct xen_netif_tx_response rsp;
	u16 id;

	xpv_front_ring_get(&tx->ring, &rsp, sizeof(rsp));
	tx->taken++;
	if (rsp.status == XEN_NETIF_RSP_NULL)	/* of an extra */
		return NULL;
	if (rsp.id >= tx->nr)
		return "backend answered a request that cannot be";
	id = array_index_nospec(rsp.id, tx->nr);
	if (!tx->slots[id].out)
		return "backend answered what was not asked";
	if (!slot_recall(tx, &tx->slots[id], done))
		return "backend still maps a page of a packet it has sent";
	if (rsp.status != XEN_NETIF_RSP_OKAY)
		done->errors++;
	slot_over(tx, id, done, budget);
	return NULL;
}

static void finish(struct netfront_queue *queue, struct done *done)
{
	struct netdev_queue *txq = netfront_txq(queue);
	struct netfront_tx *tx = &queue->tx;

	xpv_grant_cache_give(&tx->lent, &done->back);
	if (done->packets)
		netdev_tx_completed_queue(txq, done->packets, done->bytes);
	if (done->errors) {
		u64_stats_update_begin(&tx->stats.sync);
		tx->stats.errors += done->errors;
		u64_stats_update_end(&tx->stats.sync);
	}
	if (netif_tx_queue_stopped(txq) && tx->live && netfront_kept_send(queue))
		netif_tx_wake_queue(txq);
}

/**
 * netfront_tx_take() - take the responses that are there
 * @queue: the queue, its transmit lock held
 * @budget: NAPI's, 0 elsewhere
 */
void netfront_tx_take(struct netfront_queue *queue, int budget)
{
	struct netfront_tx *tx = &queue->tx;
	int n = xpv_front_ring_pending(&tx->ring);
	const char *why = NULL;
	struct done done = {};

	if (!n)
		return;
	if (n < 0)
		why = "backend sent more packets than there were";
	for (; n > 0 && !why; n--)
		why = take_one(queue, &done, budget);
	if (why) {
		tx->live = false;
		netif_tx_stop_queue(netfront_txq(queue));
		xpv_device_fail(queue->nf->dev, -EPROTO, "%s (queue %u)", why,
				queue->index);
	}
	finish(queue, &done);
}

/**
 * netfront_tx_arm() - ask for an event if somebody waits for one
 * @queue: the queue, its transmit lock held
 *
 * Return: false if there is something to take already.
 */
bool netfront_tx_arm(struct netfront_queue *queue)
{
	struct netfront_tx *tx = &queue->tx;
	struct xpv_ring *ring = &tx->ring;
	u32 out = ring->prod - ring->cons;
	u32 after = (out >> 1) + 1;

	if (!out || !tx->live)
		return true;
	if (!tx->held && !netif_tx_queue_stopped(netfront_txq(queue)))
		return true;
	if (tx->event - ring->cons - 1 < out)	/* there will be one */
		return true;
	after = min(after, out);
	tx->event = ring->cons + after;
	return !xpv_front_ring_check_after(ring, after);
}

/**
 * netfront_tx_poll() - NAPI's part
 * @queue: the queue
 * @budget: NAPI's
 */
void netfront_tx_poll(struct netfront_queue *queue, int budget)
{
	struct netdev_queue *txq = netfront_txq(queue);
	unsigned int tries = 4;

	/* Who sends takes what is there, too; so this lock may be avoided. */
	if (!xpv_front_ring_pending(&queue->tx.ring))
		return;
	__netif_tx_lock(txq, smp_processor_id());
	do {
		if (queue->tx.live)
			netfront_tx_take(queue, budget);
	} while (!netfront_tx_arm(queue) && --tries);
	if (!tries)	/* for the next round, which the caller makes sure of */
		queue->tx.event = queue->tx.ring.cons;
	__netif_tx_unlock(txq);
	if (!tries)
		napi_schedule(&queue->napi);
}
