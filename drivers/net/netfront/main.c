// SPDX-License-Identifier: GPL-2.0
/*
 * Network device frontend: the module, its parameters, and a device from the
 * time it is found until it is taken away.
 */
#include <linux/delay.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <xen/platform_pci.h>
#include <xen/xen.h>
#include <xpv/store.h>
#include "netfront.h"

/* How long, at most, a device that goes waits for its pages, and how often. */
#define UNMAP_WAIT	(HZ / 4)
#define UNMAP_LOOK_MS	5

#define MAX_QUEUES_DEFAULT	8U
#define MAX_QUEUES_LIMIT	64U

static unsigned int max_queues;
module_param(max_queues, uint, 0644);
MODULE_PARM_DESC(max_queues,
		 "Most queues of an interface (default: CPUs, up to 8)");

static unsigned int max_ring_page_order;
module_param(max_ring_page_order, uint, 0644);
MODULE_PARM_DESC(max_ring_page_order,
		 "Largest rings, as a power of two of pages (0 to 2, default 0)");

unsigned int netfront_poll_us = 20;
module_param_named(poll_us, netfront_poll_us, uint, 0644);
MODULE_PARM_DESC(poll_us,
		 "How long to watch a busy receive ring that is empty, in us; 0: not (default 20)");

unsigned int netfront_carrier_ms = 1000;
module_param_named(carrier_ms, netfront_carrier_ms, uint, 0644);
MODULE_PARM_DESC(carrier_ms,
		 "How long an interface keeps its carrier without a backend, in ms (default 1000)");

static unsigned int fail_after;
module_param(fail_after, uint, 0644);
MODULE_PARM_DESC(fail_after,
		 "Seconds that a backend may take no packets until there is no carrier; 0 for ever (default). For interfaces found later");

static bool trusted = true;
module_param(trusted, bool, 0644);
MODULE_PARM_DESC(trusted, "Backends may see more than the packets sent");

static bool multicast_control;
module_param(multicast_control, bool, 0644);
MODULE_PARM_DESC(multicast_control,
		 "Have backends filter multicast that nobody here listens to");

/*
 * For control rings, whose works wait for the backend, and lanes for them: so
 * memory can be reclaimed through it as through lanes.
 */
struct workqueue_struct *netfront_ctrl_queue;

static bool is_trusted(struct xpv_device *dev)
{
	bool it_is = true;

	return READ_ONCE(trusted) &&
	       !xpv_store_flag(dev, XPV_OWN, "trusted", &it_is) && it_is;
}

static int netfront_probe(struct xpv_device *dev)
{
	unsigned int nr = READ_ONCE(max_queues) ?:
			  min(num_online_cpus(), MAX_QUEUES_DEFAULT);
	struct netfront *nf = netfront_netdev_alloc(dev, min(nr, MAX_QUEUES_LIMIT));

	if (!nf)
		return -ENOMEM;
	nf->want_queues = nf->max_queues;
	nf->tx_order = min_t(unsigned int, READ_ONCE(max_ring_page_order),
			     NETIF_MAX_RING_ORDER);
	nf->rx_order = nf->tx_order;
	nf->bounce = !is_trusted(dev);
	nf->mcast_wanted = READ_ONCE(multicast_control);
	dev->priv = nf;
	return 0;
}

/* Our own address; if there is none, the backend's directory may have one. */
static int netfront_appear(struct xpv_device *dev)
{
	struct netfront *nf = dev->priv;
	char *mac = xpv_store_text(dev, XPV_OWN, "mac");
	int err;

	if (PTR_ERR(mac) == -ENOENT)
		return 0;
	if (IS_ERR(mac))
		return PTR_ERR(mac);
	err = netfront_netdev_show(nf, mac);
	kfree(mac);
	return err;
}

static bool queues_mapped(struct netfront *nf)
{
	unsigned int i, mapped = 0;

	for (i = 0; i < nf->max_queues; i++)
		mapped += netfront_queue_mapped(&nf->queues[i]);
	return mapped;
}

/*
 * A backend unmaps when it sees that we closed. What it has not by then is
 * left to Xen's deferred list, which takes its time.
 */
static void netfront_remove(struct xpv_device *dev)
{
	unsigned long until = jiffies + UNMAP_WAIT;
	struct netfront *nf = dev->priv;

	while (queues_mapped(nf) && time_before(jiffies, until))
		msleep(UNMAP_LOOK_MS);
	dev->priv = NULL;
	netfront_netdev_free(nf);
}

static void show_cache(const struct xpv_grant_cache *cache, const char *what,
		       struct seq_file *to)
{
	seq_printf(to, "  %s: %u grants of %u, %u free, %u to be unmapped\n",
		   what, READ_ONCE(cache->nr), cache->size,
		   READ_ONCE(cache->free.nr), READ_ONCE(cache->parked.nr));
}

static void show_ring(const struct xpv_ring *ring, const char *what,
		      struct seq_file *to)
{
	seq_printf(to, "  %s: %u slots, %u out, at %u/%u\n", what, ring->nr,
		   READ_ONCE(ring->prod) - READ_ONCE(ring->cons),
		   READ_ONCE(ring->prod), READ_ONCE(ring->cons));
}

static void show_queue(const struct netfront_queue *queue, struct seq_file *to)
{
	seq_printf(to, "queue %u: %s, %s%s\n", queue->index,
		   queue->tx_ch.irq ? "two channels" : "one channel",
		   READ_ONCE(queue->tx.live) ? "live" : "waiting",
		   READ_ONCE(queue->tx.staged) ? ", staged" : "");
	show_ring(&queue->tx.ring, "transmit", to);
	show_cache(&queue->tx.own, "pages copied to", to);
	show_cache(&queue->tx.lent, "pages lent", to);
	show_ring(&queue->rx.ring, "receive", to);
	show_cache(&queue->rx.bufs, "buffers", to);
	seq_printf(to, "  buffers with the stack: %u\n",
		   queue->rx.out_tail - queue->rx.out_head);
}

static void netfront_show(struct xpv_device *dev, struct seq_file *to)
{
	struct netfront *nf = dev->priv;
	unsigned int i;

	seq_printf(to, "interface: %s, %u queues, %s%s%s%s\n",
		   nf->registered ? netdev_name(nf->netdev) : "(no address)",
		   nf->nr_queues, nf->bounce ? "bounced " : "",
		   nf->offer.sg ? "sg " : "", nf->offer.gso4 ? "gso4 " : "",
		   nf->offer.gso6 ? "gso6" : "");
	for (i = 0; i < nf->nr_queues; i++)
		show_queue(&nf->queues[i], to);
}

static const struct xenbus_device_id netfront_ids[] = {
	{ "vif" },
	{ "" },
};

static const char *const netfront_own_keys[] = {
	"mtu",
	NULL,
};

static struct xpv_driver netfront_driver = {
	.name = "vif",
	.side = XPV_FRONTEND,
	.ids = netfront_ids,
	.groups = xpv_policy_groups,
	.fail_after = &fail_after,
	.own_keys = netfront_own_keys,
	.has_child = true,
	.early = true,
	.probe = netfront_probe,
	.appear = netfront_appear,
	.publish = netfront_publish,
	.connect = netfront_connect,
	.connected = netfront_connected,
	.own_changed = netfront_own_changed,
	.disconnect = netfront_disconnect,
	.is_served = netfront_is_served,
	.owes = netfront_owes,
	.give_up = netfront_no_backend,
	.remove = netfront_remove,
	.show = netfront_show,
};

static int __init netfront_init(void)
{
	int err;

	if (!xen_domain() || !xen_has_pv_nic_devices())
		return -ENODEV;
	netfront_ctrl_queue = alloc_workqueue("xen-netfront", WQ_UNBOUND |
					      WQ_MEM_RECLAIM, 0);
	if (!netfront_ctrl_queue)
		return -ENOMEM;
	err = xpv_driver_register(&netfront_driver, THIS_MODULE);
	if (err)
		destroy_workqueue(netfront_ctrl_queue);
	return err;
}
module_init(netfront_init);

static void __exit netfront_exit(void)
{
	xpv_driver_unregister(&netfront_driver);
	destroy_workqueue(netfront_ctrl_queue);
}
module_exit(netfront_exit);

MODULE_DESCRIPTION("Xen network device frontend");
MODULE_LICENSE("GPL");
MODULE_ALIAS("xen:vif");
MODULE_ALIAS("xennet");
