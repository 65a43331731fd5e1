// SPDX-License-Identifier: GPL-2.0
/*
 * A connection: what we tell the backend, what it tells us, and how requests
 * begin and cease to pass. All of it runs in the device's lane.
 */
#include <linux/bits.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/minmax.h>
#include <linux/rcupdate.h>
#include <xen/interface/io/protocols.h>
#include <xen/page.h>
#include <xpv/store.h>
#include "blkfront.h"

/* The largest capacity whose size in bytes fits a loff_t. */
#define SECTORS_MAX	BIT_ULL(54)

static const struct xpv_key backend_keys[] = {
	XPV_NEED_ULL(blkfront_keys, sectors, "sectors", 0, SECTORS_MAX),
	XPV_NEED_UINT(blkfront_keys, info, "info", 0, U32_MAX),
	XPV_NEED_UINT(blkfront_keys, sector_size, "sector-size", 512,
		      XEN_PAGE_SIZE),
	XPV_MAY_UINT(blkfront_keys, physical_sector_size,
		     "physical-sector-size", 0, U32_MAX, 0),
	XPV_MAY_FLAG(blkfront_keys, barrier, "feature-barrier", 0),
	XPV_MAY_FLAG(blkfront_keys, flush, "feature-flush-cache", 0),
	XPV_MAY_FLAG(blkfront_keys, discard, "feature-discard", 0),
	XPV_MAY_UINT(blkfront_keys, discard_granularity,
		     "discard-granularity", 0, U32_MAX, 0),
	XPV_MAY_UINT(blkfront_keys, discard_alignment, "discard-alignment", 0,
		     U32_MAX, 0),
	XPV_MAY_FLAG(blkfront_keys, secure, "discard-secure", 0),
	XPV_MAY_UINT(blkfront_keys, indirect, "feature-max-indirect-segments",
		     0, U32_MAX, 0),
	XPV_MAY_FLAG(blkfront_keys, persistent, "feature-persistent", 0),
};

/* What may change while we are connected. */
static const struct xpv_key size_keys[] = {
	XPV_NEED_ULL(blkfront_keys, sectors, "sectors", 0, SECTORS_MAX),
};

struct offer {
	unsigned int max_order;
	unsigned int max_queues;
};

static const struct xpv_key offer_keys[] = {
	XPV_MAY_UINT(offer, max_order, "max-ring-page-order", 0, U32_MAX, 0),
	XPV_MAY_UINT(offer, max_queues, "multi-queue-max-queues", 0, U32_MAX,
		     1),
};

/*
 * A ring-page-order, even 0, means that references are numbered; so at order
 * 0 there is none. A ring's own keys are in @dir.
 */
static void put_ring(const struct blkfront_ring *ring, const char *dir,
		     bool numbered, struct xpv_txn *txn)
{
	char key[40];
	unsigned int i;

	for (i = 0; i < ring->mem.nr; i++) {
		if (numbered)
			snprintf(key, sizeof(key), "%sring-ref%u", dir, i);
		else
			snprintf(key, sizeof(key), "%sring-ref", dir);
		xpv_txn_put(txn, key, "%u", ring->mem.refs[i]);
	}
	snprintf(key, sizeof(key), "%sevent-channel", dir);
	xpv_txn_put(txn, key, "%u", ring->ch.port);
}

/*
 * An earlier driver of this device, or an earlier life, may have left keys
 * that speak of more than we do: they would make the backend wait for queues
 * that are not there, or take the wrong ones.
 */
static void put_rings(const struct blkfront *bf, struct xpv_txn *txn)
{
	bool numbered = bf->rings[0].mem.nr > 1;
	unsigned int i;
	char dir[20];

	if (numbered)
		xpv_txn_put(txn, "ring-page-order", "%u",
			    ilog2(bf->rings[0].mem.nr));
	else
		xpv_txn_drop(txn, "ring-page-order");
	if (bf->nr_rings == 1) {
		xpv_txn_drop(txn, "multi-queue-num-queues");
		if (numbered)
			xpv_txn_drop(txn, "ring-ref");
		put_ring(&bf->rings[0], "", numbered, txn);
		return;
	}
	xpv_txn_drop(txn, "ring-ref");
	xpv_txn_drop(txn, "event-channel");
	xpv_txn_put(txn, "multi-queue-num-queues", "%u", bf->nr_rings);
	for (i = 0; i < bf->nr_rings; i++) {
		snprintf(dir, sizeof(dir), "queue-%u/", i);
		put_ring(&bf->rings[i], dir, numbered, txn);
	}
}

/*
 * All rings are of one size, since the backend is told only one: the largest
 * that there is memory for.
 */
static int open_rings(struct blkfront *bf, unsigned int order)
{
	unsigned int i;
	int err;

	for (;;) {
		err = 0;
		for (i = 0; i < bf->nr_rings && !err; i++)
			err = blkfront_ring_open(&bf->rings[i], order);
		if (!err || !order)
			return err;
		for (i = 0; i < bf->nr_rings; i++)
			xpv_ring_revoke(&bf->rings[i].mem);
		order--;
	}
}

/**
 * blkfront_publish() - offer rings to the backend
 * @dev: the device
 * @txn: where its keys go
 *
 * Return: 0 or a negative errno.
 */
int blkfront_publish(struct xpv_device *dev, struct xpv_txn *txn)
{
	struct blkfront *bf = dev->priv;
	struct offer offer;
	int err;

	err = xpv_store_read(dev, XPV_OTHER, offer_keys,
			     ARRAY_SIZE(offer_keys), &offer);
	if (err)
		return err;
	if (!bf->nr_rings) {
		bf->nr_rings = clamp(offer.max_queues, 1U, bf->max_rings);
		bf->nr_polled = min(bf->max_polled, bf->nr_rings - 1);
		err = open_rings(bf, min(offer.max_order, bf->order));
	}
	if (err)
		return xpv_device_fail(dev, err, "cannot open %u rings",
				       bf->nr_rings);
	put_rings(bf, txn);
	xpv_txn_put(txn, "protocol", "%s", XEN_IO_PROTO_ABI_NATIVE);
	xpv_txn_put(txn, "feature-persistent", "%u", bf->persistent);
	if (bf->large_sectors)
		xpv_txn_put(txn, "feature-large-sector-size", "1");
	else
		xpv_txn_drop(txn, "feature-large-sector-size");
	return 0;
}

/* What the backend counts in, as a power of two of 512 bytes. */
static unsigned int unit_of(const struct blkfront *bf)
{
	return bf->large_sectors ? ilog2(bf->keys.sector_size / SECTOR_SIZE) : 0;
}

static int take_size(struct blkfront *bf)
{
	unsigned int unit = unit_of(bf);

	if (bf->keys.sectors > SECTORS_MAX >> unit)
		return xpv_device_fail(bf->dev, -EINVAL,
				       "%s/sectors: %llu of %u bytes are too many",
				       bf->dev->otherend, bf->keys.sectors,
				       bf->keys.sector_size);
	bf->keys.sectors <<= unit;
	return 0;
}

static int read_backend(struct blkfront *bf)
{
	struct xpv_device *dev = bf->dev;
	int err;

	err = xpv_store_read(dev, XPV_OTHER, backend_keys,
			     ARRAY_SIZE(backend_keys), &bf->keys);
	if (err)
		return err;
	if (!is_power_of_2(bf->keys.sector_size))
		return xpv_device_fail(dev, -EINVAL,
				       "%s/sector-size: %u is no power of two",
				       dev->otherend, bf->keys.sector_size);
	err = take_size(bf);
	if (err)
		return err;
	assign_bit(BLKFRONT_CAN_FLUSH, &bf->can, bf->keys.flush);
	assign_bit(BLKFRONT_CAN_BARRIER, &bf->can, bf->keys.barrier);
	assign_bit(BLKFRONT_CAN_DISCARD, &bf->can, bf->keys.discard);
	assign_bit(BLKFRONT_CAN_SECURE, &bf->can,
		   bf->keys.discard && bf->keys.secure);
	clear_bit(BLKFRONT_DISCARD_WORKED, &bf->can);
	return 0;
}

/*
 * A request that the disk was given is put whole, in however many parts: a ring
 * on which it can never have room must not be waited for.
 */
static int check_room(struct blkfront *bf, unsigned int segs)
{
	unsigned int slots = bf->rings[0].ring.nr;

	if (bf->segs / segs < slots)
		return 0;
	return xpv_device_fail(bf->dev, -EINVAL,
			       "%s takes %u requests of %u segments, too little for a disk whose requests have up to %u",
			       bf->dev->otherend, slots, segs, bf->segs);
}

/*
 * Data that is copied may lie anywhere; data that is lent has to lie so that
 * each page carries whole blocks. Users were told which, and some, stacked on
 * the disk, never ask again: what could lie anywhere goes on being copied.
 */
static bool is_copied(const struct blkfront *bf)
{
	if (!bf->trusted || (bf->persistent && bf->keys.persistent))
		return true;
	return bf->disk && bf->copied && bf->sector_size > SECTOR_SIZE;
}

static int prepare_rings(struct blkfront *bf)
{
	unsigned int segs = min(bf->keys.indirect, bf->max_segs);
	unsigned int i;
	int err;

	segs = max(segs, BLKFRONT_DIRECT_SEGS);
	bf->copied = is_copied(bf);
	bf->segs = bf->disk ? max(bf->segs, segs) : segs;
	err = check_room(bf, segs);
	for (i = 0; i < bf->nr_rings && !err; i++)
		err = blkfront_ring_prepare(&bf->rings[i], segs, unit_of(bf),
					    bf->copied,
					    i >= bf->nr_rings - bf->nr_polled);
	return err;
}

/**
 * blkfront_connect() - the backend is there: see what it is
 * @dev: the device
 *
 * Return: 0 or a negative errno.
 */
int blkfront_connect(struct xpv_device *dev)
{
	struct blkfront *bf = dev->priv;
	int err;

	err = read_backend(bf);
	if (!err)
		err = prepare_rings(bf);
	if (err)
		return err;
	if (blkfront_disk_half_made(bf))
		blkfront_disk_destroy(bf);
	if (bf->disk) {
		blkfront_queue_map(bf);
		return blkfront_disk_update(bf);
	}
	return blkfront_disk_create(bf);
}

/**
 * blkfront_connected() - both ends are Connected: requests may pass
 * @dev: the device
 *
 * Rings that only an earlier connection had are started too: requests that
 * stopped there go on elsewhere.
 */
void blkfront_connected(struct xpv_device *dev)
{
	struct blkfront *bf = dev->priv;
	unsigned int i;

	blkfront_queue_spread(bf);
	for (i = 0; i < bf->max_rings; i++) {
		blkfront_ring_revive(&bf->rings[i]);
		blkfront_ring_start(&bf->rings[i]);
	}
	blkfront_disk_show(bf);
}

/**
 * blkfront_refresh() - the backend wrote its state again: the size changed
 * @dev: the device
 */
void blkfront_refresh(struct xpv_device *dev)
{
	struct blkfront *bf = dev->priv;

	if (!xpv_store_read(dev, XPV_OTHER, size_keys, ARRAY_SIZE(size_keys),
			    &bf->keys) && !take_size(bf))
		set_capacity_and_notify(bf->disk, bf->keys.sectors);
}

/**
 * blkfront_disconnect() - the backend is gone or going
 * @dev: the device
 *
 * The disk stays, and what was asked of it waits, which is why the grace period is a
 * quick one.
 */
void blkfront_disconnect(struct xpv_device *dev)
{
	struct blkfront *bf = dev->priv;
	bool passing = false;
	unsigned int i;

	for (i = 0; i < bf->max_rings; i++)
		passing |= blkfront_ring_halt(&bf->rings[i]);
	if (passing)
		synchronize_rcu_expedited();	/* pairs with queue_rq() */
	for (i = 0; i < bf->max_rings; i++)
		blkfront_ring_stop(&bf->rings[i]);
	bf->nr_rings = 0;
}

/**
 * blkfront_is_served() - whether the backend still has the rings
 * @dev: the device, connected
 */
bool blkfront_is_served(struct xpv_device *dev)
{
	struct blkfront *bf = dev->priv;
	bool served = true;
	unsigned int i;

	for (i = 0; i < bf->nr_rings; i++)
		served &= xpv_evtchn_has_peer(&bf->rings[i].ch);
	return served;
}

/**
 * blkfront_owes() - whether requests wait for the backend's answer
 * @dev: the device, connected
 * @answers: set to how many it has given
 */
bool blkfront_owes(struct xpv_device *dev, u32 *answers)
{
	struct blkfront *bf = dev->priv;
	u32 owed = 0;
	unsigned int i;

	*answers = 0;
	for (i = 0; i < bf->nr_rings; i++)
		owed |= xpv_front_ring_owed(&bf->rings[i].ring, answers);
	return owed;
}

/**
 * blkfront_no_backend() - no backend is expected soon
 * @dev: the device, disconnected
 *
 * What waits for one fails, and what is asked until there is one.
 */
void blkfront_no_backend(struct xpv_device *dev)
{
	blkfront_fail_all(dev->priv);
}
