/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What both ends of the network pair say to each other beyond the kernel's
 * <xen/interface/io/netif.h>: staging grants, as docs/misc/netif-staging-grants
 * and the public netif.h of the Xen source specify them, and rings of several
 * pages, which only our own two ends know.
 */
#ifndef XPV_NETIF_H
#define XPV_NETIF_H

#ifdef __KERNEL__
#include <linux/types.h>
#include <xen/interface/grant_table.h>
#include <xen/interface/io/netif.h>
#include <xen/page.h>
#include <xpv/ring.h>
#endif

/*
 * Staging grants: the frontend has the backend map some of its pages once and
 * for all. A request that names one of them needs no grant operation.
 *
 * GET_GREF_MAPPING_SIZE	data[0] = queue; answers how many more may be
 *				mapped
 * ADD_GREF_MAPPING		data[0] = queue, data[1] = grant of a page with
 *				the list, data[2] = its length; all of them are
 *				mapped, or none
 * DEL_GREF_MAPPING		the same; the status of each entry says how it
 *				went
 */
#define NETIF_CTRL_GET_GREF_MAPPING_SIZE	8
#define NETIF_CTRL_ADD_GREF_MAPPING		9
#define NETIF_CTRL_DEL_GREF_MAPPING		10

/**
 * struct netif_gref - one entry of the list
 * @ref: the grant
 * @flags: NETIF_GREF_READONLY
 * @status: XEN_NETIF_CTRL_STATUS_*, of DEL_GREF_MAPPING
 */
struct netif_gref {
	grant_ref_t ref;
	u16 flags;
	u16 status;
};

#define NETIF_GREF_READONLY	BIT(0)
#define NETIF_GREFS_PER_LIST	(XEN_PAGE_SIZE / sizeof(struct netif_gref))

/*
 * Rings of several pages: the backend offers the largest orders, the frontend
 * that takes one writes the order and, instead of tx-ring-ref and rx-ring-ref,
 * the grants one by one: tx-ring-ref0, tx-ring-ref1 and on. At order 0 it
 * writes what every frontend does.
 */
#define NETIF_KEY_MAX_TX_ORDER	"max-tx-ring-page-order"
#define NETIF_KEY_MAX_RX_ORDER	"max-rx-ring-page-order"
#define NETIF_KEY_TX_ORDER	"tx-ring-page-order"
#define NETIF_KEY_RX_ORDER	"rx-ring-page-order"
#define NETIF_MAX_RING_ORDER	2

#ifdef __KERNEL__
/**
 * netif_order_for() - the smallest ring that has so many slots
 * @pending: how many
 * @slot_size: bytes of each
 *
 * Return: its pages, as a power of two; that of the largest, if none has.
 */
static inline unsigned int netif_order_for(unsigned int pending, u32 slot_size)
{
	unsigned int order = 0;

	while (order < NETIF_MAX_RING_ORDER &&
	       xpv_ring_slots(XEN_PAGE_SIZE << order, slot_size) < pending)
		order++;
	return order;
}
#endif

#endif
