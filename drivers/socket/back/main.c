// SPDX-License-Identifier: GPL-2.0
/*
 * pvcalls-back: the module, and a device's life as the engine runs it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/random.h>
#include <linux/seq_file.h>
#include <linux/slab.h>

#include "pvback.h"

/* Workers of a device that may run at a time, of each processor. */
#define WORKERS		16

unsigned int pvback_max_order = XPV_BYTES_MAX_ORDER;
module_param_named(max_ring_page_order, pvback_max_order, uint, 0444);
MODULE_PARM_DESC(max_ring_page_order,
		 "Largest data ring a frontend may use, in pages as a power of two (4 to 9, default 9)");

unsigned int pvback_max_sockets = 4096;
module_param_named(max_sockets, pvback_max_sockets, uint, 0644);
MODULE_PARM_DESC(max_sockets,
		 "Sockets that a guest may have. For connections made later");

unsigned int pvback_max_pages = 65536;
module_param_named(max_pages, pvback_max_pages, uint, 0644);
MODULE_PARM_DESC(max_pages,
		 "Pages of data rings that a guest may have mapped. For connections made later");

unsigned int pvback_max_kept = 128;
module_param_named(max_kept_rings, pvback_max_kept, uint, 0644);
MODULE_PARM_DESC(max_kept_rings,
		 "Data rings of a guest that stay mapped while no socket uses them. For connections made later");

unsigned int pvback_at_once = PVRING_LITTLE;
module_param_named(at_once_bytes, pvback_at_once, uint, 0644);
MODULE_PARM_DESC(at_once_bytes,
		 "Most that is sent where a guest's event is, a page at most; more wakes a worker (default 4096)");

unsigned int pvback_linger = 60;
module_param_named(linger_seconds, pvback_linger, uint, 0644);
MODULE_PARM_DESC(linger_seconds,
		 "How long a released connection whose peer takes nothing is kept before it is reset (default 60)");

static void free_device(struct pvback *be)
{
	if (be->wq)
		destroy_workqueue(be->wq);
	if (be->commands)
		destroy_workqueue(be->commands);
	kvfree(be);
}

static int pvback_probe(struct xpv_device *xdev)
{
	struct pvback *be = kvzalloc(sizeof(*be), GFP_KERNEL);

	if (!be)
		return -ENOMEM;
	be->xdev = xdev;
	/* On the processor of the event: to wake another one costs more. */
	be->wq = alloc_workqueue("pvcalls.%d.%u", 0, WORKERS,
				 xdev->otherend_id, xdev->id);
	be->commands = alloc_workqueue("pvcalls-cmd.%d.%u", 0, 1,
				       xdev->otherend_id, xdev->id);
	if (!be->wq || !be->commands) {
		free_device(be);
		return -ENOMEM;
	}
	pvb_commands_init(be);
	mutex_init(&be->lock);
	hash_init(be->table);
	be->seed = get_random_u32();
	INIT_LIST_HEAD(&be->rings);
	pvs_linger_init(be);
	ratelimit_state_init(&be->refused, DEFAULT_RATELIMIT_INTERVAL,
			     DEFAULT_RATELIMIT_BURST);
	xdev->priv = be;
	return 0;
}

static int pvback_publish(struct xpv_device *xdev, struct xpv_txn *txn)
{
	int order = pvb_policy_order(xdev->priv);

	if (order < 0)
		return order;
	xpv_txn_put(txn, XPV_PVCALLS_VERSIONS, "1");
	xpv_txn_put(txn, XPV_PVCALLS_MAX_ORDER, "%d", order);
	xpv_txn_put(txn, XPV_PVCALLS_CALLS, "1");
	xpv_txn_put(txn, XPV_PVCALLS_INET6, "%d", IS_ENABLED(CONFIG_IPV6));
	xpv_txn_put(txn, XPV_PVCALLS_NAMES, "1");
	xpv_txn_put(txn, XPV_PVCALLS_OPTIONS, "1");
	xpv_txn_put(txn, XPV_PVCALLS_SHUTDOWN, "1");
	xpv_txn_put(txn, XPV_PVCALLS_ACCEPTS, "%u", PVBACK_ACCEPTS);
	xpv_txn_put(txn, XPV_PVCALLS_COMMAND_ORDER, "%u", PVBACK_COMMAND_ORDER);
	xpv_txn_put(txn, XPV_PVCALLS_KEPT_RINGS, "%u",
		    READ_ONCE(pvback_max_kept));
	xpv_txn_put(txn, XPV_PVCALLS_RING_EVENTS, "1");
	return 0;
}

/* On an error the engine calls pvback_disconnect(), for what was taken up. */
static int pvback_connect(struct xpv_device *xdev)
{
	struct pvback *be = xdev->priv;
	struct pvback_front front;
	int err;

	err = pvb_policy_open(be);
	if (!err)
		err = pvb_front_read(be, &front);
	if (err)
		return err;
	be->keep = front.keep;
	be->agreed = front.events;
	return pvb_commands_connect(be, &front);
}

static void pvback_connected(struct xpv_device *xdev)
{
	struct pvback *be = xdev->priv;

	xpv_info(xdev, "connected: %u requests at a time, up to %u sockets%s%s\n",
		 be->ring.nr, be->limits.sockets,
		 be->keep ? ", rings kept" : "",
		 be->agreed ? ", events as asked for" : "");
	pvb_commands_start(be);
}

static void pvback_disconnect(struct xpv_device *xdev)
{
	struct pvback *be = xdev->priv;

	pvb_commands_stop(be);
	xpv_lane_step(&xdev->lane, "closing sockets");
	pvs_end_all(be);
	xpv_lane_step(&xdev->lane, "unmapping");
	pvr_forget_all(be);
	pvb_commands_disconnect(be);
	pvb_policy_close(be);
	xpv_lane_step(&xdev->lane, "disconnecting");
}

static void pvback_remove(struct xpv_device *xdev)
{
	struct pvback *be = xdev->priv;

	xdev->priv = NULL;
	pvs_linger_end(be);
	free_device(be);
}

static void show_counts(struct pvback *be, struct seq_file *to)
{
	unsigned int at;

	seq_puts(to, "commands:");
	for (at = 0; at < ARRAY_SIZE(be->counts); at++) {
		const char *name = call_name(at <= CALL_POLL ? at :
				XPV_PVCALLS_SET + at - CALL_POLL - 1);
		long count = atomic_long_read(&be->counts[at]);

		if (count)
			seq_printf(to, " %s %ld", name ?: "unknown", count);
	}
	seq_printf(to, "\nrefused by policy: %ld\n",
		   atomic_long_read(&be->refusals));
}

static void pvback_show(struct xpv_device *xdev, struct seq_file *to)
{
	struct pvback *be = xdev->priv;

	seq_printf(to, "sockets: %d of %u, %u of them released\n",
		   atomic_read(&be->nr_socks), be->limits.sockets,
		   READ_ONCE(be->nr_lingering));
	seq_printf(to, "ring pages: %d of %u, %u rings kept\n",
		   atomic_read(&be->nr_pages), be->limits.pages,
		   READ_ONCE(be->nr_kept));
	seq_printf(to, "data: %lld bytes in, %lld out, %lld events sent\n",
		   atomic64_read(&be->in_bytes), atomic64_read(&be->out_bytes),
		   atomic64_read(&be->events));
	seq_printf(to, "work: %lld events came, %lld were served at once, workers ran %lld times\n",
		   atomic64_read(&be->came), atomic64_read(&be->at_once),
		   atomic64_read(&be->runs));
	show_counts(be, to);
}

static const struct xenbus_device_id pvback_ids[] = {
	{ "pvcalls" },
	{ "" }
};

static struct xpv_driver pvback_driver = {
	.name = "pvcalls-back",
	.side = XPV_BACKEND,
	.ids = pvback_ids,
	.unmap_first = true,
	.probe = pvback_probe,
	.publish = pvback_publish,
	.connect = pvback_connect,
	.connected = pvback_connected,
	.disconnect = pvback_disconnect,
	.remove = pvback_remove,
	.show = pvback_show,
};

static int __init pvback_init(void)
{
	unsigned int order = clamp_t(unsigned int, pvback_max_order,
				     PVBACK_MIN_ORDER, XPV_BYTES_MAX_ORDER);

	if (order != pvback_max_order)
		pr_info("max_ring_page_order: %u cannot be, using %u\n",
			pvback_max_order, order);
	pvback_max_order = order;
	return xpv_driver_register(&pvback_driver, THIS_MODULE);
}
module_init(pvback_init);

static void __exit pvback_exit(void)
{
	xpv_driver_unregister(&pvback_driver);
}
module_exit(pvback_exit);

MODULE_DESCRIPTION("Xen PV Calls backend: sockets of guests");
MODULE_LICENSE("GPL");
MODULE_ALIAS("xen-backend:pvcalls");
