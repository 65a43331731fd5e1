// SPDX-License-Identifier: GPL-2.0
/*
 * xen-blkback: the module, and a device's life as the engine runs it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "blkback.h"

/* Far beyond any use; bounds what "max_queues" makes us allocate. */
#define MAX_QUEUES	256

unsigned int blkback_max_ring_order = XPV_RING_MAX_ORDER;
module_param_named(max_ring_page_order, blkback_max_ring_order, uint, 0444);
MODULE_PARM_DESC(max_ring_page_order,
		 "Largest ring a frontend may ask for, in pages as a power of two");

unsigned int blkback_max_indirect = 256;
module_param_named(max_indirect_segments, blkback_max_indirect, uint, 0444);
MODULE_PARM_DESC(max_indirect_segments,
		 "Pages of data that a frontend may name in one request (0 or 12 to 4096, default 256)");

unsigned int blkback_max_buffer_pages = 1024;
module_param_named(max_buffer_pages, blkback_max_buffer_pages, uint, 0644);
MODULE_PARM_DESC(max_buffer_pages,
		 "Unused page frames that each ring keeps for mapping a guest's pages");

unsigned int blkback_max_persistent = 1056;
module_param_named(max_persistent_grants, blkback_max_persistent, uint, 0644);
MODULE_PARM_DESC(max_persistent_grants,
		 "Pages of a guest that each ring keeps mapped");

unsigned int blkback_unused_seconds = 20;
module_param_named(persistent_grant_unused_seconds, blkback_unused_seconds,
		   uint, 0644);
MODULE_PARM_DESC(persistent_grant_unused_seconds,
		 "How long a page is kept mapped, or other memory held, without being used; 0 for ever");

bool blkback_feature_persistent = true;
module_param_named(feature_persistent, blkback_feature_persistent, bool, 0644);
MODULE_PARM_DESC(feature_persistent,
		 "Keep a guest's pages mapped, if it agrees. For connections made later");

static unsigned int blkback_squeeze_ms = 10;
module_param_named(buffer_squeeze_duration_ms, blkback_squeeze_ms, uint, 0644);
MODULE_PARM_DESC(buffer_squeeze_duration_ms,
		 "How long no unused frame is kept once the kernel is short of memory");

unsigned int blkback_poll_us = 20;
module_param_named(poll_us, blkback_poll_us, uint, 0644);
MODULE_PARM_DESC(poll_us,
		 "How long a busy ring that has become empty is polled before the guest is asked for an event; 0 for not at all");

bool blkback_large_sectors;
module_param_named(large_sectors, blkback_large_sectors, bool, 0644);
MODULE_PARM_DESC(large_sectors,
		 "Count in the disk's blocks, not in 512 bytes, with frontends that say they do");

int blkback_log_stats;
module_param_named(log_stats, blkback_log_stats, int, 0644);
MODULE_PARM_DESC(log_stats, "Log each ring's statistics, every 10 seconds at most");

static unsigned int blkback_max_queues;
module_param_named(max_queues, blkback_max_queues, uint, 0644);
MODULE_PARM_DESC(max_queues,
		 "Most rings of a disk; by default the number of processors. For devices found later");

static struct blkback *blkback_alloc(struct xpv_device *xdev)
{
	struct blkback *be = kzalloc(sizeof(*be), GFP_KERNEL);

	if (!be)
		return NULL;
	be->xdev = xdev;
	be->squeeze_end = jiffies;
	INIT_LIST_HEAD(&be->resize_link);
	be->max_queues = READ_ONCE(blkback_max_queues) ?: num_online_cpus();
	be->max_queues = min_t(unsigned int, be->max_queues, MAX_QUEUES);
	be->rings = kcalloc(be->max_queues, sizeof(*be->rings), GFP_KERNEL);
	if (!be->rings)
		goto err_free;
	be->wq = alloc_workqueue("blkback.%d.%u",
				 WQ_UNBOUND | WQ_MEM_RECLAIM, 0,
				 xdev->otherend_id, xdev->id);
	if (!be->wq)
		goto err_free_rings;
	return be;

err_free_rings:
	kfree(be->rings);
err_free:
	kfree(be);
	return NULL;
}

static void blkback_free(struct blkback *be)
{
	unsigned int i;

	destroy_workqueue(be->wq);
	for (i = 0; i < be->max_queues; i++)
		kfree(be->rings[i]);
	kfree(be->rings);
	kfree(be);
}

static int blkback_probe(struct xpv_device *xdev)
{
	struct blkback *be = blkback_alloc(xdev);
	int err;

	if (!be)
		return -ENOMEM;
	err = caps_read(be);
	if (err) {
		blkback_free(be);
		return err;
	}
	/* Pairs with blkback_of(): sysfs may look already. */
	smp_store_release(&xdev->priv, be);
	return 0;
}

/* What we can do; what the disk can do is told when it is known. */
static int blkback_publish(struct xpv_device *xdev, struct xpv_txn *txn)
{
	struct blkback *be = xdev->priv;

	caps_settle(be);
	xpv_txn_put(txn, "max-ring-page-order", "%u", be->caps.order);
	xpv_txn_put(txn, "multi-queue-max-queues", "%u", be->caps.queues);
	xpv_txn_put(txn, "feature-max-indirect-segments", "%u",
		    be->caps.indirect);
	xpv_txn_put(txn, "feature-persistent", "%d", !!be->caps.persistent);
	return 0;
}

static struct blkback_ring *get_ring(struct blkback *be, unsigned int index)
{
	struct blkback_ring *ring = be->rings[index];

	if (ring)
		return ring;
	ring = ring_alloc(be, index);
	if (!ring) {
		xpv_device_fail(be->xdev, -ENOMEM, "no memory for queue %u",
				index);
		return NULL;
	}
	/* Pairs with show_sum(): sysfs may look at any time. */
	smp_store_release(&be->rings[index], ring);
	return ring;
}

static int connect_ring(struct blkback *be, unsigned int index)
{
	struct blkback_ring *ring = get_ring(be, index);
	grant_ref_t refs[XPV_RING_MAX_PAGES];
	evtchn_port_t port;
	int err;

	if (!ring)
		return -ENOMEM;
	err = front_read_ring(be, index, refs, &port);
	if (err)
		return err;
	return ring_connect(ring, refs, port);
}

/* On an error the engine calls blkback_disconnect(), for the rings before. */
static int blkback_connect(struct xpv_device *xdev)
{
	struct blkback *be = xdev->priv;
	int err;

	err = vbd_open(be);
	if (err)
		return err;
	err = front_read(be, &be->front);
	if (err)
		return err;
	err = vbd_settle(be);
	if (err)
		return err;
	for (; be->nr_rings < be->front.queues; be->nr_rings++) {
		err = connect_ring(be, be->nr_rings);
		if (err)
			return err;
	}
	return 0;
}

static void blkback_connected(struct xpv_device *xdev)
{
	struct blkback *be = xdev->priv;
	unsigned int i;

	xpv_info(xdev, "connected: %s, %u queue(s) of order %u\n",
		 be->front.abi->name, be->nr_rings, be->front.order);
	/* What a guest asked for before we came, it will not ask for again. */
	for (i = 0; i < be->nr_rings; i++)
		ring_kick(be->rings[i]);
	resize_watch(be);
}

static void blkback_own_changed(struct xpv_device *xdev)
{
	if (!xdev->priv)
		return;
	vbd_device_changed(xdev->priv);
	vbd_size_changed(xdev->priv);
}

static void blkback_reclaim(struct xpv_device *xdev)
{
	struct blkback *be = xdev->priv;
	unsigned int i;

	if (time_before(jiffies, be->squeeze_end))
		return;
	WRITE_ONCE(be->squeeze_end,
		   jiffies + msecs_to_jiffies(READ_ONCE(blkback_squeeze_ms)));
	for (i = 0; i < be->nr_rings; i++)
		ring_kick(be->rings[i]);
}

/*
 * The disk is closed when the toolstack takes the device away, before it is
 * told that we are Closed: it detaches the disk as soon as it is.
 */
static void blkback_disconnect(struct xpv_device *xdev)
{
	struct blkback *be = xdev->priv;
	bool online = false;
	unsigned int i;

	resize_unwatch(be);
	for (i = 0; i < be->nr_rings; i++)
		ring_stop(be->rings[i]);
	xpv_lane_step(&xdev->lane, "waiting for the disk to finish requests");
	for (i = 0; i < be->nr_rings; i++)
		ring_drain(be->rings[i]);
	/* The guest waits until the next backend comes. */
	if (be->nr_rings)
		synchronize_rcu_expedited();
	xpv_lane_step(&xdev->lane, "unmapping");
	while (be->nr_rings)
		ring_disconnect(be->rings[--be->nr_rings]);
	xpv_lane_step(&xdev->lane, "closing the disk");
	if (vbd_is_open(&be->vbd) &&
	    !xpv_store_flag(xdev, XPV_OWN, "online", &online) && !online)
		vbd_close(&be->vbd);
	xpv_lane_step(&xdev->lane, "disconnecting");
}

static void blkback_remove(struct xpv_device *xdev)
{
	struct blkback *be = xdev->priv;

	xdev->priv = NULL;
	vbd_close(&be->vbd);
	blkback_free(be);
}

static void blkback_show(struct xpv_device *xdev, struct seq_file *to)
{
	const struct blkback *be = xdev->priv;
	const char *mode = READ_ONCE(be->vbd.writable) ? "w" : "r";
	dev_t dev = READ_ONCE(be->vbd.dev);
	unsigned int i, nr = READ_ONCE(be->nr_rings);

	if (dev)
		seq_printf(to, "disk: %x:%x %s\n", MAJOR(dev), MINOR(dev), mode);
	else if (READ_ONCE(be->vbd.known))
		seq_printf(to, "disk: the file physical-device-path %s\n", mode);
	else
		seq_puts(to, "disk: waiting for physical-device, which the hotplug script writes\n");
	for (i = 0; i < nr; i++)
		stats_show(be->rings[i], to);
}

static const struct xenbus_device_id blkback_ids[] = {
	{ "vbd" },
	{ "" }
};

static const char *const blkback_own_keys[] = {
	"physical-device",
	"physical-device-path",
	"hotplug-status",
	NULL
};

static struct xpv_driver blkback_driver = {
	.name = "vbd",
	.side = XPV_BACKEND,
	.ids = blkback_ids,
	.groups = blkback_groups,
	.own_keys = blkback_own_keys,
	.probe = blkback_probe,
	.publish = blkback_publish,
	.connect = blkback_connect,
	.describe = vbd_describe,
	.connected = blkback_connected,
	.own_changed = blkback_own_changed,
	.reclaim = blkback_reclaim,
	.disconnect = blkback_disconnect,
	.remove = blkback_remove,
	.show = blkback_show,
};

static int __init blkback_init(void)
{
	int err;

	if (blkback_max_ring_order > XPV_RING_MAX_ORDER) {
		pr_info("max_ring_page_order: %u is too large, using %u\n",
			blkback_max_ring_order, XPV_RING_MAX_ORDER);
		blkback_max_ring_order = XPV_RING_MAX_ORDER;
	}
	if (blkback_max_indirect > BLKIF_MAX_SEGS) {
		pr_info("max_indirect_segments: %u is too large, using %u\n",
			blkback_max_indirect, BLKIF_MAX_SEGS);
		blkback_max_indirect = BLKIF_MAX_SEGS;
	}
	resize_init();
	err = xpv_driver_register(&blkback_driver, THIS_MODULE);
	if (err)
		resize_exit();
	return err;
}
module_init(blkback_init);

static void __exit blkback_exit(void)
{
	xpv_driver_unregister(&blkback_driver);
	resize_exit();
}
module_exit(blkback_exit);

MODULE_DESCRIPTION("Xen block backend");
MODULE_LICENSE("GPL");
MODULE_ALIAS("xen-backend:vbd");
