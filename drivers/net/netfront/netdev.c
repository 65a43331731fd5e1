// SPDX-License-Identifier: GPL-2.0
/*
 * What users see: the netdev, its features and its carrier.
 */
#include <linux/delay.h>
#include <linux/ethtool.h>
#include <linux/rtnetlink.h>
#include <compat/net.h>
#include "netfront.h"

#define OFFLOADS	(NETIF_F_SG | NETIF_F_IP_CSUM | NETIF_F_IPV6_CSUM | \
			 NETIF_F_TSO | NETIF_F_TSO6)

#define MTU_MAX		(XEN_NETIF_MAX_TX_SIZE - ETH_HLEN)

/* How often, and how far apart, an interface that goes down looks for answers. */
#define DRAIN_TRIES	10
#define DRAIN_WAIT_US	1000

/* How long the kernel is given to notice a carrier: before, nothing leaves. */
#define ANNOUNCE_MS	100

/*
 * Queues start with the connection or with the interface, whichever is later. So is
 * chosen what the backend is to keep mapped: an interface that nobody brings up costs
 * neither end that.
 */
static void start_queues(struct netfront *nf)
{
	unsigned int i;

	netfront_stage_choose(nf);
	netfront_kept_gather(nf);
	for (i = 0; i < nf->nr_queues; i++)
		netfront_queue_start(&nf->queues[i]);
	netfront_rest_start(nf);
}

static void stop_queues(struct netfront *nf)
{
	unsigned int i;

	for (i = 0; i < nf->max_queues; i++)
		netfront_queue_stop(&nf->queues[i]);
}

static int open(struct net_device *netdev)
{
	struct netfront *nf = netdev_priv(netdev);

	if (nf->connected) {
		start_queues(nf);
		netfront_ctrl_kick(nf);
	}
	return 0;
}

static bool drain_queues(struct netfront *nf)
{
	bool drained = true;
	unsigned int i;

	for (i = 0; i < nf->nr_queues; i++)
		drained &= netfront_queue_drain(&nf->queues[i]);
	return drained;
}

/*
 * A packet that we hold is one that TCP does not send again by another way. So
 * what the backend does not answer soon goes with the connection.
 */
static int close(struct net_device *netdev)
{
	struct netfront *nf = netdev_priv(netdev);
	unsigned int tries = DRAIN_TRIES;
	bool drained;

	stop_queues(nf);
	netfront_kept_drop(nf);
	if (!nf->connected)
		return 0;
	while (!(drained = drain_queues(nf)) && --tries)
		usleep_range(DRAIN_WAIT_US, 2 * DRAIN_WAIT_US);
	if (!drained)
		xpv_device_restart(nf->dev);
	return 0;
}

/**
 * netfront_netdev_settle() - see what becomes of a backend that came or went
 * @nf: the device
 * @ms: after so long
 *
 * Context: any.
 */
void netfront_netdev_settle(struct netfront *nf, unsigned int ms)
{
	mod_delayed_work(netfront_ctrl_queue, &nf->settle, msecs_to_jiffies(ms));
}

/**
 * netfront_netdev_up() - there is a backend
 * @nf: a device whose queues are prepared
 *
 * Context: RTNL is held.
 */
void netfront_netdev_up(struct netfront *nf)
{
	struct net_device *netdev = nf->netdev;

	nf->connected = true;
	netif_set_real_num_tx_queues(netdev, nf->nr_queues);
	netif_set_real_num_rx_queues(netdev, nf->nr_queues);
	if (!nf->offer.sg && netdev->mtu > ETH_DATA_LEN)
		dev_set_mtu(netdev, ETH_DATA_LEN);
	netdev_update_features(netdev);
	if (netif_running(netdev))
		start_queues(nf);
	netfront_netdev_settle(nf, netif_carrier_ok(netdev) ? 0 : ANNOUNCE_MS);
	netif_carrier_on(netdev);
}

/*
 * What becomes of a backend that came or went. If none came in time, there is no
 * carrier any more. Else it may be behind other switches than the one before: have
 * them learn where we are, and which groups we listen to.
 *
 * If that changes while this waits for RTNL, it is due again.
 */
static void settle_work(struct work_struct *work)
{
	struct netfront *nf = container_of(to_delayed_work(work),
					   struct netfront, settle);
	struct net_device *netdev = nf->netdev;

	rtnl_lock();
	if (delayed_work_pending(&nf->settle))
		goto out_unlock;
	if (!nf->connected) {
		netif_carrier_off(netdev);
		netfront_kept_drop(nf);
	} else if (netif_running(netdev)) {
		netdev_state_change(netdev);
		__netdev_notify_peers(netdev);
	}
out_unlock:
	rtnl_unlock();
}

/**
 * netfront_netdev_down() - there is none any more
 * @nf: a device; nothing happens if there was none
 *
 * Without a carrier the stack drops what is sent, and TCP, which then tries again
 * ever more seldom, goes on long after the next backend has come. So the carrier
 * stays for a while, and packets wait where they do when a ring is full.
 *
 * Context: RTNL is held.
 */
void netfront_netdev_down(struct netfront *nf)
{
	if (!nf->connected)
		return;
	nf->connected = false;
	stop_queues(nf);
	netfront_netdev_settle(nf, READ_ONCE(netfront_carrier_ms));
}

/* An MTU above what one page holds takes a backend that knows of slots. */
static int change_mtu(struct net_device *netdev, int mtu)
{
	struct netfront *nf = netdev_priv(netdev);
	int max = nf->offer.sg ? MTU_MAX : ETH_DATA_LEN;

	if (rtnl_dereference(nf->program))
		max = min(max, netfront_xdp_mtu());

	if (mtu > max)
		return -EINVAL;
	WRITE_ONCE(netdev->mtu, mtu);
	return 0;
}

/**
 * netfront_netdev_mtu() - set the MTU that the toolstack wants
 * @nf: the device
 * @mtu: the MTU
 *
 * Context: RTNL is held.
 */
void netfront_netdev_mtu(struct netfront *nf, unsigned int mtu)
{
	if (nf->netdev->mtu != mtu && dev_set_mtu(nf->netdev, mtu))
		xpv_warn(nf->dev, "cannot have an MTU of %u\n", mtu);
}

static netdev_features_t fix_features(struct net_device *netdev,
				      netdev_features_t features)
{
	const struct netfront *nf = netdev_priv(netdev);
	const struct netfront_offer *can = &nf->offer;

	if (!can->sg)
		features &= ~NETIF_F_SG;
	if (can->no_csum)
		features &= ~NETIF_F_IP_CSUM;
	if (!can->csum6)
		features &= ~NETIF_F_IPV6_CSUM;
	if (!can->gso4)
		features &= ~NETIF_F_TSO;
	if (!can->gso6)
		features &= ~NETIF_F_TSO6;
	return features;
}

static void add_tx_stats(const struct netfront_tx *tx,
			 struct rtnl_link_stats64 *total)
{
	u64 packets, bytes, dropped, errors;
	unsigned int start;

	do {
		start = u64_stats_fetch_begin(&tx->stats.sync);
		packets = tx->stats.packets;
		bytes = tx->stats.bytes;
		dropped = tx->stats.dropped;
		errors = tx->stats.errors;
	} while (u64_stats_fetch_retry(&tx->stats.sync, start));
	total->tx_packets += packets;
	total->tx_bytes += bytes;
	total->tx_dropped += dropped;
	total->tx_errors += errors;
}

static void add_rx_stats(const struct netfront_rx *rx,
			 struct rtnl_link_stats64 *total)
{
	u64 packets, bytes, dropped, errors;
	unsigned int start;

	do {
		start = u64_stats_fetch_begin(&rx->stats.sync);
		packets = rx->stats.packets;
		bytes = rx->stats.bytes;
		dropped = rx->stats.dropped;
		errors = rx->stats.errors;
	} while (u64_stats_fetch_retry(&rx->stats.sync, start));
	total->rx_packets += packets;
	total->rx_bytes += bytes;
	total->rx_dropped += dropped;
	total->rx_errors += errors;
}

static void get_stats64(struct net_device *netdev,
			struct rtnl_link_stats64 *total)
{
	const struct netfront *nf = netdev_priv(netdev);
	unsigned int i;

	for (i = 0; i < nf->max_queues; i++) {
		add_tx_stats(&nf->queues[i].tx, total);
		add_rx_stats(&nf->queues[i].rx, total);
	}
}

static const struct net_device_ops ops = {
	.ndo_open = open,
	.ndo_stop = close,
	.ndo_start_xmit = netfront_xmit,
	.ndo_change_mtu = change_mtu,
	.ndo_get_stats64 = get_stats64,
	.ndo_set_mac_address = eth_mac_addr,
	.ndo_validate_addr = eth_validate_addr,
	.ndo_set_rx_mode = netfront_set_rx_mode,
	.ndo_fix_features = fix_features,
	.ndo_bpf = netfront_bpf,
	.ndo_xdp_xmit = netfront_xdp_xmit,
};

/**
 * netfront_netdev_alloc() - make a netdev that nobody sees yet
 * @dev: the engine's device
 * @max_queues: most queues it will have
 *
 * Until a backend says what it can do, all is hoped for.
 *
 * Return: the device or NULL.
 */
struct netfront *netfront_netdev_alloc(struct xpv_device *dev,
				       unsigned int max_queues)
{
	struct net_device *netdev = alloc_etherdev_mq(sizeof(struct netfront),
						      max_queues);
	struct netfront *nf;

	if (!netdev)
		return NULL;
	nf = netdev_priv(netdev);
	/* A packet is kept in a list, so that it may not be in two slots. */
	netdev->priv_flags &= ~IFF_TX_SKB_SHARING;
	nf->netdev = netdev;
	nf->dev = dev;
	if (netfront_queues_alloc(nf, max_queues)) {
		free_netdev(netdev);
		return NULL;
	}
	netfront_ctrl_init(nf);
	netfront_rest_init(nf);
	netfront_rss_init(nf);
	INIT_DELAYED_WORK(&nf->settle, settle_work);
	netdev->netdev_ops = &ops;
	netdev->ethtool_ops = &netfront_ethtool_ops;
	netdev->sysfs_groups[0] = &netfront_group;
	netdev->features = NETIF_F_RXCSUM | NETIF_F_GSO_ROBUST | OFFLOADS;
	netdev->hw_features = OFFLOADS;
	netdev->min_mtu = ETH_MIN_MTU;
	compat_xdp_features(netdev);
	netdev->max_mtu = MTU_MAX;
	netif_set_tso_max_size(netdev, XEN_NETIF_MAX_TX_SIZE);
	SET_NETDEV_DEV(netdev, xpv_device_parent(dev));
	netif_carrier_off(netdev);
	/* Those of a connection are started with it; until then packets wait. */
	netif_tx_stop_all_queues(netdev);
	return nf;
}

/**
 * netfront_netdev_show() - let users see the netdev
 * @nf: the device; nothing happens if they do
 * @mac: its address, as text
 *
 * Context: the lane; sleeps.
 * Return: 0 or a negative errno.
 */
int netfront_netdev_show(struct netfront *nf, const char *mac)
{
	u8 address[ETH_ALEN];
	int err;

	if (nf->registered)
		return 0;
	err = netfront_mac_parse(mac, address);
	if (err)
		return xpv_device_fail(nf->dev, err, "mac: \"%.20s\" is no address of a station",
				       mac);
	eth_hw_addr_set(nf->netdev, address);
	err = register_netdev(nf->netdev);
	if (err)
		return xpv_device_fail(nf->dev, err, "cannot register a network device");
	nf->registered = true;
	return 0;
}

/**
 * netfront_netdev_free() - take the netdev away for good
 * @nf: a disconnected device
 *
 * Context: the lane; sleeps.
 */
void netfront_netdev_free(struct netfront *nf)
{
	struct net_device *netdev = nf->netdev;

	cancel_delayed_work_sync(&nf->settle);
	if (nf->registered)
		unregister_netdev(netdev);
	netfront_kept_drop(nf);
	netfront_queues_free(nf);
	free_netdev(netdev);
}
