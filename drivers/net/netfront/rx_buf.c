// SPDX-License-Identifier: GPL-2.0
/*
 * Buffers to receive into. They stay granted, whoever has them: the backend in
 * a slot of the ring, or the stack in a packet. We hold a reference to each
 * page all the while. When it is the last one, the stack is done with the page
 * and it is posted again, with no grant to be made or ended.
 *
 * A page that the stack keeps for long is replaced, once there are as many
 * buffers as there may be: its grant ends, and it is the stack's alone.
 */
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include "netfront.h"

/* Buffers, as a multiple of the ring's slots. */
#define BUFS_SHARE	4

/* How many of the oldest pages to look at when a buffer is needed. */
#define LOOK_AT		4

/* Of fewer buffers, a backend may wait for more: the largest packet's, extras too. */
#define EVENT_MIN	(NETFRONT_RX_FRAGS + 2)

/* When to look for memory again; only if no event can be relied on for it. */
#define RETRY_AFTER	(HZ / 10)

/* Requests are published in pieces of this many. */
#define POST_MIN	16

static int rx_alloc(struct netfront_rx *rx, struct xpv_device *dev,
		    unsigned int nr)
{
	rx->posted = kvcalloc(nr, sizeof(*rx->posted), GFP_NOIO);
	rx->out = kvcalloc(nr * BUFS_SHARE, sizeof(*rx->out), GFP_NOIO);
	if (!rx->posted || !rx->out || xpv_fault(dev, "buffers"))
		return -ENOMEM;
	return xpv_grant_cache_init(&rx->bufs, dev, nr * BUFS_SHARE);
}

/**
 * netfront_rx_init() - what a ring needs beside the ring
 * @rx: zeroed, or set up before
 * @dev: the device
 * @nr: slots of the ring
 *
 * Context: the lane; sleeps.
 * Return: 0 or -ENOMEM.
 */
int netfront_rx_init(struct netfront_rx *rx, struct xpv_device *dev,
		     unsigned int nr)
{
	unsigned int i;

	if (rx->posted && rx->bufs.size != nr * BUFS_SHARE)
		netfront_rx_exit(rx);
	if (!rx->posted && rx_alloc(rx, dev, nr)) {
		netfront_rx_exit(rx);
		return -ENOMEM;
	}
	rx->out_mask = nr * BUFS_SHARE - 1;
	rx->out_head = 0;
	rx->out_tail = 0;
	rx->broken = false;
	rx->staged = false;
	rx->lend_most = UINT_MAX;
	rx->spare = (struct xpv_grant_chain){};
	netfront_packet_start(&rx->pkt);
	for (i = 0; i < nr; i++)
		rx->posted[i] = NETFRONT_NONE;
	return 0;
}

/**
 * netfront_rx_exit() - undo netfront_rx_init()
 * @rx: a ring with nothing out; nothing happens if it was not set up
 */
void netfront_rx_exit(struct netfront_rx *rx)
{
	xpv_grant_cache_exit(&rx->bufs);
	kvfree(rx->posted);
	kvfree(rx->out);
	rx->posted = NULL;
	rx->out = NULL;
}

static struct xpv_grant_chain single(u16 buf)
{
	return (struct xpv_grant_chain){ .head = buf, .tail = buf, .nr = 1 };
}

/**
 * netfront_rx_spare() - a buffer is free: post it before others
 * @rx: the ring
 * @buf: the buffer
 */
void netfront_rx_spare(struct netfront_rx *rx, u16 buf)
{
	struct xpv_grant_chain one = single(buf);

	xpv_grant_chain_join(&rx->bufs, &one, &rx->spare);
	rx->spare = one;
}

/**
 * netfront_rx_handed() - the stack has got a buffer
 * @rx: the ring
 * @buf: the buffer, with a reference for the stack
 */
void netfront_rx_handed(struct netfront_rx *rx, u16 buf)
{
	rx->out[rx->out_tail++ & rx->out_mask] = buf;
}

static u16 out_pop(struct netfront_rx *rx)
{
	return rx->out[rx->out_head++ & rx->out_mask];
}

/* Look for a page that the stack is done with, among the oldest. */
static bool reuse(struct netfront_queue *queue)
{
	struct netfront_rx *rx = &queue->rx;
	unsigned int look = min_t(u32, LOOK_AT, rx->out_tail - rx->out_head);
	u16 buf;

	while (look--) {
		buf = out_pop(rx);
		/* Nobody else can get a reference to it any more. */
		if (page_count(netfront_rx_page(rx, buf)) != 1) {
			netfront_rx_handed(rx, buf);
			continue;
		}
		netfront_rx_spare(rx, buf);
		u64_stats_update_begin(&rx->stats.sync);
		rx->stats.refilled++;
		u64_stats_update_end(&rx->stats.sync);
		return true;
	}
	return false;
}

/**
 * netfront_rx_may_lend() - whether the stack may have another buffer
 * @queue: the queue
 *
 * If not, a copy is cheaper: other buffers than those that the backend keeps
 * mapped would cost it a grant operation each.
 *
 * Context: NAPI.
 */
bool netfront_rx_may_lend(struct netfront_queue *queue)
{
	struct netfront_rx *rx = &queue->rx;
	u32 most = READ_ONCE(rx->lend_most);

	if (queue->nf->bounce)
		return false;
	return rx->out_tail - rx->out_head < most || reuse(queue);
}

/* Not if the backend has it mapped, or is being asked to. */
static bool leave(struct netfront_rx *rx, u16 buf)
{
	struct xpv_grant_chain one = single(buf);

	if (rx->bufs.entries[buf].note && READ_ONCE(rx->staged))
		return false;
	return xpv_grant_cache_revoke(&rx->bufs, &one);
}

/* Leave the oldest page that can be to the stack; its entry is another's. */
static bool evict(struct netfront_queue *queue)
{
	struct netfront_rx *rx = &queue->rx;
	u32 look = rx->out_tail - rx->out_head;
	u16 buf;

	while (look--) {
		buf = out_pop(rx);
		if (!leave(rx, buf)) {
			netfront_rx_handed(rx, buf);
			continue;
		}
		u64_stats_update_begin(&rx->stats.sync);
		rx->stats.evicted++;
		u64_stats_update_end(&rx->stats.sync);
		return true;
	}
	return false;
}

static bool take_new(struct netfront_rx *rx)
{
	struct xpv_grant_chain one;

	if (!xpv_grant_cache_take(&rx->bufs, 1, &one))
		return false;
	rx->bufs.entries[one.head].note = 0;
	netfront_rx_spare(rx, one.head);
	return true;
}

static bool get_spare(struct netfront_queue *queue)
{
	struct netfront_rx *rx = &queue->rx;

	if (rx->spare.nr || reuse(queue) || take_new(rx))
		return true;
	return evict(queue) && take_new(rx);
}

static void post(struct netfront_rx *rx)
{
	struct xpv_grant_chain one = xpv_grant_chain_cut(&rx->bufs, &rx->spare,
							 1);
	u16 slot = rx->ring.prod & (rx->ring.nr - 1);
	struct xen_netif_rx_request req = {
		.id = slot,
		.gref = rx->bufs.entries[one.head].ref,
	};

	rx->posted[slot] = one.head;
	xpv_front_ring_put(&rx->ring, &req, sizeof(req));
}

/**
 * netfront_rx_fill() - post buffers until the ring is full
 * @queue: the queue
 *
 * Context: NAPI.
 */
void netfront_rx_fill(struct netfront_queue *queue)
{
	struct netfront_rx *rx = &queue->rx;
	unsigned int room = xpv_front_ring_free(&rx->ring);

	if (room < POST_MIN || rx->broken)
		return;
	while (room && get_spare(queue)) {
		post(rx);
		room--;
	}
	if (rx->ring.prod != rx->ring.pushed && xpv_front_ring_push(&rx->ring))
		xpv_evtchn_notify(&queue->rx_ch);
	if (!room)
		return;
	u64_stats_update_begin(&rx->stats.sync);
	rx->stats.no_buffer++;
	u64_stats_update_end(&rx->stats.sync);
	if (rx->ring.nr - room < EVENT_MIN)
		mod_timer(&rx->retry, jiffies + RETRY_AFTER);
}

static void give(struct netfront_rx *rx, u16 buf)
{
	struct xpv_grant_chain one = single(buf);

	xpv_grant_cache_give(&rx->bufs, &one);
}

/**
 * netfront_rx_drop_all() - the connection is over: take all buffers back
 * @queue: a queue whose NAPI is disabled, with a closed cache
 *
 * Pages that the stack has are its alone from now on.
 *
 * Context: the lane.
 */
void netfront_rx_drop_all(struct netfront_queue *queue)
{
	struct netfront_rx *rx = &queue->rx;
	unsigned int i;

	if (!rx->posted)
		return;
	/* The ring may be of another size already. */
	for (i = 0; i < rx->bufs.size / BUFS_SHARE; i++) {
		if (rx->posted[i] != NETFRONT_NONE)
			give(rx, rx->posted[i]);
		rx->posted[i] = NETFRONT_NONE;
	}
	for (i = 0; i < rx->pkt.nr; i++)
		give(rx, rx->parts[i]);
	netfront_packet_start(&rx->pkt);
	while (rx->out_head != rx->out_tail)
		give(rx, out_pop(rx));
	xpv_grant_cache_give(&rx->bufs, &rx->spare);
}
