// SPDX-License-Identifier: GPL-2.0
/*
 * What the frontend asks for: its keys, checked. They are untrusted, and every
 * refusal names the key.
 */
#include <linux/kernel.h>
#include <linux/string.h>

#include "netback.h"

/* More than any event channel design of Xen's has. */
#define PORT_MAX	0x1ffff

/* What is left of a page must hold a packet's headers. */
#define HEADROOM_MAX	(XEN_PAGE_SIZE / 2)

struct headroom_key {
	unsigned int headroom;
};

/**
 * front_read_headroom() - read how much room XDP programs of the guest want
 * @vif: the device
 *
 * It may change while packets pass.
 *
 * Context: the lane; sleeps.
 * Return: 0, or an error, already reported.
 */
int front_read_headroom(struct netback *vif)
{
	static const struct xpv_key key =
		XPV_MAY_UINT(headroom_key, headroom, "xdp-headroom",
			     0, XEN_NETIF_MAX_XDP_HEADROOM, 0);
	struct headroom_key found;
	int err;

	err = xpv_store_read(vif->xdev, XPV_OTHER, &key, 1, &found);
	if (!err)
		WRITE_ONCE(vif->front.headroom,
			   min_t(unsigned int, found.headroom, HEADROOM_MAX));
	return err;
}

/**
 * front_read() - read what holds for the whole device
 * @vif: the device; its @front is filled
 *
 * Context: the lane; sleeps.
 * Return: 0, or an error, already reported.
 */
int front_read(struct netback *vif)
{
	const struct xpv_key keys[] = {
		XPV_MAY_FLAG(netback_front, rx_copy, "request-rx-copy", false),
		XPV_MAY_FLAG(netback_front, rx_notify, "feature-rx-notify",
			     false),
		XPV_MAY_FLAG(netback_front, sg, "feature-sg", false),
		XPV_MAY_FLAG(netback_front, gso4, "feature-gso-tcpv4", false),
		XPV_MAY_FLAG(netback_front, gso6, "feature-gso-tcpv6", false),
		XPV_MAY_FLAG(netback_front, no_csum4,
			     "feature-no-csum-offload", false),
		XPV_MAY_FLAG(netback_front, csum6,
			     "feature-ipv6-csum-offload", false),
		XPV_MAY_UINT(netback_front, queues, "multi-queue-num-queues",
			     1, vif->max_queues, 1),
		XPV_MAY_UINT(netback_front, tx_order, NETIF_KEY_TX_ORDER,
			     0, netback_max_order, 0),
		XPV_MAY_UINT(netback_front, rx_order, NETIF_KEY_RX_ORDER,
			     0, netback_max_order, 0),
		XPV_KEY_PRESENT(netback_front, ctrl, "ctrl-ring-ref"),
	};
	struct netback_front *front = &vif->front;
	int err;

	err = xpv_store_read(vif->xdev, XPV_OTHER, keys, ARRAY_SIZE(keys),
			     front);
	if (err)
		return err;
	if (!front->rx_copy)
		return xpv_device_fail(vif->xdev, -EOPNOTSUPP,
				       "%s/request-rx-copy is not set: pages are not exchanged any more",
				       vif->xdev->otherend);
	return front_read_headroom(vif);
}

struct one_ref {
	grant_ref_t ref;
};

static int read_ref(struct netback *vif, const char *name, grant_ref_t *ref)
{
	const struct xpv_key key = XPV_NEED_UINT(one_ref, ref, name, 1,
						 U32_MAX);
	struct one_ref one;
	int err;

	err = xpv_store_read(vif->xdev, XPV_OTHER, &key, 1, &one);
	if (!err)
		*ref = one.ref;
	return err;
}

/* The grants of one ring. Those of several pages are numbered. */
static int read_refs(struct netback *vif, const char *dir, const char *ring,
		     unsigned int order, grant_ref_t *refs)
{
	char name[48];
	unsigned int i;
	int err = 0;

	if (!order) {
		snprintf(name, sizeof(name), "%s%s-ring-ref", dir, ring);
		return read_ref(vif, name, refs);
	}
	for (i = 0; i < 1U << order && !err; i++) {
		snprintf(name, sizeof(name), "%s%s-ring-ref%u", dir, ring, i);
		err = read_ref(vif, name, &refs[i]);
	}
	return err;
}

struct port_keys {
	bool split;
	evtchn_port_t tx;
	evtchn_port_t rx;
};

/* One channel for each ring, or one for both. */
static int read_ports(struct netback *vif, const char *dir,
		      struct netback_ports *ports)
{
	char both[48], tx[48], rx[48];
	const struct xpv_key split_key =
		XPV_KEY_PRESENT(port_keys, split, tx);
	const struct xpv_key split[] = {
		XPV_NEED_UINT(port_keys, tx, tx, 1, PORT_MAX),
		XPV_NEED_UINT(port_keys, rx, rx, 1, PORT_MAX),
	};
	const struct xpv_key single =
		XPV_NEED_UINT(port_keys, tx, both, 1, PORT_MAX);
	struct port_keys keys = { };
	int err;

	snprintf(both, sizeof(both), "%sevent-channel", dir);
	snprintf(tx, sizeof(tx), "%sevent-channel-tx", dir);
	snprintf(rx, sizeof(rx), "%sevent-channel-rx", dir);
	err = xpv_store_read(vif->xdev, XPV_OTHER, &split_key, 1, &keys);
	if (!err && keys.split)
		err = xpv_store_read(vif->xdev, XPV_OTHER, split,
				     ARRAY_SIZE(split), &keys);
	else if (!err)
		err = xpv_store_read(vif->xdev, XPV_OTHER, &single, 1, &keys);
	ports->tx_port = keys.tx;
	ports->rx_port = keys.rx == keys.tx ? 0 : keys.rx;
	return err;
}

/**
 * front_read_queue() - read the keys of one queue
 * @vif: the device, with vif->front read
 * @index: the queue's number
 * @ports: filled
 *
 * A single queue has its keys in the frontend's own directory, several have
 * one directory each.
 *
 * Context: the lane; sleeps.
 * Return: 0, or an error, already reported.
 */
int front_read_queue(struct netback *vif, unsigned int index,
		     struct netback_ports *ports)
{
	char dir[20] = "";
	int err;

	if (vif->front.queues > 1)
		snprintf(dir, sizeof(dir), "queue-%u/", index);
	err = read_refs(vif, dir, "tx", vif->front.tx_order, ports->tx_refs);
	if (!err)
		err = read_refs(vif, dir, "rx", vif->front.rx_order,
				ports->rx_refs);
	if (!err)
		err = read_ports(vif, dir, ports);
	return err;
}

struct ctrl_keys {
	grant_ref_t ref;
	evtchn_port_t port;
};

/**
 * front_read_ctrl() - read the keys of the control ring
 * @vif: the device, whose frontend has one
 * @ref: set to the grant of its page
 * @port: set to its event channel
 *
 * Context: the lane; sleeps.
 * Return: 0, or an error, already reported.
 */
int front_read_ctrl(struct netback *vif, grant_ref_t *ref,
		    evtchn_port_t *port)
{
	static const struct xpv_key keys[] = {
		XPV_NEED_UINT(ctrl_keys, ref, "ctrl-ring-ref", 1, U32_MAX),
		XPV_NEED_UINT(ctrl_keys, port, "event-channel-ctrl", 1,
			      PORT_MAX),
	};
	struct ctrl_keys ctrl;
	int err;

	err = xpv_store_read(vif->xdev, XPV_OTHER, keys, ARRAY_SIZE(keys),
			     &ctrl);
	if (!err) {
		*ref = ctrl.ref;
		*port = ctrl.port;
	}
	return err;
}
