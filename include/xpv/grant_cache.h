/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Grant references at hand, for data paths.
 *
 * A cache keeps references in a table and lends them out as chains, so that a
 * request of any size takes and gives its references with one short lock and
 * no call of the kernel. It is of one of two kinds at a time:
 *
 *  - its own pages: each entry has a page that stays granted, readable and
 *    writable, while the cache is open. The other end may keep it mapped
 *    ("persistent grants"); data is copied in and out.
 *  - lent pages: each entry is a reference; whoever takes a chain grants pages
 *    of others by it and takes them back before the chain is given.
 *
 * The last given is the first taken, so that few pages are hot and the rest
 * can be found idle. A cache grows as chains are asked for. What ten seconds
 * have not needed goes back to the kernel as soon as the other end does not map
 * it; the timer for that ends when there is no more to do, and after two
 * minutes in vain.
 *
 * A page that the other end still maps is never used for anything else before
 * Xen says that it may (XSA-396).
 */
#ifndef XPV_GRANT_CACHE_H
#define XPV_GRANT_CACHE_H

#include <linux/mm_types.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>
#include <xen/grant_table.h>
#include <xen/interface/grant_table.h>

struct xpv_device;

/**
 * struct xpv_cached_grant - a reference
 * @page: what it grants; NULL while it grants nothing
 * @ref: the reference
 * @next: the next entry of the same chain; stale in its last one
 * @note: for whoever has taken it
 * @owned: @page is the cache's own
 */
struct xpv_cached_grant {
	struct page *page;
	grant_ref_t ref;
	u16 next;
	u8 note;
	bool owned;
};

/**
 * struct xpv_grant_chain - entries of a cache, one behind the other
 * @head: the first one's index
 * @tail: the last one's
 * @nr: how many; if 0 there is no first nor last one
 */
struct xpv_grant_chain {
	u16 head;
	u16 tail;
	u16 nr;
};

/**
 * struct xpv_grant_cache - references of one device's ring
 * @dev: the device they are accounted to
 * @entries: the table; an entry belongs to whoever has its chain
 * @size: entries of the table
 * @keep: how many entries stay when idle
 * @lock: protects all below; taken in any context
 * @open: chains can be taken
 * @own: the kind: own pages
 * @free: ready to be taken, hot ones first
 * @blank: without a reference
 * @parked: without users, but the other end still maps them
 * @nr: entries that have a reference
 * @low: fewest that were free since the last trim
 * @futile: trims in a row that found nothing to give back
 * @trim: gives back what is idle
 */
struct xpv_grant_cache {
	struct xpv_device *dev;
	struct xpv_cached_grant *entries;
	unsigned int size;
	unsigned int keep;

	spinlock_t lock;	/* see above */
	bool open;
	bool own;
	struct xpv_grant_chain free;
	struct xpv_grant_chain blank;
	struct xpv_grant_chain parked;
	unsigned int nr;
	unsigned int low;
	unsigned int futile;
	struct delayed_work trim;
};

/**
 * xpv_grant_cache_init() - set up a closed cache
 * @cache: memory to set up
 * @dev: the device
 * @size: most entries it will ever have, 1 to %U16_MAX
 *
 * Context: process; sleeps (GFP_NOIO, as xpv_grant_cache_open()).
 * Return: 0, -EINVAL or -ENOMEM.
 */
int xpv_grant_cache_init(struct xpv_grant_cache *cache, struct xpv_device *dev,
			 unsigned int size);

/**
 * xpv_grant_cache_exit() - give everything back
 * @cache: a cache all of whose chains are back; nothing happens if it was
 *	never set up
 *
 * Pages that the other end still maps are left to Xen's deferred list.
 *
 * Context: process; sleeps.
 */
void xpv_grant_cache_exit(struct xpv_grant_cache *cache);

/**
 * xpv_grant_cache_open() - get ready for a connection
 * @cache: a cache; nothing happens if it is open
 * @own: with pages of its own
 * @keep: how many entries to have now, and to keep when idle
 *
 * Context: process; sleeps (GFP_NOIO: a disk may be needed to free memory).
 * Return: 0; -ENOMEM or -ENOSPC, and it stays closed.
 */
int xpv_grant_cache_open(struct xpv_grant_cache *cache, bool own,
			 unsigned int keep);

/**
 * xpv_grant_cache_keep() - say how many entries are not worth looking for
 * @cache: an open cache
 * @keep: how many entries to keep from now on when idle; no more are made
 *
 * For a user who holds on to so many that there is no point in looking.
 *
 * Context: any.
 */
void xpv_grant_cache_keep(struct xpv_grant_cache *cache, unsigned int keep);

/**
 * xpv_grant_cache_close() - end a connection
 * @cache: the cache; nothing happens if it is closed
 *
 * No chain can be taken from now on. What is free goes back to the kernel;
 * what the other end still maps is parked, see xpv_grant_cache_reclaim().
 * Chains that are out are given back as usual, or by xpv_grant_cache_revoke().
 *
 * Context: process; sleeps.
 */
void xpv_grant_cache_close(struct xpv_grant_cache *cache);

/**
 * xpv_grant_cache_reclaim() - see whether parked pages are mapped no more
 * @cache: the cache
 *
 * Context: any.
 * Return: how many still are.
 */
unsigned int xpv_grant_cache_reclaim(struct xpv_grant_cache *cache);

/**
 * xpv_grant_cache_take() - take a chain
 * @cache: the cache
 * @nr: how many entries, at least one
 * @chain: filled on success
 *
 * Context: any.
 * Return: whether there were so many, or memory to have them.
 */
bool xpv_grant_cache_take(struct xpv_grant_cache *cache, unsigned int nr,
			  struct xpv_grant_chain *chain);

/**
 * xpv_grant_cache_give() - give a chain back
 * @cache: the cache
 * @chain: the chain; empty on return. Lent pages were taken back.
 *
 * Context: any.
 */
void xpv_grant_cache_give(struct xpv_grant_cache *cache,
			  struct xpv_grant_chain *chain);

/**
 * xpv_grant_cache_has() - whether a chain could be had at once
 * @cache: the cache
 * @nr: how many entries
 *
 * Context: any. A hint, unless the caller keeps others from taking.
 */
static inline bool xpv_grant_cache_has(const struct xpv_grant_cache *cache,
				       unsigned int nr)
{
	return READ_ONCE(cache->free.nr) >= nr;
}

/**
 * xpv_grant_lend() - grant a page by an entry that was taken
 * @cache: a cache of lent pages
 * @i: the entry
 * @page: the page
 * @readonly: the other end may only read it
 *
 * Context: any.
 */
void xpv_grant_lend(struct xpv_grant_cache *cache, u16 i, struct page *page,
		    bool readonly);

/**
 * xpv_grant_recall() - take lent pages back that should not be mapped any more
 * @cache: the cache
 * @chain: entries, each with a page or without
 *
 * Context: any.
 * Return: true if the other end can reach none of the pages; false, and a line
 * in the kernel's log, if it still maps one: then xpv_grant_cache_revoke() is
 * next.
 */
bool xpv_grant_recall(struct xpv_grant_cache *cache,
		      const struct xpv_grant_chain *chain);

/**
 * xpv_grant_cache_revoke() - end the grants of a chain for good
 * @cache: the cache
 * @chain: the chain; on return those of its entries that the other end still
 *	maps. What ended is the cache's again, own pages are freed.
 *
 * Context: any.
 * Return: whether all have ended.
 */
bool xpv_grant_cache_revoke(struct xpv_grant_cache *cache,
			    struct xpv_grant_chain *chain);

/**
 * xpv_grant_cache_abandon() - leave pages that are still mapped to Xen
 * @cache: the cache
 * @chain: the chain; empty on return. Its pages are held by Xen's deferred
 *	list until the other end lets go, so that an owner may put them, but
 *	must not write to them or hand them on.
 *
 * Context: any.
 */
void xpv_grant_cache_abandon(struct xpv_grant_cache *cache,
			     struct xpv_grant_chain *chain);

/**
 * xpv_grant_chain_join() - put one chain behind another
 * @cache: the cache of both
 * @chain: the first
 * @more: the second; empty on return
 */
static inline void xpv_grant_chain_join(struct xpv_grant_cache *cache,
					struct xpv_grant_chain *chain,
					struct xpv_grant_chain *more)
{
	if (!more->nr)
		return;
	if (chain->nr)
		cache->entries[chain->tail].next = more->head;
	else
		chain->head = more->head;
	chain->tail = more->tail;
	chain->nr += more->nr;
	more->nr = 0;
}

/**
 * xpv_grant_chain_cut() - split a chain
 * @cache: its cache
 * @chain: the chain; on return what is behind the first @nr entries
 * @nr: how many to cut off, 1 to all
 *
 * Return: the first @nr entries.
 */
static inline struct xpv_grant_chain
xpv_grant_chain_cut(struct xpv_grant_cache *cache,
		    struct xpv_grant_chain *chain, unsigned int nr)
{
	struct xpv_grant_chain first = { .head = chain->head, .nr = nr };
	u16 last = chain->head;
	unsigned int n = nr;

	while (--n)
		last = cache->entries[last].next;
	first.tail = last;
	chain->head = cache->entries[last].next;
	chain->nr -= nr;
	return first;
}

#endif
