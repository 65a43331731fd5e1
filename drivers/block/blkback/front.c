// SPDX-License-Identifier: GPL-2.0
/*
 * What we may offer, and what the frontend asks for: its keys, checked. They are
 * untrusted, and every refusal names the key.
 */
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "blkback.h"

/**
 * caps_read() - read the limits that the toolstack set for a device
 * @be: the device
 *
 * Context: the lane; sleeps.
 * Return: 0, or an error, already reported.
 */
int caps_read(struct blkback *be)
{
	const struct xpv_key keys[] = {
		XPV_MAY_UINT(blkback_caps, queues, "limit-queues",
			     1, U32_MAX, U32_MAX),
		XPV_MAY_UINT(blkback_caps, order, "limit-ring-page-order",
			     0, U32_MAX, U32_MAX),
		XPV_MAY_UINT(blkback_caps, indirect, "limit-indirect-segments",
			     0, U32_MAX, U32_MAX),
		XPV_MAY_UINT(blkback_caps, persistent,
			     "limit-persistent-grants", 0, U32_MAX, U32_MAX),
	};

	return xpv_store_read(be->xdev, XPV_OWN, keys, ARRAY_SIZE(keys),
			      &be->limits);
}

/**
 * caps_settle() - settle what is offered in this life
 * @be: the device
 *
 * The module's limits, which may have changed, or the device's if those are
 * lower.
 *
 * Context: the lane.
 */
void caps_settle(struct blkback *be)
{
	be->caps.queues = min(be->limits.queues, be->max_queues);
	be->caps.order = min(be->limits.order, blkback_max_ring_order);
	be->caps.indirect = min(be->limits.indirect, blkback_max_indirect);
	if (be->caps.indirect <= BLKIF_SLOT_SEGS)
		be->caps.indirect = 0;
	be->caps.persistent = be->limits.persistent;
	if (!READ_ONCE(blkback_feature_persistent) ||
	    !READ_ONCE(blkback_max_persistent))
		be->caps.persistent = 0;
}

/* More than any event channel design of Xen's has. */
#define PORT_MAX	0x1ffff

static int find_abi(struct blkback *be, struct blkback_front *front)
{
	front->abi = blkif_find_abi(front->protocol);
	if (front->abi)
		return 0;
	return xpv_device_fail(be->xdev, -EINVAL,
			       "%s/protocol: \"%*pE\" is no ABI we know",
			       be->xdev->otherend,
			       (int)strlen(front->protocol), front->protocol);
}

/**
 * front_read() - read what holds for the whole device
 * @be: the device
 * @front: filled
 *
 * Context: the lane; sleeps.
 * Return: 0, or an error, already reported.
 */
int front_read(struct blkback *be, struct blkback_front *front)
{
	const struct xpv_key keys[] = {
		XPV_MAY_TEXT(blkback_front, protocol, "protocol"),
		XPV_MAY_FLAG(blkback_front, persistent, "feature-persistent",
			     false),
		XPV_MAY_FLAG(blkback_front, large_sectors,
			     "feature-large-sector-size", false),
		XPV_KEY_PRESENT(blkback_front, multi_page, "ring-page-order"),
		XPV_MAY_UINT(blkback_front, order, "ring-page-order",
			     0, be->caps.order, 0),
		XPV_MAY_UINT(blkback_front, queues, "multi-queue-num-queues",
			     1, be->caps.queues, 1),
	};
	int err;

	memset(front, 0, sizeof(*front));
	err = xpv_store_read(be->xdev, XPV_OTHER, keys, ARRAY_SIZE(keys),
			     front);
	if (err)
		return err;
	return find_abi(be, front);
}

/*
 * struct ring_keys - the keys of a ring, to be read at once
 * @refs: grants of its pages
 * @port: the frontend's event channel
 * @keys: of them, the channel's last
 * @names: of those
 */
struct ring_keys {
	grant_ref_t refs[XPV_RING_MAX_PAGES];
	evtchn_port_t port;
	struct xpv_key keys[XPV_RING_MAX_PAGES + 1];
	char names[XPV_RING_MAX_PAGES + 1][40];
};

static void name_keys(const struct blkback_front *front, const char *dir, struct ring_keys *ring)
{
	unsigned int i, nr = 1U << front->order;
	char *name;

	for (i = 0; i < nr; i++) {
		name = ring->names[i];
		if (front->multi_page)
			snprintf(name, sizeof(ring->names[i]), "%sring-ref%u", dir, i);
		else
			snprintf(name, sizeof(ring->names[i]), "%sring-ref", dir);
		ring->keys[i] = (struct xpv_key)XPV_NEED_UINT(ring_keys, refs[0], name, 1, U32_MAX);
		ring->keys[i].offset += i * sizeof(ring->refs[0]);
	}
	name = ring->names[nr];
	snprintf(name, sizeof(ring->names[nr]), "%sevent-channel", dir);
	ring->keys[nr] = (struct xpv_key)XPV_NEED_UINT(ring_keys, port, name, 1, PORT_MAX);
}

/**
 * front_read_ring() - read the keys of one ring
 * @be: the device, with be->front read
 * @index: the ring's number
 * @refs: filled with as many references as be->front.order says
 * @port: filled with the frontend's event channel
 *
 * A single ring has its keys in the frontend's own directory, several have
 * one directory each.
 *
 * Context: the lane; sleeps.
 * Return: 0, or an error, already reported.
 */
int front_read_ring(struct blkback *be, unsigned int index, grant_ref_t *refs,
		    evtchn_port_t *port)
{
	const struct blkback_front *front = &be->front;
	unsigned int nr = 1U << front->order;
	struct ring_keys *ring = kzalloc(sizeof(*ring), GFP_KERNEL);
	char dir[20] = "";
	int err;

	if (!ring)
		return xpv_device_fail(be->xdev, -ENOMEM, "no memory for the keys of queue %u",
				       index);
	if (front->queues > 1)
		snprintf(dir, sizeof(dir), "queue-%u/", index);
	name_keys(front, dir, ring);
	err = xpv_store_read(be->xdev, XPV_OTHER, ring->keys, nr + 1, ring);
	if (!err) {
		memcpy(refs, ring->refs, nr * sizeof(*refs));
		*port = ring->port;
	}
	kfree(ring);
	return err;
}
