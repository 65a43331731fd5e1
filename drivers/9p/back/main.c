// SPDX-License-Identifier: GPL-2.0
/*
 * xen-9pback: the module, and a device's life as the engine runs it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cpumask.h>
#include <linux/module.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <xpv/p9fs.h>

#include "p9back.h"

/* Frontends of today use two, whatever they find, and refuse fewer. */
#define MIN_RINGS	2

static unsigned int p9back_max_rings;
module_param_named(max_rings, p9back_max_rings, uint, 0644);
MODULE_PARM_DESC(max_rings,
		 "Most rings of a device (2 to 16); by default the number of processors. For connections made later");

unsigned int p9back_max_order = XPV_BYTES_MAX_ORDER;
module_param_named(max_ring_page_order, p9back_max_order, uint, 0444);
MODULE_PARM_DESC(max_ring_page_order,
		 "Largest ring a frontend may ask for, in pages as a power of two (1 to 9, default 9)");

unsigned int p9back_max_fids = 65536;
module_param_named(max_fids, p9back_max_fids, uint, 0644);
MODULE_PARM_DESC(max_fids,
		 "Files that a guest may have a name for at a time. For connections made later");

unsigned int p9back_max_open = 16384;
module_param_named(max_open_files, p9back_max_open, uint, 0644);
MODULE_PARM_DESC(max_open_files,
		 "Files that a guest may have open at a time. For connections made later");

/* The guest has to be woken, and its process, for there to be a next request. */
unsigned int p9back_poll_us = 50;
module_param_named(poll_us, p9back_poll_us, uint, 0644);
MODULE_PARM_DESC(poll_us,
		 "How long a busy ring that has become empty is polled before the guest is asked for an event; 0 for not at all");

static int p9back_probe(struct xpv_device *xdev)
{
	struct p9back *be = kvzalloc(sizeof(*be), GFP_KERNEL);
	unsigned int i;

	if (!be)
		return -ENOMEM;
	be->xdev = xdev;
	/*
	 * Bound: a worker runs where the event came, and another one when that
	 * has to wait.
	 */
	be->wq = alloc_workqueue("9pback.%d.%u", 0, WQ_MAX_ACTIVE,
				 xdev->otherend_id, xdev->id);
	if (!be->wq) {
		kvfree(be);
		return -ENOMEM;
	}
	for (i = 0; i < P9BACK_MAX_RINGS; i++)
		p9b_ring_init(&be->rings[i], be, i);
	INIT_DELAYED_WORK(&be->tidy, p9b_request_tidy);
	spin_lock_init(&be->lock);
	spin_lock_init(&be->quota.lock);
	xa_init(&be->tags);
	INIT_LIST_HEAD(&be->flushes);
	xdev->priv = be;
	return 0;
}

static unsigned int offered_rings(void)
{
	unsigned int rings = READ_ONCE(p9back_max_rings) ?: num_online_cpus();

	return clamp_t(unsigned int, rings, MIN_RINGS, P9BACK_MAX_RINGS);
}

static int p9back_publish(struct xpv_device *xdev, struct xpv_txn *txn)
{
	struct p9back *be = xdev->priv;

	be->offered = offered_rings();
	xpv_txn_put(txn, "versions", "1");
	xpv_txn_put(txn, "max-rings", "%u", be->offered);
	xpv_txn_put(txn, "max-ring-page-order", "%u", p9back_max_order);
	xpv_txn_put(txn, XPV_P9FS_RING_EVENTS, "1");
	return 0;
}

static int connect_ring(struct p9back *be, struct p9back_ring *ring)
{
	evtchn_port_t port;
	grant_ref_t ref;
	int err;

	err = p9b_front_read_ring(be, ring->index, &ref, &port);
	if (!err)
		err = p9b_ring_connect(ring, ref, port);
	if (!err)
		be->msize = min(be->msize, ring->bytes.in.size);
	return err;
}

/* On an error the engine calls p9back_disconnect(), for the rings before. */
static int p9back_connect(struct xpv_device *xdev)
{
	struct p9back *be = xdev->priv;
	struct p9back_front front;
	int err;

	err = p9b_export_open(be);
	if (!err)
		err = p9b_quota_open(be);
	if (err)
		return err;
	err = p9b_front_read(be, &front);
	if (err)
		return err;
	be->msize = U32_MAX;
	be->longest = 0;
	be->events = front.events;
	for (; be->nr_rings < front.rings; be->nr_rings++) {
		err = connect_ring(be, &be->rings[be->nr_rings]);
		if (err)
			return err;
	}
	return 0;
}

static void p9back_connected(struct xpv_device *xdev)
{
	struct p9back *be = xdev->priv;
	unsigned int i;

	xpv_info(xdev, "connected: %s, %u ring(s), messages of up to %u bytes\n",
		 be->export.text, be->nr_rings, be->msize);
	for (i = 0; i < be->nr_rings; i++)
		p9b_ring_start(&be->rings[i]);
}

static void p9back_disconnect(struct xpv_device *xdev)
{
	struct p9back *be = xdev->priv;
	unsigned int i;

	for (i = 0; i < be->nr_rings; i++)
		p9b_ring_stop(&be->rings[i]);
	xpv_lane_step(&xdev->lane, "waiting for the file system to finish requests");
	for (i = 0; i < be->nr_rings; i++)
		p9b_ring_drain(&be->rings[i]);
	flush_delayed_work(&be->tidy);
	xpv_lane_step(&xdev->lane, "unmapping");
	while (be->nr_rings)
		p9b_ring_disconnect(&be->rings[--be->nr_rings]);
	xpv_lane_step(&xdev->lane, "closing files");
	p9b_session_end(be);
	p9b_export_close(&be->export);
	xpv_lane_step(&xdev->lane, "disconnecting");
}

static void p9back_remove(struct xpv_device *xdev)
{
	struct p9back *be = xdev->priv;

	xdev->priv = NULL;
	destroy_workqueue(be->wq);
	xa_destroy(&be->tags);
	kvfree(be);
}

static void show_session(struct p9back *be, struct seq_file *to)
{
	struct p9back_session *session;

	spin_lock(&be->lock);
	session = be->session;
	if (session)
		seq_printf(to, "session: msize %u, %d of %u fids, %d of %u open\n",
			   session->msize, atomic_read(&session->nr_fids),
			   be->export.limits.fids,
			   atomic_read(&session->nr_open),
			   be->export.limits.open);
	spin_unlock(&be->lock);
}

static void show_quota(const struct p9back *be, struct seq_file *to)
{
	const struct p9back_limits *limits = &be->export.limits;

	if (limits->files)
		seq_printf(to, "files: %lld of %u\n",
			   atomic64_read(&be->quota.files), limits->files);
	if (limits->space)
		seq_printf(to, "space: %lld bytes of %u MiB\n",
			   atomic64_read(&be->quota.bytes), limits->space);
}

static void show_counts(struct p9back *be, struct seq_file *to)
{
	unsigned int type;

	seq_puts(to, "requests:");
	for (type = 0; type < P9W_TYPES; type++) {
		long count = atomic_long_read(&be->counts[type]);

		if (count)
			seq_printf(to, " %s %ld", p9w_type_name(type), count);
	}
	seq_printf(to, "\nerrors: %ld\n", atomic_long_read(&be->errors));
}

static void p9back_show(struct xpv_device *xdev, struct seq_file *to)
{
	struct p9back *be = xdev->priv;
	unsigned int i, nr = READ_ONCE(be->nr_rings);

	for (i = 0; i < nr; i++)
		p9b_ring_show(&be->rings[i], to);
	show_session(be, to);
	show_quota(be, to);
	show_counts(be, to);
}

static const struct xenbus_device_id p9back_ids[] = {
	{ "9pfs" },
	{ "" }
};

static struct xpv_driver p9back_driver = {
	.name = "9pback",
	.side = XPV_BACKEND,
	.ids = p9back_ids,
	.unmap_first = true,
	.probe = p9back_probe,
	.publish = p9back_publish,
	.connect = p9back_connect,
	.connected = p9back_connected,
	.disconnect = p9back_disconnect,
	.remove = p9back_remove,
	.show = p9back_show,
};

static int __init p9back_init(void)
{
	unsigned int order = clamp_t(unsigned int, p9back_max_order,
				     XPV_BYTES_MIN_ORDER, XPV_BYTES_MAX_ORDER);

	if (order != p9back_max_order)
		pr_info("max_ring_page_order: %u cannot be, using %u\n",
			p9back_max_order, order);
	p9back_max_order = order;
	return xpv_driver_register(&p9back_driver, THIS_MODULE);
}
module_init(p9back_init);

static void __exit p9back_exit(void)
{
	xpv_driver_unregister(&p9back_driver);
	/* Fids are freed behind a grace period. */
	rcu_barrier();
}
module_exit(p9back_exit);

MODULE_DESCRIPTION("Xen 9pfs backend: a 9P2000.L server");
MODULE_LICENSE("GPL");
MODULE_ALIAS("xen-backend:9pfs");
