/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Copying between our memory and granted pages of the other end, by Xen, in
 * batches: one hypercall for many pages, and nothing stays mapped.
 */
#ifndef XPV_COPY_H
#define XPV_COPY_H

#include <linux/types.h>
#include <xen/grant_table.h>

struct xpv_device;

/* Pieces of one call to xpv_copy_to() or xpv_copy_from(), at most. */
#define XPV_COPY_PIECES	2

/**
 * struct xpv_copy - a batch of copies that are not made yet
 * @dev: whose other end's pages are copied to or from
 * @nr: copies in the batch
 * @max: copies there is room for
 * @ops: what Xen is asked for
 * @tags: the caller's name for each
 *
 * The caller serialises what is done with a batch.
 */
struct xpv_copy {
	struct xpv_device *dev;
	unsigned int nr;
	unsigned int max;
	struct gnttab_copy *ops;
	u32 *tags;
};

/**
 * xpv_copy_init() - allocate room for a batch
 * @copy: memory to set up
 * @dev: the device
 * @max: most copies it will hold
 *
 * Context: process; sleeps.
 * Return: 0 or -ENOMEM.
 */
int xpv_copy_init(struct xpv_copy *copy, struct xpv_device *dev,
		  unsigned int max);

/**
 * xpv_copy_exit() - free that room
 * @copy: the batch; what is in it is not copied. Nothing happens if it is
 *	zeroed.
 */
void xpv_copy_exit(struct xpv_copy *copy);

/**
 * xpv_copy_room() - whether one more call will fit
 * @copy: the batch
 *
 * Xen copies within pages only, so a piece of memory that lies in two of ours
 * counts as two.
 */
static inline bool xpv_copy_room(const struct xpv_copy *copy)
{
	return copy->max - copy->nr >= XPV_COPY_PIECES;
}

/**
 * xpv_copy_from() - have bytes of the other end copied to us
 * @copy: the batch, with room
 * @ref: the other end's grant; untrusted
 * @offset: where in its page
 * @to: our memory, in the kernel's linear map
 * @len: bytes, 1 to %XEN_PAGE_SIZE - @offset
 * @tag: given back if it fails
 *
 * Context: any.
 */
void xpv_copy_from(struct xpv_copy *copy, grant_ref_t ref, unsigned int offset,
		   void *to, unsigned int len, u32 tag);

/**
 * xpv_copy_to() - have bytes of ours copied to the other end
 * @copy: the batch, with room
 * @ref: the other end's grant; untrusted
 * @offset: where in its page
 * @from: our memory, in the kernel's linear map. It may be a page of some
 *	domain that is mapped there.
 * @len: bytes, 1 to %XEN_PAGE_SIZE - @offset
 * @tag: given back if it fails
 *
 * Context: any.
 */
void xpv_copy_to(struct xpv_copy *copy, grant_ref_t ref, unsigned int offset,
		 const void *from, unsigned int len, u32 tag);

/**
 * xpv_copy_run() - make the copies
 * @copy: the batch; empty afterwards
 * @failed: called for each copy that Xen refused, with its tag. A page that
 *	is paged out counts as refused: waiting for it would have to sleep.
 * @arg: for @failed
 *
 * Context: any.
 */
void xpv_copy_run(struct xpv_copy *copy, void (*failed)(void *arg, u32 tag),
		  void *arg);

#endif
