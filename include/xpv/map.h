/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Mapping the other end's pages: its rings, and its data in batches.
 *
 * Every status that Xen returns is looked at; a batch is mapped whole or not
 * at all, and unmapped only when nothing in this kernel holds its pages.
 */
#ifndef XPV_MAP_H
#define XPV_MAP_H

#include <linux/types.h>
#include <xen/grant_table.h>
#include <xpv/grant.h>

struct xpv_bytes_intf;
struct xpv_device;
struct page;

/**
 * struct xpv_mapped_ring - ring memory of a backend
 * @dev: the device it is accounted to
 * @mem: the pages, contiguous; NULL while not mapped. Untrusted.
 * @nr: number of pages
 */
struct xpv_mapped_ring {
	struct xpv_device *dev;
	void *mem;
	unsigned int nr;
};

/**
 * xpv_ring_map() - map a ring the other end granted
 * @ring: memory to set up
 * @dev: the device
 * @refs: the references; untrusted
 * @nr: how many, 1 to %XPV_RING_MAX_PAGES
 *
 * On a refused reference the kernel also logs which one, and writes Closing as
 * the device's state.
 *
 * Context: process; sleeps.
 * Return: 0; -EINVAL if Xen refuses a reference; or another negative errno.
 */
int xpv_ring_map(struct xpv_mapped_ring *ring, struct xpv_device *dev,
		 const grant_ref_t *refs, unsigned int nr);

/**
 * xpv_ring_unmap() - unmap it
 * @ring: the ring; nothing happens if there is none
 *
 * Context: process; sleeps.
 */
void xpv_ring_unmap(struct xpv_mapped_ring *ring);

/**
 * struct xpv_map_pool - page frames that foreign pages are mapped at
 * @dev: the device they are accounted to
 * @cache: frames not in use
 * @low: fewest that there were since xpv_map_pool_expire(); of who maps
 */
struct xpv_map_pool {
	struct xpv_device *dev;
	struct gnttab_page_cache cache;
	unsigned int low;
};

/**
 * xpv_map_pool_init() - set up an empty pool
 * @pool: the pool
 * @dev: the device
 */
void xpv_map_pool_init(struct xpv_map_pool *pool, struct xpv_device *dev);

/**
 * xpv_map_pool_shrink() - give frames beyond a reserve back to the kernel
 * @pool: the pool
 * @keep: how many unused frames to keep; 0 empties it
 *
 * Context: process; sleeps.
 */
void xpv_map_pool_shrink(struct xpv_map_pool *pool, unsigned int keep);

/**
 * xpv_map_pool_expire() - give back the frames that were not needed
 * @pool: the pool
 *
 * Not needed since this was last called, that is. No one may be mapping with
 * frames of the pool meanwhile.
 *
 * Context: process; sleeps.
 * Return: how many unused frames are left.
 */
unsigned int xpv_map_pool_expire(struct xpv_map_pool *pool);

/**
 * struct xpv_map_batch - the foreign pages of one request
 * @pool: where the frames come from
 * @nr: pages mapped; 0 while unmapped
 * @max: pages there is room for
 * @pages: the frames; valid up to @nr
 * @handles: Xen's handle for each
 * @map_ops: scratch for mapping
 * @unmap_ops: scratch for unmapping, the same memory
 * @group_at: where it is in the group it is unmapped with
 * @group_next: the batch added before it
 * @err: how unmapping it with the group went
 * @work: the kernel's state of an asynchronous unmap
 * @done: called when it is over
 */
struct xpv_map_batch {
	struct xpv_map_pool *pool;
	unsigned int nr;
	unsigned int max;
	struct page **pages;
	grant_handle_t *handles;
	union {
		struct gnttab_map_grant_ref *map_ops;
		struct gnttab_unmap_grant_ref *unmap_ops;
	};
	unsigned int group_at;
	struct xpv_map_batch *group_next;
	int err;
	struct gntab_unmap_queue_data work;
	void (*done)(struct xpv_map_batch *batch, int err);
};

/**
 * xpv_map_batch_init() - allocate room for a batch
 * @batch: memory to set up
 * @pool: its pool
 * @max: most pages it will hold
 *
 * Context: process; sleeps.
 * Return: 0 or -ENOMEM.
 */
int xpv_map_batch_init(struct xpv_map_batch *batch, struct xpv_map_pool *pool,
		       unsigned int max);

/**
 * xpv_map_batch_exit() - free that room
 * @batch: an unmapped batch; nothing happens if it was never set up
 */
void xpv_map_batch_exit(struct xpv_map_batch *batch);

/**
 * xpv_map_batch_map() - map foreign pages
 * @batch: an unmapped batch
 * @refs: their references; untrusted
 * @nr: how many, at most the batch's room
 * @readonly: they will only be read
 *
 * All or nothing. One hypercall for the whole batch.
 *
 * Context: process; sleeps, for seconds if a page of the other end is paged
 * out.
 * Return: 0; -EINVAL if Xen refuses a reference; -ENOMEM if frames, or Xen's
 * room for handles, are used up.
 */
int xpv_map_batch_map(struct xpv_map_batch *batch, const grant_ref_t *refs,
		      unsigned int nr, bool readonly);

/**
 * xpv_map_batch_unmap() - unmap, once nobody holds the pages any more
 * @batch: a mapped batch
 * @done: called when the other end may have its pages back: at once from
 *	this call, or later from a worker; @err is non-zero if Xen refused, and
 *	the pages are then lost to the pool
 *
 * Context: any but hard interrupt.
 */
void xpv_map_batch_unmap(struct xpv_map_batch *batch,
			 void (*done)(struct xpv_map_batch *batch, int err));

/**
 * xpv_map_batch_unmap_now() - unmap pages that nobody else can hold
 * @batch: a mapped batch, whose pages were never given to anybody
 *
 * Context: process.
 * Return: 0, or an error if Xen refused: the pages are then lost to the pool.
 */
int xpv_map_batch_unmap_now(struct xpv_map_batch *batch);

/**
 * struct xpv_unmap_group - batches that are unmapped together
 * @nr: pages of all of them
 * @max: pages there is room for
 * @last: the batch added last
 * @ops: scratch for unmapping
 * @pages: their frames
 *
 * Unmapping costs a hypercall and a flush of TLBs, however many pages it is
 * for. The caller serialises what is done with a group.
 */
struct xpv_unmap_group {
	unsigned int nr;
	unsigned int max;
	struct xpv_map_batch *last;
	struct gnttab_unmap_grant_ref *ops;
	struct page **pages;
};

/**
 * xpv_unmap_group_init() - allocate room for a group
 * @group: memory to set up
 * @max: most pages it will hold
 *
 * Context: process; sleeps.
 * Return: 0 or -ENOMEM.
 */
int xpv_unmap_group_init(struct xpv_unmap_group *group, unsigned int max);

/**
 * xpv_unmap_group_exit() - free that room
 * @group: an empty group; nothing happens if it is zeroed
 */
void xpv_unmap_group_exit(struct xpv_unmap_group *group);

/**
 * xpv_unmap_group_add() - have a batch unmapped with the group
 * @group: the group
 * @batch: a batch, mapped or not
 *
 * Context: any.
 * Return: whether it will be. Not if there is no room, or if somebody still
 * holds a page of it: then the batch is for xpv_map_batch_unmap().
 */
bool xpv_unmap_group_add(struct xpv_unmap_group *group,
			 struct xpv_map_batch *batch);

/**
 * xpv_unmap_group_drop() - have the batch that was added last not unmapped
 * @group: the group
 * @batch: the batch; nothing happens if it is another one, or was not mapped
 */
void xpv_unmap_group_drop(struct xpv_unmap_group *group,
			  struct xpv_map_batch *batch);

/**
 * xpv_unmap_group_run() - unmap the group
 * @group: the group; empty afterwards
 *
 * The batch->err of each batch of it says how that went: 0, or an error if Xen
 * refused, and its pages are then lost to the pool.
 *
 * Context: any but hard interrupt.
 */
void xpv_unmap_group_run(struct xpv_unmap_group *group);

/**
 * struct xpv_mapped_bytes - memory of a backend's byte ring
 * @pool: where the frames come from
 * @index: the page of indices
 * @data: the data pages
 * @intf: the page of indices; NULL while not mapped. Untrusted.
 * @order: number of data pages as a power of two, as it was found once
 * @pages: the data pages, each at the kernel's own address of it. Untrusted.
 */
struct xpv_mapped_bytes {
	struct xpv_map_pool pool;
	struct xpv_map_batch index;
	struct xpv_map_batch data;
	struct xpv_bytes_intf *intf;
	unsigned int order;
	void **pages;
};

/**
 * xpv_bytes_map() - map a byte ring that the other end granted
 * @bytes: memory to set up
 * @dev: the device
 * @ref: the reference of its page of indices; untrusted
 * @max_order: the largest order that may be found there
 *
 * What the page of indices says is read once. Nothing is written to the store
 * if it is wrong: that is the caller's to say.
 *
 * Context: process; sleeps.
 * Return: 0; -ERANGE if the order is none of 1 to @max_order; -EINVAL if Xen
 * refuses a reference; or -ENOMEM.
 */
int xpv_bytes_map(struct xpv_mapped_bytes *bytes, struct xpv_device *dev,
		  grant_ref_t ref, unsigned int max_order);

/**
 * xpv_bytes_unmap() - unmap it
 * @bytes: the memory, whose pages nobody holds any more; nothing happens if
 *	there is none
 *
 * Context: process; sleeps.
 */
void xpv_bytes_unmap(struct xpv_mapped_bytes *bytes);

#endif
