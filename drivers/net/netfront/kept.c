// SPDX-License-Identifier: GPL-2.0
/*
 * Packets that a backend has not answered when it goes. They are kept and sent again
 * to the next one, in their order, before any other. Of those that were copied and
 * freed since, packets are made of the copies.
 *
 * They go when the carrier does, or the interface: TCP tries another way then, and
 * must not meet them later. What was not answered may have been passed on all the
 * same, and arrives twice then, as packets may; not with our backend, which answers
 * first. A backend may have changed the copies, as it may any packet on its way.
 */
#include <linux/slab.h>
#include "netfront.h"

/* The packet's header was ours, with room for its sum and its segments left blank. */
static int dress(struct netfront *nf, struct sk_buff *skb,
		 const struct netfront_tx_slot *head)
{
	int err = 0;

	skb->protocol = eth_type_trans(skb, nf->netdev);
	skb_reset_network_header(skb);
	if (head->flags & XEN_NETTXF_csum_blank)
		err = skb_checksum_setup(skb, false);
	if (head->flags & XEN_NETTXF_extra_info) {
		skb_shinfo(skb)->gso_size = head->gso_size;
		skb_shinfo(skb)->gso_type = skb->protocol == htons(ETH_P_IPV6) ?
					    SKB_GSO_TCPV6 : SKB_GSO_TCPV4;
	}
	skb_push(skb, ETH_HLEN);
	return err;
}

static struct sk_buff *blank_packet(unsigned int size)
{
	unsigned int linear = min_t(unsigned int, size, NETFRONT_COPY);
	struct sk_buff *skb;
	int err;

	skb = alloc_skb_with_frags(linear, size - linear, 0, &err, GFP_NOIO);
	if (!skb)
		return NULL;
	skb_put(skb, linear);
	skb->data_len = size - linear;
	skb->len += skb->data_len;
	return skb;
}

/* Return: how much of the packet that begins at @index of the ring was there. */
static unsigned int fill(const struct netfront_tx *tx, const u16 *ids, u32 index,
			 struct sk_buff *skb)
{
	u16 id, head = ids[index & (tx->nr - 1)];
	const struct netfront_tx_slot *slot;
	unsigned int pos = 0;

	for (; index != tx->ring.prod; index++) {
		id = ids[index & (tx->nr - 1)];
		if (id == NETFRONT_NONE)	/* an extra */
			continue;
		slot = &tx->slots[id];
		if (slot->head != head || slot->own == NETFRONT_NONE ||
		    pos + slot->len > skb->len)
			break;
		skb_store_bits(skb, pos, page_address(tx->own.entries[slot->own].page),
			       slot->len);
		pos += slot->len;
	}
	return pos;
}

/* Return: the packet, made of what was copied of it, or NULL. */
static struct sk_buff *copy_back(struct netfront_queue *queue, const u16 *ids, u32 index)
{
	struct netfront_tx *tx = &queue->tx;
	const struct netfront_tx_slot *head = &tx->slots[ids[index & (tx->nr - 1)]];
	struct sk_buff *skb = NULL;

	if (head->size >= ETH_HLEN)	/* else it is no packet */
		skb = blank_packet(head->size);
	if (skb && fill(tx, ids, index, skb) == head->size && !dress(queue->nf, skb, head))
		return skb;
	kfree_skb(skb);
	return NULL;
}

/* Which slot is where in the ring; of those that were not answered in a long time, none. */
static u16 *ids_of(const struct netfront_tx *tx)
{
	u16 *ids = kvmalloc_array(tx->nr, sizeof(*ids), GFP_NOIO);
	const struct netfront_tx_slot *slot;
	unsigned int i;

	if (!ids)
		return NULL;
	memset(ids, 0xff, tx->nr * sizeof(*ids));	/* NETFRONT_NONE */
	for (i = 0; i < tx->nr; i++) {
		slot = &tx->slots[i];
		if (slot->out && (u16)(tx->ring.prod - slot->nth - 1) < tx->nr)
			ids[slot->nth & (tx->nr - 1)] = i;
	}
	return ids;
}

static void collect(struct netfront_queue *queue, const u16 *ids,
		    struct sk_buff_head *packets)
{
	struct netfront_tx *tx = &queue->tx;
	u32 index = tx->ring.prod - tx->nr;
	struct sk_buff *skb;
	u16 id;

	for (; index != tx->ring.prod; index++) {
		id = ids[index & (tx->nr - 1)];
		if (id == NETFRONT_NONE || tx->slots[id].head != id)
			continue;
		skb = tx->slots[id].skb ?: copy_back(queue, ids, index);
		tx->slots[id].skb = NULL;
		if (skb)
			__skb_queue_tail(packets, skb);
	}
}

/**
 * netfront_kept_add() - keep what the backend has not answered
 * @queue: a queue that is not live, its slots as they were
 *
 * Context: the lane; sleeps.
 */
void netfront_kept_add(struct netfront_queue *queue)
{
	struct netdev_queue *txq = netfront_txq(queue);
	struct net_device *netdev = queue->nf->netdev;
	struct netfront_tx_stats *stats = &queue->tx.stats;
	struct sk_buff_head packets;
	u16 *ids = ids_of(&queue->tx);

	if (!ids)
		return;
	__skb_queue_head_init(&packets);
	collect(queue, ids, &packets);
	kvfree(ids);
	__netif_tx_lock_bh(txq);
	/* Whoever ends these drops what is kept, after that. */
	if (netif_running(netdev) && netif_carrier_ok(netdev))
		skb_queue_splice_init(&packets, &queue->kept); /* older than what is left there */
	u64_stats_update_begin(&stats->sync);
	stats->dropped += skb_queue_len(&packets);
	u64_stats_update_end(&stats->sync);
	__netif_tx_unlock_bh(txq);
	__skb_queue_purge(&packets);
}

/* Return: what was kept, in @packets. */
static void take(struct netfront_queue *queue, struct sk_buff_head *packets)
{
	struct netdev_queue *txq = netfront_txq(queue);

	__skb_queue_head_init(packets);
	__netif_tx_lock_bh(txq);
	skb_queue_splice_init(&queue->kept, packets);
	__netif_tx_unlock_bh(txq);
}

/**
 * netfront_kept_gather() - leave nothing with queues that the next backend does not have
 * @nf: the device, about to start its queues
 *
 * Context: RTNL is held.
 */
void netfront_kept_gather(struct netfront *nf)
{
	struct sk_buff_head packets;
	struct netfront_queue *to;
	unsigned int i;

	for (i = nf->nr_queues; i < nf->max_queues; i++) {
		to = &nf->queues[i % nf->nr_queues];
		take(&nf->queues[i], &packets);
		__netif_tx_lock_bh(netfront_txq(to));
		skb_queue_splice_tail(&packets, &to->kept);
		__netif_tx_unlock_bh(netfront_txq(to));
	}
}

/**
 * netfront_kept_send() - send what was kept, as far as there is room
 * @queue: a live queue, its transmit lock held
 *
 * Return: whether there is room for others.
 */
bool netfront_kept_send(struct netfront_queue *queue)
{
	struct netfront_tx *tx = &queue->tx;
	struct sk_buff *skb;

	if (likely(skb_queue_empty(&queue->kept)))
		return netfront_tx_has_room(tx);
	while (tx->live && netfront_tx_has_room(tx) &&
	       (skb = __skb_dequeue(&queue->kept)))
		netfront_tx_send(queue, skb);
	if (netfront_tx_push(queue))
		napi_schedule(&queue->napi);
	return skb_queue_empty(&queue->kept) && netfront_tx_has_room(tx);
}

/**
 * netfront_kept_drop() - send none of it any more
 * @nf: the device
 *
 * Context: process.
 */
void netfront_kept_drop(struct netfront *nf)
{
	struct sk_buff_head packets;
	unsigned int i;

	for (i = 0; i < nf->max_queues; i++) {
		take(&nf->queues[i], &packets);
		__skb_queue_purge(&packets);
	}
}
