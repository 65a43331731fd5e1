// SPDX-License-Identifier: GPL-2.0
/*
 * From a received packet's buffers to an skb.
 *
 * Headers are copied before anybody looks at them, since the backend can write
 * to a buffer at any time; a small packet is copied whole and its buffer posted
 * again at once. The rest is handed up in place, unless the backend is not
 * trusted: then all of it is copied.
 */
#include <linux/etherdevice.h>
#include <linux/skbuff.h>
#include <net/busy_poll.h>
#include "netfront.h"

/* A TCP segment over IPv4 with time stamps and no data. */
#define TOO_SHORT	(ETH_HLEN + 20 + 32)

static void *part_address(const struct netfront_rx *rx, unsigned int i)
{
	return page_address(netfront_rx_page(rx, rx->parts[i])) +
	       rx->pkt.frags[i].offset;
}

static void spare_from(struct netfront_rx *rx, unsigned int i)
{
	for (; i < rx->pkt.nr; i++)
		netfront_rx_spare(rx, rx->parts[i]);
}

/*
 * What a backend writes to a page that it has mapped is not seen by whoever copies
 * this domain while it runs, to migrate it: Xen notes that a page changed when it is
 * unmapped, and when we write to it. So we do.
 */
static void note_change(u8 *at)
{
	WRITE_ONCE(*at, READ_ONCE(*at));
}

/*
 * Hand a part up in place, all but its first @skip bytes. The backend still has
 * access, so whoever wants to change it, or to rely on it, has to copy it.
 */
static void add_lent(struct netfront_rx *rx, struct sk_buff *skb,
		     unsigned int i, unsigned int skip)
{
	const struct netfront_frag *frag = &rx->pkt.frags[i];
	struct page *page = netfront_rx_page(rx, rx->parts[i]);

	note_change(part_address(rx, i));
	get_page(page);
	skb_add_rx_frag(skb, skb_shinfo(skb)->nr_frags, page,
			frag->offset + skip, frag->len - skip, PAGE_SIZE);
	skb_shinfo(skb)->flags |= SKBFL_SHARED_FRAG;
	netfront_rx_handed(rx, rx->parts[i]);
}

static void *take_page(struct netfront_rx *rx)
{
	void *to = net_pages_take(&rx->copies, NETFRONT_COPY_PAGES, PAGE_SIZE);
	struct page *page;

	if (likely(to))
		return to;
	page = dev_alloc_page();	/* the kernel has reserves for packets */
	return page ? page_address(page) : NULL;
}

static bool add_copied(struct netfront_rx *rx, struct sk_buff *skb,
		       unsigned int i, unsigned int skip)
{
	unsigned int len = rx->pkt.frags[i].len - skip;
	void *to = take_page(rx);

	if (!to)
		return false;
	memcpy(to, part_address(rx, i) + skip, len);
	skb_add_rx_frag(skb, skb_shinfo(skb)->nr_frags, virt_to_page(to), 0,
			len, PAGE_SIZE);
	netfront_rx_spare(rx, rx->parts[i]);
	netfront_rx_count(rx, &rx->stats.copied);
	return true;
}

/* Return: how many parts are used up, all if it worked. */
static unsigned int add_parts(struct netfront_queue *queue,
			      struct sk_buff *skb, unsigned int pulled)
{
	struct netfront_rx *rx = &queue->rx;
	unsigned int i = 0;

	if (pulled == rx->pkt.frags[0].len) {
		netfront_rx_spare(rx, rx->parts[0]);
		pulled = 0;
		i = 1;
	}
	for (; i < rx->pkt.nr; i++, pulled = 0) {
		if (netfront_rx_may_lend(queue))
			add_lent(rx, skb, i, pulled);
		else if (!add_copied(rx, skb, i, pulled))
			break;
	}
	return i;
}

static struct sk_buff *build_skb_of(struct netfront_queue *queue)
{
	struct netfront_rx *rx = &queue->rx;
	unsigned int pull = min_t(unsigned int, rx->pkt.frags[0].len,
				  NETFRONT_COPY);
	unsigned int frags = rx->pkt.nr - (pull == rx->pkt.frags[0].len);
	struct sk_buff *skb = NULL;
	unsigned int used = 0;

	BUILD_BUG_ON(NETFRONT_COPY > NET_HEAD_ROOM);
	if (frags <= MAX_SKB_FRAGS)
		skb = net_pages_skb(&rx->heads, &queue->napi);
	if (skb) {
		skb_put_data(skb, part_address(rx, 0), pull);
		used = add_parts(queue, skb, pull);
	}
	spare_from(rx, used);
	if (skb && used < rx->pkt.nr) {
		dev_kfree_skb_any(skb);
		skb = NULL;
	}
	return skb;
}

static void set_gso(struct sk_buff *skb, const struct netfront_packet *pkt)
{
	if (!pkt->gso)
		return;
	skb_shinfo(skb)->gso_size = pkt->gso_size;
	skb_shinfo(skb)->gso_type = SKB_GSO_DODGY |
		(pkt->gso == NETFRONT_GSO_TCPV6 ? SKB_GSO_TCPV6 :
						  SKB_GSO_TCPV4);
	skb_shinfo(skb)->gso_segs = 0;
}

/* Return: whether checksum and headers fit each other. */
static bool set_checksum(struct netfront *nf, struct sk_buff *skb, u16 flags)
{
	bool recalculate = false;

	if (flags & NETFRONT_RX_CSUM_BLANK)
		skb->ip_summed = CHECKSUM_PARTIAL;
	else if (flags & NETFRONT_RX_VALIDATED)
		skb->ip_summed = CHECKSUM_UNNECESSARY;
	if (skb_is_gso(skb) && skb->ip_summed != CHECKSUM_PARTIAL) {
		atomic_inc(&nf->gso_fixups);
		skb->ip_summed = CHECKSUM_PARTIAL;
		recalculate = true;
	}
	if (skb->ip_summed != CHECKSUM_PARTIAL)
		return true;
	return !skb_checksum_setup(skb, recalculate);
}

static void set_hash(struct sk_buff *skb, const struct netfront_packet *pkt)
{
	bool ports = pkt->hash == NETFRONT_HASH_IPV4_TCP ||
		     pkt->hash == NETFRONT_HASH_IPV6_TCP;

	if (pkt->hash != NETFRONT_HASH_NONE)
		skb_set_hash(skb, pkt->hash_value,
			     ports ? PKT_HASH_TYPE_L4 : PKT_HASH_TYPE_L3);
}

/* Fill in what the stack wants to know. Return: whether it can have it. */
static bool describe(struct netfront_queue *queue, struct sk_buff *skb)
{
	const struct netfront_packet *pkt = &queue->rx.pkt;

	/* A first part may be shorter than what the stack looks at. */
	if (!pskb_may_pull(skb, min_t(unsigned int, skb->len, NETFRONT_COPY)))
		return false;
	set_gso(skb, pkt);
	set_hash(skb, pkt);
	skb_record_rx_queue(skb, queue->index);
	skb->protocol = eth_type_trans(skb, queue->nf->netdev);
	skb_reset_network_header(skb);
	return set_checksum(queue->nf, skb, pkt->flags);
}

/*
 * The packet as an skb, which takes over its buffers or copies them.
 * Return: NULL if it goes nowhere, which was counted.
 */
static struct sk_buff *receive(struct netfront_queue *queue)
{
	struct bpf_prog *program = rcu_dereference(queue->nf->program);
	struct netfront_rx *rx = &queue->rx;
	struct sk_buff *skb;

	if (unlikely(program)) {
		skb = netfront_xdp_run(queue, program);
		spare_from(rx, 0);
		return skb;
	}
	skb = build_skb_of(queue);
	if (!skb)
		netfront_rx_count(rx, &rx->stats.dropped);
	return skb;
}

/*
 * What is as short is an acknowledgment, a small datagram, or a few bytes of a stream.
 * GRO has little to merge it with, and takes as long to find out as the stack does for
 * the packet. So it goes straight up, unless there are others that it would overtake.
 */
static void pass_up(struct netfront_queue *queue, struct sk_buff *skb)
{
	struct napi_struct *napi = &queue->napi;

	if (queue->rx.pkt.len > TOO_SHORT || napi->gro_bitmask || napi->rx_count) {
		napi_gro_receive(napi, skb);
		return;
	}
	skb_mark_napi_id(skb, napi);
	netif_receive_skb(skb);
}

/**
 * netfront_rx_packet() - hand a packet to the stack, or drop it
 * @queue: the queue; what its packet was made of is used up on return
 *
 * Context: NAPI, in an RCU read-side section.
 */
void netfront_rx_packet(struct netfront_queue *queue)
{
	struct netfront_rx *rx = &queue->rx;
	struct sk_buff *skb;

	if (rx->pkt.err) {
		spare_from(rx, 0);
		netfront_rx_count(rx, &rx->stats.errors);
		return;
	}
	skb = receive(queue);
	if (!skb)
		return;
	if (!describe(queue, skb)) {
		dev_kfree_skb_any(skb);
		netfront_rx_count(rx, &rx->stats.errors);
		return;
	}
	u64_stats_update_begin(&rx->stats.sync);
	rx->stats.packets++;
	rx->stats.bytes += rx->pkt.len;
	u64_stats_update_end(&rx->stats.sync);
	pass_up(queue, skb);
}
