// SPDX-License-Identifier: GPL-2.0
/*
 * Multicast: the backend keeps from us what nobody here listens to, if it can
 * and users want it (a parameter).
 *
 * The addresses go by requests of the transmit ring that carry no data, the
 * wish itself by a key. It is taken back while everything is to be received, or
 * while there are more addresses than backends take. A backend that looks at the
 * key only as it connects takes a new connection for that; it is asked again
 * with the next one.
 *
 * All of it runs in the device's lane.
 */
#include <linux/string.h>
#include <xpv/store.h>
#include "netfront.h"

#define KEY	"request-multicast-control"

static bool has(const struct netfront_mcast *list, const u8 *address)
{
	unsigned int i;

	for (i = 0; i < list->nr; i++)
		if (ether_addr_equal_unaligned(list->addresses[i], address))
			return true;
	return false;
}

/* What the interface listens to. Return: false if it is to be all. */
static bool wanted(struct net_device *netdev, struct netfront_mcast *list)
{
	struct netdev_hw_addr *entry;
	bool some;

	list->nr = 0;
	netif_addr_lock_bh(netdev);
	some = !(netdev->flags & (IFF_PROMISC | IFF_ALLMULTI)) &&
	       netdev_mc_count(netdev) <= NETFRONT_MCAST_MAX;
	if (some) {
		netdev_for_each_mc_addr(entry, netdev)
			ether_addr_copy(list->addresses[list->nr++],
					entry->addr);
	}
	netif_addr_unlock_bh(netdev);
	return some;
}

/* Have the backend drop what is not in @list. */
static bool drop_old(struct netfront_queue *queue,
		     const struct netfront_mcast *list)
{
	struct netfront_mcast *known = &queue->nf->mcast;
	unsigned int i;
	u8 *address;

	for (i = known->nr; i--; ) {
		address = known->addresses[i];
		if (has(list, address))
			continue;
		if (!netfront_tx_mcast(queue, XEN_NETIF_EXTRA_TYPE_MCAST_DEL,
				       address))
			return false;
		ether_addr_copy(address, known->addresses[--known->nr]);
	}
	return true;
}

/* Have it pass what is in @list; it knows of nothing else. */
static bool pass_new(struct netfront_queue *queue,
		     const struct netfront_mcast *list)
{
	struct netfront_mcast *known = &queue->nf->mcast;
	unsigned int i;

	for (i = 0; i < list->nr; i++) {
		if (has(known, list->addresses[i]))
			continue;
		if (!netfront_tx_mcast(queue, XEN_NETIF_EXTRA_TYPE_MCAST_ADD,
				       list->addresses[i]))
			return false;
		ether_addr_copy(known->addresses[known->nr++],
				list->addresses[i]);
	}
	return true;
}

/*
 * What the backend knows is noted address by address, so that the next change
 * goes on from there. Return: whether it was told everything.
 */
static bool tell(struct netfront *nf, const struct netfront_mcast *list)
{
	struct netfront_queue *queue = &nf->queues[0];
	struct netdev_queue *txq = netfront_txq(queue);
	bool good;

	__netif_tx_lock_bh(txq);
	good = drop_old(queue, list) && pass_new(queue, list);
	if (queue->tx.live && netfront_tx_push(queue))
		napi_schedule(&queue->napi);
	__netif_tx_unlock_bh(txq);
	return good;
}

static int put_wish(struct xpv_device *dev, struct xpv_txn *txn)
{
	struct netfront *nf = dev->priv;

	xpv_txn_put(txn, KEY, "%u", nf->mcast_on);
	return 0;
}

static void wish(struct netfront *nf, bool on)
{
	if (nf->mcast_on == on)
		return;
	nf->mcast_on = on;
	xpv_store_write(nf->dev, put_wish);
}

/* The backend filters until the connection ends, and began with that. */
static void update_static(struct netfront *nf)
{
	struct netfront_mcast list;

	if (!nf->mcast_on)
		return;
	if (!wanted(nf->netdev, &list) || !tell(nf, &list))
		xpv_device_restart(nf->dev);
}

/**
 * netfront_mcast_update() - have the backend filter what it should
 * @nf: a connected device
 *
 * What it is to let pass is told before it begins to filter, if it can begin
 * while connected.
 *
 * Context: the lane; sleeps.
 */
void netfront_mcast_update(struct netfront *nf)
{
	struct netfront_mcast list;
	bool some;

	if (!nf->mcast_wanted || !netif_running(nf->netdev))
		return;
	if (!nf->offer.dynamic_mcast) {
		update_static(nf);
		return;
	}
	some = wanted(nf->netdev, &list);
	if (!some)
		wish(nf, false);
	if (!tell(nf, &list)) {
		/* The ring is full, or gone: all passes until the next change. */
		wish(nf, false);
		return;
	}
	wish(nf, some);
}

/**
 * netfront_mcast_put() - as a connection begins: no wish, but to a backend that
 *	would not hear of it later
 * @nf: the device
 * @txn: where its keys go
 */
void netfront_mcast_put(struct netfront *nf, struct xpv_txn *txn)
{
	const struct netfront_offer *can = &nf->offer;
	struct netfront_mcast list;

	nf->mcast.nr = 0;
	nf->mcast_on = nf->mcast_wanted && can->mcast && !can->dynamic_mcast &&
		       wanted(nf->netdev, &list);
	if (nf->mcast_on)
		xpv_txn_put(txn, KEY, "%u", 1);
	else
		xpv_txn_drop(txn, KEY);
}

/**
 * netfront_set_rx_mode() - ndo_set_rx_mode
 * @netdev: the device
 *
 * Context: atomic; the lane does it.
 */
void netfront_set_rx_mode(struct net_device *netdev)
{
	struct netfront *nf = netdev_priv(netdev);

	if (nf->mcast_wanted)
		xpv_device_look(nf->dev);
}
