// SPDX-License-Identifier: GPL-2.0
/*
 * Shared folder frontend: the module, its parameters, and a share from the time
 * it is found until it is taken away.
 */
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <xen/xen.h>
#include <xpv/store.h>
#include "p9front.h"

static unsigned int max_rings = 8;
module_param(max_rings, uint, 0444);
MODULE_PARM_DESC(max_rings,
		 "Most rings of a share (1 to 16, default 8)");

static unsigned int max_ring_page_order = XPV_BYTES_MAX_ORDER;
module_param(max_ring_page_order, uint, 0444);
MODULE_PARM_DESC(max_ring_page_order,
		 "Largest ring, as a power of two of pages (1 to 9, default 9)");

static unsigned int fail_after;
module_param(fail_after, uint, 0644);
MODULE_PARM_DESC(fail_after,
		 "Seconds without a backend, or without an answer of it, until requests fail; 0 for never (default). For shares found later");

/*
 * Takes answers out of rings. Files are written back when memory is short, so
 * it has a thread in reserve; and it waits for nothing.
 */
struct workqueue_struct *p9front_queue;

/* Tells a new backend of what there is, which may wait for it. */
struct workqueue_struct *p9front_slow_queue;

/* How long a mount waits for a share to be found, as a module is loaded by it. */
#define FIND_WAIT	(2 * HZ)

/* All shares, from probe() to remove(); the lock protects the list. */
static LIST_HEAD(shares);
static DEFINE_SPINLOCK(shares_lock);
static DECLARE_WAIT_QUEUE_HEAD(shares_wait);

static void release(struct kref *ref)
{
	struct p9front *pf = container_of(ref, struct p9front, ref);
	struct xpv_device *dev = pf->dev;

	kvfree(pf->rings);
	kfree(pf->tag);
	kvfree(pf);
	xpv_device_put(dev);
}

/**
 * p9front_put() - let a share go
 * @pf: the share
 */
void p9front_put(struct p9front *pf)
{
	kref_put(&pf->ref, release);
}

static struct p9front *find(const char *tag)
{
	struct p9front *pf, *found = NULL;

	spin_lock(&shares_lock);
	list_for_each_entry(pf, &shares, link)
		if (!found && !strcmp(pf->tag, tag))
			found = pf;
	if (found)
		kref_get(&found->ref);
	spin_unlock(&shares_lock);
	return found;
}

/**
 * p9front_find() - find a share
 * @tag: what it is called
 *
 * Return: the share, held; ERR_PTR(-ENOENT), or -ERESTARTSYS.
 */
struct p9front *p9front_find(const char *tag)
{
	struct p9front *pf = NULL;
	long left;

	left = wait_event_killable_timeout(shares_wait, (pf = find(tag)),
					   FIND_WAIT);
	if (left < 0)
		return ERR_PTR(left);
	return pf ?: ERR_PTR(-ENOENT);
}

static struct p9front *alloc(struct xpv_device *dev)
{
	struct p9front *pf = kvzalloc(sizeof(*pf), GFP_KERNEL);
	unsigned int i;

	if (!pf)
		return NULL;
	pf->max_rings = min(max_rings, max_t(unsigned int, num_possible_cpus(),
					     P9FRONT_OTHERS_RINGS));
	pf->rings = kvcalloc(pf->max_rings, sizeof(*pf->rings), GFP_KERNEL);
	if (!pf->rings) {
		kvfree(pf);
		return NULL;
	}
	pf->dev = dev;
	xpv_device_get(dev);
	kref_init(&pf->ref);
	INIT_LIST_HEAD(&pf->link);
	INIT_LIST_HEAD(&pf->mounts);
	spin_lock_init(&pf->lock);
	spin_lock_init(&pf->table.lock);
	INIT_LIST_HEAD(&pf->table.locks);
	init_waitqueue_head(&pf->wait);
	INIT_WORK(&pf->recover, p9front_recover);
	INIT_DELAYED_WORK(&pf->watch, p9front_watch);
	pf->max_order = max_ring_page_order;
	for (i = 0; i < pf->max_rings; i++)
		p9front_ring_init(&pf->rings[i], pf, i);
	return pf;
}

static int probe(struct xpv_device *dev)
{
	struct p9front *pf = alloc(dev);
	char *tag;

	if (!pf)
		return -ENOMEM;
	tag = xpv_store_text(dev, XPV_OWN, "tag");
	if (IS_ERR(tag)) {
		p9front_put(pf);
		return xpv_device_fail(dev, PTR_ERR(tag), "%s/tag: error %ld",
				       dev->nodename, PTR_ERR(tag));
	}
	pf->tag = tag;
	/* Filled before it is seen: pairs with abort_waits(). */
	smp_store_release(&dev->priv, pf);

	spin_lock(&shares_lock);
	list_add_tail(&pf->link, &shares);
	spin_unlock(&shares_lock);
	wake_up_all(&shares_wait);
	return 0;
}

static bool has_mounts(struct p9front *pf)
{
	bool any;

	spin_lock_irq(&pf->lock);
	any = pf->nr_mounts;
	spin_unlock_irq(&pf->lock);
	return any;
}

static int closing(struct xpv_device *dev)
{
	return has_mounts(dev->priv) ? -EBUSY : 0;
}

/* Before probe() there is nothing that could wait. */
static void abort_waits(struct xpv_device *dev)
{
	/* Pairs with probe(). */
	struct p9front *pf = smp_load_acquire(&dev->priv);
	unsigned int i;

	if (!pf)
		return;
	WRITE_ONCE(pf->aborted, true);
	wake_up_all(&pf->wait);
	for (i = 0; i < pf->max_rings; i++)
		p9front_ring_stir(&pf->rings[i]);
}

/* Mounts may stay, and fail what they are asked. */
static void remove(struct xpv_device *dev)
{
	struct p9front *pf = dev->priv;

	spin_lock(&shares_lock);
	list_del(&pf->link);
	spin_unlock(&shares_lock);
	abort_waits(dev);
	p9front_each_mount(pf, p9front_held_fail);
	dev->priv = NULL;
	p9front_put(pf);
}

static const char *session_name(enum p9front_session session)
{
	switch (session) {
	case P9FRONT_NO_SESSION:
		return "no session";
	case P9FRONT_ASKING:
		return "asking for a session";
	case P9FRONT_SESSION:
		return "session";
	}
	return "?";
}

static void show_ring(struct p9front_ring *ring, struct seq_file *to)
{
	unsigned int out, orphans;

	spin_lock_irq(&ring->lock);
	out = ring->out;
	orphans = ring->orphans;
	spin_unlock_irq(&ring->lock);
	seq_printf(to, "ring %u: %s, %u requests out, %u whom nobody waits for, %lu answers, %ld waits for room\n",
		   ring->index, ring->live ? "live" : "closed", out, orphans,
		   ring->answers, atomic_long_read(&ring->waits));
}

static void show(struct xpv_device *dev, struct seq_file *to)
{
	struct p9front *pf = dev->priv;
	struct p9front_version version;
	enum p9front_session session;
	unsigned int mounts, i;

	spin_lock_irq(&pf->lock);
	session = pf->session;
	version = pf->version;
	mounts = pf->nr_mounts;
	spin_unlock_irq(&pf->lock);
	seq_printf(to, "share: %s, %u mounts, %s", pf->tag, mounts,
		   session_name(session));
	if (session == P9FRONT_SESSION)
		seq_printf(to, " of %s, messages of %u bytes", version.dialect,
			   version.msize);
	seq_printf(to, ", %u rings of %u bytes each way\n", pf->nr_rings,
		   pf->size);
	for (i = 0; i < pf->nr_rings; i++)
		show_ring(&pf->rings[i], to);
}

static const struct xenbus_device_id ids[] = {
	{ "9pfs" },
	{ "" },
};

static struct xpv_driver p9front_driver = {
	.name = "9pfs",
	.side = XPV_FRONTEND,
	.ids = ids,
	.groups = xpv_policy_groups,
	.fail_after = &fail_after,
	.unmap_first = true,
	.probe = probe,
	.publish = p9front_publish,
	.connect = p9front_connect,
	.connected = p9front_connected,
	.disconnect = p9front_disconnect,
	.closing = closing,
	.is_served = p9front_is_served,
	.owes = p9front_owes,
	.give_up = p9front_give_up,
	.abort = abort_waits,
	.remove = remove,
	.show = show,
};

static struct p9_trans_module p9front_trans = {
	.name = "xen",
	.maxsize = (int)XEN_PAGE_SIZE << XPV_BYTES_MAX_ORDER >> 1,
	.pooled_rbuffers = false,
	.def = 1,
	.owner = THIS_MODULE,
	.create = p9front_create,
	.close = p9front_close,
	.request = p9front_request,
	.zc_request = p9front_zc_request,
	.cancel = p9front_cancel,
	.cancelled = p9front_cancelled,
};

static void destroy_queues(void)
{
	if (p9front_slow_queue)
		destroy_workqueue(p9front_slow_queue);
	if (p9front_queue)
		destroy_workqueue(p9front_queue);
}

static int __init p9front_init(void)
{
	int err;

	if (!xen_domain())
		return -ENODEV;
	max_rings = clamp_t(unsigned int, max_rings, 1, P9FRONT_MAX_RINGS);
	max_ring_page_order = clamp_t(unsigned int, max_ring_page_order,
				      XPV_BYTES_MIN_ORDER,
				      XPV_BYTES_MAX_ORDER);
	p9front_queue = alloc_workqueue("9pnet_xen",
					WQ_MEM_RECLAIM | WQ_HIGHPRI, 0);
	p9front_slow_queue = alloc_workqueue("9pnet_xen-slow",
					     WQ_MEM_RECLAIM | WQ_UNBOUND, 0);
	err = -ENOMEM;
	if (!p9front_queue || !p9front_slow_queue)
		goto err_queues;
	err = xpv_driver_register(&p9front_driver, THIS_MODULE);
	if (err)
		goto err_queues;
	v9fs_register_trans(&p9front_trans);
	return 0;

err_queues:
	destroy_queues();
	return err;
}
module_init(p9front_init);

static void __exit p9front_exit(void)
{
	v9fs_unregister_trans(&p9front_trans);
	xpv_driver_unregister(&p9front_driver);
	destroy_queues();
}
module_exit(p9front_exit);

MODULE_DESCRIPTION("Xen transport for 9P");
MODULE_LICENSE("GPL");
MODULE_ALIAS("xen:9pfs");
MODULE_ALIAS_9P("xen");
