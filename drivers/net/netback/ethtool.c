// SPDX-License-Identifier: GPL-2.0
/*
 * What ethtool shows of the interface, and what can be set. Which queues and
 * rings there are is the frontend's choice, as its connection begins; what is
 * set here is what it can choose from then.
 */
#include <linux/ethtool.h>
#include <linux/netdevice.h>

#include "netback.h"

struct counter {
	const char *name;
	size_t offset;
};

#define TX(_name, _field) { _name, offsetof(struct netback_queue, tx.stats._field) }
#define RX(_name, _field) { _name, offsetof(struct netback_queue, rx.stats._field) }

/* Names that there have always been, summed over the queues. */
static const struct counter sums[] = {
	TX("rx_gso_checksum_fixup", rx_gso_checksum_fixup),
	TX("tx_frag_overflow", tx_frag_overflow),
};

/* The guest's pages that are mapped: rings, and what it has us keep. */
static const char pinned[] = "pinned_pages";

/* Some that nothing counts any more: no packet holds a guest's page. */
static const char *const zeroes[] = {
	"tx_zerocopy_sent", "tx_zerocopy_success", "tx_zerocopy_fail",
};

/* Of each queue; "tx" and "rx" are the guest's. */
static const struct counter each[] = {
	TX("tx_packets", packets),
	TX("tx_bytes", bytes),
	TX("tx_staged", staged),
	TX("tx_copied", copied),
	TX("tx_errors", errors),
	TX("tx_nomem", nomem),
	TX("tx_throttled", throttled),
	TX("tx_events", events),
	TX("tx_notified", notified),
	TX("tx_polled", polled),
	TX("tx_polled_vainly", polled_vainly),
	TX("tx_napped", napped),
	TX("tx_napped_vainly", napped_vainly),
	TX("tx_xdp_drop", xdp_drop),
	TX("tx_xdp_tx", xdp_tx),
	TX("tx_xdp_redirect", xdp_redirect),
	TX("tx_xdp_errors", xdp_errors),
	RX("rx_packets", packets),
	RX("rx_bytes", bytes),
	RX("rx_staged", staged),
	RX("rx_copied", copied),
	RX("rx_ring_full", ring_full),
	RX("rx_stalls", stalls),
	RX("rx_drop_stalled", drop_stalled),
	RX("rx_drop_excess", drop_excess),
	RX("rx_drop_filter", drop_filter),
	RX("rx_drop_large", drop_large),
	RX("rx_drop_gone", drop_gone),
	RX("rx_xdp_sent", xdp_sent),
	RX("rx_xdp_full", xdp_full),
	RX("rx_errors", errors),
	RX("rx_events", events),
	RX("rx_notified", notified),
	RX("rx_gathered", gathered),
	RX("rx_gathered_vainly", gathered_vainly),
};

static int get_sset_count(struct net_device *dev, int set)
{
	const struct netback *vif = netdev_priv(dev);

	if (set != ETH_SS_STATS)
		return -EOPNOTSUPP;
	return ARRAY_SIZE(sums) + ARRAY_SIZE(zeroes) + 1 +
	       vif->max_queues * ARRAY_SIZE(each);
}

static void get_strings(struct net_device *dev, u32 set, u8 *to)
{
	const struct netback *vif = netdev_priv(dev);
	unsigned int i, q;

	if (set != ETH_SS_STATS)
		return;
	for (i = 0; i < ARRAY_SIZE(sums); i++)
		ethtool_sprintf(&to, "%s", sums[i].name);
	for (i = 0; i < ARRAY_SIZE(zeroes); i++)
		ethtool_sprintf(&to, "%s", zeroes[i]);
	ethtool_sprintf(&to, "%s", pinned);
	for (q = 0; q < vif->max_queues; q++)
		for (i = 0; i < ARRAY_SIZE(each); i++)
			ethtool_sprintf(&to, "queue_%u_%s", q, each[i].name);
}

/* A queue stays until the interface is gone, connected or not. */
static u64 value(const struct netback *vif, unsigned int q,
		 const struct counter *counter)
{
	/* Pairs with the making of the queue. */
	const void *queue = smp_load_acquire(&vif->queues[q]);

	if (!queue)
		return 0;
	return READ_ONCE(*(const unsigned long *)(queue + counter->offset));
}

static u64 sum(const struct netback *vif, const struct counter *counter)
{
	unsigned int q;
	u64 all = 0;

	for (q = 0; q < vif->max_queues; q++)
		all += value(vif, q, counter);
	return all;
}

static void get_stats(struct net_device *dev, struct ethtool_stats *stats,
		      u64 *to)
{
	const struct netback *vif = netdev_priv(dev);
	unsigned int i, q;

	for (i = 0; i < ARRAY_SIZE(sums); i++)
		*to++ = sum(vif, &sums[i]);
	for (i = 0; i < ARRAY_SIZE(zeroes); i++)
		*to++ = 0;
	*to++ = atomic_read(&vif->xdev->held.maps);
	for (q = 0; q < vif->max_queues; q++)
		for (i = 0; i < ARRAY_SIZE(each); i++)
			*to++ = value(vif, q, &each[i]);
}

/*
 * What the guest uses now; or what it can have next time, once that was set:
 * what is the same as is told here is not set.
 */
static bool is_offer_told(const struct netback *vif)
{
	return READ_ONCE(vif->offer.news) || !READ_ONCE(vif->nr_queues);
}

static void renew(struct netback *vif)
{
	WRITE_ONCE(vif->offer.news, true);
	/* Pairs with that of the lane: the offer before the flag. */
	smp_store_release(&vif->offer.unsaid, true);
	xpv_device_look(vif->xdev);
}

static void get_channels(struct net_device *dev,
			 struct ethtool_channels *channels)
{
	const struct netback *vif = netdev_priv(dev);

	channels->max_combined = vif->max_queues;
	channels->combined_count = is_offer_told(vif) ?
		vif->offer.queues : READ_ONCE(vif->nr_queues);
}

static int set_channels(struct net_device *dev,
			struct ethtool_channels *channels)
{
	struct netback *vif = netdev_priv(dev);

	if (channels->combined_count == vif->offer.queues && is_offer_told(vif))
		return 0;
	WRITE_ONCE(vif->offer.queues, channels->combined_count);
	renew(vif);
	return 0;
}

static u32 slots(unsigned int order, u32 slot)
{
	return xpv_ring_slots(XEN_PAGE_SIZE << order, slot);
}

/* The interface transmits into the guest's rx ring. */
static void get_ringparam(struct net_device *dev,
			  struct ethtool_ringparam *ring,
			  struct kernel_ethtool_ringparam *kernel,
			  struct netlink_ext_ack *extack)
{
	const struct netback *vif = netdev_priv(dev);
	bool told = is_offer_told(vif);

	ring->rx_max_pending = slots(netback_max_order, NETIF_TX_SLOT);
	ring->tx_max_pending = slots(netback_max_order, NETIF_RX_SLOT);
	ring->rx_pending = slots(told ? vif->offer.tx_order :
					vif->front.tx_order, NETIF_TX_SLOT);
	ring->tx_pending = slots(told ? vif->offer.rx_order :
					vif->front.rx_order, NETIF_RX_SLOT);
}

/* Never more than the most there may be, which the caller saw to. */
static int set_ringparam(struct net_device *dev,
			 struct ethtool_ringparam *ring,
			 struct kernel_ethtool_ringparam *kernel,
			 struct netlink_ext_ack *extack)
{
	struct netback *vif = netdev_priv(dev);

	WRITE_ONCE(vif->offer.tx_order,
		   netif_order_for(ring->rx_pending, NETIF_TX_SLOT));
	WRITE_ONCE(vif->offer.rx_order,
		   netif_order_for(ring->tx_pending, NETIF_RX_SLOT));
	renew(vif);
	return 0;
}

const struct ethtool_ops netback_ethtool_ops = {
	.get_link = ethtool_op_get_link,
	.get_ts_info = ethtool_op_get_ts_info,
	.get_sset_count = get_sset_count,
	.get_strings = get_strings,
	.get_ethtool_stats = get_stats,
	.get_channels = get_channels,
	.set_channels = set_channels,
	.get_ringparam = get_ringparam,
	.set_ringparam = set_ringparam,
};
