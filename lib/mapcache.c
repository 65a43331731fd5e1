// SPDX-License-Identifier: GPL-2.0
/*
 * Pages of the other end that stay mapped. See xpv/mapcache.h.
 */
#include <linux/export.h>
#include <linux/jiffies.h>
#include <linux/list.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <xpv/mapcache.h>

/* Pages that are unmapped together, with one flush of the TLBs. */
#define GOING_MAX	32

/* Room is made for one page in so many, and this often at most. */
#define ROOM_SHARE	20
#define ROOM_INTERVAL	(HZ / 10)

#define BUCKETS_MAX	4096

int xpv_map_cache_init(struct xpv_map_cache *cache, struct xpv_map_pool *pool,
		       unsigned int limit)
{
	unsigned int nr = roundup_pow_of_two(clamp(limit, 1U, BUCKETS_MAX));

	memset(cache, 0, sizeof(*cache));
	cache->pool = pool;
	cache->limit = limit;
	cache->roomed = jiffies - ROOM_INTERVAL;
	INIT_LIST_HEAD(&cache->all);
	init_completion(&cache->idle);
	complete(&cache->idle);
	if (!limit)
		return 0;
	if (xpv_map_batch_init(&cache->going, pool, GOING_MAX))
		return -ENOMEM;
	cache->mask = nr - 1;
	cache->buckets = kvcalloc(nr, sizeof(*cache->buckets), GFP_KERNEL);
	if (cache->buckets)
		return 0;

	xpv_map_batch_exit(&cache->going);
	return -ENOMEM;
}
EXPORT_SYMBOL_GPL(xpv_map_cache_init);

/* References are handed out densely, so they are their own hash. */
static struct xpv_kept **bucket_of(struct xpv_map_cache *cache,
				   grant_ref_t ref)
{
	return &cache->buckets[ref & cache->mask];
}

static struct xpv_kept *find(struct xpv_map_cache *cache, grant_ref_t ref)
{
	struct xpv_kept *kept = *bucket_of(cache, ref);

	while (kept && kept->ref != ref)
		kept = kept->next;
	return kept;
}

static bool kept_in_use(const struct xpv_kept *kept)
{
	/* Pairs with xpv_map_set_put(): who gave it back is done with it. */
	return smp_load_acquire(&kept->puts) != kept->gets;
}

/* Move an unused page to those that are going, and forget it. */
static void forget(struct xpv_map_cache *cache, struct xpv_kept *kept)
{
	struct xpv_map_batch *going = &cache->going;
	struct xpv_kept **at = bucket_of(cache, kept->ref);

	while (*at != kept)
		at = &(*at)->next;
	*at = kept->next;
	list_del(&kept->link);
	cache->nr--;
	going->pages[going->nr] = kept->page;
	going->handles[going->nr++] = kept->handle;
	kfree(kept);
}

static void are_gone(struct xpv_map_batch *going, int err)
{
	struct xpv_map_cache *cache =
		container_of(going, struct xpv_map_cache, going);

	/* What Xen refuses to unmap stays in the device's account. */
	complete(&cache->idle);
}

/*
 * Unmap the pages from the front of the list that nobody uses and, if asked
 * for, that have been unused for an age; but not those used since the last
 * look: they go to the end.
 */
static void unmap_some(struct xpv_map_cache *cache, unsigned int nr,
		       unsigned long age)
{
	unsigned int look = cache->nr;
	struct xpv_kept *kept, *next;

	if (!try_wait_for_completion(&cache->idle))
		return;
	nr = min(nr, cache->going.max);
	list_for_each_entry_safe(kept, next, &cache->all, link) {
		if (cache->going.nr == nr || !look--)
			break;
		if (kept_in_use(kept) || time_before(jiffies, kept->used + age))
			continue;
		if (!age && kept->used != kept->seen) {
			kept->seen = kept->used;
			list_move_tail(&kept->link, &cache->all);
			continue;
		}
		forget(cache, kept);
	}
	if (cache->going.nr)
		xpv_map_batch_unmap(&cache->going, are_gone);
	else
		complete(&cache->idle);
}

unsigned int xpv_map_cache_expire(struct xpv_map_cache *cache,
				  unsigned long age)
{
	unsigned int before;

	do {
		before = cache->nr;
		unmap_some(cache, GOING_MAX, max(age, 1UL));
	} while (cache->nr && cache->nr < before);
	return cache->nr;
}
EXPORT_SYMBOL_GPL(xpv_map_cache_expire);

void xpv_map_cache_exit(struct xpv_map_cache *cache)
{
	struct xpv_kept *kept, *next;

	if (!cache->buckets)
		return;
	do {
		wait_for_completion(&cache->idle);
		list_for_each_entry_safe(kept, next, &cache->all, link) {
			if (cache->going.nr == cache->going.max)
				break;
			forget(cache, kept);
		}
		if (cache->going.nr)
			xpv_map_batch_unmap(&cache->going, are_gone);
		else
			complete(&cache->idle);
	} while (cache->nr);
	wait_for_completion(&cache->idle);
	xpv_map_batch_exit(&cache->going);
	kvfree(cache->buckets);
	cache->buckets = NULL;
}
EXPORT_SYMBOL_GPL(xpv_map_cache_exit);

/*
 * Whether one more page may be kept. Of a working set that does not fit, the
 * part that is kept changes slowly: to exchange pages with every request would
 * cost more than to keep none.
 */
static bool have_room(struct xpv_map_cache *cache)
{
	unsigned int excess;

	if (cache->nr < cache->limit)
		return true;
	if (time_before(jiffies, cache->roomed + ROOM_INTERVAL))
		return false;
	cache->roomed = jiffies;
	excess = cache->nr - cache->limit;
	unmap_some(cache, excess + cache->limit / ROOM_SHARE + 1, 0);
	return cache->nr < cache->limit;
}

/* Keep a page that was mapped just now, in the name of its first user. */
static struct xpv_kept *keep(struct xpv_map_cache *cache, grant_ref_t ref,
			     struct page *page, grant_handle_t handle)
{
	struct xpv_kept **bucket = bucket_of(cache, ref);
	struct xpv_kept *kept;

	/* One that a request names twice is kept once. */
	if (!have_room(cache) || find(cache, ref))
		return NULL;
	kept = kmalloc(sizeof(*kept), GFP_KERNEL);
	if (!kept)
		return NULL;
	kept->page = page;
	kept->ref = ref;
	kept->handle = handle;
	kept->used = jiffies;
	kept->seen = kept->used;
	kept->gets = 1;
	kept->puts = 0;
	kept->next = *bucket;
	*bucket = kept;
	list_add_tail(&kept->link, &cache->all);
	cache->nr++;
	return kept;
}

int xpv_map_set_init(struct xpv_map_set *set, struct xpv_map_cache *cache,
		     unsigned int max)
{
	memset(set, 0, sizeof(*set));
	set->cache = cache;
	if (xpv_map_batch_init(&set->rest, cache->pool, max))
		return -ENOMEM;
	set->pages = kvmalloc_array(max, sizeof(*set->pages), GFP_KERNEL);
	set->kept = kvmalloc_array(max, sizeof(*set->kept), GFP_KERNEL);
	set->missed = kvmalloc_array(max, sizeof(*set->missed), GFP_KERNEL);
	if (set->pages && set->kept && set->missed)
		return 0;

	xpv_map_set_exit(set);
	return -ENOMEM;
}
EXPORT_SYMBOL_GPL(xpv_map_set_init);

void xpv_map_set_exit(struct xpv_map_set *set)
{
	kvfree(set->missed);
	kvfree(set->kept);
	kvfree(set->pages);
	set->missed = NULL;
	set->kept = NULL;
	set->pages = NULL;
	xpv_map_batch_exit(&set->rest);
}
EXPORT_SYMBOL_GPL(xpv_map_set_exit);

static int map_all(struct xpv_map_set *set, const grant_ref_t *refs,
		   unsigned int nr, bool readonly)
{
	int err = xpv_map_batch_map(&set->rest, refs, nr, readonly);

	if (err)
		return err;
	memcpy(set->pages, set->rest.pages, nr * sizeof(*set->pages));
	set->nr = nr;
	return 0;
}

/* Of the pages just mapped, leave in @rest those that are not kept. */
static void keep_mapped(struct xpv_map_set *set)
{
	struct xpv_map_batch *rest = &set->rest;
	unsigned int i, nr = rest->nr;
	struct xpv_kept *kept;

	rest->nr = 0;
	for (i = 0; i < nr; i++) {
		kept = keep(set->cache, set->missed[i], rest->pages[i],
			    rest->handles[i]);
		if (kept) {
			set->kept[set->nr_kept++] = kept;
			continue;
		}
		rest->pages[rest->nr] = rest->pages[i];
		rest->handles[rest->nr++] = rest->handles[i];
	}
}

/* Map what was not found, into the gaps. */
static int map_missed(struct xpv_map_set *set, unsigned int nr,
		      unsigned int missed)
{
	struct page **from = set->rest.pages;
	unsigned int i;
	int err;

	err = xpv_map_batch_map(&set->rest, set->missed, missed, false);
	if (err)
		goto err_unget;
	for (i = 0; i < nr; i++)
		if (!set->pages[i])
			set->pages[i] = *from++;
	keep_mapped(set);
	set->nr = nr;
	return 0;

err_unget:
	for (i = 0; i < set->nr_kept; i++)
		set->kept[i]->gets--;
	set->nr_kept = 0;
	return err;
}

int xpv_map_set_map(struct xpv_map_set *set, const grant_ref_t *refs,
		    unsigned int nr, bool readonly)
{
	struct xpv_map_cache *cache = set->cache;
	unsigned int i, missed = 0;
	struct xpv_kept *kept;

	if (!cache->buckets || nr > set->rest.max)
		return map_all(set, refs, nr, readonly);
	for (i = 0; i < nr; i++) {
		kept = find(cache, refs[i]);
		if (kept) {
			kept->gets++;
			kept->used = jiffies;
			set->kept[set->nr_kept++] = kept;
			set->pages[i] = kept->page;
		} else {
			set->missed[missed++] = refs[i];
			set->pages[i] = NULL;
		}
	}
	if (missed)
		return map_missed(set, nr, missed);
	set->nr = nr;
	return 0;
}
EXPORT_SYMBOL_GPL(xpv_map_set_map);

static void rest_unmapped(struct xpv_map_batch *rest, int err)
{
	struct xpv_map_set *set = container_of(rest, struct xpv_map_set, rest);

	set->done(set, err);
}

void xpv_map_set_unmap(struct xpv_map_set *set,
		       void (*done)(struct xpv_map_set *set, int err))
{
	set->done = done;
	xpv_map_batch_unmap(&set->rest, rest_unmapped);
}
EXPORT_SYMBOL_GPL(xpv_map_set_unmap);
