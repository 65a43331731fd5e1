// SPDX-License-Identifier: GPL-2.0
/*
 * A connection: what we tell the backend, what it tells us, and how packets
 * begin and cease to pass. All of it runs in the device's lane.
 */
#include <linux/err.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/rtnetlink.h>
#include <linux/slab.h>
#include <xpv/store.h>
#include "netfront.h"

static const struct xpv_key offer_keys[] = {
	XPV_MAY_UINT(netfront_offer, max_queues, "multi-queue-max-queues", 0,
		     U32_MAX, 1),
	XPV_MAY_FLAG(netfront_offer, split, "feature-split-event-channels", 0),
	XPV_MAY_FLAG(netfront_offer, ctrl, "feature-ctrl-ring", 0),
	XPV_MAY_UINT(netfront_offer, max_tx_order, NETIF_KEY_MAX_TX_ORDER, 0,
		     U32_MAX, 0),
	XPV_MAY_UINT(netfront_offer, max_rx_order, NETIF_KEY_MAX_RX_ORDER, 0,
		     U32_MAX, 0),
	XPV_MAY_FLAG(netfront_offer, rx_copy, "feature-rx-copy", 0),
	XPV_MAY_FLAG(netfront_offer, sg, "feature-sg", 0),
	XPV_MAY_FLAG(netfront_offer, gso4, "feature-gso-tcpv4", 0),
	XPV_MAY_FLAG(netfront_offer, gso6, "feature-gso-tcpv6", 0),
	XPV_MAY_FLAG(netfront_offer, no_csum, "feature-no-csum-offload", 0),
	XPV_MAY_FLAG(netfront_offer, csum6, "feature-ipv6-csum-offload", 0),
	XPV_MAY_FLAG(netfront_offer, mcast, "feature-multicast-control", 0),
	XPV_MAY_FLAG(netfront_offer, dynamic_mcast,
		     "feature-dynamic-multicast-control", 0),
	XPV_MAY_FLAG(netfront_offer, headroom, "feature-xdp-headroom", 0),
};

struct wishes {
	unsigned int mtu;
};

static const struct xpv_key wish_keys[] = {
	XPV_MAY_UINT(wishes, mtu, "mtu", 0, U32_MAX, 0),
};

/* Keys of rings: at order 0 as every frontend writes them. */
static void put_ring(const struct xpv_granted_ring *mem, const char *dir,
		     const char *name, struct xpv_txn *txn)
{
	unsigned int i;
	char key[48];

	snprintf(key, sizeof(key), "%s%s-ring-ref", dir, name);
	if (mem->nr == 1) {
		xpv_txn_put(txn, key, "%u", mem->refs[0]);
		return;
	}
	xpv_txn_drop(txn, key);
	for (i = 0; i < mem->nr; i++) {
		snprintf(key, sizeof(key), "%s%s-ring-ref%u", dir, name, i);
		xpv_txn_put(txn, key, "%u", mem->refs[i]);
	}
}

static void put_channels(const struct netfront_queue *queue, const char *dir,
			 struct xpv_txn *txn)
{
	char one[40], tx[40], rx[40];

	snprintf(one, sizeof(one), "%sevent-channel", dir);
	snprintf(tx, sizeof(tx), "%sevent-channel-tx", dir);
	snprintf(rx, sizeof(rx), "%sevent-channel-rx", dir);
	if (!queue->tx_ch.irq) {
		xpv_txn_drop(txn, tx);
		xpv_txn_drop(txn, rx);
		xpv_txn_put(txn, one, "%u", queue->rx_ch.port);
		return;
	}
	xpv_txn_drop(txn, one);
	xpv_txn_put(txn, tx, "%u", queue->tx_ch.port);
	xpv_txn_put(txn, rx, "%u", queue->rx_ch.port);
}

static void put_queue(const struct netfront_queue *queue, const char *dir,
		      struct xpv_txn *txn)
{
	put_ring(&queue->tx.mem, dir, "tx", txn);
	put_ring(&queue->rx.mem, dir, "rx", txn);
	put_channels(queue, dir, txn);
}

static void put_order(const char *key, const struct xpv_granted_ring *mem,
		      struct xpv_txn *txn)
{
	if (mem->nr > 1)
		xpv_txn_put(txn, key, "%u", ilog2(mem->nr));
	else
		xpv_txn_drop(txn, key);
}

/*
 * An earlier life, or an earlier driver, may have left keys that speak of what
 * we do not have: a backend would take them for ours.
 */
static void put_queues(const struct netfront *nf, struct xpv_txn *txn)
{
	static const char *const single_keys[] = {
		"tx-ring-ref", "rx-ring-ref", "event-channel",
		"event-channel-tx", "event-channel-rx",
	};
	unsigned int i;
	char dir[20];

	put_order(NETIF_KEY_TX_ORDER, &nf->queues[0].tx.mem, txn);
	put_order(NETIF_KEY_RX_ORDER, &nf->queues[0].rx.mem, txn);
	if (nf->nr_queues == 1) {
		xpv_txn_drop(txn, "multi-queue-num-queues");
		put_queue(&nf->queues[0], "", txn);
		return;
	}
	for (i = 0; i < ARRAY_SIZE(single_keys); i++)
		xpv_txn_drop(txn, single_keys[i]);
	xpv_txn_put(txn, "multi-queue-num-queues", "%u", nf->nr_queues);
	for (i = 0; i < nf->nr_queues; i++) {
		snprintf(dir, sizeof(dir), "queue-%u/", i);
		put_queue(&nf->queues[i], dir, txn);
	}
}

/*
 * What a program is to see has to fit a page and to be complete, since it may
 * go to where nobody makes checksums. It gets copies, with room in front of
 * them, so the backend need leave none.
 *
 * A key that says what its absence says is not written: each one costs both ends,
 * and either domain's xenwatch, several steps through the store.
 */
static void put_features(const struct netfront *nf, struct xpv_txn *txn)
{
	bool program = rcu_access_pointer(nf->program);

	xpv_txn_put(txn, "request-rx-copy", "%u", 1);
	xpv_txn_put(txn, "feature-rx-notify", "%u", 1);
	xpv_txn_put(txn, "feature-sg", "%u", 1);
	xpv_txn_put(txn, "feature-gso-tcpv4", "%u", !program);
	xpv_txn_put(txn, "feature-gso-tcpv6", "%u", !program);
	xpv_txn_put(txn, "feature-ipv6-csum-offload", "%u", !program);
	if (program)
		xpv_txn_put(txn, "feature-no-csum-offload", "1");
	else
		xpv_txn_drop(txn, "feature-no-csum-offload");
	xpv_txn_drop(txn, "xdp-headroom");
}

/* All rings of a kind are of one size, since the backend is told only one. */
static int open_queues(struct netfront *nf)
{
	unsigned int tx = min(nf->offer.max_tx_order, READ_ONCE(nf->tx_order));
	unsigned int rx = min(nf->offer.max_rx_order, READ_ONCE(nf->rx_order));
	unsigned int i;
	int err = 0;

	nf->nr_queues = clamp(nf->offer.max_queues, 1U,
			      READ_ONCE(nf->want_queues));
	for (i = 0; i < nf->nr_queues && !err; i++)
		err = netfront_queue_open(&nf->queues[i], tx, rx);
	return err ?: netfront_ctrl_open(nf);
}

/* Some systems' toolstacks tell the address on the backend's side only. */
static int show_by_backend(struct netfront *nf)
{
	char *mac;
	int err;

	if (nf->registered)
		return 0;
	mac = xpv_store_text(nf->dev, XPV_OTHER, "mac");
	if (IS_ERR(mac))
		return xpv_device_fail(nf->dev, PTR_ERR(mac),
				       "%s/mac: missing, here and there",
				       nf->dev->nodename);
	err = netfront_netdev_show(nf, mac);
	kfree(mac);
	return err;
}

static int read_offer(struct netfront *nf)
{
	struct netfront_offer offer;
	int err;

	err = xpv_store_read(nf->dev, XPV_OTHER, offer_keys,
			     ARRAY_SIZE(offer_keys), &offer);
	if (err)
		return err;
	if (!offer.rx_copy)
		return xpv_device_fail(nf->dev, -EOPNOTSUPP,
				       "%s/feature-rx-copy: backend does not copy",
				       nf->dev->otherend);
	rtnl_lock();
	nf->offer = offer;
	rtnl_unlock();
	return 0;
}

/**
 * netfront_publish() - offer rings to the backend
 * @dev: the device
 * @txn: where its keys go
 *
 * Return: 0 or a negative errno.
 */
int netfront_publish(struct xpv_device *dev, struct xpv_txn *txn)
{
	struct netfront *nf = dev->priv;
	int err = 0;

	if (!nf->nr_queues) {
		err = read_offer(nf);
		if (!err)
			err = show_by_backend(nf);
		if (err)
			return err;
		err = open_queues(nf);
	}
	if (err)
		return xpv_device_fail(dev, err, "cannot open %u queues",
				       nf->nr_queues);
	put_queues(nf, txn);
	put_features(nf, txn);
	netfront_ctrl_put(nf, txn);
	netfront_mcast_put(nf, txn);
	return 0;
}

/**
 * netfront_connect() - the backend is there
 * @dev: the device
 *
 * Return: 0 or a negative errno.
 */
int netfront_connect(struct xpv_device *dev)
{
	struct netfront *nf = dev->priv;
	unsigned int i;
	int err = 0;

	for (i = 0; i < nf->nr_queues && !err; i++)
		err = netfront_queue_prepare(&nf->queues[i]);
	if (err)
		return xpv_device_fail(dev, err, "no grants for packets");
	/* Else when it comes up. */
	if (netif_running(nf->netdev))
		netfront_stage_choose(nf);
	return 0;
}

/* Ours first: what people set on the guest's side means the guest. */
static unsigned int wished_mtu(struct xpv_device *dev)
{
	struct wishes ours, theirs;

	if (xpv_store_read(dev, XPV_OWN, wish_keys, ARRAY_SIZE(wish_keys),
			   &ours))
		return 0;
	if (ours.mtu)
		return ours.mtu;
	if (xpv_store_read(dev, XPV_OTHER, wish_keys, ARRAY_SIZE(wish_keys),
			   &theirs))
		return 0;
	return theirs.mtu;
}

/*
 * A user may choose another MTU than the toolstack; that stays until the
 * toolstack changes its mind.
 */
static void follow_mtu(struct netfront *nf)
{
	unsigned int mtu = wished_mtu(nf->dev);

	if (!mtu || mtu == nf->mtu_told)
		return;
	nf->mtu_told = mtu;
	rtnl_lock();
	netfront_netdev_mtu(nf, mtu);
	rtnl_unlock();
}

/**
 * netfront_connected() - both ends are Connected: packets may pass
 * @dev: the device
 */
void netfront_connected(struct xpv_device *dev)
{
	struct netfront *nf = dev->priv;

	follow_mtu(nf);
	rtnl_lock();
	netfront_netdev_up(nf);
	nf->rss.changed = nf->rss.set.on;	/* which ethtool sets under RTNL */
	rtnl_unlock();
	nf->ctrl.staged = false;
	netfront_ctrl_start(nf);
	netfront_mcast_update(nf);
}

/**
 * netfront_own_changed() - the toolstack changed one of our keys
 * @dev: the device
 */
void netfront_own_changed(struct xpv_device *dev)
{
	struct netfront *nf = dev->priv;

	if (dev->state != XenbusStateConnected || !nf->connected)
		return;
	follow_mtu(nf);
	netfront_mcast_update(nf);
}

/**
 * netfront_is_served() - whether the backend still has the rings
 * @dev: the device, connected
 */
bool netfront_is_served(struct xpv_device *dev)
{
	struct netfront *nf = dev->priv;
	bool served = true;
	unsigned int i;

	for (i = 0; i < nf->nr_queues; i++)
		served &= xpv_evtchn_has_peer(&nf->queues[i].rx_ch);
	return served;
}

/**
 * netfront_owes() - whether packets wait for the backend to take them
 * @dev: the device, connected
 * @answers: set to how much it has taken
 *
 * It need not bring any.
 */
bool netfront_owes(struct xpv_device *dev, u32 *answers)
{
	struct netfront *nf = dev->priv;
	u32 owed = 0;
	unsigned int i;

	*answers = 0;
	for (i = 0; i < nf->nr_queues; i++)
		owed |= xpv_front_ring_owed(&nf->queues[i].tx.ring, answers);
	return owed;
}

/**
 * netfront_no_backend() - no backend is expected soon
 * @dev: the device, disconnected
 *
 * There is no carrier any more, however long it would have been kept.
 */
void netfront_no_backend(struct xpv_device *dev)
{
	netfront_netdev_settle(dev->priv, 0);
}

/**
 * netfront_disconnect() - the backend is gone or going
 * @dev: the device
 *
 * The netdev stays, and its carrier for a while; what was in flight is lost.
 */
void netfront_disconnect(struct xpv_device *dev)
{
	struct netfront *nf = dev->priv;
	unsigned int i;

	rtnl_lock();
	netfront_ctrl_stop(nf);
	netfront_netdev_down(nf);
	rtnl_unlock();
	netfront_rest_stop(nf);
	netfront_ctrl_close(nf);
	for (i = 0; i < nf->max_queues; i++)
		netfront_queue_close(&nf->queues[i]);
	nf->ctrl.chosen = false;
	nf->nr_queues = 0;
}
