// SPDX-License-Identifier: GPL-2.0
/*
 * ethtool: the link, statistics, and what can be chosen.
 */
#include <linux/ethtool.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <compat/net.h>
#include "netfront.h"

/* The name is the kernel's own driver's; scripts know it. */
static const char device_names[][ETH_GSTRING_LEN] = {
	"rx_gso_checksum_fixup",
	"pinned_pages",
};

/**
 * struct counter - one of a queue's counters
 * @name: behind "tx_queue_N_" or "rx_queue_N_"
 * @offset: in the statistics
 */
struct counter {
	const char *name;
	size_t offset;
};

#define TX_COUNTER(field) \
	{ #field, offsetof(struct netfront_tx_stats, field) }
#define RX_COUNTER(field) \
	{ #field, offsetof(struct netfront_rx_stats, field) }

static const struct counter tx_counters[] = {
	TX_COUNTER(packets),
	TX_COUNTER(bytes),
	TX_COUNTER(copied),
	TX_COUNTER(ring_full),
	TX_COUNTER(dropped),
	TX_COUNTER(errors),
};

static const struct counter rx_counters[] = {
	RX_COUNTER(packets),
	RX_COUNTER(bytes),
	RX_COUNTER(errors),
	RX_COUNTER(no_buffer),
	RX_COUNTER(dropped),
	RX_COUNTER(copied),
	RX_COUNTER(refilled),
	RX_COUNTER(evicted),
	RX_COUNTER(xdp_drop),
	RX_COUNTER(xdp_tx),
	RX_COUNTER(xdp_redirect),
	RX_COUNTER(xdp_errors),
	RX_COUNTER(polled),
	RX_COUNTER(polled_vainly),
	RX_COUNTER(napped),
	RX_COUNTER(napped_vainly),
};

static int get_sset_count(struct net_device *netdev, int set)
{
	const struct netfront *nf = netdev_priv(netdev);

	if (set != ETH_SS_STATS)
		return -EINVAL;
	return ARRAY_SIZE(device_names) +
	       nf->max_queues * (ARRAY_SIZE(tx_counters) +
				 ARRAY_SIZE(rx_counters));
}

static void name_counters(u8 **at, const char *side, unsigned int queue,
			  const struct counter *counters, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		ethtool_sprintf(at, "%s_queue_%u_%s", side, queue,
				counters[i].name);
}

static void get_strings(struct net_device *netdev, u32 set, u8 *to)
{
	const struct netfront *nf = netdev_priv(netdev);
	unsigned int i;

	if (set != ETH_SS_STATS)
		return;
	for (i = 0; i < ARRAY_SIZE(device_names); i++)
		ethtool_sprintf(&to, "%s", device_names[i]);
	for (i = 0; i < nf->max_queues; i++) {
		name_counters(&to, "tx", i, tx_counters,
			      ARRAY_SIZE(tx_counters));
		name_counters(&to, "rx", i, rx_counters,
			      ARRAY_SIZE(rx_counters));
	}
}

static void read_counters(u64 *to, const void *stats,
			  const struct u64_stats_sync *sync,
			  const struct counter *counters, unsigned int nr)
{
	unsigned int start, i;

	do {
		start = u64_stats_fetch_begin(sync);
		for (i = 0; i < nr; i++)
			to[i] = *(const u64 *)(stats + counters[i].offset);
	} while (u64_stats_fetch_retry(sync, start));
}

/* That the backend may have mapped: rings, buffers, and pages to copy to. */
static unsigned int pinned_pages(const struct netfront *nf)
{
	unsigned int i, nr = 0;

	for (i = 0; i < nf->max_queues; i++)
		nr += nf->queues[i].tx.mem.nr + nf->queues[i].rx.mem.nr +
		      READ_ONCE(nf->queues[i].tx.own.nr) +
		      READ_ONCE(nf->queues[i].rx.bufs.nr);
	return nr;
}

static void get_stats(struct net_device *netdev, struct ethtool_stats *stats,
		      u64 *to)
{
	const struct netfront *nf = netdev_priv(netdev);
	const struct netfront_queue *queue;
	unsigned int i;

	*to++ = atomic_read(&nf->gso_fixups);
	*to++ = pinned_pages(nf);
	for (i = 0; i < nf->max_queues; i++) {
		queue = &nf->queues[i];
		read_counters(to, &queue->tx.stats, &queue->tx.stats.sync,
			      tx_counters, ARRAY_SIZE(tx_counters));
		to += ARRAY_SIZE(tx_counters);
		read_counters(to, &queue->rx.stats, &queue->rx.stats.sync,
			      rx_counters, ARRAY_SIZE(rx_counters));
		to += ARRAY_SIZE(rx_counters);
	}
}

static void get_drvinfo(struct net_device *netdev, struct ethtool_drvinfo *info)
{
	strscpy(info->driver, "vif", sizeof(info->driver));
	strscpy(info->bus_info, dev_name(netdev->dev.parent),
		sizeof(info->bus_info));
}

/*
 * Queues and rings are offered to the backend as a connection begins, so what
 * is chosen here begins another one. Nobody waits for it, and what is in flight
 * is lost.
 */
static unsigned int most_queues(const struct netfront *nf)
{
	return clamp(nf->offer.max_queues, 1U, nf->max_queues);
}

static void get_channels(struct net_device *netdev,
			 struct ethtool_channels *channels)
{
	const struct netfront *nf = netdev_priv(netdev);

	channels->max_combined = most_queues(nf);
	channels->combined_count = min(nf->want_queues, most_queues(nf));
}

static int set_channels(struct net_device *netdev,
			struct ethtool_channels *channels)
{
	struct netfront *nf = netdev_priv(netdev);

	if (channels->combined_count == nf->want_queues)
		return 0;
	WRITE_ONCE(nf->want_queues, channels->combined_count);
	netfront_rss_spread(nf, channels->combined_count);
	xpv_device_restart(nf->dev);
	return 0;
}

static unsigned int slots(unsigned int order, size_t size)
{
	return xpv_ring_slots(XEN_PAGE_SIZE << order, size);
}

static unsigned int tx_slots(unsigned int order)
{
	return slots(order, sizeof(struct xen_netif_tx_request));
}

static unsigned int rx_slots(unsigned int order)
{
	return slots(order, sizeof(struct xen_netif_rx_request));
}

static unsigned int cap(unsigned int order)
{
	return min_t(unsigned int, order, NETIF_MAX_RING_ORDER);
}

static void get_ringparam(struct net_device *netdev,
			  struct ethtool_ringparam *ring,
			  struct kernel_ethtool_ringparam *kernel_ring,
			  struct netlink_ext_ack *extack)
{
	const struct netfront *nf = netdev_priv(netdev);
	unsigned int tx = cap(nf->offer.max_tx_order);
	unsigned int rx = cap(nf->offer.max_rx_order);

	ring->tx_max_pending = tx_slots(tx);
	ring->rx_max_pending = rx_slots(rx);
	ring->tx_pending = tx_slots(min(nf->tx_order, tx));
	ring->rx_pending = rx_slots(min(nf->rx_order, rx));
}

static int set_ringparam(struct net_device *netdev,
			 struct ethtool_ringparam *ring,
			 struct kernel_ethtool_ringparam *kernel_ring,
			 struct netlink_ext_ack *extack)
{
	struct netfront *nf = netdev_priv(netdev);
	unsigned int tx = netif_order_for(ring->tx_pending,
					  sizeof(struct xen_netif_tx_request));
	unsigned int rx = netif_order_for(ring->rx_pending,
					  sizeof(struct xen_netif_rx_request));

	if (tx == nf->tx_order && rx == nf->rx_order)
		return 0;
	WRITE_ONCE(nf->tx_order, tx);
	WRITE_ONCE(nf->rx_order, rx);
	xpv_device_restart(nf->dev);
	return 0;
}

static u32 get_rxfh_key_size(struct net_device *netdev)
{
	return NETFRONT_RSS_KEY;
}

static u32 get_rxfh_indir_size(struct net_device *netdev)
{
	return NETFRONT_RSS_TABLE;
}

static int get_rxnfc(struct net_device *netdev, struct ethtool_rxnfc *info,
		     u32 *rules)
{
	if (info->cmd != ETHTOOL_GRXRINGS)
		return -EOPNOTSUPP;
	info->data = netdev->real_num_rx_queues;
	return 0;
}

static int get_rxfh(struct net_device *netdev, u32 *indir, u8 *key, u8 *hfunc)
{
	struct netfront *nf = netdev_priv(netdev);
	const struct netfront_rss_set *set = &nf->rss.set;

	spin_lock(&nf->rss.lock);
	if (indir)
		memcpy(indir, set->table, sizeof(set->table));
	if (key)
		memcpy(key, set->key, sizeof(set->key));
	if (hfunc)
		*hfunc = ETH_RSS_HASH_TOP;
	spin_unlock(&nf->rss.lock);
	return 0;
}

static int set_rxfh(struct net_device *netdev, const u32 *indir, const u8 *key,
		    u8 hfunc)
{
	struct netfront *nf = netdev_priv(netdev);
	struct netfront_rss_set *set = &nf->rss.set;

	if (hfunc != ETH_RSS_HASH_NO_CHANGE && hfunc != ETH_RSS_HASH_TOP)
		return -EOPNOTSUPP;
	if (nf->connected && !nf->offer.ctrl)
		return -EOPNOTSUPP;
	spin_lock(&nf->rss.lock);
	if (indir)
		memcpy(set->table, indir, sizeof(set->table));
	if (key)
		memcpy(set->key, key, sizeof(set->key));
	set->on = true;
	nf->rss.changed = true;
	spin_unlock(&nf->rss.lock);
	netfront_ctrl_kick(nf);
	return 0;
}

COMPAT_RXFH(get_rxfh, set_rxfh);

const struct ethtool_ops netfront_ethtool_ops = {
	.get_drvinfo = get_drvinfo,
	.get_link = ethtool_op_get_link,
	.get_ts_info = ethtool_op_get_ts_info,
	.get_sset_count = get_sset_count,
	.get_strings = get_strings,
	.get_ethtool_stats = get_stats,
	.get_channels = get_channels,
	.set_channels = set_channels,
	.get_ringparam = get_ringparam,
	.set_ringparam = set_ringparam,
	.get_rxnfc = get_rxnfc,
	.get_rxfh_key_size = get_rxfh_key_size,
	.get_rxfh_indir_size = get_rxfh_indir_size,
	.get_rxfh = COMPAT_RXFH_FN(get_rxfh),
	.set_rxfh = COMPAT_RXFH_FN(set_rxfh),
};
