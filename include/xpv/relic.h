/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Ring memory of connections that are over.
 *
 * A backend that is gone, or that hangs, may have a ring mapped still. As long as
 * it does, it can come to what was asked on it, and carry it out. Backends unmap
 * a ring after all else, so what they have not answered by then they never do.
 * When a backend's domain dies Xen unmaps for it.
 *
 * A restored domain's references name nothing yet, so they end as if nobody
 * mapped them: which nobody does.
 */
#ifndef XPV_RELIC_H
#define XPV_RELIC_H

#include <linux/spinlock.h>
#include <linux/types.h>
#include <xpv/grant.h>

struct xpv_device;

/**
 * struct xpv_relic - ring memory of one connection
 * @next: of another
 * @number: which connection it was
 * @mem: the memory, until all of its grants have ended
 */
struct xpv_relic {
	struct xpv_relic *next;
	u32 number;
	struct xpv_granted_ring mem;
};

/**
 * struct xpv_relics - ring memory of all connections of a ring that are over
 * @lock: protects @first and all that it leads to; taken in any context
 * @first: what was mapped when it was last looked at
 * @spare: for the connection that there is; of who opens and ends connections
 */
struct xpv_relics {
	spinlock_t lock;	/* see above */
	struct xpv_relic *first;
	struct xpv_relic *spare;
};

/**
 * xpv_relics_init() - there are none
 * @relics: memory to set up
 */
void xpv_relics_init(struct xpv_relics *relics);

/**
 * xpv_relics_reserve() - see to it that there can be one more
 * @relics: the relics
 * @dev: the device
 *
 * To be called before the memory of a connection is granted, so that it can
 * always be added when that ends.
 *
 * Context: process; sleeps (GFP_NOIO).
 * Return: 0 or -ENOMEM.
 */
int xpv_relics_reserve(struct xpv_relics *relics, struct xpv_device *dev);

/**
 * xpv_relics_add() - a connection is over
 * @relics: the relics, one more of them reserved
 * @mem: its memory, which is @relics' from here on; nothing happens if there is none
 * @number: a number for it, unlike those of the others
 *
 * Context: process, as xpv_relics_reserve().
 */
void xpv_relics_add(struct xpv_relics *relics, struct xpv_granted_ring *mem,
		    u32 number);

/**
 * xpv_relics_has() - whether a connection's memory is mapped yet
 * @relics: the relics
 * @number: the connection; false for one that is not over
 *
 * Frees it if it is not.
 *
 * Context: any.
 */
bool xpv_relics_has(struct xpv_relics *relics, u32 number);

/**
 * xpv_relics_reclaim() - free what is not mapped any more
 * @relics: the relics
 *
 * Context: any.
 * Return: whether some is.
 */
bool xpv_relics_reclaim(struct xpv_relics *relics);

/**
 * xpv_relics_exit() - free all
 * @relics: the relics; nobody else uses them
 *
 * Pages that the other end still maps are freed by Xen's deferred list.
 *
 * Context: process; sleeps.
 */
void xpv_relics_exit(struct xpv_relics *relics);

#endif
