/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Granting our pages to the other end: pools of grant references for data,
 * and granted memory for rings.
 *
 * Data pages must already be whole frames of ours; a page whose grant cannot
 * be ended, because the other end still maps it, is never used again before
 * Xen says so (XSA-396).
 */
#ifndef XPV_GRANT_H
#define XPV_GRANT_H

#include <linux/mm_types.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <xen/interface/grant_table.h>

struct xpv_device;

/**
 * struct xpv_grant_pool - references reserved for one device's data
 * @dev: the device they are accounted to
 * @lock: protects @head and @free; taken in any context
 * @head: the kernel's list of unused references
 * @free: how many are unused
 * @size: how many the pool has
 */
struct xpv_grant_pool {
	struct xpv_device *dev;
	spinlock_t lock;
	grant_ref_t head;
	unsigned int free;
	unsigned int size;
};

/**
 * xpv_grant_pool_init() - reserve references
 * @pool: memory to set up
 * @dev: the device
 * @size: how many, 1 to %U16_MAX
 *
 * Context: process.
 * Return: 0; -ENOSPC if the grant table is full; -EINVAL.
 */
int xpv_grant_pool_init(struct xpv_grant_pool *pool, struct xpv_device *dev,
			unsigned int size);

/**
 * xpv_grant_pool_exit() - give unused references back
 * @pool: the pool; nothing happens if it was never set up. Every reference
 *	taken from it has been ended or abandoned.
 *
 * Context: process.
 */
void xpv_grant_pool_exit(struct xpv_grant_pool *pool);

/**
 * xpv_grant_page() - grant a page to the other end
 * @pool: where the reference comes from
 * @page: the page
 * @readonly: the other end may only read it
 * @ref: the reference to publish
 *
 * Context: any.
 * Return: 0, or -ENOSPC if the pool is used up.
 */
int xpv_grant_page(struct xpv_grant_pool *pool, struct page *page,
		   bool readonly, grant_ref_t *ref);

/**
 * xpv_grant_end() - take a page back
 * @pool: where the reference came from
 * @ref: the reference, which returns to the pool on success
 *
 * Context: any.
 * Return: true if the other end can no longer reach the page; false, and a line
 * in the kernel's log, if it still maps it: then the page must not be used, and
 * the caller abandons it.
 */
bool xpv_grant_end(struct xpv_grant_pool *pool, grant_ref_t ref);

/**
 * xpv_grant_try_end() - take a page back that may well still be mapped
 * @pool: where the reference came from
 * @ref: the reference
 *
 * As xpv_grant_end(), for asking again and again after the other end went
 * away: slower, but the kernel does not log each refusal.
 *
 * Context: any.
 * Return: as xpv_grant_end().
 */
bool xpv_grant_try_end(struct xpv_grant_pool *pool, grant_ref_t ref);

/**
 * xpv_grant_abandon() - leave a still mapped page to Xen's deferred list
 * @pool: the pool, which gets a fresh reference when one can be had
 * @ref: a reference xpv_grant_end() could not end
 * @page: its page. A reference on it is held until the other end lets go, so
 *	the caller may put its own but must not write to it or hand it on.
 *
 * Context: any.
 */
void xpv_grant_abandon(struct xpv_grant_pool *pool, grant_ref_t ref,
		       struct page *page);

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

#endif
