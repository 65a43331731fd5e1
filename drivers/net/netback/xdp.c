// SPDX-License-Identifier: GPL-2.0
/*
 * Programs that look at what the guest sends before the stack does, and packets
 * that programs of other devices send to the guest.
 *
 * A program gets each packet in a page of its own, as it would go over a wire:
 * one segment, its checksum made, its VLAN tag in it, and with room in front.
 * While there is a program, packets that fit are copied to such a page at once
 * (see tx_skb.c). Guests send segments to be cut, and know nothing of programs:
 * those are cut here, into pages. What does not fit a page is dropped and
 * counted, for nothing passes by a program.
 */
#include <linux/bpf_trace.h>
#include <linux/etherdevice.h>
#include <linux/filter.h>
#include <linux/if_vlan.h>
#include <net/xdp.h>
#include <compat/net.h>

#include "netback.h"

/* What a page holds with room in front and the skb's part behind. */
#define FRAME_MAX	SKB_WITH_OVERHEAD(PAGE_SIZE - XDP_PACKET_HEADROOM)

/*
 * The guest says how large segments are, down to a byte: 65535 of them in a
 * packet, all made at once. So many are those of the largest packet at 128 bytes.
 */
#define SEGMENTS_MAX	512

/**
 * netback_xdp_mtu() - the largest MTU that programs can be given
 */
int netback_xdp_mtu(void)
{
	return FRAME_MAX - VLAN_ETH_HLEN;
}

/**
 * netback_xdp_alloc() - make an skb that a program can be given
 * @queue: the queue
 * @len: bytes it will have
 *
 * Context: the queue's NAPI.
 * Return: the skb, empty; or NULL if so much does not fit, or without memory.
 */
struct sk_buff *netback_xdp_alloc(struct netback_queue *queue, unsigned int len)
{
	struct sk_buff *skb;
	struct page *page;

	if (len > FRAME_MAX)
		return NULL;
	page = dev_alloc_page();
	if (!page)
		return NULL;
	skb = napi_build_skb(page_address(page), PAGE_SIZE);
	if (!skb) {
		__free_page(page);
		return NULL;
	}
	skb_reserve(skb, XDP_PACKET_HEADROOM);
	skb->dev = queue->vif->dev;
	return skb;
}

/* As netback_xdp_alloc() makes them. */
static bool is_in_page(const struct sk_buff *skb)
{
	return skb->head_frag && !skb_is_nonlinear(skb) &&
	       skb_end_offset(skb) == SKB_WITH_OVERHEAD(PAGE_SIZE) &&
	       skb_headroom(skb) >= XDP_PACKET_HEADROOM;
}

static struct sk_buff *to_page(struct netback_queue *queue,
			       struct sk_buff *skb)
{
	struct sk_buff *copy;

	if (is_in_page(skb))
		return skb;
	copy = netback_xdp_alloc(queue, skb->len);
	if (copy) {
		skb_copy_bits(skb, 0, __skb_put(copy, skb->len), skb->len);
		skb_copy_hash(copy, skb);
		skb_record_rx_queue(copy, queue->index);
	} else {
		netback_count(queue->tx.stats.xdp_errors, 1);
	}
	consume_skb(skb);
	return copy;
}

/* The packet as the program left it. */
static void refit(struct sk_buff *skb, const struct xdp_buff *xdp)
{
	skb->data = xdp->data;
	skb_reset_tail_pointer(skb);
	skb->len = 0;
	__skb_put(skb, xdp->data_end - xdp->data);
	if (xdp->data != xdp->data_meta)
		skb_metadata_set(skb, xdp->data - xdp->data_meta);
	/* Whatever was known of it, the program may have changed. */
	skb->ip_summed = CHECKSUM_NONE;
	skb_reset_mac_header(skb);
}

static void pass(struct netback_queue *queue, struct sk_buff *skb)
{
	skb->protocol = eth_type_trans(skb, queue->vif->dev);
	skb_reset_network_header(skb);
	netif_receive_skb(skb);
}

/* The page is the other device's from now on; the skb goes. */
static bool redirect(struct netback_queue *queue, struct sk_buff *skb,
		     struct xdp_buff *xdp, struct bpf_prog *program)
{
	struct page *page = virt_to_page(skb->head);

	get_page(page);
	consume_skb(skb);
	if (xdp_do_redirect(queue->vif->dev, xdp, program)) {
		put_page(page);
		return false;
	}
	queue->tx.flush_redirect = true;
	return true;
}

static bool send_back(struct netback_queue *queue, struct sk_buff *skb,
		      const struct xdp_buff *xdp)
{
	refit(skb, xdp);
	if (rx_send_back(queue, skb))
		return true;
	kfree_skb(skb);
	return false;
}

/* Nothing of the packet is left to us. */
static void failed(struct netback_queue *queue,
		   const struct bpf_prog *program, u32 verdict)
{
	trace_xdp_exception(queue->vif->dev, program, verdict);
	netback_count(queue->tx.stats.xdp_errors, 1);
}

/* Do what the program wants with a packet. */
static void carry_out(struct netback_queue *queue, struct sk_buff *skb,
		      struct xdp_buff *xdp, struct bpf_prog *program)
{
	struct netback_tx_stats *stats = &queue->tx.stats;
	u32 verdict = bpf_prog_run_xdp(program, xdp);

	switch (verdict) {
	case XDP_PASS:
		refit(skb, xdp);
		pass(queue, skb);
		return;
	case XDP_TX:
		if (send_back(queue, skb, xdp))
			netback_count(stats->xdp_tx, 1);
		else
			failed(queue, program, verdict);
		return;
	case XDP_REDIRECT:
		if (redirect(queue, skb, xdp, program))
			netback_count(stats->xdp_redirect, 1);
		else
			failed(queue, program, verdict);
		return;
	case XDP_DROP:
		netback_count(stats->xdp_drop, 1);
		break;
	default:
		bpf_warn_invalid_xdp_action(queue->vif->dev, program, verdict);
		fallthrough;
	case XDP_ABORTED:
		failed(queue, program, verdict);
		break;
	}
	consume_skb(skb);
}

/* One packet, as it would go over a wire but for its tag. */
static void judge(struct netback_queue *queue, struct sk_buff *skb,
		  struct bpf_prog *program)
{
	struct xdp_buff xdp;

	if (skb_vlan_tag_present(skb))
		skb = __vlan_hwaccel_push_inside(skb);
	if (skb)
		skb = to_page(queue, skb);
	if (!skb)
		return;
	xdp_init_buff(&xdp, PAGE_SIZE, &queue->tx.program_info);
	xdp_prepare_buff(&xdp, skb->head, skb_headroom(skb), skb->len, true);
	carry_out(queue, skb, &xdp, program);
}

static void judge_segments(struct netback_queue *queue, struct sk_buff *skb,
			   struct bpf_prog *program)
{
	unsigned int most = SEGMENTS_MAX * skb_shinfo(skb)->gso_size;
	struct sk_buff *segment = NULL, *next;

	if (skb->len <= most)
		segment = skb_gso_segment(skb, 0);
	if (IS_ERR_OR_NULL(segment)) {
		netback_count(queue->tx.stats.xdp_errors, 1);
		kfree_skb(skb);
		return;
	}
	consume_skb(skb);
	for (; segment; segment = next) {
		next = segment->next;
		skb_mark_not_on_list(segment);
		judge(queue, segment, program);
	}
}

/**
 * netback_xdp_run() - have a program judge a packet
 * @queue: the queue
 * @program: the program
 * @skb: the packet, as it would go to the stack; no more the caller's
 *
 * Context: the queue's NAPI.
 */
void netback_xdp_run(struct netback_queue *queue, struct bpf_prog *program,
		     struct sk_buff *skb)
{
	__skb_push(skb, ETH_HLEN);
	if (skb_is_gso(skb)) {
		judge_segments(queue, skb, program);
		return;
	}
	if (skb->ip_summed == CHECKSUM_PARTIAL && skb_checksum_help(skb)) {
		netback_count(queue->tx.stats.xdp_errors, 1);
		kfree_skb(skb);
		return;
	}
	judge(queue, skb, program);
}

/**
 * netback_xdp_flush() - send off what programs redirected
 * @queue: the queue
 *
 * Context: the queue's NAPI.
 */
void netback_xdp_flush(struct netback_queue *queue)
{
	if (likely(!queue->tx.flush_redirect))
		return;
	queue->tx.flush_redirect = false;
	xdp_do_flush();
}

/**
 * netback_xdp_xmit() - ndo_xdp_xmit: packets of programs, for the guest
 * @dev: the interface
 * @nr: how many
 * @frames: the packets; those that were sent are ours
 * @flags: XDP_XMIT_FLUSH
 *
 * Context: softirq.
 * Return: how many were sent, from the first on; -EINVAL; -ENETDOWN.
 */
int netback_xdp_xmit(struct net_device *dev, int nr,
		     struct xdp_frame **frames, u32 flags)
{
	struct netback *vif = netdev_priv(dev);
	struct netback_queue *queue =
		vif_queue(vif, smp_processor_id() % dev->real_num_tx_queues);

	if (flags & ~XDP_XMIT_FLAGS_MASK)
		return -EINVAL;
	if (!queue || !netif_running(dev) || !netif_carrier_ok(dev))
		return -ENETDOWN;
	return rx_send_frames(queue, nr, frames, flags & XDP_XMIT_FLUSH);
}

/*
 * The guest need not be told: what it sends is made fit here. That its MTU may
 * be larger than ours nobody can help.
 */
static int set_program(struct netback *vif, struct bpf_prog *program,
		       struct netlink_ext_ack *extack)
{
	struct bpf_prog *old = rtnl_dereference(vif->program);

	if (program && vif->dev->mtu > netback_xdp_mtu()) {
		NL_SET_ERR_MSG_MOD(extack,
				   "the MTU is too large for XDP: a packet has to fit a page");
		return -EINVAL;
	}
	rcu_assign_pointer(vif->program, program);
	if (old)
		bpf_prog_put(old);
	return 0;
}

/**
 * netback_xdp_bpf() - ndo_bpf
 * @dev: the interface
 * @bpf: what is to be done
 *
 * Context: RTNL is held.
 * Return: 0 or a negative errno.
 */
int netback_xdp_bpf(struct net_device *dev, struct netdev_bpf *bpf)
{
	if (bpf->command != XDP_SETUP_PROG)
		return -EINVAL;
	return set_program(netdev_priv(dev), bpf->prog, bpf->extack);
}

/**
 * netback_xdp_init() - make a queue known to programs
 * @queue: the queue, with its NAPI
 *
 * Return: 0 or a negative errno.
 */
int netback_xdp_init(struct netback_queue *queue)
{
	struct xdp_rxq_info *info = &queue->tx.program_info;
	int err;

	err = xdp_rxq_info_reg(info, queue->vif->dev, queue->index,
			       queue->napi.napi_id);
	if (err)
		return err;
	err = xdp_rxq_info_reg_mem_model(info, MEM_TYPE_PAGE_SHARED, NULL);
	if (err)
		xdp_rxq_info_unreg(info);
	return err;
}

/**
 * netback_xdp_exit() - undo netback_xdp_init()
 * @queue: a queue whose NAPI is gone
 */
void netback_xdp_exit(struct netback_queue *queue)
{
	xdp_rxq_info_unreg(&queue->tx.program_info);
}
