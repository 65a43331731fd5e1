// SPDX-License-Identifier: GPL-2.0
/*
 * ethtool: the link, statistics, and what can be chosen.
 */
#include <linux/ethtool.h>
#include <linux/string.h>
#include "netfront.h"

/* The name is the kernel's own driver's; scripts know it. */
static const char device_names[][ETH_GSTRING_LEN] = {
	"rx_gso_checksum_fixup",
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
	RX_COUNTER(refilled),
	RX_COUNTER(evicted),
	RX_COUNTER(xdp_drop),
	RX_COUNTER(xdp_tx),
	RX_COUNTER(xdp_redirect),
	RX_COUNTER(xdp_errors),
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

static void get_stats(struct net_device *netdev, struct ethtool_stats *stats,
		      u64 *to)
{
	const struct netfront *nf = netdev_priv(netdev);
	const struct netfront_queue *queue;
	unsigned int i;

	*to++ = atomic_read(&nf->gso_fixups);
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

const struct ethtool_ops netfront_ethtool_ops = {
	.get_drvinfo = get_drvinfo,
	.get_link = ethtool_op_get_link,
	.get_ts_info = ethtool_op_get_ts_info,
	.get_sset_count = get_sset_count,
	.get_strings = get_strings,
	.get_ethtool_stats = get_stats,
};
