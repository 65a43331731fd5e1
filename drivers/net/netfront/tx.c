// SPDX-License-Identifier: GPL-2.0
/*
 * Sending a packet: cut it into slots, put them, tell the backend.
 *
 * What is small is copied into pages that stay granted; so is everything, if
 * the backend keeps these mapped (staging), if it may see nothing but packets,
 * or if the packet has more parts than the backend takes. Other pages are lent
 * to the backend until it answers.
 *
 * A copied packet need not wait for its answer. It does if it has a socket
 * whose sender would not be held back otherwise; but not on a ring with little
 * on it: neither a question and its answer nor a stream that the backend keeps
 * up with cost events.
 */
#include <linux/if_ether.h>
#include "netfront.h"

/* Slots out, with which a ring counts as having little on it. */
#define FEW_OUT(tx)	((tx)->ring.nr / 4)

static struct netfront_build *build_start(struct netfront_tx *tx,
					  struct sk_buff *skb)
{
	struct netfront_build *b = &tx->build;

	b->tx = tx;
	b->skb = skb;
	b->grants.nr = 0;
	b->nr = 0;
	return b;
}

static void piece_add(struct netfront_build *b, u16 id, grant_ref_t ref,
		      u16 offset, u16 len)
{
	b->ids[b->nr] = id;
	b->refs[b->nr] = ref;
	b->offsets[b->nr] = offset;
	b->lens[b->nr++] = len;
}

static void copy_bytes(const struct sk_buff *skb, unsigned int pos, void *to,
		       unsigned int len)
{
	if (pos + len <= skb_headlen(skb))
		memcpy(to, skb->data + pos, len);
	else
		skb_copy_bits(skb, pos, to, len);
}

/* Copy @len bytes of the packet from @pos, in as many pages as it takes. */
static int put_copied(struct netfront_build *b, unsigned int pos,
		      unsigned int len)
{
	struct xpv_cached_grant *own;
	unsigned int n;
	int id;

	for (; len; len -= n, pos += n) {
		n = min_t(unsigned int, len, XEN_PAGE_SIZE);
		id = netfront_tx_take_page(b->tx);
		if (id < 0)
			return id;
		own = &b->tx->own.entries[b->tx->slots[id].own];
		piece_add(b, id, own->ref, 0, n);
		copy_bytes(b->skb, pos, page_address(own->page), n);
	}
	return 0;
}

/* Lend @len bytes from @offset of @page, which may be a compound one. */
static int put_lent(struct netfront_build *b, struct page *page,
		    unsigned int offset, unsigned int len)
{
	struct xpv_grant_chain one;
	unsigned int n;
	int id;

	page += offset / PAGE_SIZE;
	offset %= PAGE_SIZE;
	for (; len; len -= n, page++, offset = 0) {
		n = min_t(unsigned int, len, PAGE_SIZE - offset);
		id = netfront_tx_take_bare(b->tx);
		if (id < 0)
			return id;
		one = xpv_grant_chain_cut(&b->tx->lent, &b->grants, 1);
		b->tx->slots[id].lent = one.head;
		xpv_grant_lend(&b->tx->lent, one.head, page, true);
		piece_add(b, id, b->tx->lent.entries[one.head].ref, offset, n);
	}
	return 0;
}

static int put_frags(struct netfront_build *b)
{
	const struct skb_shared_info *info = skb_shinfo(b->skb);
	unsigned int i;
	int err = 0;

	for (i = 0; i < info->nr_frags && !err; i++) {
		const skb_frag_t *frag = &info->frags[i];

		err = put_lent(b, skb_frag_page(frag), skb_frag_off(frag),
			       skb_frag_size(frag));
	}
	return err;
}

static int put_linear(struct netfront_build *b)
{
	unsigned int len = skb_headlen(b->skb);

	if (len <= NETFRONT_COPY)
		return put_copied(b, 0, len);
	return put_lent(b, virt_to_page(b->skb->data),
			offset_in_page(b->skb->data), len);
}

static unsigned int pages_of(unsigned int offset, unsigned int len)
{
	return DIV_ROUND_UP(offset % PAGE_SIZE + len, PAGE_SIZE);
}

/* Slots of a packet whose pages are lent; and how many of them are, in @lent. */
static unsigned int count_lent(const struct sk_buff *skb, unsigned int *lent)
{
	const struct skb_shared_info *info = skb_shinfo(skb);
	unsigned int head = 0, i;

	*lent = 0;
	if (skb_headlen(skb) > NETFRONT_COPY)
		*lent = pages_of(offset_in_page(skb->data), skb_headlen(skb));
	else if (skb_headlen(skb))
		head = 1;
	for (i = 0; i < info->nr_frags; i++)
		*lent += pages_of(skb_frag_off(&info->frags[i]),
				  skb_frag_size(&info->frags[i]));
	return head + *lent;
}

/* If not, *@lent is filled with the number of pages that are to be lent. */
static bool is_copied(const struct netfront *nf, const struct netfront_tx *tx,
		      const struct sk_buff *skb, unsigned int *lent)
{
	unsigned int slots;

	if (tx->staged || nf->bounce || skb->len <= NETFRONT_COPY)
		return true;
	slots = count_lent(skb, lent);
	return slots > NETFRONT_TX_SLOTS || (slots > 1 && !nf->offer.sg);
}

static void build_undo(struct netfront_build *b)
{
	struct netfront_tx_slot *slot;
	struct xpv_grant_chain one;

	while (b->nr--) {
		slot = &b->tx->slots[b->ids[b->nr]];
		if (slot->lent != NETFRONT_NONE) {
			one = (struct xpv_grant_chain){ slot->lent, slot->lent, 1 };
			xpv_grant_recall(&b->tx->lent, &one);
			xpv_grant_cache_give(&b->tx->lent, &one);
			slot->lent = NETFRONT_NONE;
		}
		netfront_tx_give(b->tx, b->ids[b->nr]);
	}
	xpv_grant_cache_give(&b->tx->lent, &b->grants);
}

/* Return: 0, with *@copied telling whether the packet is needed no more. */
static int build_packet(struct netfront *nf, struct netfront_build *b,
			bool *copied)
{
	unsigned int lent = 0;
	int err;

	*copied = is_copied(nf, b->tx, b->skb, &lent);
	if (*copied) {
		err = put_copied(b, 0, b->skb->len);
	} else {
		if (!xpv_grant_cache_take(&b->tx->lent, lent, &b->grants))
			return -ENOMEM;
		err = put_linear(b);
		if (!err)
			err = put_frags(b);
	}
	if (err)
		build_undo(b);
	return err;
}

static u16 packet_flags(const struct sk_buff *skb)
{
	u16 flags = 0;

	if (skb->ip_summed == CHECKSUM_PARTIAL)
		flags = XEN_NETTXF_csum_blank | XEN_NETTXF_data_validated;
	else if (skb->ip_summed == CHECKSUM_UNNECESSARY)
		flags = XEN_NETTXF_data_validated;
	if (skb_is_gso(skb))
		flags |= XEN_NETTXF_extra_info;
	return flags;
}

static void put_extra(struct netfront_tx *tx,
		      const struct xen_netif_extra_info *extra)
{
	u8 slot[sizeof(struct xen_netif_tx_request)] = {};

	memcpy(slot, extra, sizeof(*extra));
	xpv_front_ring_put(&tx->ring, slot, sizeof(slot));
}

static void put_gso(struct netfront_tx *tx, const struct sk_buff *skb)
{
	const struct skb_shared_info *info = skb_shinfo(skb);
	struct xen_netif_extra_info gso = {
		.type = XEN_NETIF_EXTRA_TYPE_GSO,
		.u.gso.size = info->gso_size,
		.u.gso.type = info->gso_type & SKB_GSO_TCPV6 ?
			      XEN_NETIF_GSO_TYPE_TCPV6 :
			      XEN_NETIF_GSO_TYPE_TCPV4,
	};

	put_extra(tx, &gso);
}

/* The first request has the size of the whole, the others of their part. */
static void build_put(struct netfront_build *b, const struct sk_buff *skb,
		      u16 size, u16 flags)
{
	struct netfront_tx *tx = b->tx;
	struct netfront_tx_slot *head;
	unsigned int i;

	for (i = 0; i < b->nr; i++) {
		struct netfront_tx_slot *slot = &tx->slots[b->ids[i]];
		struct xen_netif_tx_request req = {
			.gref = b->refs[i],
			.offset = b->offsets[i],
			.flags = i ? 0 : flags,
			.id = b->ids[i],
			.size = i ? b->lens[i] : size,
		};

		if (i + 1 < b->nr)
			req.flags |= XEN_NETTXF_more_data;
		slot->head = b->ids[0];
		slot->nth = tx->ring.prod;
		slot->len = b->lens[i];
		slot->out = true;
		xpv_front_ring_put(&tx->ring, &req, sizeof(req));
		if (!i && flags & XEN_NETTXF_extra_info)
			put_gso(tx, skb);
	}
	head = &tx->slots[b->ids[0]];
	head->left = b->nr;
	head->size = size;
	head->flags = flags;
	if (flags & XEN_NETTXF_extra_info)
		head->gso_size = skb_shinfo(skb)->gso_size;
}

static bool must_wait(const struct netfront_tx *tx, const struct sk_buff *skb,
		      bool copied)
{
	if (!copied)
		return true;
	return skb->sk && tx->ring.prod - tx->ring.cons > FEW_OUT(tx);
}

static void count_sent(struct netfront_tx *tx, const struct sk_buff *skb,
		       bool copied)
{
	u64_stats_update_begin(&tx->stats.sync);
	tx->stats.packets += skb_is_gso(skb) ? skb_shinfo(skb)->gso_segs ?: 1 : 1;
	tx->stats.bytes += skb->len;
	tx->stats.copied += copied;
	u64_stats_update_end(&tx->stats.sync);
}

static bool is_sendable(const struct netfront *nf, const struct netfront_tx *tx,
			const struct sk_buff *skb)
{
	const struct netfront_offer *can = &nf->offer;

	if (!tx->live || skb->len > XEN_NETIF_MAX_TX_SIZE || !skb->len)
		return false;
	if (!can->sg && skb->len > XEN_PAGE_SIZE)
		return false;
	if (!skb_is_gso(skb))
		return true;
	/* Made for a backend that was there before this one. */
	return skb_shinfo(skb)->gso_type & SKB_GSO_TCPV6 ? can->gso6 : can->gso4;
}

/*
 * Of a packet that waited while one backend followed another, the stack does not
 * ask again whether its sum can be left blank.
 */
static int settle_sum(const struct netfront *nf, struct sk_buff *skb)
{
	bool v6;

	if (skb->ip_summed != CHECKSUM_PARTIAL || skb_is_gso(skb))
		return 0;
	v6 = vlan_get_protocol(skb) == htons(ETH_P_IPV6);
	if (v6 ? nf->offer.csum6 : !nf->offer.no_csum)
		return 0;
	return skb_checksum_help(skb);
}

/**
 * netfront_tx_send() - put a packet, or drop it if it cannot be sent
 * @queue: the queue, its transmit lock held, with room
 * @skb: the packet
 *
 * What was put is shown to the backend by netfront_tx_push().
 */
void netfront_tx_send(struct netfront_queue *queue, struct sk_buff *skb)
{
	struct netfront_tx *tx = &queue->tx;
	struct netfront_build *b = build_start(tx, skb);
	bool copied;

	if (!is_sendable(queue->nf, tx, skb) ||
	    settle_sum(queue->nf, skb) || build_packet(queue->nf, b, &copied)) {
		u64_stats_update_begin(&tx->stats.sync);
		tx->stats.dropped++;
		u64_stats_update_end(&tx->stats.sync);
		dev_kfree_skb_any(skb);
		return;
	}
	build_put(b, skb, skb->len, packet_flags(skb));
	skb_tx_timestamp(skb);
	count_sent(tx, skb, copied);
	if (must_wait(tx, skb, copied)) {
		tx->slots[b->ids[0]].skb = skb;
		tx->held++;
		netdev_tx_sent_queue(netfront_txq(queue), skb->len);
	} else {
		net_consume(skb);
	}
}

static void stop(struct netfront_queue *queue)
{
	netif_tx_stop_queue(netfront_txq(queue));
	u64_stats_update_begin(&queue->tx.stats.sync);
	queue->tx.stats.ring_full++;
	u64_stats_update_end(&queue->tx.stats.sync);
}

/**
 * netfront_tx_push() - show the backend what was put
 * @queue: the queue, its transmit lock held
 *
 * Return: 0; or -EAGAIN if there is something to take already.
 */
int netfront_tx_push(struct netfront_queue *queue)
{
	struct netfront_tx *tx = &queue->tx;

	if (unlikely(tx->rest))
		netfront_rest_end(queue);
	if (tx->ring.pushed != tx->ring.prod &&
	    xpv_front_ring_push(&tx->ring))
		xpv_evtchn_notify(queue->tx_ch.irq ? &queue->tx_ch :
						     &queue->rx_ch);
	return netfront_tx_arm(queue) ? 0 : -EAGAIN;
}

/**
 * netfront_tx_frame() - put a packet that programs send
 * @queue: the queue, its transmit lock held
 * @data: the packet, which is copied
 * @len: its length, at most a page
 *
 * What was put is shown to the backend by netfront_tx_push().
 *
 * Return: whether it was.
 */
bool netfront_tx_frame(struct netfront_queue *queue, const void *data,
		       unsigned int len)
{
	struct netfront_tx *tx = &queue->tx;
	struct xpv_cached_grant *own;
	struct netfront_build *b;
	int id;

	if (!tx->live || !len || len > XEN_PAGE_SIZE)
		return false;
	if (!netfront_tx_has_room(tx))
		netfront_tx_take(queue, 0);
	if (!tx->live || !netfront_tx_has_room(tx))
		return false;
	id = netfront_tx_take_page(tx);
	if (id < 0)
		return false;
	own = &tx->own.entries[tx->slots[id].own];
	memcpy(page_address(own->page), data, len);
	b = build_start(tx, NULL);
	piece_add(b, id, own->ref, 0, len);
	build_put(b, NULL, len, 0);
	u64_stats_update_begin(&tx->stats.sync);
	tx->stats.packets++;
	tx->stats.bytes += len;
	tx->stats.copied++;
	u64_stats_update_end(&tx->stats.sync);
	return true;
}

/**
 * netfront_tx_mcast() - put a request that changes what the backend filters
 * @queue: the queue, its transmit lock held
 * @type: XEN_NETIF_EXTRA_TYPE_MCAST_ADD or its opposite
 * @address: what to let pass, or no more
 *
 * Return: whether there was room.
 */
bool netfront_tx_mcast(struct netfront_queue *queue, u8 type,
		       const u8 *address)
{
	struct xen_netif_extra_info extra = { .type = type };
	struct netfront_tx *tx = &queue->tx;
	struct xen_netif_tx_request req = { .flags = XEN_NETTXF_extra_info };
	int id;

	if (tx->live && !netfront_tx_has_room(tx))
		netfront_tx_take(queue, 0);
	if (!tx->live || !netfront_tx_has_room(tx))
		return false;
	id = netfront_tx_take_bare(tx);
	if (id < 0)
		return false;
	req.id = id;
	tx->slots[id].head = id;
	tx->slots[id].left = 1;
	tx->slots[id].nth = tx->ring.prod;
	tx->slots[id].size = 0;
	tx->slots[id].out = true;
	ether_addr_copy(extra.u.mcast.addr, address);
	xpv_front_ring_put(&tx->ring, &req, sizeof(req));
	put_extra(tx, &extra);
	return true;
}

/**
 * netfront_xmit() - ndo_start_xmit
 * @skb: the packet
 * @netdev: the device
 *
 * Context: the transmit lock is held.
 * Return: NETDEV_TX_OK, or NETDEV_TX_BUSY if there is no room after all.
 */
netdev_tx_t netfront_xmit(struct sk_buff *skb, struct net_device *netdev)
{
	struct netfront *nf = netdev_priv(netdev);
	struct netfront_queue *queue = &nf->queues[skb_get_queue_mapping(skb)];
	struct netdev_queue *txq = netfront_txq(queue);
	struct netfront_tx *tx = &queue->tx;
	bool more = netdev_xmit_more();

	if (tx->live && tx->ring.prod - tx->ring.cons > FEW_OUT(tx))
		netfront_tx_take(queue, 0);
	if (tx->live && !netfront_tx_has_room(tx)) {
		stop(queue);
		if (netfront_tx_push(queue))
			napi_schedule(&queue->napi);
		return NETDEV_TX_BUSY;
	}
	netfront_tx_send(queue, skb);
	if (!tx->live)
		return NETDEV_TX_OK;
	if (!netfront_tx_has_room(tx))
		stop(queue);
	if ((!more || netif_xmit_stopped(txq)) && netfront_tx_push(queue))
		napi_schedule(&queue->napi);
	return NETDEV_TX_OK;
}
