// SPDX-License-Identifier: GPL-2.0
/*
 * PV socket frontend: the module, its parameters, and a device from the time it
 * is found until it is taken away.
 */
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/slab.h>
#include <xen/xen.h>
#include "pvcfront.h"

unsigned int pvcfront_max_order = 7;
module_param_named(max_ring_page_order, pvcfront_max_order, uint, 0444);
MODULE_PARM_DESC(max_ring_page_order,
		 "Largest ring of a connection, as a power of two of pages (1 to 9, default 7)");

unsigned int pvcfront_large_rings = 32;
module_param_named(large_rings, pvcfront_large_rings, uint, 0644);
MODULE_PARM_DESC(large_rings,
		 "Most rings of more than 16 pages; further connections have smaller ones (default 32)");

unsigned int pvcfront_max_rings = 4096;
module_param_named(max_connections, pvcfront_max_rings, uint, 0644);
MODULE_PARM_DESC(max_connections,
		 "Most connections of a device, each of which has a ring (default 4096)");

unsigned int pvcfront_idle_rings = 64;
module_param_named(idle_rings, pvcfront_idle_rings, uint, 0644);
MODULE_PARM_DESC(idle_rings,
		 "Rings that are kept for later connections (default 64)");

static unsigned int fail_after;
module_param(fail_after, uint, 0644);
MODULE_PARM_DESC(fail_after,
		 "Seconds without an answer of the backend until its sockets end; 0 for never (default). For devices found later");

/*
 * Asks for connections, gives rings back and releases what is late. The lane
 * waits for some of it, so it has a thread in reserve.
 */
struct workqueue_struct *pvcfront_queue;

/* How long a new socket waits for a device that has just been found. */
#define FIND_WAIT	(2 * HZ)

/* All devices, from probe() to remove(); the lock protects the list. */
static LIST_HEAD(devices);
static DEFINE_SPINLOCK(devices_lock);
static DECLARE_WAIT_QUEUE_HEAD(devices_wait);
static unsigned long loaded_at;

/**
 * pvcfront_get() - hold a device
 * @pf: the device
 */
void pvcfront_get(struct pvcfront *pf)
{
	kref_get(&pf->ref);
}

static void release(struct kref *ref)
{
	struct pvcfront *pf = container_of(ref, struct pvcfront, ref);
	struct xpv_device *dev = pf->dev;

	kvfree(pf);
	xpv_device_put(dev);
}

/**
 * pvcfront_put() - let a device go
 * @pf: the device
 *
 * Context: any, since who has the last reference is never in an interrupt.
 */
void pvcfront_put(struct pvcfront *pf)
{
	kref_put(&pf->ref, release);
}

static struct pvcfront *find(bool *any)
{
	struct pvcfront *pf, *found = NULL;

	spin_lock(&devices_lock);
	*any = !list_empty(&devices);
	list_for_each_entry(pf, &devices, link)
		if (!found && READ_ONCE(pf->connected))
			found = pf;
	if (found)
		kref_get(&found->ref);
	spin_unlock(&devices_lock);
	return found;
}

/**
 * pvcfront_find() - find a device that has a backend
 * @wait: for a moment, if there may be one soon
 *
 * Return: the device, held, or NULL.
 */
struct pvcfront *pvcfront_find(bool wait)
{
	struct pvcfront *pf;
	bool any;

	pf = find(&any);
	if (pf || !wait)
		return pf;
	if (any || time_before(jiffies, loaded_at + FIND_WAIT))
		wait_event_interruptible_timeout(devices_wait,
						 (pf = find(&any)), FIND_WAIT);
	return pf;
}

/**
 * pvcfront_stir() - a device has a backend now
 */
void pvcfront_stir(void)
{
	wake_up_all(&devices_wait);
}

static int probe(struct xpv_device *dev)
{
	struct pvcfront *pf = kvzalloc(sizeof(*pf), GFP_KERNEL);
	unsigned int i;

	if (!pf)
		return -ENOMEM;
	pf->dev = dev;
	xpv_device_get(dev);
	kref_init(&pf->ref);
	spin_lock_init(&pf->lock);
	mutex_init(&pf->rings_lock);
	ratelimit_state_init(&pf->scarce, 60 * HZ, 1);
	for (i = 0; i < PVCFRONT_CLASSES; i++)
		INIT_LIST_HEAD(&pf->queues[i]);
	INIT_LIST_HEAD(&pf->ends);
	INIT_LIST_HEAD(&pf->idle);
	INIT_LIST_HEAD(&pf->spent);
	INIT_LIST_HEAD(&pf->rings);
	INIT_WORK(&pf->tidy, pvcfront_rings_tidy);
	INIT_DELAYED_WORK(&pf->drain, pvcfront_drain);
	dev->priv = pf;

	spin_lock(&devices_lock);
	list_add_tail(&pf->link, &devices);
	spin_unlock(&devices_lock);
	return 0;
}

/* Sockets may stay; they have failed. */
static void remove(struct xpv_device *dev)
{
	struct pvcfront *pf = dev->priv;

	spin_lock(&devices_lock);
	list_del(&pf->link);
	spin_unlock(&devices_lock);
	dev->priv = NULL;
	pvcfront_put(pf);
}

static void show(struct xpv_device *dev, struct seq_file *to)
{
	struct pvcfront *pf = dev->priv;
	unsigned int out, ends, idle;
	u32 room = 0;

	spin_lock_irq(&pf->lock);
	out = pf->nr_slots - pf->nr_free;
	ends = pf->nr_ends;
	idle = pf->nr_idle;
	if (pf->connected)
		room = xpv_front_ring_free(&pf->ring);
	spin_unlock_irq(&pf->lock);
	seq_printf(to, "commands: %u out, room for %u\n", out, room);
	seq_printf(to, "sockets: %u at the backend; %u rings, %u of them idle\n",
		   ends, READ_ONCE(pf->nr_rings), idle);
	seq_printf(to, "large rings: %u of %u\n", READ_ONCE(pf->nr_large),
		   READ_ONCE(pvcfront_large_rings));
	seq_printf(to, "backend:%s%s%s%s%s, keeps %u rings\n",
		   pf->offer.inet6 ? " inet6" : "",
		   pf->offer.names ? " names" : "",
		   pf->offer.options ? " options" : "",
		   pf->offer.shutdown ? " shutdown" : "",
		   pf->offer.events ? " events" : "", pf->offer.kept_rings);
}

static const struct xenbus_device_id ids[] = {
	{ "pvcalls" },
	{ "" },
};

static struct xpv_driver pvcfront_driver = {
	.name = "pvcalls",
	.side = XPV_FRONTEND,
	.ids = ids,
	.groups = xpv_policy_groups,
	.fail_after = &fail_after,
	.probe = probe,
	.publish = pvcfront_publish,
	.connect = pvcfront_connect_device,
	.connected = pvcfront_connected,
	.disconnect = pvcfront_disconnect,
	.is_served = pvcfront_is_served,
	.owes = pvcfront_owes,
	.remove = remove,
	.show = show,
};

static int __init pvcfront_init(void)
{
	int err;

	if (!xen_domain())
		return -ENODEV;
	pvcfront_max_order = clamp_t(unsigned int, pvcfront_max_order,
				     XPV_BYTES_MIN_ORDER, XPV_BYTES_MAX_ORDER);
	pvcfront_queue = alloc_workqueue("pvcalls-front",
					 WQ_MEM_RECLAIM | WQ_UNBOUND, 0);
	if (!pvcfront_queue)
		return -ENOMEM;
	loaded_at = jiffies;
	err = xpv_driver_register(&pvcfront_driver, THIS_MODULE);
	if (err)
		goto err_queue;
	err = pvcfront_proto_register();
	if (err)
		goto err_driver;
	return 0;

err_driver:
	xpv_driver_unregister(&pvcfront_driver);
err_queue:
	destroy_workqueue(pvcfront_queue);
	return err;
}
module_init(pvcfront_init);

static void __exit pvcfront_exit(void)
{
	pvcfront_proto_unregister();
	xpv_driver_unregister(&pvcfront_driver);
	destroy_workqueue(pvcfront_queue);
}
module_exit(pvcfront_exit);

MODULE_DESCRIPTION("Xen PV socket frontend");
MODULE_LICENSE("GPL");
MODULE_ALIAS("xen:pvcalls");
/* Loaded when asked for. The last is SOCK_STREAM, which is no macro. */
MODULE_ALIAS_NET_PF_PROTO_TYPE(PF_INET, IPPROTO_PVCALLS, 1);
MODULE_ALIAS_NET_PF_PROTO_TYPE(PF_INET6, IPPROTO_PVCALLS, 1);
