// SPDX-License-Identifier: GPL-2.0
/*
 * Granting ring memory to the other end.
 *
 * The other end's domain is &struct xpv_device's, which the lane keeps right,
 * not the bus device's: that one does not follow a device to a new backend.
 */
#include <linux/export.h>
#include <linux/gfp.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <xen/grant_table.h>
#include <xen/page.h>
#include <xen/xenbus.h>
#include <xpv/bytering.h>
#include <xpv/device.h>
#include <xpv/fault.h>
#include <xpv/grant.h>

/* Give the other end every page of a ring; stops at the first failure. */
static int grant_ring_pages(struct xpv_granted_ring *ring)
{
	unsigned int i;
	int ref;

	for (i = 0; i < ring->nr; i++)
		ring->refs[i] = INVALID_GRANT_REF;
	for (i = 0; i < ring->nr; i++) {
		void *page = ring->mem + i * XEN_PAGE_SIZE;

		if (xpv_fault(ring->dev, "a ring's grant"))
			return -ENOSPC;
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
	if (xpv_fault(dev, "a ring's memory"))
		return -ENOMEM;
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

bool xpv_ring_try_revoke(struct xpv_granted_ring *ring)
{
	unsigned int i;

	for (i = 0; i < ring->nr; i++) {
		if (ring->refs[i] == INVALID_GRANT_REF)
			continue;
		if (!gnttab_try_end_foreign_access(ring->refs[i]))
			return false;
		ring->refs[i] = INVALID_GRANT_REF;
	}
	xpv_ring_revoke(ring);
	return true;
}
EXPORT_SYMBOL_GPL(xpv_ring_try_revoke);

/* A byte ring can have a lot of pages, and waits rather than take the last. */
#define BYTES_GFP	(GFP_NOIO | __GFP_NOWARN | __GFP_ZERO)

static int grant_data_page(struct xpv_granted_bytes *bytes, unsigned int i)
{
	struct xpv_device *dev = bytes->index.dev;
	struct page *page;
	int ref;

	if (xpv_fault(dev, "a data page"))
		return -ENOSPC;
	page = alloc_pages(BYTES_GFP, 0);
	if (!page)
		return -ENOMEM;
	ref = gnttab_grant_foreign_access(dev->otherend_id,
					  virt_to_gfn(page_address(page)), 0);
	if (ref < 0) {
		__free_page(page);
		return ref;
	}
	bytes->pages[i] = page_address(page);
	bytes->refs[i] = ref;
	atomic_inc(&dev->held.grants);
	return 0;
}

/* As many as there are. */
static void revoke_data_pages(struct xpv_granted_bytes *bytes)
{
	unsigned int i;

	for (i = 0; i < 1U << bytes->order && bytes->pages[i]; i++) {
		gnttab_end_foreign_access(bytes->refs[i],
					  virt_to_page(bytes->pages[i]));
		atomic_dec(&bytes->index.dev->held.grants);
	}
}

static int grant_data_pages(struct xpv_granted_bytes *bytes)
{
	struct xpv_bytes_intf *intf = bytes->index.mem;
	unsigned int i;
	int err;

	for (i = 0; i < 1U << bytes->order; i++) {
		err = grant_data_page(bytes, i);
		if (err)
			return err;
		intf->ref[i] = bytes->refs[i];
	}
	intf->ring_order = bytes->order;
	return 0;
}

static void free_tables(struct xpv_granted_bytes *bytes)
{
	kfree(bytes->refs);
	kfree(bytes->pages);
	bytes->refs = NULL;
	bytes->pages = NULL;
}

int xpv_bytes_grant(struct xpv_granted_bytes *bytes, struct xpv_device *dev,
		    unsigned int order)
{
	int err;

	BUILD_BUG_ON(offsetof(struct xpv_bytes_intf, ref) +
		     XPV_BYTES_MAX_PAGES * sizeof(grant_ref_t) >
		     XEN_PAGE_SIZE);

	if (order < XPV_BYTES_MIN_ORDER || order > XPV_BYTES_MAX_ORDER)
		return -EINVAL;
	bytes->order = order;
	bytes->pages = kcalloc(1 << order, sizeof(*bytes->pages), GFP_NOIO);
	bytes->refs = kcalloc(1 << order, sizeof(*bytes->refs), GFP_NOIO);
	err = -ENOMEM;
	if (!bytes->pages || !bytes->refs)
		goto err_tables;
	err = xpv_ring_grant(&bytes->index, dev, 0);
	if (err)
		goto err_tables;
	err = grant_data_pages(bytes);
	if (err)
		goto err_revoke;
	return 0;

err_revoke:
	revoke_data_pages(bytes);
	xpv_ring_revoke(&bytes->index);
err_tables:
	free_tables(bytes);
	return err;
}
EXPORT_SYMBOL_GPL(xpv_bytes_grant);

void xpv_bytes_revoke(struct xpv_granted_bytes *bytes)
{
	if (!bytes->pages)
		return;
	revoke_data_pages(bytes);
	xpv_ring_revoke(&bytes->index);
	free_tables(bytes);
}
EXPORT_SYMBOL_GPL(xpv_bytes_revoke);
