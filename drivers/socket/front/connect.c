// SPDX-License-Identifier: GPL-2.0
/*
 * A connection to a backend: what it offers, what we tell it, and how requests
 * begin and cease to pass. All of it runs in the device's lane.
 */
#include <linux/kernel.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <xpv/store.h>
#include "pvcfront.h"

/* The version of the protocol, of which there is one. */
#define VERSION	"1"

static const struct xpv_key offer_keys[] = {
	XPV_NEED_TEXT(pvcfront_offer, versions, XPV_PVCALLS_VERSIONS),
	XPV_NEED_UINT(pvcfront_offer, max_order, XPV_PVCALLS_MAX_ORDER,
		      XPV_BYTES_MIN_ORDER, U32_MAX),
	XPV_NEED_UINT(pvcfront_offer, calls, XPV_PVCALLS_CALLS, 1, U32_MAX),
	XPV_MAY_FLAG(pvcfront_offer, inet6, XPV_PVCALLS_INET6, 0),
	XPV_MAY_FLAG(pvcfront_offer, names, XPV_PVCALLS_NAMES, 0),
	XPV_MAY_FLAG(pvcfront_offer, options, XPV_PVCALLS_OPTIONS, 0),
	XPV_MAY_FLAG(pvcfront_offer, shutdown, XPV_PVCALLS_SHUTDOWN, 0),
	XPV_MAY_UINT(pvcfront_offer, command_order, XPV_PVCALLS_COMMAND_ORDER,
		     0, U32_MAX, 0),
	XPV_MAY_UINT(pvcfront_offer, kept_rings, XPV_PVCALLS_KEPT_RINGS, 0,
		     U32_MAX, 0),
	XPV_MAY_FLAG(pvcfront_offer, events, XPV_PVCALLS_RING_EVENTS, 0),
};

static int read_offer(struct pvcfront *pf)
{
	struct xpv_device *dev = pf->dev;
	char *rest, *one;
	int err;

	memset(&pf->offer, 0, sizeof(pf->offer));
	err = xpv_store_read(dev, XPV_OTHER, offer_keys,
			     ARRAY_SIZE(offer_keys), &pf->offer);
	if (err)
		return err;
	rest = pf->offer.versions;
	while ((one = strsep(&rest, ",")))
		if (!strcmp(strim(one), VERSION))
			return 0;
	return xpv_device_fail(dev, -EPROTONOSUPPORT,
			       "%s/versions: no " VERSION " among them",
			       dev->otherend);
}

/* The largest command ring that there is memory for. */
static int open_command_ring(struct pvcfront *pf)
{
	unsigned int order = min_t(unsigned int, pf->offer.command_order,
				   PVCFRONT_MAX_COMMAND_ORDER);
	int err;

	do
		err = xpv_ring_grant(&pf->mem, pf->dev, order);
	while (err && order--);
	if (err)
		return err;
	xpv_front_ring_init(&pf->ring, pf->mem.mem,
			    pf->mem.nr * XEN_PAGE_SIZE, XPV_PVCALLS_SLOT);
	err = xpv_evtchn_alloc(pf->dev, &pf->ch, pvcfront_event, pf, 0);
	if (err) {
		xpv_ring_revoke(&pf->mem);
		return err;
	}
	pvcfront_commands_init(pf);
	return 0;
}

static void put_ring(const struct pvcfront *pf, struct xpv_txn *txn)
{
	char key[32];
	unsigned int i;

	if (pf->mem.nr == 1) {
		xpv_txn_put(txn, XPV_PVCALLS_RING_REF, "%u", pf->mem.refs[0]);
		xpv_txn_drop(txn, XPV_PVCALLS_RING_ORDER);
		return;
	}
	xpv_txn_put(txn, XPV_PVCALLS_RING_ORDER, "%u", ilog2(pf->mem.nr));
	for (i = 0; i < pf->mem.nr; i++) {
		snprintf(key, sizeof(key), XPV_PVCALLS_RING_REF "%u", i);
		xpv_txn_put(txn, key, "%u", pf->mem.refs[i]);
	}
}

/* What changes the meaning of what stock backends do has to be asked for. */
static void put_wish(struct xpv_txn *txn, const char *key, bool wish)
{
	if (wish)
		xpv_txn_put(txn, key, "1");
	else
		xpv_txn_drop(txn, key);
}

/**
 * pvcfront_publish() - offer the command ring to the backend
 * @dev: the device
 * @txn: where its keys go
 *
 * Return: 0 or a negative errno.
 */
int pvcfront_publish(struct xpv_device *dev, struct xpv_txn *txn)
{
	struct pvcfront *pf = dev->priv;
	int err;

	err = read_offer(pf);
	if (err)
		return err;
	if (!pf->mem.mem)
		err = open_command_ring(pf);
	if (err)
		return xpv_device_fail(dev, err, "cannot open a command ring");
	xpv_txn_put(txn, XPV_PVCALLS_VERSION, VERSION);
	put_ring(pf, txn);
	xpv_txn_put(txn, XPV_PVCALLS_PORT, "%u", pf->ch.port);
	put_wish(txn, XPV_PVCALLS_REQUEST_KEPT_RINGS, pf->offer.kept_rings);
	put_wish(txn, XPV_PVCALLS_REQUEST_RING_EVENTS, pf->offer.events);
	return 0;
}

/**
 * pvcfront_connect_device() - the backend took the command ring
 * @dev: the device
 *
 * It has nothing more to tell.
 *
 * Return: 0.
 */
int pvcfront_connect_device(struct xpv_device *dev)
{
	return 0;
}

/**
 * pvcfront_connected() - both ends are Connected: sockets can be had
 * @dev: the device
 */
void pvcfront_connected(struct xpv_device *dev)
{
	struct pvcfront *pf = dev->priv;

	spin_lock_irq(&pf->lock);
	pf->connected = true;
	spin_unlock_irq(&pf->lock);
	pvcfront_stir();
}

/**
 * pvcfront_is_served() - whether the backend still has the command ring
 * @dev: the device, connected
 */
bool pvcfront_is_served(struct xpv_device *dev)
{
	struct pvcfront *pf = dev->priv;

	return xpv_evtchn_has_peer(&pf->ch);
}

/**
 * pvcfront_owes() - whether something waits for the backend's answer
 * @dev: the device, connected
 * @answers: set to how many it has given
 *
 * Who connects or accepts waits for others than the backend.
 */
bool pvcfront_owes(struct xpv_device *dev, u32 *answers)
{
	struct pvcfront *pf = dev->priv;
	bool owes;

	*answers = 0;
	xpv_front_ring_owed(&pf->ring, answers);
	spin_lock_irq(&pf->lock);
	owes = pvcfront_prompt_out(pf);
	spin_unlock_irq(&pf->lock);
	return owes;
}

/* The next end, with the list's reference. */
static struct pvcfront_end *take_end(struct pvcfront *pf)
{
	struct pvcfront_end *end;

	spin_lock_irq(&pf->lock);
	end = list_first_entry_or_null(&pf->ends, struct pvcfront_end, link);
	if (end) {
		list_del_init(&end->link);
		pf->nr_ends--;
	}
	spin_unlock_irq(&pf->lock);
	return end;
}

/**
 * pvcfront_disconnect() - the backend is gone or going
 * @dev: the device
 *
 * So are its sockets, and whoever waits on them is told. The order matters: no
 * new request, no answer, no request, no end, no ring.
 */
void pvcfront_disconnect(struct xpv_device *dev)
{
	struct pvcfront *pf = dev->priv;
	struct pvcfront_end *end;

	spin_lock_irq(&pf->lock);
	pf->connected = false;
	spin_unlock_irq(&pf->lock);
	if (!pf->mem.mem)
		return;
	xpv_evtchn_close(&pf->ch);
	pvcfront_commands_lose(pf);
	pvcfront_rings_quiet(pf);
	while ((end = take_end(pf))) {
		pvcfront_end_lose(end);
		pvcfront_end_put(end);
	}
	if (cancel_delayed_work_sync(&pf->drain))
		pvcfront_put(pf);
	pvcfront_rings_close(pf);
	xpv_ring_revoke(&pf->mem);
}
