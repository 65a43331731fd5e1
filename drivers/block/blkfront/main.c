// SPDX-License-Identifier: GPL-2.0
/*
 * Block device frontend: the module, its parameters, and a device from the
 * time it is found until it is taken away.
 */
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/major.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <xen/platform_pci.h>
#include <xen/xen.h>
#include <xpv/store.h>
#include "blkfront.h"

#define NAME	"xvd"

/* How long, at most, a device that goes waits for its pages, and how often. */
#define UNMAP_WAIT	(HZ / 4)
#define UNMAP_LOOK_MS	5

static unsigned int max_indirect_segments = 256;
module_param(max_indirect_segments, uint, 0444);
MODULE_PARM_DESC(max_indirect_segments,
		 "Most pages of data in one request (11 to 4096, default 256)");

static unsigned int max_ring_page_order = XPV_RING_MAX_ORDER;
module_param(max_ring_page_order, uint, 0444);
MODULE_PARM_DESC(max_ring_page_order,
		 "Largest ring, as a power of two of pages (0 to 4, default 4)");

static unsigned int max_queues = 4;
module_param(max_queues, uint, 0444);
MODULE_PARM_DESC(max_queues,
		 "Most queues of a disk, never more than CPUs (default 4)");

static unsigned int poll_queues;
module_param(poll_queues, uint, 0444);
MODULE_PARM_DESC(poll_queues,
		 "Queues more, for polled requests: they bring no events (default 0)");

static bool feature_persistent = true;
module_param(feature_persistent, bool, 0644);
MODULE_PARM_DESC(feature_persistent,
		 "Let backends keep pages mapped that data is copied through");

static bool trusted = true;
module_param(trusted, bool, 0644);
MODULE_PARM_DESC(trusted, "Backends may see more than the data asked for");

static bool large_sectors;
module_param(large_sectors, bool, 0644);
MODULE_PARM_DESC(large_sectors,
		 "Backends count in blocks of sector-size, not of 512 bytes: for old ones");

static unsigned int fail_after;
module_param(fail_after, uint, 0644);
MODULE_PARM_DESC(fail_after,
		 "Seconds without a backend, or without an answer of it, until requests fail; 0 for never (default). For disks found later");

/*
 * For works that may wait for the backend. Lanes wait for them, so that memory
 * can be reclaimed through this queue too; but what a request needs to get on
 * is done in the prompt one.
 */
struct workqueue_struct *blkfront_slow_queue;

/**
 * blkfront_get() - hold a device's memory
 * @bf: the device
 */
void blkfront_get(struct blkfront *bf)
{
	kref_get(&bf->ref);
}

static void blkfront_release(struct kref *ref)
{
	struct blkfront *bf = container_of(ref, struct blkfront, ref);
	struct xpv_device *dev = bf->dev;

	kvfree(bf);
	xpv_device_put(dev);
}

/**
 * blkfront_put() - let it go
 * @bf: the device
 */
void blkfront_put(struct blkfront *bf)
{
	kref_put(&bf->ref, blkfront_release);
}

/**
 * blkfront_fail_all() - fail what waits for the backend, now and from now on
 * @bf: the device
 *
 * Context: process; beside the lane.
 */
void blkfront_fail_all(struct blkfront *bf)
{
	unsigned int i;

	for (i = 0; i < bf->max_rings; i++)
		blkfront_ring_fail(&bf->rings[i]);
}

struct own_keys {
	unsigned int plain;
	unsigned int extended;
	bool trusted;
	bool large_sectors;
};

#define ABSENT	U32_MAX

/* A disk past xvdp has its number in a key that old drivers do not read. */
static const struct xpv_key own_keys[] = {
	XPV_MAY_UINT(own_keys, plain, "virtual-device", 0, U32_MAX, ABSENT),
	XPV_MAY_UINT(own_keys, extended, "virtual-device-ext", 0, U32_MAX,
		     ABSENT),
	XPV_MAY_FLAG(own_keys, trusted, "trusted", 1),
	XPV_MAY_FLAG(own_keys, large_sectors, "large-sectors", 0),
};

/*
 * An HVM guest that was told to keep its emulated disks sees all but xvd ones
 * there too: driving them from both sides would destroy what is on them.
 */
static bool is_shown_twice(unsigned int number)
{
	return xen_hvm_domain() && xen_has_pv_and_legacy_disk_devices() &&
	       !(number >> 28) && number >> 8 != XENVBD_MAJOR;
}

static int read_own(struct blkfront *bf)
{
	struct own_keys keys;
	unsigned int number;
	int err;

	err = xpv_store_read(bf->dev, XPV_OWN, own_keys, ARRAY_SIZE(own_keys),
			     &keys);
	if (err)
		return err;
	number = keys.plain != ABSENT ? keys.plain : keys.extended;
	if (is_shown_twice(number))
		return -ENODEV;
	if (blkfront_vdev_parse(number, &bf->vdev))
		return xpv_device_fail(bf->dev, -ENODEV,
				       "virtual-device %#x is no disk we know",
				       number);
	bf->trusted = trusted && keys.trusted;
	bf->large_sectors = large_sectors || keys.large_sectors;
	return 0;
}

/* In an HVM guest a CD drive is the emulated one, which can change discs. */
static bool is_emulated(struct xpv_device *dev)
{
	char *type;
	bool cdrom;

	if (!xen_hvm_domain())
		return false;
	type = xpv_store_text(dev, XPV_OWN, "device-type");
	if (IS_ERR(type))
		return false;
	cdrom = !strcmp(type, "cdrom");
	kfree(type);
	return cdrom;
}

static bool rings_mapped(struct blkfront *bf)
{
	unsigned int i, mapped = 0;

	for (i = 0; i < bf->max_rings; i++)
		mapped += blkfront_ring_mapped(&bf->rings[i]);
	return mapped;
}

/*
 * A backend unmaps when it sees that we closed. What it has not by then is
 * left to Xen's deferred list, which takes its time.
 */
static void rings_free(struct blkfront *bf)
{
	unsigned long until = jiffies + UNMAP_WAIT;
	unsigned int i;

	while (rings_mapped(bf) && time_before(jiffies, until))
		msleep(UNMAP_LOOK_MS);

	for (i = 0; i < bf->max_rings; i++)
		blkfront_ring_free(&bf->rings[i]);
}

static struct blkfront *blkfront_alloc(struct xpv_device *dev)
{
	unsigned int cpus = num_possible_cpus();
	unsigned int polled = min(poll_queues, cpus);
	unsigned int nr = min(max_queues, cpus) + polled;
	struct blkfront *bf = kvzalloc(struct_size(bf, rings, nr), GFP_KERNEL);
	unsigned int i;

	if (!bf)
		return NULL;
	bf->max_polled = polled;
	bf->dev = dev;
	xpv_device_get(dev);
	kref_init(&bf->ref);
	blkfront_disk_init(bf);
	bf->max_segs = max_indirect_segments;
	bf->order = max_ring_page_order;
	bf->persistent = READ_ONCE(feature_persistent);
	bf->max_rings = nr;
	for (i = 0; i < nr; i++)
		blkfront_ring_init(&bf->rings[i], bf, i);
	return bf;
}

static int blkfront_probe(struct xpv_device *dev)
{
	struct blkfront *bf;
	int err;

	if (is_emulated(dev))
		return -ENODEV;
	bf = blkfront_alloc(dev);
	if (!bf)
		return -ENOMEM;
	err = read_own(bf);
	if (err)
		goto err_put;
	/* Filled before it is seen: pairs with blkfront_abort(). */
	smp_store_release(&dev->priv, bf);
	return 0;

err_put:
	blkfront_put(bf);
	return err;
}

static int blkfront_closing(struct xpv_device *dev)
{
	struct blkfront *bf = dev->priv;

	if (blkfront_disk_busy(bf))
		return -EBUSY;
	blkfront_disk_destroy(bf);
	return 0;
}

/* Before probe() there is nothing that could wait. */
static void blkfront_abort(struct xpv_device *dev)
{
	/* Pairs with blkfront_probe(). */
	struct blkfront *bf = smp_load_acquire(&dev->priv);

	if (!bf)
		return;
	WRITE_ONCE(bf->aborted, true);
	blkfront_fail_all(bf);
}

static void blkfront_remove(struct xpv_device *dev)
{
	struct blkfront *bf = dev->priv;

	blkfront_abort(dev);
	blkfront_disk_destroy(bf);
	rings_free(bf);
	dev->priv = NULL;
	blkfront_put(bf);
}

static void show_grants(struct xpv_grant_cache *cache, const char *what,
			struct seq_file *to)
{
	seq_printf(to, "  %s: %u grants of %u, %u free, %u to be unmapped\n",
		   what, READ_ONCE(cache->nr), cache->size,
		   READ_ONCE(cache->free.nr), READ_ONCE(cache->parked.nr));
}

static void show_ring(struct blkfront_ring *ring, struct seq_file *to)
{
	bool live, dead, stopped;
	unsigned int out, lost = 0;
	struct blkfront_cmd *cmd;

	spin_lock_irq(&ring->lock);
	live = ring->live;
	dead = ring->dead;
	stopped = ring->stopped;
	for (cmd = ring->lost; cmd; cmd = cmd->next)
		lost++;
	out = ring->nr_shadows - ring->free;
	spin_unlock_irq(&ring->lock);

	seq_printf(to, "ring %u: %s%s%s, %u pages, %u requests out, %u wait for pages to be unmapped, %u segments, %s\n",
		   ring->index, dead ? "dead" : live ? "live" : "waiting",
		   ring->polled ? ", polled" : "",
		   stopped ? ", queue stopped" : "", ring->mem.nr, out, lost,
		   ring->max_segs, ring->bounce ? "copied" : "lent");
	show_grants(&ring->data, "data", to);
	show_grants(&ring->descs, "descriptors", to);
}

static void blkfront_show(struct xpv_device *dev, struct seq_file *to)
{
	struct blkfront *bf = dev->priv;
	unsigned int i;

	seq_printf(to, "disk: %s, %llu sectors of 512, counted in %u, %s%s%s%s\n",
		   bf->vdev.name, bf->keys.sectors,
		   SECTOR_SIZE << bf->rings[0].unit,
		   test_bit(BLKFRONT_CAN_FLUSH, &bf->can) ? "flush " : "",
		   test_bit(BLKFRONT_CAN_BARRIER, &bf->can) ? "barrier " : "",
		   test_bit(BLKFRONT_CAN_DISCARD, &bf->can) ? "discard " : "",
		   test_bit(BLKFRONT_CAN_SECURE, &bf->can) ? "secure " : "");
	for (i = 0; i < bf->max_rings; i++)
		show_ring(&bf->rings[i], to);
}

static const struct xenbus_device_id blkfront_ids[] = {
	{ "vbd" },
	{ "" },
};

static struct xpv_driver blkfront_driver = {
	.name = "vbd",
	.side = XPV_FRONTEND,
	.ids = blkfront_ids,
	.groups = xpv_policy_groups,
	.fail_after = &fail_after,
	.has_child = true,
	.probe = blkfront_probe,
	.publish = blkfront_publish,
	.connect = blkfront_connect,
	.connected = blkfront_connected,
	.refresh = blkfront_refresh,
	.disconnect = blkfront_disconnect,
	.closing = blkfront_closing,
	.is_served = blkfront_is_served,
	.owes = blkfront_owes,
	.give_up = blkfront_no_backend,
	.abort = blkfront_abort,
	.remove = blkfront_remove,
	.show = blkfront_show,
};

static int __init blkfront_init(void)
{
	int err;

	if (!xen_domain() || !xen_has_pv_disk_devices())
		return -ENODEV;
	max_indirect_segments = clamp_t(unsigned int, max_indirect_segments,
					BLKFRONT_DIRECT_SEGS,
					BLKFRONT_MAX_SEGS);
	max_ring_page_order = min_t(unsigned int, max_ring_page_order,
				    XPV_RING_MAX_ORDER);
	poll_queues = min_t(unsigned int, poll_queues, BLKFRONT_MAX_RINGS - 1);
	max_queues = clamp_t(unsigned int, max_queues, 1,
			     BLKFRONT_MAX_RINGS - poll_queues);

	if (register_blkdev(XENVBD_MAJOR, NAME)) {
		pr_err("xen-blkfront: block major %d is taken: is the kernel's own xen-blkfront there?\n",
		       XENVBD_MAJOR);
		return -EBUSY;
	}
	blkfront_slow_queue = alloc_workqueue("xen-blkfront", WQ_UNBOUND |
					      WQ_MEM_RECLAIM, 0);
	err = -ENOMEM;
	if (!blkfront_slow_queue)
		goto err_major;
	err = xpv_driver_register(&blkfront_driver, THIS_MODULE);
	if (err)
		goto err_queue;
	return 0;

err_queue:
	destroy_workqueue(blkfront_slow_queue);
err_major:
	unregister_blkdev(XENVBD_MAJOR, NAME);
	return err;
}
module_init(blkfront_init);

static void __exit blkfront_exit(void)
{
	xpv_driver_unregister(&blkfront_driver);
	destroy_workqueue(blkfront_slow_queue);
	unregister_blkdev(XENVBD_MAJOR, NAME);
}
module_exit(blkfront_exit);

MODULE_DESCRIPTION("Xen block device frontend");
MODULE_LICENSE("GPL");
MODULE_ALIAS_BLOCKDEV_MAJOR(XENVBD_MAJOR);
MODULE_ALIAS("xen:vbd");
MODULE_ALIAS("xenblk");
