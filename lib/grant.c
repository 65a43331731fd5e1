// SPDX-License-Identifier: GPL-2.0
/*
 * Granting our pages to the other end.
 *
 * The other end's domain is &struct xpv_device's, which the lane keeps right,
 * not the bus device's: that one does not follow a device to a new backend.
 */
#include <linux/export.h>
#include <linux/gfp.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <xen/grant_table.h>
#include <xen/page.h>
#include <xen/xenbus.h>
#include <xpv/device.h>
#include <xpv/grant.h>

/* The kernel hands out at most U16_MAX references in one list. */
int xpv_grant_pool_init(struct xpv_grant_pool *pool, struct xpv_device *dev,
			unsigned int size)
{
	int err;

	if (!size || size > U16_MAX)
		return -EINVAL;
	err = gnttab_alloc_grant_references(size, &pool->head);
	if (err)
		return err;

	spin_lock_init(&pool->lock);
	pool->dev = dev;
	pool->free = size;
	pool->size = size;
	atomic_add(size, &dev->held.grants);
	return 0;
}
EXPORT_SYMBOL_GPL(xpv_grant_pool_init);

/* A reference that was not given back stays in the account, and shows. */
void xpv_grant_pool_exit(struct xpv_grant_pool *pool)
{
	if (!pool->size)
		return;
	gnttab_free_grant_references(pool->head);
	atomic_sub(pool->free, &pool->dev->held.grants);
	pool->free = 0;
	pool->size = 0;
}
EXPORT_SYMBOL_GPL(xpv_grant_pool_exit);

int xpv_grant_page(struct xpv_grant_pool *pool, struct page *page,
		   bool readonly, grant_ref_t *ref)
{
	unsigned long flags;
	int claimed;

	spin_lock_irqsave(&pool->lock, flags);
	claimed = gnttab_claim_grant_reference(&pool->head);
	if (claimed >= 0)
		pool->free--;
	spin_unlock_irqrestore(&pool->lock, flags);
	if (claimed < 0)
		return -ENOSPC;

	*ref = claimed;
	gnttab_page_grant_foreign_access_ref_one(*ref, pool->dev->otherend_id,
						 page, readonly);
	return 0;
}
EXPORT_SYMBOL_GPL(xpv_grant_page);

static void put_reference(struct xpv_grant_pool *pool, grant_ref_t ref)
{
	unsigned long flags;

	spin_lock_irqsave(&pool->lock, flags);
	gnttab_release_grant_reference(&pool->head, ref);
	pool->free++;
	spin_unlock_irqrestore(&pool->lock, flags);
}

bool xpv_grant_end(struct xpv_grant_pool *pool, grant_ref_t ref)
{
	if (!gnttab_end_foreign_access_ref(ref))
		return false;
	put_reference(pool, ref);
	return true;
}
EXPORT_SYMBOL_GPL(xpv_grant_end);

static void shrink_by_one(struct xpv_grant_pool *pool)
{
	unsigned long flags;

	spin_lock_irqsave(&pool->lock, flags);
	pool->size--;
	spin_unlock_irqrestore(&pool->lock, flags);
	atomic_dec(&pool->dev->held.grants);
}

/* A reference left the pool for good. A list of one reference is that one. */
static void replace_reference(struct xpv_grant_pool *pool)
{
	grant_ref_t fresh;

	if (gnttab_alloc_grant_references(1, &fresh))
		shrink_by_one(pool);
	else
		put_reference(pool, fresh);
}

/*
 * The kernel says nothing here, but frees the reference, which costs its lock
 * twice: not for the common case.
 */
bool xpv_grant_try_end(struct xpv_grant_pool *pool, grant_ref_t ref)
{
	if (!gnttab_try_end_foreign_access(ref))
		return false;
	replace_reference(pool);
	return true;
}
EXPORT_SYMBOL_GPL(xpv_grant_try_end);

/*
 * The kernel drops the page reference it is given once the grant has ended;
 * the caller keeps its own, so it is given one more.
 */
void xpv_grant_abandon(struct xpv_grant_pool *pool, grant_ref_t ref,
		       struct page *page)
{
	get_page(page);
	gnttab_end_foreign_access(ref, page);
	replace_reference(pool);
}
EXPORT_SYMBOL_GPL(xpv_grant_abandon);

/* Give the other end every page of a ring; stops at the first failure. */
static int grant_ring_pages(struct xpv_granted_ring *ring)
{
	unsigned int i;
	int ref;

	for (i = 0; i < ring->nr; i++)
		ring->refs[i] = INVALID_GRANT_REF;
	for (i = 0; i < ring->nr; i++) {
		void *page = ring->mem + i * XEN_PAGE_SIZE;

		ref = gnttab_grant_foreign_access(ring->dev->otherend_id,
						  virt_to_gfn(page), 0);
		if (ref < 0)
			return ref;
		ring->refs[i] = ref;
	}
	return 0;
}

/* Large rings may not be had; the caller then asks for a smaller one. */
#define RING_GFP	(GFP_NOIO | __GFP_HIGH | __GFP_NOWARN | __GFP_ZERO)

int xpv_ring_grant(struct xpv_granted_ring *ring, struct xpv_device *dev,
		   unsigned int order)
{
	int err;

	if (order > XPV_RING_MAX_ORDER)
		return -EINVAL;
	ring->dev = dev;
	ring->nr = 1 << order;
	ring->mem = alloc_pages_exact(ring->nr * XEN_PAGE_SIZE, RING_GFP);
	if (!ring->mem)
		return -ENOMEM;

	err = grant_ring_pages(ring);
	if (err)
		goto err_teardown;
	atomic_add(ring->nr, &dev->held.grants);
	return 0;

err_teardown:
	xenbus_teardown_ring(&ring->mem, ring->nr, ring->refs);
	return err;
}
EXPORT_SYMBOL_GPL(xpv_ring_grant);

void xpv_ring_revoke(struct xpv_granted_ring *ring)
{
	if (!ring->mem)
		return;
	xenbus_teardown_ring(&ring->mem, ring->nr, ring->refs);
	atomic_sub(ring->nr, &ring->dev->held.grants);
}
EXPORT_SYMBOL_GPL(xpv_ring_revoke);
