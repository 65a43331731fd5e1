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
#include <xen/grant_table.h>
#include <xen/page.h>
#include <xen/xenbus.h>
#include <xpv/device.h>
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
