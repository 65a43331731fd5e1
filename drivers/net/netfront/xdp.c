// SPDX-License-Identifier: GPL-2.0
/*
 * Programs that look at packets before the stack does.
 *
 * A program gets a packet in a page of its own: nobody can change under its
 * eyes what it judges, the page can be sent on as it is, and there is room in
 * front. What it drops or sends back leaves the page to the next packet.
 *
 * While there is a program, the backend is asked for packets that fit a page
 * and have their checksums (see connect.c); one that does not fit is dropped,
 * since it must not pass by the program.
 */
#include <linux/bpf_trace.h>
#include <linux/filter.h>
#include "netfront.h"

/* What a packet in a page may have, with room in front and the skb's part behind. */
#define FRAME_MAX	SKB_WITH_OVERHEAD(PAGE_SIZE - XDP_PACKET_HEADROOM)

/**
 * netfront_xdp_mtu() - the largest MTU that programs can be given
 */
int netfront_xdp_mtu(void)
{
	return FRAME_MAX - VLAN_ETH_HLEN;
}

static struct page *page_for(struct netfront_rx *rx)
{
	if (!rx->page)
		rx->page = dev_alloc_page();
	return rx->page;
}

/* Return: whether there is a copy of the packet for the program. */
static bool prepare(struct netfront_rx *rx, struct xdp_buff *xdp)
{
	const struct netfront_packet *pkt = &rx->pkt;
	void *start, *at;
	unsigned int i;

	if (pkt->len > FRAME_MAX || pkt->gso || !page_for(rx))
		return false;
	start = page_address(rx->page);
	at = start + XDP_PACKET_HEADROOM;
	for (i = 0; i < pkt->nr; i++) {
		memcpy(at, page_address(netfront_rx_page(rx, rx->parts[i])) +
			   pkt->frags[i].offset, pkt->frags[i].len);
		at += pkt->frags[i].len;
	}
	xdp_init_buff(xdp, PAGE_SIZE, &rx->program_info);
	xdp_prepare_buff(xdp, start, XDP_PACKET_HEADROOM, pkt->len, true);
	return true;
}

/* The page becomes the packet. */
static struct sk_buff *to_skb(struct netfront_rx *rx, struct xdp_buff *xdp)
{
	struct sk_buff *skb = build_skb(xdp->data_hard_start, PAGE_SIZE);

	if (!skb)
		return NULL;
	rx->page = NULL;
	skb_reserve(skb, xdp->data - xdp->data_hard_start);
	__skb_put(skb, xdp->data_end - xdp->data);
	if (xdp->data != xdp->data_meta)
		skb_metadata_set(skb, xdp->data - xdp->data_meta);
	return skb;
}

static bool send_back(struct netfront_queue *queue, const struct xdp_buff *xdp)
{
	struct netdev_queue *txq = netfront_txq(queue);
	bool sent;

	__netif_tx_lock(txq, smp_processor_id());
	sent = netfront_tx_frame(queue, xdp->data, xdp->data_end - xdp->data);
	__netif_tx_unlock(txq);
	/* Also if not: it may have taken what an event was asked for. */
	queue->rx.flush_tx = true;
	return sent;
}

static bool redirect(struct netfront_queue *queue, struct xdp_buff *xdp,
		     struct bpf_prog *program)
{
	if (xdp_do_redirect(queue->nf->netdev, xdp, program))
		return false;
	queue->rx.page = NULL;
	queue->rx.flush_redirect = true;
	return true;
}

static u64 *counter(struct netfront_rx *rx, u32 verdict)
{
	switch (verdict) {
	case XDP_DROP:
		return &rx->stats.xdp_drop;
	case XDP_TX:
		return &rx->stats.xdp_tx;
	case XDP_REDIRECT:
		return &rx->stats.xdp_redirect;
	default:
		return &rx->stats.xdp_errors;
	}
}

/* Do what the program wants. Return: XDP_ABORTED if it could not be done. */
static u32 carry_out(struct netfront_queue *queue, struct xdp_buff *xdp,
		     struct bpf_prog *program, u32 verdict)
{
	struct net_device *netdev = queue->nf->netdev;

	switch (verdict) {
	case XDP_PASS:
	case XDP_DROP:
		return verdict;
	case XDP_TX:
		if (send_back(queue, xdp))
			return verdict;
		break;
	case XDP_REDIRECT:
		if (redirect(queue, xdp, program))
			return verdict;
		break;
	case XDP_ABORTED:
		break;
	default:
		bpf_warn_invalid_xdp_action(netdev, program, verdict);
		break;
	}
	trace_xdp_exception(netdev, program, verdict);
	return XDP_ABORTED;
}

/**
 * netfront_xdp_run() - have a program judge the packet
 * @queue: the queue, with a packet that has no error
 * @program: the program
 *
 * Context: NAPI.
 * Return: what goes to the stack, or NULL.
 */
struct sk_buff *netfront_xdp_run(struct netfront_queue *queue,
				 struct bpf_prog *program)
{
	struct netfront_rx *rx = &queue->rx;
	u32 verdict = XDP_ABORTED;
	struct sk_buff *skb = NULL;
	struct xdp_buff xdp;

	if (prepare(rx, &xdp))
		verdict = carry_out(queue, &xdp, program,
				    bpf_prog_run_xdp(program, &xdp));
	if (verdict == XDP_PASS)
		skb = to_skb(rx, &xdp);
	if (!skb) {
		u64_stats_update_begin(&rx->stats.sync);
		++*counter(rx, verdict);
		u64_stats_update_end(&rx->stats.sync);
	}
	return skb;
}

/**
 * netfront_xdp_flush() - send off what programs sent
 * @queue: the queue
 *
 * Context: NAPI, once a round.
 */
void netfront_xdp_flush(struct netfront_queue *queue)
{
	struct netdev_queue *txq = netfront_txq(queue);
	struct netfront_rx *rx = &queue->rx;

	if (rx->flush_redirect)
		xdp_do_flush();
	rx->flush_redirect = false;
	if (!rx->flush_tx)
		return;
	rx->flush_tx = false;
	__netif_tx_lock(txq, smp_processor_id());
	if (queue->tx.live && netfront_tx_push(queue))
		napi_schedule(&queue->napi);
	__netif_tx_unlock(txq);
}

/**
 * netfront_xdp_xmit() - ndo_xdp_xmit
 * @netdev: the device
 * @nr: how many
 * @frames: packets; those that were sent are ours, and freed, as they are copied
 * @flags: XDP_XMIT_FLUSH
 *
 * Context: softirq.
 * Return: how many were sent, from the first on; -EINVAL; -ENETDOWN.
 */
int netfront_xdp_xmit(struct net_device *netdev, int nr,
		      struct xdp_frame **frames, u32 flags)
{
	struct netfront *nf = netdev_priv(netdev);
	unsigned int index = smp_processor_id() % netdev->real_num_tx_queues;
	struct netfront_queue *queue = &nf->queues[index];
	struct netdev_queue *txq = netfront_txq(queue);
	int sent;

	if (flags & ~XDP_XMIT_FLAGS_MASK)
		return -EINVAL;
	if (!READ_ONCE(queue->tx.live))
		return -ENETDOWN;
	__netif_tx_lock(txq, smp_processor_id());
	for (sent = 0; sent < nr; sent++) {
		if (!netfront_tx_frame(queue, frames[sent]->data,
				       frames[sent]->len))
			break;
		xdp_return_frame_rx_napi(frames[sent]);
	}
	if (flags & XDP_XMIT_FLUSH && queue->tx.live && netfront_tx_push(queue))
		napi_schedule(&queue->napi);
	__netif_tx_unlock(txq);
	return sent;
}

/*
 * The connection begins anew when the first program comes and when the last
 * one goes, so that the backend learns what is wanted.
 */
static int set_program(struct netfront *nf, struct bpf_prog *program,
		       struct netlink_ext_ack *extack)
{
	struct bpf_prog *old = rtnl_dereference(nf->program);

	if (program && nf->netdev->mtu > netfront_xdp_mtu()) {
		NL_SET_ERR_MSG_MOD(extack, "the MTU is too large for XDP");
		return -EINVAL;
	}
	rcu_assign_pointer(nf->program, program);
	if (!program != !old)
		xpv_device_restart(nf->dev);
	if (old)
		bpf_prog_put(old);
	return 0;
}

/**
 * netfront_bpf() - ndo_bpf
 * @netdev: the device
 * @bpf: what is to be done
 *
 * Context: RTNL is held.
 * Return: 0 or a negative errno.
 */
int netfront_bpf(struct net_device *netdev, struct netdev_bpf *bpf)
{
	if (bpf->command != XDP_SETUP_PROG)
		return -EINVAL;
	return set_program(netdev_priv(netdev), bpf->prog, bpf->extack);
}

/**
 * netfront_xdp_init() - make a queue known to programs
 * @queue: the queue
 *
 * Return: 0 or a negative errno.
 */
int netfront_xdp_init(struct netfront_queue *queue)
{
	struct xdp_rxq_info *info = &queue->rx.program_info;
	int err;

	err = xdp_rxq_info_reg(info, queue->nf->netdev, queue->index,
			       queue->napi.napi_id);
	if (!err)
		err = xdp_rxq_info_reg_mem_model(info, MEM_TYPE_PAGE_SHARED,
						 NULL);
	return err;
}

/**
 * netfront_xdp_exit() - undo netfront_xdp_init()
 * @queue: a queue whose NAPI is gone
 */
void netfront_xdp_exit(struct netfront_queue *queue)
{
	if (xdp_rxq_info_is_reg(&queue->rx.program_info))
		xdp_rxq_info_unreg(&queue->rx.program_info);
	if (queue->rx.page)
		__free_page(queue->rx.page);
	queue->rx.page = NULL;
}
