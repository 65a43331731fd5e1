/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Memory for rings, granted to the other end. For data that is not in a ring,
 * see grant_cache.h.
 */
#ifndef XPV_GRANT_H
#define XPV_GRANT_H

#include <linux/types.h>
#include <xen/interface/grant_table.h>

struct xpv_device;

/* Largest ring this suite grants or maps: 16 pages, as the public headers. */
#define XPV_RING_MAX_ORDER	4
#define XPV_RING_MAX_PAGES	16

/**
 * struct xpv_granted_ring - ring memory of a frontend
 * @dev: the device it is accounted to
 * @mem: the pages, contiguous, zeroed; NULL while there are none
 * @nr: number of pages
 * @refs: a reference for each
 */
struct xpv_granted_ring {
	struct xpv_device *dev;
	void *mem;
	unsigned int nr;
	grant_ref_t refs[XPV_RING_MAX_PAGES];
};

/**
 * xpv_ring_grant() - allocate ring memory and grant it to the other end
 * @ring: memory to set up
 * @dev: the device
 * @order: number of pages as a power of two, at most %XPV_RING_MAX_ORDER
 *
 * Context: process; sleeps (GFP_NOIO: a disk may be needed to free memory).
 * Return: 0 or a negative errno.
 */
int xpv_ring_grant(struct xpv_granted_ring *ring, struct xpv_device *dev,
		   unsigned int order);

/**
 * xpv_ring_revoke() - end the grants and free the memory
 * @ring: the ring; nothing happens if there is none
 *
 * Pages that the other end still maps are freed by Xen's deferred list.
 *
 * Context: process; sleeps.
 */
void xpv_ring_revoke(struct xpv_granted_ring *ring);

/**
 * xpv_ring_try_revoke() - the same, unless the other end still maps some of it
 * @ring: a ring; not to be used any more, whatever comes of it
 *
 * Until it returns true, pages that are not mapped any more stay, too.
 *
 * Context: any.
 * Return: whether all is freed.
 */
bool xpv_ring_try_revoke(struct xpv_granted_ring *ring);

/**
 * struct xpv_granted_bytes - memory of a frontend's byte ring
 * @index: the page of indices; the other end is told its reference
 * @order: number of data pages as a power of two
 * @pages: the data pages; NULL while there are none
 * @refs: a reference for each, as the page of indices tells the other end
 */
struct xpv_granted_bytes {
	struct xpv_granted_ring index;
	unsigned int order;
	void **pages;
	grant_ref_t *refs;
};

/**
 * xpv_bytes_grant() - allocate a byte ring's memory and grant it
 * @bytes: memory to set up
 * @dev: the device
 * @order: number of data pages as a power of two, 1 to %XPV_BYTES_MAX_ORDER
 *
 * The pages need not lie in a row, so that large rings can be had. All of them
 * are zeroed; the page of indices then names them.
 *
 * Context: process; sleeps (GFP_NOIO).
 * Return: 0; -EINVAL, -ENOMEM or -ENOSPC, and nothing is held.
 */
int xpv_bytes_grant(struct xpv_granted_bytes *bytes, struct xpv_device *dev,
		    unsigned int order);

/**
 * xpv_bytes_revoke() - end the grants and free the memory
 * @bytes: the memory; nothing happens if there is none
 *
 * Pages that the other end still maps are freed by Xen's deferred list.
 *
 * Context: process; sleeps.
 */
void xpv_bytes_revoke(struct xpv_granted_bytes *bytes);

#endif
