// SPDX-License-Identifier: GPL-2.0
/*
 * What the frontend asks for: its keys, checked. They are untrusted, and every
 * refusal names the key.
 */
#include <linux/kernel.h>
#include <linux/limits.h>
#include <xpv/p9fs.h>

#include "p9back.h"

/* More than any event channel design of Xen's has. */
#define PORT_MAX	0x1ffff

/**
 * p9b_front_read() - read what holds for the whole device
 * @be: the device
 * @front: filled
 *
 * Context: the lane; sleeps.
 * Return: 0, or an error, already reported.
 */
int p9b_front_read(struct p9back *be, struct p9back_front *front)
{
	const struct xpv_key keys[] = {
		XPV_NEED_UINT(p9back_front, version, "version", 1, 1),
		XPV_NEED_UINT(p9back_front, rings, "num-rings", 1,
			      be->offered),
		XPV_MAY_FLAG(p9back_front, events,
			     XPV_P9FS_REQUEST_RING_EVENTS, false),
	};

	return xpv_store_read(be->xdev, XPV_OTHER, keys, ARRAY_SIZE(keys),
			      front);
}

struct ring_keys {
	grant_ref_t ref;
	evtchn_port_t port;
};

/**
 * p9b_front_read_ring() - read the keys of one ring
 * @be: the device
 * @index: the ring's number
 * @ref: set to the reference of its page of indices
 * @port: set to the frontend's event channel
 *
 * Context: the lane; sleeps.
 * Return: 0, or an error, already reported.
 */
int p9b_front_read_ring(struct p9back *be, unsigned int index,
			grant_ref_t *ref, evtchn_port_t *port)
{
	char ref_name[20], port_name[24];
	const struct xpv_key keys[] = {
		XPV_NEED_UINT(ring_keys, ref, ref_name, 1, U32_MAX),
		XPV_NEED_UINT(ring_keys, port, port_name, 1, PORT_MAX),
	};
	struct ring_keys ring;
	int err;

	snprintf(ref_name, sizeof(ref_name), "ring-ref%u", index);
	snprintf(port_name, sizeof(port_name), "event-channel-%u", index);
	err = xpv_store_read(be->xdev, XPV_OTHER, keys, ARRAY_SIZE(keys),
			     &ring);
	if (err)
		return err;
	*ref = ring.ref;
	*port = ring.port;
	return 0;
}
