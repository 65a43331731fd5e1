// SPDX-License-Identifier: GPL-2.0
/*
 * A guest's packet as an skb: memory of ours, which its data is copied to, and
 * what the frontend says about it, checked.
 *
 * Small packets lie in one piece. Of larger ones the headers do, in any case
 * as many bytes as they can take up; the rest goes to pages.
 */
#include <linux/if_vlan.h>
#include <linux/mm.h>
#include <linux/netdevice.h>
#include <linux/tcp.h>
#include <net/sock.h>

#include "netback.h"

/* Packets up to this size lie in one piece; of others, so many bytes do. */
#define SMALL_MAX	(ETH_FRAME_LEN + 2 * VLAN_HLEN)
#define HEAD_LEN	128

/*
 * struct dest - where a packet's data goes
 * @skb: the packet
 * @at: the next byte
 * @room: bytes that fit there
 * @left: bytes still to come behind that room
 */
struct dest {
	struct sk_buff *skb;
	u8 *at;
	unsigned int room;
	unsigned int left;
};

/*
 * Whether @skip bytes of a page may be left out: what does not fit behind them
 * has to fit the pages that the skb can still get.
 */
static bool may_skip(const struct page_frag *frag, const struct dest *dest,
		     unsigned int skip)
{
	unsigned int more = MAX_SKB_FRAGS - 1 -
			    skb_shinfo(dest->skb)->nr_frags;

	return frag->offset + skip < frag->size &&
	       dest->left <= frag->size - frag->offset - skip +
			     more * PAGE_SIZE;
}

/*
 * Get pages for what follows. If Xen copies, it starts at the same place in
 * our page as in the guest's: then whole pages are copied in one piece.
 */
static bool dest_extend(struct netback_tx *tx, struct dest *dest,
			unsigned int offset, bool aligned)
{
	struct page_frag *frag = &tx->frag;
	struct sk_buff *skb = dest->skb;
	unsigned int skip;

	if (!dest->left || skb_shinfo(skb)->nr_frags == MAX_SKB_FRAGS)
		return false;
	if (!skb_page_frag_refill(min_t(unsigned int, dest->left, PAGE_SIZE),
				  frag, GFP_ATOMIC | __GFP_NOWARN))
		return false;
	skip = (offset - frag->offset) & (XEN_PAGE_SIZE - 1);
	if (aligned && may_skip(frag, dest, skip))
		frag->offset += skip;
	dest->at = page_address(frag->page) + frag->offset;
	dest->room = min(dest->left, frag->size - frag->offset);
	dest->left -= dest->room;
	get_page(frag->page);
	skb_add_rx_frag(skb, skb_shinfo(skb)->nr_frags, frag->page,
			frag->offset, dest->room, dest->room);
	frag->offset += dest->room;
	return true;
}

/* Copy one slot's data, or have it copied. */
static bool fill_slot(struct netback_queue *queue, struct dest *dest,
		      const struct netif_tx_frag *frag, u32 slot)
{
	const u8 *staged = stage_find(&queue->stage, frag->ref, false);
	unsigned int offset = frag->offset, left = frag->size, len;

	for (; left; left -= len, offset += len) {
		if (!dest->room &&
		    !dest_extend(&queue->tx, dest, offset, !staged))
			return false;
		len = min(left, dest->room);
		if (staged)
			memcpy(dest->at, staged + offset, len);
		else
			xpv_copy_from(&queue->tx.copy, frag->ref, offset,
				      dest->at, len, slot);
		dest->at += len;
		dest->room -= len;
	}
	if (staged)
		netback_count(queue->tx.stats.staged, 1);
	else
		netback_count(queue->tx.stats.copied, 1);
	return true;
}

static bool fill(struct netback_queue *queue, struct dest *dest, u32 slot)
{
	const struct netif_tx_pkt *pkt = &queue->tx.pkt;
	unsigned int i;

	for (i = 0; i < pkt->nr_frags; i++)
		if (!fill_slot(queue, dest, &pkt->frags[i],
			       i ? slot + pkt->nr_extras + i : slot))
			return false;
	return true;
}

static void note(struct sk_buff *skb, const struct netif_tx_pkt *pkt, u32 slot)
{
	struct netback_cb *cb = netback_cb(skb);

	cb->slot = slot;
	cb->nr_frags = pkt->nr_frags;
	cb->nr_extras = pkt->nr_extras;
	cb->blank = pkt->blank;
	cb->valid = pkt->valid;
	if (pkt->gso_type) {
		skb_shinfo(skb)->gso_size = pkt->gso_size;
		skb_shinfo(skb)->gso_type =
			pkt->gso_type == XEN_NETIF_GSO_TYPE_TCPV4 ?
			SKB_GSO_TCPV4 : SKB_GSO_TCPV6;
	}
	if (pkt->hashed)
		skb_set_hash(skb, pkt->hash, pkt->hash_type & 1 ?
			     PKT_HASH_TYPE_L4 : PKT_HASH_TYPE_L3);
}

/* Room for the beginning of a packet, or for all of one that programs see. */
static struct sk_buff *alloc(struct netback_queue *queue, unsigned int *head)
{
	const struct netif_tx_pkt *pkt = &queue->tx.pkt;
	struct sk_buff *skb;

	if (unlikely(rcu_access_pointer(queue->vif->program)) &&
	    !pkt->gso_type) {
		skb = netback_xdp_alloc(queue, pkt->size);
		if (skb) {
			*head = pkt->size;
			return skb;
		}
	}
	*head = pkt->size <= SMALL_MAX ? pkt->size : HEAD_LEN;
	if (*head <= NET_HEAD_ROOM)
		return net_pages_skb(&queue->tx.heads, &queue->napi);
	return napi_alloc_skb(&queue->napi, *head);
}

/**
 * tx_build() - make an skb of the packet that was taken last
 * @queue: the queue, with room for its copies
 * @slot: index of the packet's first slot
 *
 * Its data is there once the queue's copies are made.
 *
 * Context: the queue's NAPI.
 * Return: the skb, or NULL without memory; none of its data is copied then.
 */
struct sk_buff *tx_build(struct netback_queue *queue, u32 slot)
{
	const struct netif_tx_pkt *pkt = &queue->tx.pkt;
	unsigned int planned = queue->tx.copy.nr;
	unsigned int head;
	struct dest dest;

	dest.skb = alloc(queue, &head);
	if (!dest.skb)
		return NULL;
	dest.at = __skb_put(dest.skb, head);
	dest.room = head;
	dest.left = pkt->size - head;
	if (fill(queue, &dest, slot)) {
		note(dest.skb, pkt, slot);
		return dest.skb;
	}
	queue->tx.copy.nr = planned;
	kfree_skb(dest.skb);
	return NULL;
}

/*
 * What the headers are is known only now: they are ours, and copied. Where that of
 * the transport is, only those ask whose checksum or segments are to be made, which
 * skb_checksum_setup() finds; others come without, as from a network card.
 */
static bool check_headers(struct netback_queue *queue, struct sk_buff *skb)
{
	bool recalculate = false;

	if (skb_is_gso(skb) && skb->ip_summed != CHECKSUM_PARTIAL) {
		netback_count(queue->tx.stats.rx_gso_checksum_fixup, 1);
		skb->ip_summed = CHECKSUM_PARTIAL;
		recalculate = true;
	}
	if (skb->ip_summed == CHECKSUM_PARTIAL &&
	    skb_checksum_setup(skb, recalculate))
		return false;
	if (!skb_is_gso(skb))
		return true;
	/* The number of segments is the stack's to find out, from what is true. */
	skb_shinfo(skb)->gso_type |= SKB_GSO_DODGY;
	skb_shinfo(skb)->gso_segs = 0;
	return skb_transport_header_was_set(skb) &&
	       skb->len > skb_transport_offset(skb) + sizeof(struct tcphdr);
}

/*
 * Make the checksum, if none is to be left to others. Those of segments are
 * made by whoever cuts them.
 */
static bool complete_checksum(const struct netback *vif, struct sk_buff *skb)
{
	if (likely(!READ_ONCE(vif->complete)) || skb_is_gso(skb) ||
	    skb->ip_summed != CHECKSUM_PARTIAL)
		return true;
	if (skb_checksum_help(skb))
		return false;
	skb->ip_summed = CHECKSUM_UNNECESSARY;
	return true;
}

/**
 * tx_finish() - make a packet ready for the network stack
 * @queue: the queue
 * @skb: the packet, complete and answered
 *
 * Context: the queue's NAPI.
 * Return: the packet, or NULL if it was dropped.
 */
struct sk_buff *tx_finish(struct netback_queue *queue, struct sk_buff *skb)
{
	struct netback_tx *tx = &queue->tx;
	struct net_device *dev = queue->vif->dev;
	const struct netback_cb *cb = netback_cb(skb);
	unsigned int len = skb->len;

	if (cb->blank)
		skb->ip_summed = CHECKSUM_PARTIAL;
	else if (cb->valid)
		skb->ip_summed = CHECKSUM_UNNECESSARY;
	*netback_cb(skb) = (struct netback_cb){};
	skb->protocol = eth_type_trans(skb, dev);
	skb_record_rx_queue(skb, queue->index);
	if (eth_type_vlan(skb->protocol)) {
		skb = skb_vlan_untag(skb);
		if (unlikely(!skb))
			goto refused;
	}
	skb_reset_network_header(skb);
	if (!check_headers(queue, skb) ||
	    !complete_checksum(queue->vif, skb)) {
		kfree_skb(skb);
		goto refused;
	}
	netback_count(tx->stats.packets, 1);
	netback_count(tx->stats.bytes, len);
	return skb;

refused:
	netback_count(tx->stats.errors, 1);
	return NULL;
}
