// SPDX-License-Identifier: GPL-2.0
/*
 * Slots of the transmit ring: what is out, what is free, and their pages.
 *
 * A slot that data was once copied to keeps its page until the queue rests (see
 * rest.c), and is taken again first: so few pages are used, and these are hot.
 */
#include <linux/slab.h>
#include "netfront.h"

static u16 pop(struct netfront_tx *tx, struct netfront_free *from)
{
	u16 id = from->head;

	from->head = tx->slots[id].next;
	from->nr--;
	return id;
}

static void push(struct netfront_tx *tx, struct netfront_free *to, u16 id)
{
	tx->slots[id].next = to->head;
	to->head = id;
	to->nr++;
}

/* Give a slot its page, unless it has one. */
static bool equip(struct netfront_tx *tx, u16 id)
{
	struct xpv_grant_chain one;

	if (tx->slots[id].own != NETFRONT_NONE)
		return true;
	if (!xpv_grant_cache_take(&tx->own, 1, &one))
		return false;
	tx->slots[id].own = one.head;
	return true;
}

/**
 * netfront_tx_equip_bare() - take a free slot that gets a page only now
 * @tx: the ring, locked or not live
 *
 * Return: its id; -ENOSPC; -ENOMEM.
 */
int netfront_tx_equip_bare(struct netfront_tx *tx)
{
	u16 id;

	if (!tx->bare.nr)
		return -ENOSPC;
	id = pop(tx, &tx->bare);
	if (equip(tx, id))
		return id;
	push(tx, &tx->bare, id);
	return -ENOMEM;
}

/**
 * netfront_tx_strip() - take the pages of free slots away
 * @tx: the ring, locked
 *
 * Return: the pages, of the cache of own ones.
 */
struct xpv_grant_chain netfront_tx_strip(struct netfront_tx *tx)
{
	struct xpv_grant_chain pages = {}, one;
	u16 id;

	while (tx->paged.nr) {
		id = pop(tx, &tx->paged);
		one = (struct xpv_grant_chain){ tx->slots[id].own,
						tx->slots[id].own, 1 };
		xpv_grant_chain_join(&tx->own, &pages, &one);
		tx->slots[id].own = NETFRONT_NONE;
		push(tx, &tx->bare, id);
	}
	return pages;
}

/**
 * netfront_tx_take_page() - take a free slot with a page to copy to
 * @tx: the ring, locked
 *
 * Return: its id; -ENOSPC; -ENOMEM.
 */
int netfront_tx_take_page(struct netfront_tx *tx)
{
	if (tx->paged.nr)
		return pop(tx, &tx->paged);
	return netfront_tx_equip_bare(tx);
}

/**
 * netfront_tx_take_bare() - take a free slot, better one without a page
 * @tx: the ring, locked
 *
 * Return: its id or -ENOSPC.
 */
int netfront_tx_take_bare(struct netfront_tx *tx)
{
	if (tx->bare.nr)
		return pop(tx, &tx->bare);
	return tx->paged.nr ? pop(tx, &tx->paged) : -ENOSPC;
}

/**
 * netfront_tx_give() - give a slot back
 * @tx: the ring, locked
 * @id: the slot
 */
void netfront_tx_give(struct netfront_tx *tx, u16 id)
{
	struct netfront_tx_slot *slot = &tx->slots[id];

	slot->skb = NULL;
	push(tx, slot->own == NETFRONT_NONE ? &tx->bare : &tx->paged, id);
}

static void slots_reset(struct netfront_tx *tx, unsigned int nr)
{
	unsigned int i;

	tx->bare = (struct netfront_free){};
	tx->paged = (struct netfront_free){};
	for (i = nr; i--;) {
		tx->slots[i] = (struct netfront_tx_slot){
			.own = NETFRONT_NONE, .lent = NETFRONT_NONE,
		};
		push(tx, &tx->bare, i);
	}
}

static int tx_alloc(struct netfront_tx *tx, struct xpv_device *dev,
		    unsigned int nr)
{
	int err;

	tx->slots = kvcalloc(nr, sizeof(*tx->slots), GFP_NOIO);
	if (!tx->slots || xpv_fault(dev, "slots"))
		return -ENOMEM;
	/*
	 * Packets need pages also while those of all slots are being given
	 * back, or a backend does not let go of the last connection's.
	 */
	err = xpv_grant_cache_init(&tx->own, dev, 2 * nr);
	return err ?: xpv_grant_cache_init(&tx->lent, dev, nr);
}

/**
 * netfront_tx_init() - what a ring needs beside the ring
 * @tx: zeroed, or set up before
 * @dev: the device
 * @nr: slots of the ring
 *
 * Context: the lane; sleeps.
 * Return: 0 or -ENOMEM.
 */
int netfront_tx_init(struct netfront_tx *tx, struct xpv_device *dev,
		     unsigned int nr)
{
	if (tx->nr != nr)
		netfront_tx_exit(tx);
	if (!tx->slots && tx_alloc(tx, dev, nr)) {
		netfront_tx_exit(tx);
		return -ENOMEM;
	}
	tx->nr = nr;
	slots_reset(tx, nr);
	return 0;
}

/**
 * netfront_tx_exit() - undo netfront_tx_init()
 * @tx: a ring with nothing out; nothing happens if it was not set up
 */
void netfront_tx_exit(struct netfront_tx *tx)
{
	xpv_grant_cache_exit(&tx->own);
	xpv_grant_cache_exit(&tx->lent);
	kvfree(tx->slots);
	tx->slots = NULL;
	tx->nr = 0;
}

/* A page that the backend still maps is Xen's until it lets go. */
static void slot_end_lent(struct netfront_tx *tx, struct netfront_tx_slot *slot)
{
	struct xpv_grant_chain one = { slot->lent, slot->lent, 1 };

	if (slot->lent == NETFRONT_NONE)
		return;
	if (!xpv_grant_cache_revoke(&tx->lent, &one))
		xpv_grant_cache_abandon(&tx->lent, &one);
	slot->lent = NETFRONT_NONE;
}

static void slot_end_own(struct netfront_tx *tx, struct netfront_tx_slot *slot)
{
	struct xpv_grant_chain one = { slot->own, slot->own, 1 };

	if (slot->own != NETFRONT_NONE)
		xpv_grant_cache_give(&tx->own, &one);
	slot->own = NETFRONT_NONE;
	slot->out = false;
}

/**
 * netfront_tx_drop_all() - the connection is over: nothing is out any more
 * @queue: a queue that is not live, with its caches closed
 *
 * Context: the lane.
 */
void netfront_tx_drop_all(struct netfront_queue *queue)
{
	struct netdev_queue *txq = netfront_txq(queue);
	struct netfront_tx *tx = &queue->tx;
	unsigned int i, dropped = 0;
	struct sk_buff *skb;

	for (i = 0; i < tx->nr; i++)
		slot_end_lent(tx, &tx->slots[i]);
	/* From here on others may free packets, with the pages that were lent. */
	netfront_kept_add(queue);
	for (i = 0; i < tx->nr; i++) {
		slot_end_own(tx, &tx->slots[i]);
		skb = tx->slots[i].skb;
		if (!skb)
			continue;
		dropped++;
		dev_kfree_skb_any(skb);
	}
	__netif_tx_lock_bh(txq);	/* a sender may count, too */
	u64_stats_update_begin(&tx->stats.sync);
	tx->stats.dropped += dropped;
	u64_stats_update_end(&tx->stats.sync);
	__netif_tx_unlock_bh(txq);
	if (tx->slots)
		slots_reset(tx, tx->nr);
	tx->held = 0;
	tx->staged = false;
	tx->rest = NETFRONT_AWAKE;
	netdev_tx_reset_queue(txq);
}

/**
 * netfront_tx_limit() - say how many bytes may wait for their answers at least
 * @queue: the queue, its transmit lock held
 *
 * Byte queue limits learn from when answers come how much keeps a device busy. A
 * backend that maps what it is lent answers when the receiver has read it, so that
 * they would learn far too little: a full ring is limit enough there. What the
 * administrator has chosen stays.
 */
void netfront_tx_limit(struct netfront_queue *queue)
{
#ifdef CONFIG_BQL
	struct dql *dql = &netfront_txq(queue)->dql;
	struct netfront_tx *tx = &queue->tx;
	u32 all = tx->ring.nr * XEN_PAGE_SIZE;

	if (dql->min_limit != tx->limit)
		return;
	tx->limit = tx->staged ? 0 : min(all, dql->max_limit);
	dql->min_limit = tx->limit;
#endif
}
