// SPDX-License-Identifier: GPL-2.0
/*
 * Mapping the other end's pages.
 *
 * Only pages that Xen mapped, or unmapped, by its own word are counted as
 * such. What could not be unmapped stays in the device's account, and shows.
 */
#include <linux/compiler.h>
#include <linux/export.h>
#include <linux/mm.h>
#include <linux/page-flags.h>
#include <linux/string.h>
#include <xen/grant_table.h>
#include <xen/xenbus.h>
#include <xpv/device.h>
#include <xpv/fault.h>
#include <xpv/map.h>

/*
 * The kernel's function exists for both kinds of domains, and on PV it is the
 * only way to a contiguous view. For a reference that Xen refuses it returns
 * -ENOENT, having written Closing and an error node to the store.
 */
int xpv_ring_map(struct xpv_mapped_ring *ring, struct xpv_device *dev,
		 const grant_ref_t *refs, unsigned int nr)
{
	grant_ref_t copy[XPV_RING_MAX_PAGES];
	int err;

	if (!nr || nr > XPV_RING_MAX_PAGES)
		return -EINVAL;
	memcpy(copy, refs, nr * sizeof(*refs));

	if (xpv_fault(dev, "a ring's map"))
		return -ENOMEM;
	err = xenbus_map_ring_valloc(dev->bus, copy, nr, &ring->mem);
	if (err)
		return err == -ENOENT ? -EINVAL : err;
	ring->dev = dev;
	ring->nr = nr;
	atomic_add(nr, &dev->held.maps);
	return 0;
}
EXPORT_SYMBOL_GPL(xpv_ring_map);

void xpv_ring_unmap(struct xpv_mapped_ring *ring)
{
	if (!ring->mem)
		return;
	if (xenbus_unmap_ring_vfree(ring->dev->bus, ring->mem) == GNTST_okay)
		atomic_sub(ring->nr, &ring->dev->held.maps);
	ring->mem = NULL;
}
EXPORT_SYMBOL_GPL(xpv_ring_unmap);

void xpv_map_pool_init(struct xpv_map_pool *pool, struct xpv_device *dev)
{
	pool->dev = dev;
	pool->low = 0;
	gnttab_page_cache_init(&pool->cache);
}
EXPORT_SYMBOL_GPL(xpv_map_pool_init);

void xpv_map_pool_shrink(struct xpv_map_pool *pool, unsigned int keep)
{
	gnttab_page_cache_shrink(&pool->cache, keep);
}
EXPORT_SYMBOL_GPL(xpv_map_pool_shrink);

unsigned int xpv_map_pool_expire(struct xpv_map_pool *pool)
{
	unsigned int nr = READ_ONCE(pool->cache.num_pages);

	if (pool->low)
		gnttab_page_cache_shrink(&pool->cache,
					 nr - min(nr, pool->low));
	pool->low = READ_ONCE(pool->cache.num_pages);
	return pool->low;
}
EXPORT_SYMBOL_GPL(xpv_map_pool_expire);

int xpv_map_batch_init(struct xpv_map_batch *batch, struct xpv_map_pool *pool,
		       unsigned int max)
{
	BUILD_BUG_ON(sizeof(*batch->unmap_ops) > sizeof(*batch->map_ops));

	batch->pool = pool;
	batch->nr = 0;
	batch->max = 0;
	batch->pages = NULL;
	batch->handles = NULL;
	batch->map_ops = NULL;
	if (xpv_fault(pool->dev, "memory of a map"))
		return -ENOMEM;
	batch->max = max;
	batch->pages = kvmalloc_array(max, sizeof(*batch->pages), GFP_KERNEL);
	batch->handles = kvmalloc_array(max, sizeof(*batch->handles),
					GFP_KERNEL);
	batch->map_ops = kvmalloc_array(max, sizeof(*batch->map_ops),
					GFP_KERNEL);
	if (batch->pages && batch->handles && batch->map_ops)
		return 0;

	xpv_map_batch_exit(batch);
	return -ENOMEM;
}
EXPORT_SYMBOL_GPL(xpv_map_batch_init);

void xpv_map_batch_exit(struct xpv_map_batch *batch)
{
	kvfree(batch->map_ops);
	kvfree(batch->handles);
	kvfree(batch->pages);
	batch->map_ops = NULL;
	batch->handles = NULL;
	batch->pages = NULL;
	batch->max = 0;
}
EXPORT_SYMBOL_GPL(xpv_map_batch_exit);

static phys_addr_t page_address_of(struct page *page)
{
	return (unsigned long)pfn_to_kaddr(page_to_pfn(page));
}

static int take_frames(struct xpv_map_batch *batch, unsigned int nr)
{
	struct gnttab_page_cache *cache = &batch->pool->cache;
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (gnttab_page_cache_get(cache, &batch->pages[i]))
			goto err_put;
	batch->pool->low = min(batch->pool->low, READ_ONCE(cache->num_pages));
	return 0;

err_put:
	gnttab_page_cache_put(cache, batch->pages, i);
	return -ENOMEM;
}

static void prepare_map(struct xpv_map_batch *batch, const grant_ref_t *refs,
			unsigned int nr, bool readonly)
{
	u32 flags = GNTMAP_host_map | (readonly ? GNTMAP_readonly : 0);
	unsigned int i;

	for (i = 0; i < nr; i++)
		gnttab_set_map_op(&batch->map_ops[i],
				  page_address_of(batch->pages[i]), flags,
				  refs[i], batch->pool->dev->otherend_id);
}

/* Pages that are paged out have been waited for: the kernel retries them. */
static int status_errno(s16 status)
{
	switch (status) {
	case GNTST_no_device_space:
	case GNTST_no_space:
		return -ENOMEM;
	default:
		return -EINVAL;
	}
}

/*
 * Keep the pages that Xen mapped and give the frames of the others back. A
 * slot may have been mapped first and undone by the kernel afterwards, so the
 * page's mark goes too.
 *
 * Return: 0 if all were mapped, or the reason why the first was not.
 */
static int keep_mapped(struct xpv_map_batch *batch, unsigned int nr)
{
	struct xpv_map_pool *pool = batch->pool;
	unsigned int i;
	int err = 0;

	for (i = 0; i < nr; i++) {
		const struct gnttab_map_grant_ref *op = &batch->map_ops[i];

		if (op->status == GNTST_okay) {
			batch->pages[batch->nr] = batch->pages[i];
			batch->handles[batch->nr++] = op->handle;
			continue;
		}
		ClearPageForeign(batch->pages[i]);
		gnttab_page_cache_put(&pool->cache, &batch->pages[i], 1);
		if (!err)
			err = status_errno(op->status);
	}
	atomic_add(batch->nr, &pool->dev->held.maps);
	return err;
}

static void prepare_unmap(const struct xpv_map_batch *batch,
			  struct gnttab_unmap_grant_ref *ops)
{
	unsigned int i;

	for (i = 0; i < batch->nr; i++)
		gnttab_set_unmap_op(&ops[i], page_address_of(batch->pages[i]),
				    GNTMAP_host_map, batch->handles[i]);
}

/*
 * Give the frames that Xen unmapped back to the pool. When the call as a whole
 * failed, none can be trusted to be free.
 */
static int give_back(struct xpv_map_batch *batch,
		     const struct gnttab_unmap_grant_ref *ops, int err)
{
	struct xpv_map_pool *pool = batch->pool;
	unsigned int i, nr = 0;

	if (err)
		goto out_lost;
	for (i = 0; i < batch->nr; i++)
		if (ops[i].status == GNTST_okay)
			batch->pages[nr++] = batch->pages[i];
	gnttab_page_cache_put(&pool->cache, batch->pages, nr);
	atomic_sub(nr, &pool->dev->held.maps);
	if (nr < batch->nr)
		err = -EIO;

out_lost:
	batch->nr = 0;
	return err;
}

int xpv_map_batch_map(struct xpv_map_batch *batch, const grant_ref_t *refs,
		      unsigned int nr, bool readonly)
{
	int err, map_err;

	if (nr > batch->max)
		return -EINVAL;
	if (xpv_fault(batch->pool->dev, "frames"))
		return -ENOMEM;
	err = take_frames(batch, nr);
	if (err)
		return err;

	prepare_map(batch, refs, nr, readonly);
	map_err = gnttab_map_refs(batch->map_ops, NULL, batch->pages, nr);
	err = keep_mapped(batch, nr);
	if (map_err)
		err = map_err;
	if (err)
		goto err_unmap;
	return 0;

err_unmap:
	prepare_unmap(batch, batch->unmap_ops);
	give_back(batch, batch->unmap_ops,
		  gnttab_unmap_refs(batch->unmap_ops, NULL, batch->pages,
				    batch->nr));
	return err;
}
EXPORT_SYMBOL_GPL(xpv_map_batch_map);

static void batch_unmapped(int err, struct gntab_unmap_queue_data *work)
{
	struct xpv_map_batch *batch =
		container_of(work, struct xpv_map_batch, work);

	batch->done(batch, give_back(batch, batch->unmap_ops, err));
}

void xpv_map_batch_unmap(struct xpv_map_batch *batch,
			 void (*done)(struct xpv_map_batch *batch, int err))
{
	prepare_unmap(batch, batch->unmap_ops);
	batch->done = done;
	batch->work.done = batch_unmapped;
	batch->work.unmap_ops = batch->unmap_ops;
	batch->work.kunmap_ops = NULL;
	batch->work.pages = batch->pages;
	batch->work.count = batch->nr;
	gnttab_unmap_refs_async(&batch->work);
}
EXPORT_SYMBOL_GPL(xpv_map_batch_unmap);

int xpv_map_batch_unmap_now(struct xpv_map_batch *batch)
{
	if (!batch->nr)
		return 0;
	prepare_unmap(batch, batch->unmap_ops);
	return give_back(batch, batch->unmap_ops,
			 gnttab_unmap_refs(batch->unmap_ops, NULL,
					   batch->pages, batch->nr));
}
EXPORT_SYMBOL_GPL(xpv_map_batch_unmap_now);

int xpv_unmap_group_init(struct xpv_unmap_group *group, unsigned int max)
{
	group->nr = 0;
	group->last = NULL;
	group->max = max;
	group->ops = kvmalloc_array(max, sizeof(*group->ops), GFP_KERNEL);
	group->pages = kvmalloc_array(max, sizeof(*group->pages), GFP_KERNEL);
	if (group->ops && group->pages)
		return 0;

	xpv_unmap_group_exit(group);
	return -ENOMEM;
}
EXPORT_SYMBOL_GPL(xpv_unmap_group_init);

void xpv_unmap_group_exit(struct xpv_unmap_group *group)
{
	kvfree(group->pages);
	kvfree(group->ops);
	group->pages = NULL;
	group->ops = NULL;
}
EXPORT_SYMBOL_GPL(xpv_unmap_group_exit);

static bool is_held(const struct xpv_map_batch *batch)
{
	unsigned int i;

	for (i = 0; i < batch->nr; i++)
		if (page_count(batch->pages[i]) > 1)
			return true;
	return false;
}

bool xpv_unmap_group_add(struct xpv_unmap_group *group,
			 struct xpv_map_batch *batch)
{
	batch->err = 0;
	if (!batch->nr)
		return true;
	if (batch->nr > group->max - group->nr || is_held(batch))
		return false;
	batch->group_at = group->nr;
	batch->group_next = group->last;
	group->last = batch;
	prepare_unmap(batch, group->ops + group->nr);
	memcpy(group->pages + group->nr, batch->pages,
	       batch->nr * sizeof(*batch->pages));
	group->nr += batch->nr;
	return true;
}
EXPORT_SYMBOL_GPL(xpv_unmap_group_add);

void xpv_unmap_group_drop(struct xpv_unmap_group *group,
			  struct xpv_map_batch *batch)
{
	if (group->last != batch)
		return;
	group->last = batch->group_next;
	group->nr = batch->group_at;
}
EXPORT_SYMBOL_GPL(xpv_unmap_group_drop);

void xpv_unmap_group_run(struct xpv_unmap_group *group)
{
	struct xpv_map_batch *batch;
	int err;

	if (!group->nr)
		return;
	err = gnttab_unmap_refs(group->ops, NULL, group->pages, group->nr);
	for (batch = group->last; batch; batch = batch->group_next)
		batch->err = give_back(batch, group->ops + batch->group_at,
				       err);
	group->last = NULL;
	group->nr = 0;
}
EXPORT_SYMBOL_GPL(xpv_unmap_group_run);
