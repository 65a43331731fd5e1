// SPDX-License-Identifier: GPL-2.0
/*
 * A connection: what the backend offers, what we tell it, and how requests
 * begin and cease to pass. All of it runs in the device's lane.
 */
#include <linux/cpumask.h>
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <xpv/p9fs.h>
#include <xpv/store.h>
#include "p9front.h"

/* The version of the transport, of which there is one. */
#define VERSION	"1"

struct offer {
	char versions[32];
	unsigned int max_rings;
	unsigned int max_order;
	bool events;
};

static const struct xpv_key offer_keys[] = {
	XPV_NEED_TEXT(offer, versions, "versions"),
	XPV_NEED_UINT(offer, max_rings, "max-rings", 1, U32_MAX),
	XPV_NEED_UINT(offer, max_order, "max-ring-page-order",
		      XPV_BYTES_MIN_ORDER, U32_MAX),
	XPV_MAY_FLAG(offer, events, XPV_P9FS_RING_EVENTS, false),
};

static int read_offer(struct p9front *pf, struct offer *offer)
{
	struct xpv_device *dev = pf->dev;
	char *rest, *one;
	int err;

	err = xpv_store_read(dev, XPV_OTHER, offer_keys,
			     ARRAY_SIZE(offer_keys), offer);
	if (err)
		return err;
	rest = offer->versions;
	while ((one = strsep(&rest, ",")))
		if (!strcmp(strim(one), VERSION))
			return 0;
	return xpv_device_fail(dev, -EPROTONOSUPPORT,
			       "%s/versions: no " VERSION " among them",
			       dev->otherend);
}

static void close_rings(struct p9front *pf)
{
	unsigned int i;

	for (i = 0; i < pf->max_rings; i++)
		p9front_ring_stop(&pf->rings[i]);
}

/* All rings are of one size: the largest that there is memory for. */
static int open_rings(struct p9front *pf, unsigned int nr, unsigned int order)
{
	unsigned int i;
	int err;

	for (; order >= XPV_BYTES_MIN_ORDER; order--) {
		err = 0;
		for (i = 0; i < nr && !err; i++)
			err = p9front_ring_open(&pf->rings[i], order,
						pf->agreed);
		if (!err) {
			pf->size = xpv_bytes_size(order);
			WRITE_ONCE(pf->nr_rings, nr);
			return 0;
		}
		close_rings(pf);
	}
	return err;
}

/* One for each CPU; for backends of others see P9FRONT_OTHERS_RINGS. */
static unsigned int count_rings(const struct p9front *pf, const struct offer *offer)
{
	unsigned int nr = num_possible_cpus();

	if (!offer->events)
		nr = max_t(unsigned int, nr, P9FRONT_OTHERS_RINGS);
	return min3(nr, offer->max_rings, pf->max_rings);
}

static void put_rings(const struct p9front *pf, struct xpv_txn *txn)
{
	unsigned int i;
	char key[32];

	xpv_txn_put(txn, "version", VERSION);
	xpv_txn_put(txn, "num-rings", "%u", pf->nr_rings);
	if (pf->agreed)
		xpv_txn_put(txn, XPV_P9FS_REQUEST_RING_EVENTS, "1");
	else
		xpv_txn_drop(txn, XPV_P9FS_REQUEST_RING_EVENTS);
	for (i = 0; i < pf->nr_rings; i++) {
		const struct p9front_ring *ring = &pf->rings[i];

		snprintf(key, sizeof(key), "ring-ref%u", i);
		xpv_txn_put(txn, key, "%u", ring->mem.index.refs[0]);
		snprintf(key, sizeof(key), "event-channel-%u", i);
		xpv_txn_put(txn, key, "%u", ring->ch.port);
	}
}

/**
 * p9front_publish() - offer rings to the backend
 * @dev: the device
 * @txn: where its keys go
 *
 * Return: 0 or a negative errno.
 */
int p9front_publish(struct xpv_device *dev, struct xpv_txn *txn)
{
	struct p9front *pf = dev->priv;
	struct offer offer;
	unsigned int nr;
	int err;

	err = read_offer(pf, &offer);
	if (err)
		return err;
	nr = count_rings(pf, &offer);
	if (pf->nr_rings && pf->agreed != offer.events) {
		close_rings(pf);
		WRITE_ONCE(pf->nr_rings, 0);
	}
	pf->agreed = offer.events;
	if (!pf->nr_rings)
		err = open_rings(pf, nr, min(offer.max_order, pf->max_order));
	if (err)
		return xpv_device_fail(dev, err, "cannot open %u rings", nr);
	put_rings(pf, txn);
	return 0;
}

/**
 * p9front_connect() - the backend took the rings
 * @dev: the device
 *
 * It has nothing more to tell.
 *
 * Return: 0.
 */
int p9front_connect(struct xpv_device *dev)
{
	struct p9front *pf = dev->priv;
	unsigned int i;

	for (i = 0; i < pf->nr_rings; i++)
		xpv_evtchn_prefer(&pf->rings[i].ch,
				  cpumask_of(cpumask_local_spread(i, NUMA_NO_NODE)));
	return 0;
}

/**
 * p9front_connected() - both ends are Connected: the backend is told of what
 *	there is, then requests may pass
 * @dev: the device
 */
void p9front_connected(struct xpv_device *dev)
{
	struct p9front *pf = dev->priv;
	unsigned int i;

	for (i = 0; i < pf->nr_rings; i++)
		p9front_ring_start(&pf->rings[i]);
	spin_lock_irq(&pf->lock);
	pf->connected = true;
	pf->failing = false;
	spin_unlock_irq(&pf->lock);
	queue_work(p9front_slow_queue, &pf->recover);
}

/**
 * p9front_disconnect() - the backend is gone or going
 * @dev: the device
 *
 * What was asked of it waits for the next one.
 */
void p9front_disconnect(struct xpv_device *dev)
{
	struct p9front *pf = dev->priv;

	p9front_lose_session(pf);
	close_rings(pf);
	cancel_work_sync(&pf->recover);
	cancel_delayed_work_sync(&pf->watch);
	WRITE_ONCE(pf->nr_rings, 0);
}

/**
 * p9front_is_served() - whether the backend still has the rings
 * @dev: the device, connected
 */
bool p9front_is_served(struct xpv_device *dev)
{
	struct p9front *pf = dev->priv;
	bool served = true;
	unsigned int i;

	for (i = 0; i < pf->nr_rings; i++)
		served &= xpv_evtchn_has_peer(&pf->rings[i].ch);
	return served;
}

/**
 * p9front_owes() - whether requests wait for the backend's answer
 * @dev: the device, connected
 * @answers: set to how many it has given
 */
bool p9front_owes(struct xpv_device *dev, u32 *answers)
{
	struct p9front *pf = dev->priv;
	bool owes = false;
	unsigned int i;

	*answers = 0;
	for (i = 0; i < pf->nr_rings; i++) {
		spin_lock_irq(&pf->rings[i].lock);
		owes |= pf->rings[i].out;
		*answers += pf->rings[i].answers;
		spin_unlock_irq(&pf->rings[i].lock);
	}
	return owes;
}

/**
 * p9front_give_up() - no backend is expected soon
 * @dev: the device, disconnected
 *
 * What waits for one fails, and what is asked until there is one. Mounts stay.
 */
void p9front_give_up(struct xpv_device *dev)
{
	struct p9front *pf = dev->priv;
	unsigned int i;

	spin_lock_irq(&pf->lock);
	pf->failing = true;
	spin_unlock_irq(&pf->lock);
	wake_up_all(&pf->wait);
	for (i = 0; i < pf->max_rings; i++)
		p9front_ring_stir(&pf->rings[i]);
	p9front_each_mount(pf, p9front_held_fail);
}
