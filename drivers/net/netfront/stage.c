// SPDX-License-Identifier: GPL-2.0
/*
 * Staging grants: pages that the backend maps once and keeps mapped, so that
 * packets in them need no grant operation. See docs/misc/netif-staging-grants
 * of the Xen source.
 *
 * The pages are chosen before packets pass, but not for an interface that is down:
 * some slots of the transmit ring get theirs, and the receive ring its first
 * buffers. What the backend does not take works all the same, by grant operations.
 */
#include <linux/slab.h>
#include "netfront.h"

/* Pages to stage, in shares of a ring's slots. */
#define TX_SHARE(nr)	(nr)
#define RX_SHARE(nr)	(2 * (nr))

/*
 * A slot that has its page goes to the others that have theirs.
 * Return: how many of @nr got one, which are noted in @refs.
 */
static unsigned int choose_tx(struct netfront_queue *queue, grant_ref_t *refs,
			      unsigned int nr)
{
	struct netfront_tx *tx = &queue->tx;
	unsigned int i;
	int id;

	for (i = 0; i < nr; i++) {
		id = netfront_tx_equip_bare(tx);
		if (id < 0)
			break;
		refs[i] = tx->own.entries[tx->slots[id].own].ref;
		netfront_tx_give(tx, id);
	}
	return i;
}

/* All of them or, without memory, none. */
static void choose_rx(struct netfront_queue *queue, unsigned int nr)
{
	struct netfront_rx *rx = &queue->rx;
	grant_ref_t *refs = queue->stage + queue->nr_stage_tx;
	struct xpv_grant_chain chain;
	unsigned int i;
	u16 buf;

	if (!xpv_grant_cache_take(&rx->bufs, nr, &chain))
		return;
	for (i = 0, buf = chain.head; i < nr; i++) {
		rx->bufs.entries[buf].note = NETFRONT_BUF_STAGED;
		refs[i] = rx->bufs.entries[buf].ref;
		buf = rx->bufs.entries[buf].next;
	}
	xpv_grant_chain_join(&rx->bufs, &rx->spare, &chain);
	queue->nr_stage_rx = nr;
	xpv_grant_cache_keep(&rx->bufs, nr);
}

static void choose(struct netfront_queue *queue)
{
	unsigned int tx = min(TX_SHARE(queue->tx.nr), NETFRONT_STAGE_MAX);
	unsigned int rx = RX_SHARE(queue->rx.ring.nr);

	queue->stage = kvmalloc_array(tx + rx, sizeof(*queue->stage),
				      GFP_NOIO);
	if (!queue->stage)
		return;
	/* Until the backend refuses, none of them may be given away. */
	queue->rx.staged = true;
	queue->nr_stage_tx = choose_tx(queue, queue->stage, tx);
	choose_rx(queue, rx);
}

/**
 * netfront_stage_choose() - choose the pages to be staged, once a connection
 * @nf: a device whose queues are prepared, and were not started
 *
 * Without memory it is fewer, or none.
 *
 * Context: the lane before the device is connected, or RTNL is held; sleeps.
 */
void netfront_stage_choose(struct netfront *nf)
{
	unsigned int i;

	if (!nf->ctrl.mem.mem || nf->ctrl.chosen)
		return;
	for (i = 0; i < nf->nr_queues; i++)
		choose(&nf->queues[i]);
	/* Pairs with netfront_stage(). */
	smp_store_release(&nf->ctrl.chosen, true);
}

/**
 * netfront_stage_forget() - the connection is over
 * @queue: a closed queue
 */
void netfront_stage_forget(struct netfront_queue *queue)
{
	kvfree(queue->stage);
	queue->stage = NULL;
	queue->nr_stage_tx = 0;
	queue->nr_stage_rx = 0;
	queue->tx_share = 0;
	queue->tx_mapped = 0;
}

/* Have a list of pages mapped, all of it or nothing; or mapped no more. */
static int ask(struct netfront *nf, unsigned int queue, u16 what,
	       const grant_ref_t *refs, unsigned int nr, u16 flags)
{
	struct netif_gref *list = nf->ctrl.list.mem;
	u32 args[3] = { queue, nf->ctrl.list.refs[0], nr };
	unsigned int i;

	for (i = 0; i < nr; i++)
		list[i] = (struct netif_gref){ .ref = refs[i], .flags = flags };
	return netfront_ctrl_call(nf, what, args, NULL);
}

static int ask_all(struct netfront *nf, unsigned int queue, u16 what,
		   const grant_ref_t *refs, unsigned int nr, u16 flags)
{
	unsigned int n;
	int err = 0;

	for (; nr && !err; nr -= n, refs += n) {
		n = min_t(unsigned int, nr, NETIF_GREFS_PER_LIST);
		err = ask(nf, queue, what, refs, n, flags);
	}
	return err;
}

static int add_all(struct netfront *nf, unsigned int queue,
		   const grant_ref_t *refs, unsigned int nr, u16 flags)
{
	return ask_all(nf, queue, NETIF_CTRL_ADD_GREF_MAPPING, refs, nr, flags);
}

static void tx_is_staged(struct netfront_queue *queue)
{
	struct netdev_queue *txq = netfront_txq(queue);

	__netif_tx_lock_bh(txq);
	queue->tx.staged = true;
	netfront_tx_limit(queue);
	__netif_tx_unlock_bh(txq);
}

static int add_tx(struct netfront_queue *queue, unsigned int nr)
{
	int err = add_all(queue->nf, queue->index, queue->stage, nr,
			  NETIF_GREF_READONLY);

	if (err)
		return err;
	queue->tx_mapped = nr;
	tx_is_staged(queue);
	return 0;
}

/* Buffers that nobody is asked to map any more may go. */
static void give_buffers_up(struct netfront_queue *queue)
{
	WRITE_ONCE(queue->rx.staged, false);
	xpv_grant_cache_keep(&queue->rx.bufs, queue->rx.ring.nr);
}

/* Pages that nobody maps may go, when they have been idle for a while. */
static void give_pages_up(struct netfront_queue *queue)
{
	struct netdev_queue *txq = netfront_txq(queue);
	struct xpv_grant_chain pages;

	__netif_tx_lock_bh(txq);
	pages = netfront_tx_strip(&queue->tx);
	xpv_grant_cache_give(&queue->tx.own, &pages);
	__netif_tx_unlock_bh(txq);
}

/*
 * Of the buffers that are mapped, those that do not fit the ring may be with
 * the stack.
 */
static void rx_is_staged(struct netfront_queue *queue, unsigned int nr)
{
	unsigned int slots = queue->rx.ring.nr;

	if (nr > slots)
		WRITE_ONCE(queue->rx.lend_most, nr - slots);
}

/* Without an answer, the backend may map them yet. */
static int stage_rx(struct netfront_queue *queue, unsigned int nr)
{
	struct netfront *nf = queue->nf;
	int err;

	err = add_all(nf, queue->index, queue->stage + queue->nr_stage_tx, nr,
		      0);
	if (!err && nr)
		rx_is_staged(queue, nr);
	else if (!nf->ctrl.dead)
		give_buffers_up(queue);
	return err;
}

/* What the backend has room for goes to packets that come in first. */
static int stage_queue(struct netfront_queue *queue)
{
	u32 args[3] = { queue->index };
	struct netfront *nf = queue->nf;
	unsigned int rx, tx;
	u32 room;
	int err;

	err = netfront_ctrl_call(nf, NETIF_CTRL_GET_GREF_MAPPING_SIZE, args,
				 &room);
	if (err) {
		give_buffers_up(queue);
		return err;
	}
	rx = min(queue->nr_stage_rx, room);
	tx = min(queue->nr_stage_tx, room - rx);
	err = stage_rx(queue, rx);
	if (err)
		return err;
	if (tx < NETFRONT_TX_SLOTS)
		return 0;
	queue->tx_share = tx;
	return add_tx(queue, tx);
}

/**
 * netfront_stage_end() - have a queue's pages for sending mapped no more
 * @queue: a queue none of whose packets are out
 *
 * Whether it worked, Xen tells when their grants are ended.
 *
 * Context: a work, with &netfront_ctrl.busy held; sleeps.
 */
void netfront_stage_end(struct netfront_queue *queue)
{
	ask_all(queue->nf, queue->index, NETIF_CTRL_DEL_GREF_MAPPING,
		queue->stage, queue->tx_mapped, NETIF_GREF_READONLY);
	queue->tx_mapped = 0;
}

/* Pages for slots while packets are sent: the lock is not held for long. */
#define CHOOSE_AT_ONCE	16U

static void equip_all(struct netfront_queue *queue)
{
	struct netdev_queue *txq = netfront_txq(queue);
	unsigned int nr = CHOOSE_AT_ONCE, done;

	for (done = 0; nr && done < queue->tx_share; done += nr) {
		__netif_tx_lock_bh(txq);
		nr = choose_tx(queue, queue->stage,
			       min(queue->tx_share - done, CHOOSE_AT_ONCE));
		__netif_tx_unlock_bh(txq);
	}
}

/* Whatever pages there are now, those of packets that are out, too. */
static unsigned int choose_again(struct netfront_queue *queue)
{
	struct netdev_queue *txq = netfront_txq(queue);
	struct netfront_tx *tx = &queue->tx;
	unsigned int i, nr = 0;
	u16 own;

	equip_all(queue);
	__netif_tx_lock_bh(txq);
	for (i = 0; i < tx->nr && nr < queue->tx_share; i++) {
		own = tx->slots[i].own;
		if (own != NETFRONT_NONE)
			queue->stage[nr++] = tx->own.entries[own].ref;
	}
	__netif_tx_unlock_bh(txq);
	return nr;
}

/**
 * netfront_stage_again() - have a queue's pages for sending mapped again
 * @queue: a queue; nothing happens if it never had any
 *
 * Those that cannot be are used all the same, at the cost of grant operations.
 *
 * Context: as netfront_stage_end().
 */
void netfront_stage_again(struct netfront_queue *queue)
{
	unsigned int nr;

	if (!queue->tx_share)
		return;
	nr = choose_again(queue);
	if (nr >= NETFRONT_TX_SLOTS)
		add_tx(queue, nr);
}

/**
 * netfront_stage() - have the chosen pages mapped, once a connection
 * @nf: the device
 *
 * Context: the control work; sleeps.
 */
void netfront_stage(struct netfront *nf)
{
	unsigned int i;
	bool unknown;
	int err = 0;

	/* Pairs with netfront_stage_choose(). */
	if (nf->ctrl.staged || !smp_load_acquire(&nf->ctrl.chosen))
		return;
	nf->ctrl.staged = true;
	for (i = 0; i < nf->nr_queues && !err; i++)
		err = stage_queue(&nf->queues[i]);
	if (err && err != -ECANCELED && err != -EOPNOTSUPP)
		xpv_info(nf->dev, "backend keeps no pages mapped (error %d)\n",
			 err);
	unknown = err == -EOPNOTSUPP && i == 1;
	for (; i < nf->nr_queues; i++)
		give_buffers_up(&nf->queues[i]);
	/* It said that it knows of no such thing: so none is mapped. */
	for (i = 0; i < nf->nr_queues && unknown; i++)
		give_pages_up(&nf->queues[i]);
}
