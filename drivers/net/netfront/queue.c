// SPDX-License-Identifier: GPL-2.0
/*
 * A queue: from the lane's opening and closing to NAPI and events.
 *
 * It is open while the device has rings for a backend, and started while there
 * is a backend and the interface is up. Opening and closing are the lane's;
 * starting and stopping are done under RTNL.
 */
#include <linux/slab.h>
#include "netfront.h"

/* Grants for pages of packets that are ready at once. */
#define LENT_KEEP	64U

static void event(struct netfront_queue *queue, unsigned int which)
{
	set_bit(which, &queue->events);
	napi_schedule(&queue->napi);
}

static void tx_event(void *arg)
{
	event(arg, NETFRONT_EVENT_TX);
}

static void rx_event(void *arg)
{
	event(arg, NETFRONT_EVENT_RX);
}

/* Whether something was taken since the last look; @seen is brought up to date. */
static bool moved(u32 *seen, const u32 *taken)
{
	u32 now = READ_ONCE(*taken);
	bool moved = now != *seen;

	*seen = now;
	return moved;
}

/*
 * Let the next events through, in place of those that came before this round
 * looked at the rings. One that came since makes NAPI run again. An event did
 * its work if something was taken since the last one of its channel, by
 * whomever: others may have been first.
 */
static void end_events(struct netfront_queue *queue)
{
	unsigned long events = queue->due;
	bool worked;

	queue->due = 0;
	if (events & BIT(NETFRONT_EVENT_TX)) {
		worked = moved(&queue->tx_seen, &queue->tx.taken);
		xpv_evtchn_eoi(&queue->tx_ch, worked);
	}
	if (events & BIT(NETFRONT_EVENT_RX)) {
		worked = moved(&queue->rx_seen, &queue->rx.taken);
		if (!queue->tx_ch.irq)
			worked |= moved(&queue->tx_seen, &queue->tx.taken);
		xpv_evtchn_eoi(&queue->rx_ch, worked);
	}
}

static int poll(struct napi_struct *napi, int budget)
{
	struct netfront_queue *queue = container_of(napi, struct netfront_queue,
						    napi);
	int done = 0;

	queue->due |= xchg(&queue->events, 0);
	netfront_tx_poll(queue, budget);
	if (budget)
		done = netfront_rx_poll(queue, budget);
	if (done >= budget || queue->rx.stay)
		return budget;
	if (!netfront_nap(&queue->rx) && !netfront_rx_arm(queue))
		return budget;
	end_events(queue);
	napi_complete_done(napi, done);
	return done;
}

static void retry(struct timer_list *timer)
{
	struct netfront_rx *rx = container_of(timer, struct netfront_rx, retry);

	napi_schedule(&container_of(rx, struct netfront_queue, rx)->napi);
}

/**
 * netfront_queues_alloc() - set up queues that have nothing yet
 * @nf: the device, with its netdev
 * @nr: how many
 *
 * Return: 0 or a negative errno.
 */
int netfront_queues_alloc(struct netfront *nf, unsigned int nr)
{
	struct netfront_queue *queue;
	unsigned int i;
	int err = 0;

	nf->queues = kvcalloc(nr, sizeof(*nf->queues), GFP_KERNEL);
	if (!nf->queues)
		return -ENOMEM;
	nf->max_queues = nr;
	for (i = 0; i < nr && !err; i++) {
		queue = &nf->queues[i];
		queue->nf = nf;
		queue->index = i;
		u64_stats_init(&queue->tx.stats.sync);
		u64_stats_init(&queue->rx.stats.sync);
		timer_setup(&queue->rx.retry, retry, 0);
		netfront_nap_init(&queue->rx);
		__skb_queue_head_init(&queue->kept);
		netif_napi_add(nf->netdev, &queue->napi, poll);
		err = netfront_xdp_init(queue);
	}
	if (err)
		netfront_queues_free(nf);
	return err;
}

/**
 * netfront_queues_free() - undo netfront_queues_alloc()
 * @nf: a device whose netdev is seen no more, and whose queues are closed
 */
void netfront_queues_free(struct netfront *nf)
{
	unsigned int i;

	for (i = 0; i < nf->max_queues; i++)
		__netif_napi_del(&nf->queues[i].napi);
	synchronize_net();	/* once for all that are freed below */
	for (i = 0; i < nf->max_queues; i++) {
		netfront_xdp_exit(&nf->queues[i]);
		netfront_tx_exit(&nf->queues[i].tx);
		netfront_rx_exit(&nf->queues[i].rx);
	}
	kvfree(nf->queues);
	nf->queues = NULL;
	nf->max_queues = 0;
}

static int open_channels(struct netfront_queue *queue)
{
	struct xpv_device *dev = queue->nf->dev;
	unsigned int index = queue->index;
	int err;

	if (queue->rx_ch.irq)
		return 0;
	if (queue->nf->offer.split) {
		err = xpv_evtchn_alloc(dev, &queue->tx_ch, tx_event, queue,
				       2 * index);
		if (err)
			return err;
		index = 2 * index + 1;
	}
	return xpv_evtchn_alloc(dev, &queue->rx_ch, rx_event, queue, index);
}

static int open_rings(struct netfront_queue *queue, unsigned int tx_order,
		      unsigned int rx_order)
{
	struct netfront_tx *tx = &queue->tx;
	struct netfront_rx *rx = &queue->rx;
	struct xpv_device *dev = queue->nf->dev;
	int err;

	err = xpv_ring_grant(&tx->mem, dev, tx_order);
	if (!err)
		err = xpv_ring_grant(&rx->mem, dev, rx_order);
	if (err)
		return err;
	xpv_front_ring_init(&tx->ring, tx->mem.mem, tx->mem.nr * XEN_PAGE_SIZE,
			    sizeof(struct xen_netif_tx_request));
	xpv_front_ring_init(&rx->ring, rx->mem.mem, rx->mem.nr * XEN_PAGE_SIZE,
			    sizeof(struct xen_netif_rx_request));
	tx->event = 0;
	err = netfront_tx_init(tx, dev, tx->ring.nr);
	return err ?: netfront_rx_init(rx, dev, rx->ring.nr);
}

/**
 * netfront_queue_open() - rings and channels for a connection
 * @queue: the queue; nothing happens if it is open
 * @tx_order: size of its rings, as a power of two of pages
 * @rx_order: the same
 *
 * What is half open when it fails, netfront_queue_close() closes.
 *
 * Context: the lane; sleeps.
 * Return: 0 or a negative errno.
 */
int netfront_queue_open(struct netfront_queue *queue, unsigned int tx_order,
			unsigned int rx_order)
{
	int err;

	if (queue->rx.mem.mem)
		return 0;
	netfront_queue_mapped(queue);
	err = open_rings(queue, tx_order, rx_order);
	return err ?: open_channels(queue);
}

/**
 * netfront_queue_prepare() - get ready for packets
 * @queue: an open queue
 *
 * Context: the lane; sleeps.
 * Return: 0 or a negative errno.
 */
int netfront_queue_prepare(struct netfront_queue *queue)
{
	int err;

	err = xpv_grant_cache_open(&queue->tx.own, true, 0);
	if (!err)
		err = xpv_grant_cache_open(&queue->tx.lent, false,
					   min(LENT_KEEP, queue->tx.nr));
	if (!err)
		err = xpv_grant_cache_open(&queue->rx.bufs, true,
					   queue->rx.ring.nr);
	return err;
}

static void tx_set_live(struct netfront_queue *queue, bool live)
{
	struct netdev_queue *txq = netfront_txq(queue);

	__netif_tx_lock_bh(txq);
	queue->tx.live = live;
	netfront_tx_limit(queue);
	if (live && netfront_kept_send(queue)) {
		netif_tx_wake_queue(txq);
	} else {
		netif_tx_stop_queue(txq);
		if (live && netfront_tx_push(queue))
			napi_schedule(&queue->napi);
	}
	__netif_tx_unlock_bh(txq);
}

/**
 * netfront_queue_start() - let packets pass
 * @queue: a prepared queue; nothing happens if it is started
 *
 * Context: RTNL is held.
 */
void netfront_queue_start(struct netfront_queue *queue)
{
	if (queue->started)
		return;
	queue->started = true;
	queue->rx.stay = false;
	xpv_poll_init(&queue->rx.poll);
	net_nap_reset(&queue->rx.nap);
	napi_enable(&queue->napi);
	tx_set_live(queue, true);
	/* The first round posts buffers, and takes what came before it. */
	local_bh_disable();
	napi_schedule(&queue->napi);
	local_bh_enable();
}

/**
 * netfront_queue_stop() - let no more packets pass
 * @queue: the queue; nothing happens if it is stopped
 *
 * Context: RTNL is held; sleeps until NAPI is through.
 */
void netfront_queue_stop(struct netfront_queue *queue)
{
	if (!queue->started)
		return;
	queue->started = false;
	tx_set_live(queue, false);
	napi_disable(&queue->napi);
	net_nap_stop(&queue->rx.nap);
	del_timer_sync(&queue->rx.retry);
}

/**
 * netfront_queue_drain() - take answers that nobody else takes any more
 * @queue: a stopped queue that is still open
 *
 * Context: RTNL is held.
 * Return: whether no packet waits for its answer.
 */
bool netfront_queue_drain(struct netfront_queue *queue)
{
	struct netdev_queue *txq = netfront_txq(queue);
	bool drained;

	__netif_tx_lock_bh(txq);
	netfront_tx_take(queue, 0);
	drained = !queue->tx.held;
	__netif_tx_unlock_bh(txq);
	return drained;
}

/**
 * netfront_queue_close() - the connection is over
 * @queue: a stopped queue, in any state otherwise
 *
 * Context: the lane; sleeps.
 */
void netfront_queue_close(struct netfront_queue *queue)
{
	xpv_evtchn_close(&queue->tx_ch);
	xpv_evtchn_close(&queue->rx_ch);
	queue->events = 0;
	queue->due = 0;
	if (queue->tx.slots) {
		xpv_grant_cache_close(&queue->tx.own);
		xpv_grant_cache_close(&queue->tx.lent);
		netfront_tx_drop_all(queue);
	}
	if (queue->rx.posted) {
		xpv_grant_cache_close(&queue->rx.bufs);
		netfront_rx_drop_all(queue);
	}
	net_pages_free(&queue->rx.heads);
	net_pages_free(&queue->rx.copies);
	netfront_stage_forget(queue);
	xpv_ring_revoke(&queue->tx.mem);
	xpv_ring_revoke(&queue->rx.mem);
}

/**
 * netfront_queue_mapped() - look for pages that should be back
 * @queue: a closed queue
 *
 * Return: how many the backend still maps.
 */
unsigned int netfront_queue_mapped(struct netfront_queue *queue)
{
	unsigned int nr = 0;

	if (queue->tx.slots)
		nr = xpv_grant_cache_reclaim(&queue->tx.own) +
		     xpv_grant_cache_reclaim(&queue->tx.lent);
	if (queue->rx.posted)
		nr += xpv_grant_cache_reclaim(&queue->rx.bufs);
	return nr;
}
