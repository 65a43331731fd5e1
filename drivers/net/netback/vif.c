// SPDX-License-Identifier: GPL-2.0
/*
 * The interface, vifD.N: made before the device enters InitWait, since the
 * hotplug script looks for it then, and gone when the device is.
 */
#include <linux/err.h>
#include <linux/etherdevice.h>
#include <linux/if_vlan.h>
#include <linux/kstrtox.h>
#include <linux/netdevice.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <compat/net.h>

#include "netback.h"

/* The largest packet is what a slot's size can say. */
#define MTU_MAX		(ETH_MAX_MTU - VLAN_ETH_HLEN)

/**
 * vif_queue() - find a queue
 * @vif: the device
 * @index: its number
 *
 * Context: any.
 * Return: the queue, connected or not; or NULL if it never was.
 */
struct netback_queue *vif_queue(const struct netback *vif, unsigned int index)
{
	if (index >= vif->max_queues)
		return NULL;
	/* Pairs with the making of the queue. */
	return smp_load_acquire(&vif->queues[index]);
}

/*
 * Where the frontend asked for it, it says which queue a packet goes to. This
 * is not asked if there is only one.
 */
static u16 vif_select_queue(struct net_device *dev, struct sk_buff *skb,
			    struct net_device *sb_dev)
{
	struct netback *vif = netdev_priv(dev);
	const struct netback_hash *hash;
	unsigned int queues = dev->real_num_tx_queues;
	u16 index;

	rcu_read_lock();
	hash = rcu_dereference(vif->hash);
	if (hash && hash->alg)
		index = hash_queue(hash, skb, queues);
	else
		index = netdev_pick_tx(dev, skb, NULL) % queues;
	rcu_read_unlock();
	return index;
}

static netdev_tx_t vif_xmit(struct sk_buff *skb, struct net_device *dev)
{
	struct netback *vif = netdev_priv(dev);
	struct netback_queue *queue =
		vif_queue(vif, skb_get_queue_mapping(skb));

	if (!queue) {
		dev_core_stats_tx_dropped_inc(dev);
		dev_kfree_skb_any(skb);
		return NETDEV_TX_OK;
	}
	return rx_send(queue, skb);
}

static void vif_get_stats(struct net_device *dev,
			  struct rtnl_link_stats64 *stats)
{
	const struct netback *vif = netdev_priv(dev);
	const struct netback_queue *queue;
	unsigned int i;

	for (i = 0; i < vif->max_queues; i++) {
		queue = vif_queue(vif, i);
		if (!queue)
			continue;
		stats->rx_packets += READ_ONCE(queue->tx.stats.packets);
		stats->rx_bytes += READ_ONCE(queue->tx.stats.bytes);
		stats->rx_errors += READ_ONCE(queue->tx.stats.errors);
		stats->rx_dropped += READ_ONCE(queue->tx.stats.nomem);
		stats->tx_packets += READ_ONCE(queue->rx.stats.packets);
		stats->tx_bytes += READ_ONCE(queue->rx.stats.bytes);
		stats->tx_errors += READ_ONCE(queue->rx.stats.errors);
		stats->tx_dropped += READ_ONCE(queue->rx.stats.drop_stalled) +
				     READ_ONCE(queue->rx.stats.drop_excess) +
				     READ_ONCE(queue->rx.stats.drop_filter) +
				     READ_ONCE(queue->rx.stats.drop_large) +
				     READ_ONCE(queue->rx.stats.drop_gone);
	}
}

/* What the guest sent meanwhile waits until others know: see hear(). */
static int vif_open(struct net_device *dev)
{
	struct netback *vif = netdev_priv(dev);

	netif_tx_start_all_queues(dev);
	/* Its carrier may have waited for this: see vif_connected(). */
	xpv_device_look(vif->xdev);
	return 0;
}

/*
 * While it is down the queues take nothing, but find that out by themselves,
 * and the stack has waited for those that had not yet. NAPI is the lane's to
 * stop, which does not wait for whoever takes an interface down.
 */
static int vif_stop(struct net_device *dev)
{
	struct netback *vif = netdev_priv(dev);

	WRITE_ONCE(vif->heard, false);
	netif_tx_stop_all_queues(dev);
	return 0;
}

static int vif_change_mtu(struct net_device *dev, int mtu)
{
	const struct netback *vif = netdev_priv(dev);

	if (mtu > ETH_DATA_LEN && !vif->front.sg)
		return -EINVAL;
	if (rtnl_dereference(vif->program) && mtu > netback_xdp_mtu())
		return -EINVAL;
	WRITE_ONCE(dev->mtu, mtu);
	return 0;
}

static netdev_features_t vif_fix_features(struct net_device *dev,
					  netdev_features_t features)
{
	const struct netback *vif = netdev_priv(dev);

	if (!vif->front.sg)
		features &= ~NETIF_F_SG;
	if (!vif->front.gso4)
		features &= ~NETIF_F_TSO;
	if (!vif->front.gso6)
		features &= ~NETIF_F_TSO6;
	if (vif->front.no_csum4)
		features &= ~NETIF_F_IP_CSUM;
	if (!vif->front.csum6)
		features &= ~NETIF_F_IPV6_CSUM;
	/* The stack leaves segments to nobody who does not take sums, either. */
	if (vif->complete)
		features &= ~NETIF_F_CSUM_MASK;
	return features;
}

static const struct net_device_ops vif_ops = {
	.ndo_open = vif_open,
	.ndo_stop = vif_stop,
	.ndo_start_xmit = vif_xmit,
	.ndo_select_queue = vif_select_queue,
	.ndo_get_stats64 = vif_get_stats,
	.ndo_change_mtu = vif_change_mtu,
	.ndo_fix_features = vif_fix_features,
	.ndo_set_mac_address = eth_mac_addr,
	.ndo_validate_addr = eth_validate_addr,
	.ndo_bpf = netback_xdp_bpf,
	.ndo_xdp_xmit = netback_xdp_xmit,
};

/* Also while somebody is to be let in first, whose words have to come in for that. */
static bool is_up(const struct net_device *dev)
{
	return netif_oper_up(dev) || dev->operstate == IF_OPER_DORMANT;
}

/* A bridge has no carrier itself before one of its ports passes packets. */
static bool has_dead_bridge(struct net_device *dev)
{
	const struct net_device *bridge;

	if (!netif_is_bridge_port(dev))
		return false;
	bridge = netdev_master_upper_dev_get(dev);
	return bridge && netif_running(bridge) && !is_up(bridge);
}

/*
 * What the guest sends passes from now on, if the interface is up and has a carrier that
 * others know of. A bridge drops what comes from a port before it was told of these,
 * and the stack tells it last of all; and what this domain answers, before it has a
 * carrier. Under RTNL.
 */
static void hear(struct netback *vif)
{
	unsigned int i;

	if (vif->heard || !netif_running(vif->dev) || !is_up(vif->dev) ||
	    has_dead_bridge(vif->dev))
		return;
	WRITE_ONCE(vif->heard, true);
	for (i = 0; i < vif->max_queues; i++)
		if (vif_queue(vif, i))
			queue_kick(vif->queues[i]);
}

static int vif_event(struct notifier_block *nb, unsigned long event, void *info)
{
	struct net_device *dev = netdev_notifier_info_to_dev(info);
	struct list_head *iter;
	struct net_device *port;

	switch (event) {
	case NETDEV_UP:
	case NETDEV_DOWN:		/* a bridge that nobody waits for any more */
	case NETDEV_CHANGE:
	case NETDEV_CHANGEUPPER:	/* a vif that left it */
		break;
	default:
		return NOTIFY_DONE;
	}
	if (dev->netdev_ops == &vif_ops)
		hear(netdev_priv(dev));
	if (!netif_is_bridge_master(dev))
		return NOTIFY_DONE;
	netdev_for_each_lower_dev(dev, port, iter)
		if (port->netdev_ops == &vif_ops)
			hear(netdev_priv(port));
	return NOTIFY_DONE;
}

/* Told after all others. */
static struct notifier_block vif_notifier = {
	.notifier_call = vif_event,
	.priority = INT_MIN,
};

/**
 * vif_listen() - notice when interfaces are up
 *
 * Return: 0 or a negative errno.
 */
int vif_listen(void)
{
	return register_netdevice_notifier(&vif_notifier);
}

/**
 * vif_unlisten() - undo vif_listen(), when there is no interface any more
 */
void vif_unlisten(void)
{
	unregister_netdevice_notifier(&vif_notifier);
}

/*
 * A dummy address, the largest that is no broadcast: a bridge takes the least
 * of its ports' for its own, and must not take this one.
 */
static const u8 dummy_addr[ETH_ALEN] = { 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff };

static void vif_dress(struct net_device *dev, struct xpv_device *xdev)
{
	SET_NETDEV_DEV(dev, xpv_device_parent(xdev));
	dev->netdev_ops = &vif_ops;
	dev->ethtool_ops = &netback_ethtool_ops;
	dev->hw_features = NETIF_F_SG | NETIF_F_FRAGLIST | NETIF_F_IP_CSUM |
			   NETIF_F_IPV6_CSUM | NETIF_F_TSO | NETIF_F_TSO6;
	dev->features = dev->hw_features | NETIF_F_RXCSUM;
	dev->min_mtu = ETH_MIN_MTU;
	dev->max_mtu = MTU_MAX;
	compat_xdp_features(dev);
	eth_hw_addr_set(dev, dummy_addr);
	netif_carrier_off(dev);
}

static void vif_init(struct netback *vif, struct net_device *dev,
		     struct xpv_device *xdev, unsigned int max_queues)
{
	vif->xdev = xdev;
	vif->dev = dev;
	vif->max_queues = max_queues;
	vif->offer.queues = max_queues;
	vif->offer.tx_order = netback_max_order;
	vif->offer.rx_order = netback_max_order;
	/* Until the frontend says what it can: an interface that can all. */
	vif->front.sg = true;
	vif->front.gso4 = true;
	vif->front.gso6 = true;
	vif->front.csum6 = true;
	mutex_init(&vif->rings_lock);
	spin_lock_init(&vif->credit.lock);
	spin_lock_init(&vif->mcast_lock);
	INIT_LIST_HEAD(&vif->mcast);
}

/**
 * vif_create() - make the interface of a device
 * @xdev: the device
 * @handle: the number its name ends with
 * @max_queues: most queues it will have
 *
 * Context: the lane; sleeps.
 * Return: the device's state, which lives with the interface, or an ERR_PTR,
 * already reported.
 */
struct netback *vif_create(struct xpv_device *xdev, unsigned int handle,
			   unsigned int max_queues)
{
	struct net_device *dev;
	char name[IFNAMSIZ];
	struct netback *vif;
	int err = -ENOMEM;

	snprintf(name, sizeof(name), "vif%d.%u", xdev->otherend_id, handle);
	dev = alloc_netdev_mqs(sizeof(*vif), name, NET_NAME_UNKNOWN,
			       ether_setup, max_queues, max_queues);
	if (!dev)
		goto err_report;
	vif = netdev_priv(dev);
	vif_init(vif, dev, xdev, max_queues);
	vif->queues = kcalloc(max_queues, sizeof(*vif->queues), GFP_KERNEL);
	if (!vif->queues)
		goto err_free_dev;
	vif_dress(dev, xdev);
	err = register_netdev(dev);
	if (err)
		goto err_free_queues;
	netback_debugfs_add(vif);
	return vif;

err_free_queues:
	kfree(vif->queues);
err_free_dev:
	free_netdev(dev);
err_report:
	return ERR_PTR(xpv_device_fail(xdev, err, "cannot create interface %s",
				       name));
}

/**
 * vif_free() - take the interface away
 * @vif: the device, disconnected; gone afterwards
 *
 * Context: the lane; sleeps until nobody in this domain holds the interface.
 */
void vif_free(struct netback *vif)
{
	unsigned int i;

	netback_debugfs_del(vif);
	rtnl_lock();
	/* Unregistering waits for whoever has found the one or the other. */
	for (i = 0; i < vif->max_queues; i++)
		if (vif->queues[i])
			__netif_napi_del(&vif->queues[i]->napi);
	unregister_netdevice(vif->dev);
	rtnl_unlock();
	for (i = 0; i < vif->max_queues; i++)
		if (vif->queues[i])
			queue_free(vif->queues[i]);
	kfree(vif->queues);
	kfree(vif->script);
	kfree(vif->rate_key);
	kfree(vif->mtu_key);
	free_netdev(vif->dev);
}

/**
 * vif_set_up() - make the interface fit the frontend
 * @vif: the device, with its queues connected
 *
 * Context: the lane; sleeps.
 * Return: 0 or -ENOMEM.
 */
int vif_set_up(struct netback *vif)
{
	struct net_device *dev = vif->dev;
	int err;

	rtnl_lock();
	WRITE_ONCE(vif->heard, false);	/* of a carrier that is yet to come */
	err = netif_set_real_num_queues(dev, vif->nr_queues, vif->nr_queues);
	if (!err) {
		netdev_update_features(dev);
		if (!vif->front.sg && dev->mtu > ETH_DATA_LEN)
			dev_set_mtu(dev, ETH_DATA_LEN);
	}
	rtnl_unlock();
	return err;
}

/**
 * vif_read_key() - read what the toolstack wants
 * @vif: the device
 * @name: the key
 * @text: what it said before, or NULL if it was not there; replaced
 *
 * A frontend that changes keys of its own has us look at all of them.
 *
 * Context: the lane; sleeps.
 * Return: whether it says something else now; not if it cannot be read.
 */
bool vif_read_key(struct netback *vif, const char *name, char **text)
{
	char *now = xpv_store_text(vif->xdev, XPV_OWN, name);

	if (IS_ERR(now) && PTR_ERR(now) != -ENOENT)
		return false;
	if (IS_ERR(now))
		now = NULL;
	if (now == *text || (now && *text && !strcmp(now, *text))) {
		kfree(now);
		return false;
	}
	kfree(*text);
	*text = now;
	return true;
}

/**
 * vif_read_mtu() - do as the toolstack's "mtu" says, if that is news
 * @vif: the device
 *
 * Context: the lane; sleeps.
 */
void vif_read_mtu(struct netback *vif)
{
	unsigned int mtu;
	int err;

	if (!vif_read_key(vif, "mtu", &vif->mtu_key) || !vif->mtu_key)
		return;
	err = kstrtouint(vif->mtu_key, 10, &mtu);
	if (!err && mtu != vif->dev->mtu) {
		rtnl_lock();
		err = dev_set_mtu(vif->dev, mtu);
		rtnl_unlock();
	}
	if (err)
		xpv_warn(vif->xdev, "%s/mtu: \"%s\" does not do (error %d)\n",
			 vif->xdev->nodename, vif->mtu_key, err);
}

/**
 * vif_read_complete() - do as the toolstack's "complete-checksums" says
 * @vif: the device
 *
 * Context: the lane; sleeps.
 */
void vif_read_complete(struct netback *vif)
{
	bool complete = false;

	if (xpv_store_flag(vif->xdev, XPV_OWN, "complete-checksums",
			   &complete) ||
	    complete == vif->complete)
		return;
	rtnl_lock();
	WRITE_ONCE(vif->complete, complete);
	netdev_update_features(vif->dev);
	rtnl_unlock();
}

/**
 * vif_connected() - say that the guest can be reached, once the interface is up
 * @vif: a connected device
 *
 * Of a carrier that comes to an interface that is down the stack takes note up to
 * a second later, and a bridge does not use it before, although it was put up
 * meanwhile. Of one that comes after that it takes note at once.
 *
 * Context: the lane; sleeps.
 */
void vif_connected(struct netback *vif)
{
	rtnl_lock();	/* so that one that is being put up is up */
	if (netif_running(vif->dev) &&
	    atomic_read(&vif->stalled) < vif->nr_queues)
		vif_carrier(vif, true);
	/* One that was away for a moment only is no news to anybody. */
	hear(vif);
	rtnl_unlock();
}

/**
 * vif_carrier() - say whether the guest can be reached
 * @vif: the device
 * @on: it can
 *
 * Context: any but hard interrupt.
 */
void vif_carrier(struct netback *vif, bool on)
{
	if (on)
		netif_carrier_on(vif->dev);
	else
		netif_carrier_off(vif->dev);
}
