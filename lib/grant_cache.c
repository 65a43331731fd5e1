// SPDX-License-Identifier: GPL-2.0
/*
 * Grant references at hand, for data paths; see xpv/grant_cache.h.
 *
 * An entry is in one chain at a time: free, blank or parked, which the lock
 * protects, or one that somebody holds, with no lock at all. So grants are
 * ended, and pages freed, outside the lock: the chain is taken out, looked at,
 * and what is left of it put where it belongs.
 */
#include <linux/export.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/string.h>
#include <xen/grant_table.h>
#include <xpv/device.h>
#include <xpv/fault.h>
#include <xpv/grant_cache.h>
#include <xpv/work.h>

/* Pages come, if they can be had so, in pieces of this many. */
#define PIECE		8U
#define PIECE_ORDER	ilog2(PIECE)

/*
 * How often to look for idle entries, and how often in vain before no more:
 * backends let go of what is idle within a minute or so.
 */
#define TRIM_EVERY	(10 * HZ)
#define TRIM_TRIES	12

static void blank_push(struct xpv_grant_cache *cache, u16 i)
{
	cache->entries[i].page = NULL;
	cache->entries[i].next = cache->blank.head;
	cache->blank.head = i;
	cache->blank.nr++;
}

void xpv_grant_lend(struct xpv_grant_cache *cache, u16 i, struct page *page,
		    bool readonly)
{
	struct xpv_cached_grant *entry = &cache->entries[i];

	entry->page = page;
	gnttab_page_grant_foreign_access_ref_one(entry->ref,
						 cache->dev->otherend_id, page,
						 readonly);
}
EXPORT_SYMBOL_GPL(xpv_grant_lend);

/* A few entries to be. */
struct piece {
	struct page *pages[PIECE];
	grant_ref_t refs;
	unsigned int nr;
};

static unsigned int pages_alloc(struct page **pages, unsigned int order,
				gfp_t gfp)
{
	struct page *page = alloc_pages(gfp | __GFP_ZERO | __GFP_NOWARN |
					(order ? __GFP_NORETRY : 0), order);
	unsigned int i;

	if (!page)
		return 0;
	if (order)
		split_page(page, order);
	for (i = 0; i < 1U << order; i++)
		pages[i] = page + i;
	return 1 << order;
}

static int piece_get(const struct xpv_grant_cache *cache, struct piece *piece,
		     unsigned int most, gfp_t gfp)
{
	int err;

	memset(piece, 0, sizeof(*piece));
	if (!most)
		return -ENOSPC;
	if (!cache->own)
		piece->nr = min(PIECE, most);
	else if (most >= PIECE)
		piece->nr = pages_alloc(piece->pages, PIECE_ORDER, gfp);
	if (!piece->nr)
		piece->nr = pages_alloc(piece->pages, 0, gfp);
	if (!piece->nr)
		return -ENOMEM;
	err = gnttab_alloc_grant_references(piece->nr, &piece->refs);
	while (err && cache->own && piece->nr)
		__free_page(piece->pages[--piece->nr]);
	return err;
}

/* A blank entry becomes a free one. */
static void entry_add(struct xpv_grant_cache *cache, grant_ref_t ref,
		      struct page *page)
{
	u16 i = cache->blank.head;
	struct xpv_cached_grant *entry = &cache->entries[i];
	struct xpv_grant_chain one = { .head = i, .tail = i, .nr = 1 };

	cache->blank.head = entry->next;
	cache->blank.nr--;
	entry->ref = ref;
	entry->owned = page;
	if (page)
		xpv_grant_lend(cache, i, page, false);
	xpv_grant_chain_join(cache, &cache->free, &one);
}

static void piece_add(struct xpv_grant_cache *cache, struct piece *piece)
	__must_hold(&cache->lock)
{
	unsigned int i;

	for (i = 0; i < piece->nr; i++)
		entry_add(cache, gnttab_claim_grant_reference(&piece->refs),
			  piece->pages[i]);
	cache->nr += piece->nr;
	atomic_add(piece->nr, &cache->dev->held.grants);
}

static void trim_later(struct xpv_grant_cache *cache)
{
	queue_delayed_work(xpv_prompt_queue, &cache->trim,
			   round_jiffies_relative(TRIM_EVERY));
}

static bool grow(struct xpv_grant_cache *cache, unsigned int want)
	__must_hold(&cache->lock)
{
	struct piece piece;

	while (cache->free.nr < want) {
		if (piece_get(cache, &piece, cache->blank.nr, GFP_NOWAIT))
			return false;
		piece_add(cache, &piece);
	}
	cache->futile = 0;
	if (cache->nr > cache->keep)
		trim_later(cache);
	return true;
}

/*
 * End a grant for good. Without a page the reference was only reserved.
 * Return: whether the other end lets it.
 */
static bool entry_end(struct xpv_cached_grant *entry)
{
	if (!entry->page) {
		gnttab_free_grant_reference(entry->ref);
		return true;
	}
	if (!gnttab_try_end_foreign_access(entry->ref))
		return false;
	if (entry->owned)
		__free_page(entry->page);
	entry->page = NULL;
	return true;
}

static void blank_join(struct xpv_grant_cache *cache,
		       struct xpv_grant_chain *ended)
{
	unsigned long flags;
	unsigned int nr = ended->nr;

	if (!nr)
		return;
	spin_lock_irqsave(&cache->lock, flags);
	cache->nr -= nr;
	xpv_grant_chain_join(cache, &cache->blank, ended);
	spin_unlock_irqrestore(&cache->lock, flags);
	atomic_sub(nr, &cache->dev->held.grants);
}

bool xpv_grant_cache_revoke(struct xpv_grant_cache *cache,
			    struct xpv_grant_chain *chain)
{
	struct xpv_grant_chain ended = {}, left = {};

	while (chain->nr) {
		struct xpv_grant_chain one = xpv_grant_chain_cut(cache, chain,
								 1);
		bool over = entry_end(&cache->entries[one.head]);

		xpv_grant_chain_join(cache, over ? &ended : &left, &one);
	}
	*chain = left;
	blank_join(cache, &ended);
	return !left.nr;
}
EXPORT_SYMBOL_GPL(xpv_grant_cache_revoke);

/*
 * The kernel drops the page reference it is given once the grant has ended.
 * That of an own page is its last one.
 */
static void entry_abandon(struct xpv_cached_grant *entry)
{
	if (!entry->page) {
		gnttab_free_grant_reference(entry->ref);
		return;
	}
	if (!entry->owned)
		get_page(entry->page);
	gnttab_end_foreign_access(entry->ref, entry->page);
	entry->page = NULL;
}

void xpv_grant_cache_abandon(struct xpv_grant_cache *cache,
			     struct xpv_grant_chain *chain)
{
	unsigned int n;
	u16 i;

	for (i = chain->head, n = chain->nr; n; n--) {
		entry_abandon(&cache->entries[i]);
		i = cache->entries[i].next;
	}
	blank_join(cache, chain);
}
EXPORT_SYMBOL_GPL(xpv_grant_cache_abandon);

static struct xpv_grant_chain chain_out(struct xpv_grant_cache *cache,
					struct xpv_grant_chain *from)
{
	struct xpv_grant_chain chain;
	unsigned long flags;

	spin_lock_irqsave(&cache->lock, flags);
	chain = *from;
	from->nr = 0;
	spin_unlock_irqrestore(&cache->lock, flags);
	return chain;
}

static unsigned int park(struct xpv_grant_cache *cache,
			 struct xpv_grant_chain *chain)
{
	unsigned long flags;
	unsigned int nr;

	spin_lock_irqsave(&cache->lock, flags);
	xpv_grant_chain_join(cache, &cache->parked, chain);
	nr = cache->parked.nr;
	spin_unlock_irqrestore(&cache->lock, flags);
	return nr;
}

unsigned int xpv_grant_cache_reclaim(struct xpv_grant_cache *cache)
{
	struct xpv_grant_chain chain;

	if (!READ_ONCE(cache->parked.nr))
		return 0;
	chain = chain_out(cache, &cache->parked);
	xpv_grant_cache_revoke(cache, &chain);
	return park(cache, &chain);
}
EXPORT_SYMBOL_GPL(xpv_grant_cache_reclaim);

bool xpv_grant_cache_take(struct xpv_grant_cache *cache, unsigned int nr,
			  struct xpv_grant_chain *chain)
{
	unsigned long flags;
	bool can;

	spin_lock_irqsave(&cache->lock, flags);
	can = cache->open && (cache->free.nr >= nr || grow(cache, nr));
	if (can) {
		*chain = xpv_grant_chain_cut(cache, &cache->free, nr);
		if (cache->free.nr < cache->low)
			cache->low = cache->free.nr;
	}
	spin_unlock_irqrestore(&cache->lock, flags);
	return can;
}
EXPORT_SYMBOL_GPL(xpv_grant_cache_take);

/* Into a closed cache, it goes the way of what was free when it closed. */
void xpv_grant_cache_give(struct xpv_grant_cache *cache,
			  struct xpv_grant_chain *chain)
{
	unsigned long flags;
	bool open;

	if (!chain->nr)
		return;
	spin_lock_irqsave(&cache->lock, flags);
	open = cache->open;
	if (open) {
		xpv_grant_chain_join(cache, chain, &cache->free);
		cache->free = *chain;
		chain->nr = 0;
	}
	spin_unlock_irqrestore(&cache->lock, flags);
	if (!open && !xpv_grant_cache_revoke(cache, chain))
		park(cache, chain);
}
EXPORT_SYMBOL_GPL(xpv_grant_cache_give);

bool xpv_grant_recall(struct xpv_grant_cache *cache,
		      const struct xpv_grant_chain *chain)
{
	struct xpv_cached_grant *entry;
	unsigned int n = chain->nr;
	bool all = true;
	u16 i;

	for (i = chain->head; n--; i = entry->next) {
		entry = &cache->entries[i];
		if (!entry->page)
			continue;
		if (gnttab_end_foreign_access_ref(entry->ref))
			entry->page = NULL;
		else
			all = false;
	}
	return all;
}
EXPORT_SYMBOL_GPL(xpv_grant_recall);

/* Idle entries are the last ones: the others were taken before them. */
static struct xpv_grant_chain idle_out(struct xpv_grant_cache *cache)
{
	struct xpv_grant_chain idle, busy = {};
	unsigned long flags;
	unsigned int nr;

	spin_lock_irqsave(&cache->lock, flags);
	nr = min(cache->low, cache->nr - min(cache->nr, cache->keep));
	idle = cache->free;
	if (nr < idle.nr)
		busy = xpv_grant_chain_cut(cache, &idle, idle.nr - nr);
	cache->free = busy;
	cache->low = busy.nr;
	spin_unlock_irqrestore(&cache->lock, flags);
	return idle;
}

/*
 * Put back, behind all others, what is still mapped.
 * Return: whether to look again.
 */
static bool idle_back(struct xpv_grant_cache *cache,
		      struct xpv_grant_chain *idle, bool futile)
{
	unsigned long flags;
	bool more;

	spin_lock_irqsave(&cache->lock, flags);
	cache->low += idle->nr;
	xpv_grant_chain_join(cache, &cache->free, idle);
	cache->futile = futile ? cache->futile + 1 : 0;
	more = cache->nr > cache->keep && cache->futile < TRIM_TRIES;
	spin_unlock_irqrestore(&cache->lock, flags);
	return more;
}

static void trim_work(struct work_struct *work)
{
	struct xpv_grant_cache *cache = container_of(to_delayed_work(work),
						     struct xpv_grant_cache,
						     trim);
	struct xpv_grant_chain idle = idle_out(cache);
	unsigned int nr = idle.nr;

	xpv_grant_cache_revoke(cache, &idle);
	if (idle_back(cache, &idle, idle.nr == nr))
		trim_later(cache);
}

int xpv_grant_cache_init(struct xpv_grant_cache *cache, struct xpv_device *dev,
			 unsigned int size)
{
	unsigned int i;

	if (!size || size > U16_MAX)
		return -EINVAL;
	memset(cache, 0, sizeof(*cache));
	if (xpv_fault(dev, "a cache of grants"))
		return -ENOMEM;
	cache->entries = kvcalloc(size, sizeof(*cache->entries), GFP_NOIO);
	if (!cache->entries)
		return -ENOMEM;
	cache->dev = dev;
	cache->size = size;
	spin_lock_init(&cache->lock);
	INIT_DELAYED_WORK(&cache->trim, trim_work);
	for (i = size; i--;)
		blank_push(cache, i);
	cache->blank.tail = size - 1;
	return 0;
}
EXPORT_SYMBOL_GPL(xpv_grant_cache_init);

static void abandon_parked(struct xpv_grant_cache *cache)
{
	struct xpv_grant_chain chain = chain_out(cache, &cache->parked);

	xpv_grant_cache_abandon(cache, &chain);
}

/*
 * Nobody takes from it yet, but what was out of it may still come back. If all
 * of it is out, or mapped, there will be more when that ends.
 */
static int fill(struct xpv_grant_cache *cache, unsigned int want)
{
	unsigned int blank;
	struct piece piece;
	int err;

	while (READ_ONCE(cache->free.nr) < want) {
		blank = READ_ONCE(cache->blank.nr);
		if (!blank)
			break;
		err = xpv_fault(cache->dev, "pages and grants") ? -ENOSPC :
		      piece_get(cache, &piece, blank, GFP_NOIO);
		if (err)
			return err;
		spin_lock_irq(&cache->lock);
		piece_add(cache, &piece);
		spin_unlock_irq(&cache->lock);
	}
	return 0;
}

int xpv_grant_cache_open(struct xpv_grant_cache *cache, bool own,
			 unsigned int keep)
{
	int err;

	if (cache->open)
		return 0;
	cache->own = own;
	cache->keep = keep;
	cache->low = 0;
	if (cache->blank.nr < keep)
		abandon_parked(cache);
	err = fill(cache, keep);
	if (err) {
		xpv_grant_cache_close(cache);
		return err;
	}
	spin_lock_irq(&cache->lock);
	cache->open = true;
	spin_unlock_irq(&cache->lock);
	return 0;
}
EXPORT_SYMBOL_GPL(xpv_grant_cache_open);

void xpv_grant_cache_keep(struct xpv_grant_cache *cache, unsigned int keep)
{
	unsigned long flags;

	spin_lock_irqsave(&cache->lock, flags);
	cache->keep = keep;
	cache->futile = 0;
	if (cache->open && cache->nr > keep)
		trim_later(cache);
	spin_unlock_irqrestore(&cache->lock, flags);
}
EXPORT_SYMBOL_GPL(xpv_grant_cache_keep);

void xpv_grant_cache_close(struct xpv_grant_cache *cache)
{
	struct xpv_grant_chain chain;

	spin_lock_irq(&cache->lock);
	cache->open = false;
	spin_unlock_irq(&cache->lock);
	cancel_delayed_work_sync(&cache->trim);
	chain = chain_out(cache, &cache->free);
	xpv_grant_cache_revoke(cache, &chain);
	park(cache, &chain);
}
EXPORT_SYMBOL_GPL(xpv_grant_cache_close);

void xpv_grant_cache_exit(struct xpv_grant_cache *cache)
{
	if (!cache->entries)
		return;
	xpv_grant_cache_close(cache);
	abandon_parked(cache);
	kvfree(cache->entries);
	cache->entries = NULL;
}
EXPORT_SYMBOL_GPL(xpv_grant_cache_exit);
