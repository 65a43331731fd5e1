// SPDX-License-Identifier: GPL-2.0
/*
 * What the guest sends: slots off its tx ring, packets to the stack.
 *
 * Every slot is copied once and parsed from that copy. The data of all packets
 * of a run is there before any of them is answered, and all are answered
 * before the stack sees the first: nothing of the guest is held meanwhile, and
 * it can fill the ring again. Responses are in the order of the slots.
 */
#include <linux/netdevice.h>

#include "netback.h"

/* Copies that one packet may need, in the worst case. */
#define PACKET_COPIES	(XPV_COPY_PIECES * (NETIF_TX_SLOTS + MAX_SKB_FRAGS + 1))

static void give_up(struct netback_queue *queue, const char *why)
{
	WRITE_ONCE(queue->vif->rogue, true);
	xpv_device_fail(queue->vif->xdev, -EINVAL,
			"queue %u: the frontend sent %s", queue->index, why);
}

static bool tx_look(struct netback_queue *queue)
{
	struct netback_tx *tx = &queue->tx;
	int waiting;

	if (tx->waiting)
		return true;
	waiting = xpv_back_ring_pending(&tx->ring);
	if (waiting < 0)
		give_up(queue, "more requests than the tx ring holds");
	else
		tx->waiting = waiting;
	return waiting > 0;
}

/* Take the slots of the next packet. Return: whether there was one. */
static bool tx_next(struct netback_queue *queue)
{
	struct netback_tx *tx = &queue->tx;
	u32 slot[NETIF_TX_SLOT / sizeof(u32)];
	enum netif_tx_next next;

	if (!tx_look(queue))
		return false;
	netif_tx_begin(&tx->pkt, netback_fatal_slots);
	do {
		if (!tx_look(queue)) {
			give_up(queue, "the beginning of a packet only");
			return false;
		}
		xpv_back_ring_get(&tx->ring, slot, sizeof(slot));
		tx->waiting--;
		next = netif_tx_slot(&tx->pkt, slot);
	} while (next == NETIF_TX_MORE);
	if (next == NETIF_TX_FATAL)
		give_up(queue, tx->pkt.why);
	return next == NETIF_TX_DONE;
}

static struct xen_netif_tx_response *answer_at(struct netback_tx *tx, u32 slot)
{
	return &tx->answers[slot & (tx->ring.nr - 1)];
}

/* Prepare the response of the packet's next slot. */
static void answer(struct netback_tx *tx, u16 id, s16 status)
{
	struct xen_netif_tx_response *rsp = answer_at(tx, tx->ready++);

	rsp->id = id;
	rsp->status = status;
}

/* Extras come behind the first slot, and have no response of their own. */
static void answer_packet(struct netback_tx *tx, s16 status)
{
	const struct netif_tx_pkt *pkt = &tx->pkt;
	unsigned int i;

	answer(tx, pkt->frags[0].id, status);
	for (i = 0; i < pkt->nr_extras; i++)
		answer(tx, 0, XEN_NETIF_RSP_NULL);
	for (i = 1; i < pkt->nr_frags; i++)
		answer(tx, pkt->frags[i].id, status);
}

static s16 act_data(struct netback_queue *queue)
{
	struct netback_tx *tx = &queue->tx;
	struct sk_buff *skb;

	if (tx->pkt.why) {
		if (tx->pkt.nr_frags > NETIF_TX_SLOTS)
			netback_count(tx->stats.tx_frag_overflow, 1);
		netback_count(tx->stats.errors, 1);
		netdev_dbg(queue->vif->dev, "refused: %s\n", tx->pkt.why);
		return XEN_NETIF_RSP_ERROR;
	}
	skb = tx_build(queue, tx->ready);
	if (!skb) {
		netback_count(tx->stats.nomem, 1);
		return XEN_NETIF_RSP_ERROR;
	}
	__skb_queue_tail(&tx->built, skb);
	return XEN_NETIF_RSP_OKAY;
}

static s16 act_mcast(struct netback_queue *queue)
{
	const struct netif_tx_pkt *pkt = &queue->tx.pkt;

	if (pkt->kind == NETIF_TX_MCAST_DEL)
		mcast_del(queue->vif, pkt->mcast);
	else if (mcast_add(queue->vif, pkt->mcast))
		return XEN_NETIF_RSP_ERROR;
	return XEN_NETIF_RSP_OKAY;
}

static bool may_pass(struct netback_queue *queue)
{
	const struct netif_tx_pkt *pkt = &queue->tx.pkt;

	if (!READ_ONCE(queue->vif->credit.rate.bytes))
		return true;
	if (pkt->kind != NETIF_TX_DATA || pkt->why)
		return true;
	return credit_take(queue, pkt->size);
}

/* A copy that Xen refused: its slot says so, and its packet is dropped. */
static void copy_failed(void *arg, u32 slot)
{
	struct netback_queue *queue = arg;

	answer_at(&queue->tx, slot)->status = XEN_NETIF_RSP_ERROR;
}

/* Whether all data came; if not, all slots of the packet say so. */
static bool is_whole(struct netback_tx *tx, struct sk_buff *skb)
{
	const struct netback_cb *cb = netback_cb(skb);
	unsigned int i, nr = cb->nr_frags + cb->nr_extras;
	bool whole = true;

	for (i = 0; i < nr; i++)
		if (answer_at(tx, cb->slot + i)->status == XEN_NETIF_RSP_ERROR)
			whole = false;
	for (i = 0; i < nr && !whole; i++)
		if (!i || i > cb->nr_extras)
			answer_at(tx, cb->slot + i)->status =
				XEN_NETIF_RSP_ERROR;
	return whole;
}

static void drop_broken(struct netback_tx *tx)
{
	struct sk_buff *skb, *next;

	skb_queue_walk_safe(&tx->built, skb, next) {
		if (is_whole(tx, skb))
			continue;
		__skb_unlink(skb, &tx->built);
		netback_count(tx->stats.errors, 1);
		kfree_skb(skb);
	}
}

static void push_answers(struct netback_queue *queue)
{
	struct netback_tx *tx = &queue->tx;

	if (tx->ring.prod == tx->ready)
		return;
	while (tx->ring.prod != tx->ready)
		xpv_back_ring_put(&tx->ring, answer_at(tx, tx->ring.prod),
				  sizeof(*tx->answers));
	if (!xpv_back_ring_push(&tx->ring))
		return;
	netback_count(tx->stats.notified, 1);
	xpv_evtchn_notify(&queue->tx_ch);
}

/*
 * Get the data, answer, and pass the packets on; not as a list, which a bridge, where
 * most interfaces are, takes apart again.
 */
static void tx_flush(struct netback_queue *queue)
{
	struct netback_tx *tx = &queue->tx;
	struct bpf_prog *program;
	struct sk_buff *skb;

	if (tx->copy.nr) {
		xpv_copy_run(&tx->copy, copy_failed, queue);
		drop_broken(tx);
	}
	push_answers(queue);
	program = rcu_dereference_bh(queue->vif->program);
	while ((skb = __skb_dequeue(&tx->built))) {
		skb = tx_finish(queue, skb);
		if (skb && unlikely(program))
			netback_xdp_run(queue, program, skb);
		else if (skb)
			netif_receive_skb(skb);
	}
	netback_xdp_flush(queue);
}

/* Take the packet on. Return: false if it has to wait. */
static bool tx_act(struct netback_queue *queue)
{
	struct netback_tx *tx = &queue->tx;

	tx->held = !may_pass(queue);
	if (tx->held)
		return false;
	if (tx->copy.max - tx->copy.nr < PACKET_COPIES)
		tx_flush(queue);
	answer_packet(tx, tx->pkt.kind == NETIF_TX_DATA ? act_data(queue) :
							   act_mcast(queue));
	return true;
}

/**
 * tx_run() - take packets from the guest
 * @queue: a connected queue
 * @budget: how many at most
 *
 * Context: the queue's NAPI.
 * Return: how many.
 */
int tx_run(struct netback_queue *queue, int budget)
{
	int done = 0;

	for (; done < budget; done++) {
		if (!queue->tx.held && !tx_next(queue))
			break;
		if (!tx_act(queue))
			break;
	}
	tx_flush(queue);
	return done;
}

/**
 * tx_rest() - ask for an event when more comes, unless the ring is looked at without
 * @queue: a connected queue
 *
 * Context: the queue's NAPI.
 * Return: how many requests wait after all; or an error if none shall be heard
 * of: the rate limit holds the queue, or its frontend was given up.
 */
int tx_rest(struct netback_queue *queue)
{
	int waiting;

	if (READ_ONCE(queue->vif->rogue))
		return -ESHUTDOWN;
	if (queue->tx.held)
		return -EBUSY;
	if (poll_nap(queue))
		return 0;
	waiting = xpv_back_ring_final_check(&queue->tx.ring);
	if (waiting < 0)
		give_up(queue, "more requests than the tx ring holds");
	return waiting;
}
