/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Pages of the other end that stay mapped from one request to the next.
 *
 * Only for an other end that has agreed to it, and so uses the same grants
 * again and never takes one back while it is mapped. Then a request whose
 * pages are all known costs no hypercall.
 *
 * One thread at a time maps, keeps and expires: the owner, which is a ring's
 * worker. Who ends requests gives the pages back, serialised by a lock of the
 * caller's. The two never write the same word, so a page costs no atomic
 * operation.
 */
#ifndef XPV_MAPCACHE_H
#define XPV_MAPCACHE_H

#include <linux/completion.h>
#include <linux/list.h>
#include <linux/types.h>
#include <asm/barrier.h>
#include <xpv/map.h>

/**
 * struct xpv_kept - a page that stays mapped
 * @next: the next of its bucket
 * @link: in the cache's list
 * @page: the frame it is mapped at
 * @used: when it was last used, in jiffies
 * @seen: what @used was when room was last made: since then it was used or not
 * @ref: the grant reference
 * @handle: Xen's handle
 * @gets: how often the owner took it; written by the owner
 * @puts: how often it was given back; written under the caller's lock. It is
 *	in use while the two differ.
 */
struct xpv_kept {
	struct xpv_kept *next;
	struct list_head link;
	struct page *page;
	unsigned long used;
	unsigned long seen;
	grant_ref_t ref;
	grant_handle_t handle;
	unsigned int gets;
	unsigned int puts;
};

/**
 * struct xpv_map_cache - the pages that stay mapped
 * @pool: where their frames come from
 * @limit: how many there may be; the owner may change it at any time
 * @nr: how many there are
 * @mask: buckets, less one
 * @buckets: by reference; NULL if nothing is ever kept
 * @all: every page, those that were longest left alone about first
 * @roomed: when room was last made, in jiffies
 * @going: pages on their way to be unmapped
 * @idle: complete while there are none
 */
struct xpv_map_cache {
	struct xpv_map_pool *pool;
	unsigned int limit;
	unsigned int nr;
	unsigned int mask;
	struct xpv_kept **buckets;
	struct list_head all;
	unsigned long roomed;
	struct xpv_map_batch going;
	struct completion idle;
};

/**
 * xpv_map_cache_init() - set up an empty cache
 * @cache: memory to set up
 * @pool: its pool
 * @limit: how many pages it may keep; 0 to keep none, ever
 *
 * Context: process; sleeps.
 * Return: 0 or -ENOMEM.
 */
int xpv_map_cache_init(struct xpv_map_cache *cache, struct xpv_map_pool *pool,
		       unsigned int limit);

/**
 * xpv_map_cache_exit() - unmap everything and free the room
 * @cache: a cache whose pages have all been given back; nothing happens if it
 *	was never set up, or is zeroed
 *
 * Waits for whoever below still holds a page, such as a network card that may
 * have to send it again.
 *
 * Context: process; sleeps.
 */
void xpv_map_cache_exit(struct xpv_map_cache *cache);

/**
 * xpv_map_cache_expire() - unmap what nobody has used for a time
 * @cache: the cache
 * @age: how long, in jiffies
 *
 * Pages in use stay. It may leave some of the others for the next call.
 *
 * Context: the owner; sleeps.
 * Return: how many pages are kept still.
 */
unsigned int xpv_map_cache_expire(struct xpv_map_cache *cache,
				  unsigned long age);

/**
 * struct xpv_map_set - the foreign pages of one request, kept or not
 * @cache: where pages are kept
 * @nr: pages mapped
 * @nr_kept: how many of them are kept
 * @pages: all of them, in the order of their references
 * @kept: those that are kept, in any order
 * @missed: scratch, the references that have to be mapped
 * @rest: those mapped for this request only
 * @done: called when @rest is unmapped
 */
struct xpv_map_set {
	struct xpv_map_cache *cache;
	unsigned int nr;
	unsigned int nr_kept;
	struct page **pages;
	struct xpv_kept **kept;
	grant_ref_t *missed;
	struct xpv_map_batch rest;
	void (*done)(struct xpv_map_set *set, int err);
};

/**
 * xpv_map_set_init() - allocate room for a set
 * @set: memory to set up
 * @cache: its cache
 * @max: most pages it will hold
 *
 * Context: process; sleeps.
 * Return: 0 or -ENOMEM.
 */
int xpv_map_set_init(struct xpv_map_set *set, struct xpv_map_cache *cache,
		     unsigned int max);

/**
 * xpv_map_set_exit() - free that room
 * @set: an unmapped set; nothing happens if it is zeroed
 */
void xpv_map_set_exit(struct xpv_map_set *set);

/**
 * xpv_map_set_map() - map foreign pages, or find them mapped
 * @set: an unmapped set
 * @refs: their references; untrusted
 * @nr: how many, at most the set's room
 * @readonly: they will only be read. Pages that are kept are mapped for
 *	writing in any case: the next request may need that.
 *
 * All or nothing. No hypercall if all are kept, else one.
 *
 * Context: the owner; sleeps as xpv_map_batch_map().
 * Return: as xpv_map_batch_map().
 */
int xpv_map_set_map(struct xpv_map_set *set, const grant_ref_t *refs,
		    unsigned int nr, bool readonly);

/**
 * xpv_map_set_unmap() - unmap what is not kept
 * @set: a mapped set, with set->rest.nr not 0
 * @done: called when the other end may have those pages back, as that of
 *	xpv_map_batch_unmap()
 *
 * Context: any but hard interrupt.
 */
void xpv_map_set_unmap(struct xpv_map_set *set,
		       void (*done)(struct xpv_map_set *set, int err));

/**
 * xpv_map_set_put() - give the kept pages back
 * @set: a set of which all else is unmapped
 *
 * Context: any; one at a time for a cache.
 */
static inline void xpv_map_set_put(struct xpv_map_set *set)
{
	unsigned int i;

	for (i = 0; i < set->nr_kept; i++) {
		struct xpv_kept *kept = set->kept[i];

		/* Pairs with kept_in_use(): its user is done with the page. */
		smp_store_release(&kept->puts, kept->puts + 1);
	}
	set->nr_kept = 0;
	set->nr = 0;
}

#endif
