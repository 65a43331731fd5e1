// SPDX-License-Identifier: GPL-2.0
/*
 * xen-netback: the module, and a device's life as the engine runs it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "netback.h"

/* Far beyond any use; bounds what "max_queues" makes us allocate. */
#define MAX_QUEUES	64

bool netback_split = true;
module_param_named(separate_tx_rx_irq, netback_split, bool, 0644);
MODULE_PARM_DESC(separate_tx_rx_irq,
		 "Offer an event channel for each direction. For devices found later");

unsigned int netback_drain_ms = 10000;
module_param_named(rx_drain_timeout_msecs, netback_drain_ms, uint, 0444);
MODULE_PARM_DESC(rx_drain_timeout_msecs,
		 "How long packets wait for a guest that gives no buffers before they are dropped");

unsigned int netback_stall_ms = 60000;
module_param_named(rx_stall_timeout_msecs, netback_stall_ms, uint, 0444);
MODULE_PARM_DESC(rx_stall_timeout_msecs,
		 "How long a guest may give no buffers before its interface loses its carrier; 0 for ever");

static unsigned int netback_max_queues;
module_param_named(max_queues, netback_max_queues, uint, 0644);
MODULE_PARM_DESC(max_queues,
		 "Most queues of an interface; by default the number of processors, 8 at most. For devices found later");

unsigned int netback_fatal_slots = 20;
module_param_named(fatal_skb_slots, netback_fatal_slots, uint, 0444);
MODULE_PARM_DESC(fatal_skb_slots,
		 "Slots of a packet beyond which its sender is taken for malicious");

static unsigned int netback_hash_cache;
module_param_named(hash_cache_size, netback_hash_cache, uint, 0644);
MODULE_PARM_DESC(hash_cache_size,
		 "Without effect: hashes come from a table that is made with the key");

bool netback_headroom = true;
module_param_named(provides_xdp_headroom, netback_headroom, bool, 0644);
MODULE_PARM_DESC(provides_xdp_headroom,
		 "Offer to leave room for XDP before packets. For devices found later");

unsigned int netback_staging = 3072;
module_param_named(max_staging_grants, netback_staging, uint, 0644);
MODULE_PARM_DESC(max_staging_grants,
		 "Pages that each queue keeps mapped, if the guest wants that; 0 for none. For connections made later");

unsigned int netback_max_order = NETIF_MAX_RING_ORDER;
module_param_named(max_ring_page_order, netback_max_order, uint, 0444);
MODULE_PARM_DESC(max_ring_page_order,
		 "Largest rings a frontend may ask for, in pages as a power of two");

unsigned int netback_poll_us = 20;
module_param_named(poll_us, netback_poll_us, uint, 0644);
MODULE_PARM_DESC(poll_us,
		 "How long a busy ring that has become empty is watched before the guest is asked for an event; 0 for not at all");

static unsigned int queues_to_offer(void)
{
	unsigned int nr = READ_ONCE(netback_max_queues);

	return min(nr ?: min(num_online_cpus(), 8U), MAX_QUEUES);
}

struct own_keys {
	unsigned int handle;
};

static int netback_probe(struct xpv_device *xdev)
{
	const struct xpv_key keys[] = {
		XPV_MAY_UINT(own_keys, handle, "handle", 0, U32_MAX, xdev->id),
	};
	struct own_keys own;
	struct netback *vif;
	int err;

	err = xpv_store_read(xdev, XPV_OWN, keys, ARRAY_SIZE(keys), &own);
	if (err)
		return err;
	vif = vif_create(xdev, own.handle, queues_to_offer());
	if (IS_ERR(vif))
		return PTR_ERR(vif);
	vif->script = xpv_store_text(xdev, XPV_OWN, "script");
	if (IS_ERR(vif->script))
		vif->script = NULL;
	vif_read_mtu(vif);
	vif_read_complete(vif);
	credit_read(vif);
	/* Pairs with netback_uevent(), which may run already. */
	smp_store_release(&xdev->priv, vif);
	return 0;
}

/* What ethtool may change. A frontend reads it before it makes its rings. */
static int put_offer(struct xpv_device *xdev, struct xpv_txn *txn)
{
	struct netback *vif = xdev->priv;

	xpv_txn_put(txn, "multi-queue-max-queues", "%u",
		    READ_ONCE(vif->offer.queues));
	xpv_txn_put(txn, NETIF_KEY_MAX_TX_ORDER, "%u",
		    READ_ONCE(vif->offer.tx_order));
	xpv_txn_put(txn, NETIF_KEY_MAX_RX_ORDER, "%u",
		    READ_ONCE(vif->offer.rx_order));
	return 0;
}

/* For a frontend that is yet to read it. */
static void renew_offer(struct netback *vif)
{
	/* Pairs with that of whoever changed it: the flag before the rest. */
	if (xchg(&vif->offer.unsaid, false))
		xpv_store_write(vif->xdev, put_offer);
}

/* Frontends take a feature's key for a number: "0" or "1", nothing else. */
static int netback_publish(struct xpv_device *xdev, struct xpv_txn *txn)
{
	static const char *const features[] = {
		"feature-sg", "feature-gso-tcpv4", "feature-gso-tcpv6",
		"feature-ipv6-csum-offload", "feature-rx-copy",
		"feature-multicast-control",
		"feature-dynamic-multicast-control", "feature-ctrl-ring",
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(features); i++)
		xpv_txn_put(txn, features[i], "1");
	xpv_txn_put(txn, "feature-rx-flip", "0");
	xpv_txn_put(txn, "feature-xdp-headroom", "%d",
		    READ_ONCE(netback_headroom));
	xpv_txn_put(txn, "feature-split-event-channels", "%d",
		    READ_ONCE(netback_split));
	return put_offer(xdev, txn);
}

/*
 * Whether the hotplug script has put the interface where it belongs.
 * Return: 0; -EAGAIN if not yet; or an error, already reported.
 */
static int check_plugged(struct xpv_device *xdev)
{
	char *status = xpv_store_text(xdev, XPV_OWN, "hotplug-status");
	bool plugged;

	if (PTR_ERR(status) == -ENOENT)
		return -EAGAIN;
	if (IS_ERR(status))
		return xpv_device_fail(xdev, PTR_ERR(status),
				       "hotplug-status: cannot be read");
	plugged = !strcmp(status, "connected");
	kfree(status);
	return plugged ? 0 : -EAGAIN;
}

static int connect_queue(struct netback *vif, unsigned int index)
{
	struct netback_queue *queue = vif->queues[index];
	struct netback_ports ports;
	int err;

	if (!queue) {
		queue = xpv_fault(vif->xdev, "a queue") ? NULL :
			queue_alloc(vif, index);
		if (!queue)
			return xpv_device_fail(vif->xdev, -ENOMEM,
					       "no memory for queue %u",
					       index);
		/* Pairs with those who look at it from outside the lane. */
		smp_store_release(&vif->queues[index], queue);
		netback_debugfs_add_queue(queue);
	}
	err = front_read_queue(vif, index, &ports);
	if (err)
		return err;
	return queue_connect(queue, &ports);
}

static int connect_ctrl(struct netback *vif)
{
	evtchn_port_t port;
	grant_ref_t ref;
	int err;

	if (!vif->front.ctrl)
		return 0;
	err = front_read_ctrl(vif, &ref, &port);
	if (err)
		return err;
	return ctrl_connect(vif, ref, port);
}

static void read_mcast(struct netback *vif)
{
	bool on = false;

	if (!xpv_store_flag(vif->xdev, XPV_OTHER, "request-multicast-control",
			    &on))
		WRITE_ONCE(vif->mcast_on, on);
}

/*
 * Nothing here waits for the guest or for what became of its packets: they
 * hold nothing of it.
 */
static void netback_disconnect(struct xpv_device *xdev)
{
	struct netback *vif = xdev->priv;
	unsigned int i;

	for (i = 0; i < vif->nr_queues; i++)
		queue_stop(vif->queues[i]);
	/* No queue can find it back any more. */
	vif_carrier(vif, false);
	ctrl_disconnect(vif);
	while (vif->nr_queues) {
		queue_disconnect(vif->queues[vif->nr_queues - 1]);
		WRITE_ONCE(vif->nr_queues, vif->nr_queues - 1);
	}
	mcast_clear(vif);
	hash_clear(vif);
}

/* On an error the engine calls netback_disconnect(), for the queues before. */
static int netback_connect(struct xpv_device *xdev)
{
	struct netback *vif = xdev->priv;
	int err;

	err = check_plugged(xdev);
	if (err == -EAGAIN)
		xpv_lane_step(&xdev->lane, "waiting for the hotplug script");
	if (err)
		return err;
	vif->rogue = false;
	atomic_set(&vif->stalled, 0);
	err = front_read(vif);
	if (err)
		return err;
	read_mcast(vif);
	for (; vif->nr_queues < vif->front.queues; vif->nr_queues++) {
		err = connect_queue(vif, vif->nr_queues);
		if (err)
			return err;
	}
	err = vif_set_up(vif);
	if (err)
		return xpv_device_fail(xdev, err, "no memory for the queues");
	return connect_ctrl(vif);
}

static void netback_connected(struct xpv_device *xdev)
{
	struct netback *vif = xdev->priv;
	unsigned int i;

	WRITE_ONCE(vif->offer.news, false);
	xpv_info(xdev, "connected: %u queue(s), rings of order %u and %u%s\n",
		 vif->nr_queues, vif->front.tx_order, vif->front.rx_order,
		 vif->front.ctrl ? ", control ring" : "");
	vif_connected(vif);
	/* What a guest asked for before we came, it will not ask for again. */
	for (i = 0; i < vif->nr_queues; i++)
		queue_start(vif->queues[i]);
	ctrl_kick(vif);
}

/* How long the key that a frontend reconfigures may come after its state. */
#define KEY_TRIES	10
#define KEY_INTERVAL	10	/* ms */

/*
 * The kernel's frontend says that it reconfigures itself before it writes what
 * it wants, and takes our answer for the promise that packets are so from now
 * on. An old value may be the new one, or come too early: wait a little.
 */
static void netback_reconfigure(struct xpv_device *xdev)
{
	struct netback *vif = xdev->priv;
	unsigned int i, before = vif->front.headroom;

	for (i = 0; i < KEY_TRIES; i++) {
		if (i)
			msleep(KEY_INTERVAL);
		if (front_read_headroom(vif) || vif->front.headroom != before)
			break;
	}
}

static void netback_own_changed(struct xpv_device *xdev)
{
	struct netback *vif = xdev->priv;

	if (xdev->state == XenbusStateConnected)
		vif_connected(vif);
	credit_read(vif);
	renew_offer(vif);
	if (xdev->state == XenbusStateConnected) {
		read_mcast(vif);
		front_read_headroom(vif);
	}
	vif_read_mtu(vif);
	vif_read_complete(vif);
}

static void netback_remove(struct xpv_device *xdev)
{
	struct netback *vif = xdev->priv;

	xdev->priv = NULL;
	vif_free(vif);
}

/*
 * For hotplug rules. The engine sees to it that the device stays meanwhile; it
 * may not be probed yet.
 */
static int netback_uevent(struct xpv_device *xdev, struct kobj_uevent_env *env)
{
	/* Pairs with netback_probe(). */
	const struct netback *vif = smp_load_acquire(&xdev->priv);
	int err = 0;

	if (!vif)
		return 0;
	if (vif->script)
		err = add_uevent_var(env, "script=%s", vif->script);
	return err ?: add_uevent_var(env, "vif=%s", vif->dev->name);
}

static void netback_show(struct xpv_device *xdev, struct seq_file *to)
{
	const struct netback *vif = xdev->priv;
	unsigned int i, nr = READ_ONCE(vif->nr_queues);

	seq_printf(to, "interface: %s, carrier %s, %u queue(s)\n",
		   vif->dev->name, netif_carrier_ok(vif->dev) ? "on" : "off",
		   nr);
	if (READ_ONCE(xdev->state) == XenbusStateInitWait)
		seq_puts(to, "connects when the frontend has and the hotplug script has written hotplug-status\n");
	for (i = 0; i < nr; i++) {
		const struct netback_queue *queue = vif->queues[i];

		seq_printf(to, "queue %u: %lu packets from the guest, %lu to it, %u pages staged\n",
			   i, READ_ONCE(queue->tx.stats.packets),
			   READ_ONCE(queue->rx.stats.packets),
			   READ_ONCE(queue->stage.nr));
	}
}

static const struct xenbus_device_id netback_ids[] = {
	{ "vif" },
	{ "" }
};

static const char *const netback_own_keys[] = {
	"hotplug-status",
	"rate",
	"mtu",
	"complete-checksums",
	NULL
};

static const char *const netback_other_keys[] = {
	"request-multicast-control",
	"xdp-headroom",
	NULL
};

static struct xpv_driver netback_driver = {
	.name = "vif",
	.side = XPV_BACKEND,
	.ids = netback_ids,
	.own_keys = netback_own_keys,
	.other_keys = netback_other_keys,
	.has_child = true,
	.early = true,
	.probe = netback_probe,
	.publish = netback_publish,
	.connect = netback_connect,
	.connected = netback_connected,
	.reconfigure = netback_reconfigure,
	.own_changed = netback_own_changed,
	.uevent = netback_uevent,
	.disconnect = netback_disconnect,
	.remove = netback_remove,
	.show = netback_show,
};

static void settle(const char *name, unsigned int *value, unsigned int low,
		   unsigned int high)
{
	unsigned int fits = clamp(*value, low, high);

	if (fits != *value)
		pr_info("%s: %u does not do, using %u\n", name, *value, fits);
	*value = fits;
}

static int __init netback_init(void)
{
	int err;

	settle("fatal_skb_slots", &netback_fatal_slots, NETIF_TX_SLOTS,
	       NETIF_TX_SLOTS_MAX);
	settle("max_ring_page_order", &netback_max_order, 0,
	       NETIF_MAX_RING_ORDER);
	err = vif_listen();
	if (err)
		return err;
	netback_debugfs_init();
	err = xpv_driver_register(&netback_driver, THIS_MODULE);
	if (!err)
		return 0;
	netback_debugfs_exit();
	vif_unlisten();
	return err;
}
module_init(netback_init);

static void __exit netback_exit(void)
{
	xpv_driver_unregister(&netback_driver);
	netback_debugfs_exit();
	vif_unlisten();
}
module_exit(netback_exit);

MODULE_DESCRIPTION("Xen network backend");
MODULE_LICENSE("GPL");
MODULE_ALIAS("xen-backend:vif");
