// SPDX-License-Identifier: GPL-2.0
/*
 * The disk that is served: opened when the hotplug script has said which it
 * is, described to the frontend, closed when the device is taken away. It may
 * be a file: see image.c.
 *
 * It stays open between two lives of the frontend, so that a loop device that
 * goes away with its last user does not. All of this runs in the lane.
 */
#include <linux/blkdev.h>
#include <linux/err.h>
#include <linux/kdev_t.h>
#include <linux/log2.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "blkback.h"

/*
 * Which disk, by the hotplug script's word. Return: 0; -EAGAIN while it has
 * not spoken; or why it cannot be understood, already reported.
 */
static int read_device(struct xpv_device *xdev, dev_t *dev)
{
	u32 major, minor;
	char *text;
	int err;

	text = xpv_store_text(xdev, XPV_OWN, "physical-device");
	if (IS_ERR(text))
		return PTR_ERR(text) == -ENOENT ? -EAGAIN :
			xpv_device_fail(xdev, PTR_ERR(text),
					"physical-device: cannot be read");
	err = -EAGAIN;
	if (!*text)
		goto out_free;
	err = blkif_parse_device(text, &major, &minor);
	if (err)
		xpv_device_fail(xdev, err,
				"physical-device: \"%.24s\" is no device number",
				text);
	else
		*dev = MKDEV(major, minor);

out_free:
	kfree(text);
	return err;
}

static int read_mode(struct xpv_device *xdev, bool *writable)
{
	char *mode = xpv_store_text(xdev, XPV_OWN, "mode");

	if (IS_ERR(mode))
		return xpv_device_fail(xdev, PTR_ERR(mode),
				       "mode: missing or unreadable");
	*writable = strchr(mode, 'w');
	kfree(mode);
	return 0;
}

/* The toolstack writes it to both ends; older ones to the frontend's only. */
static bool read_cdrom(struct xpv_device *xdev)
{
	char *type = xpv_store_text(xdev, XPV_OWN, "device-type");
	bool cdrom;

	if (IS_ERR(type))
		type = xpv_store_text(xdev, XPV_OTHER, "device-type");
	if (IS_ERR(type))
		return false;
	cdrom = !strcmp(type, "cdrom");
	kfree(type);
	return cdrom;
}

static int open_disk(struct blkback *be, dev_t dev, bool writable)
{
	blk_mode_t mode = BLK_OPEN_READ | (writable ? BLK_OPEN_WRITE : 0);
	struct blkback_vbd *vbd = &be->vbd;
	int err;

	/*
	 * Shared with whoever else has it: the hotplug script has decided
	 * whether that is allowed.
	 */
	err = compat_bdev_open_by_dev(&vbd->open, dev, mode, NULL);
	if (err)
		return xpv_device_fail(be->xdev, err == -EAGAIN ? -EIO : err,
				       "physical-device: cannot open %x:%x%s",
				       MAJOR(dev), MINOR(dev),
				       writable ? " for writing" : "");
	if (writable && bdev_read_only(vbd->open.bdev))
		xpv_warn(be->xdev, "%x:%x is read-only: offered as such\n",
			 MAJOR(dev), MINOR(dev));
	WRITE_ONCE(vbd->writable, writable);
	WRITE_ONCE(vbd->dev, dev);
	WRITE_ONCE(vbd->known, true);
	return 0;
}

/**
 * vbd_is_open() - whether a disk or a file is open
 * @vbd: the disk
 *
 * Context: the lane.
 */
bool vbd_is_open(const struct blkback_vbd *vbd)
{
	return vbd->open.bdev || vbd->image.file;
}

static int open_image(struct blkback *be)
{
	bool writable;
	int err;

	if (!image_is_named(be))
		return -EAGAIN;
	err = read_mode(be->xdev, &writable);
	return err ?: image_open(be, writable);
}

/**
 * vbd_open() - open the disk or file that is named, if it is not yet
 * @be: the device
 *
 * Opening may take as long as the disk does.
 *
 * Context: the lane; sleeps.
 * Return: 0; -EAGAIN while nothing is named; or an error, already reported.
 */
int vbd_open(struct blkback *be)
{
	struct blkback_vbd *vbd = &be->vbd;
	const char *step = be->xdev->lane.step;
	bool writable;
	dev_t dev;
	int err;

	err = read_device(be->xdev, &dev);
	if (err == -EAGAIN)
		return open_image(be);
	if (err)
		return err;
	err = read_mode(be->xdev, &writable);
	if (err)
		return err;
	if (vbd->open.bdev && vbd->dev == dev && vbd->writable == writable)
		return 0;

	vbd_close(vbd);
	xpv_lane_step(&be->xdev->lane, "opening the disk");
	err = open_disk(be, dev, writable);
	xpv_lane_step(&be->xdev->lane, step);
	return err;
}

static void report_change(struct blkback *be)
{
	struct blkback_vbd *vbd = &be->vbd;
	dev_t dev;

	if (vbd->image.file && image_is_other(be))
		xpv_err(be->xdev,
			"physical-device-path: cannot change from %s in use\n",
			vbd->image.path);
	if (vbd->open.bdev && !read_device(be->xdev, &dev) && dev != vbd->dev)
		xpv_err(be->xdev,
			"physical-device: cannot change from %x:%x to %x:%x in use\n",
			MAJOR(vbd->dev), MINOR(vbd->dev),
			MAJOR(dev), MINOR(dev));
}

/**
 * vbd_device_changed() - a key that names the disk was written
 * @be: the device
 *
 * Opens the disk as soon as its name is known. A running device keeps its
 * disk: exchanging it under a guest would corrupt what the guest has cached.
 *
 * Context: the lane; sleeps.
 */
void vbd_device_changed(struct blkback *be)
{
	if (vbd_is_open(&be->vbd)) {
		if (be->nr_rings)
			report_change(be);
		return;
	}
	if (be->xdev->state == XenbusStateInitWait)
		vbd_open(be);
}

static void disk_traits(const struct blkback_vbd *vbd,
			struct blkback_traits *traits)
{
	struct block_device *bdev = vbd->open.bdev;

	*traits = (struct blkback_traits) {
		.block = bdev_logical_block_size(bdev),
		.physical = bdev_physical_block_size(bdev),
		.cache = bdev_write_cache(bdev),
		.discard_offset = bdev_discard_alignment(bdev),
		.erases = bdev_max_secure_erase_sectors(bdev),
		.readonly = !vbd->writable || bdev_read_only(bdev),
		.removable = bdev->bd_disk->flags & GENHD_FL_REMOVABLE,
		.cdrom = disk_to_cdi(bdev->bd_disk),
	};
	if (bdev_max_discard_sectors(bdev))
		traits->discard_unit = bdev_discard_granularity(bdev);
}

/* What the disk or file is like, and the toolstack lets the guest use of that. */
static void get_traits(const struct blkback_vbd *vbd,
		       struct blkback_traits *traits)
{
	if (vbd->image.file)
		image_traits(&vbd->image, traits);
	else
		disk_traits(vbd, traits);
	if (!vbd->discard || traits->readonly)
		traits->discard_unit = 0;
	if (!traits->discard_unit)
		traits->erases = false;
}

static u64 vbd_sectors(const struct blkback_vbd *vbd)
{
	return vbd->image.file ? image_sectors(&vbd->image) :
				 bdev_nr_sectors(vbd->open.bdev);
}

/* The guest goes past this domain's page cache of a disk. */
static int write_out(struct blkback *be)
{
	struct blkback_vbd *vbd = &be->vbd;
	const char *step = be->xdev->lane.step;
	int err;

	xpv_lane_step(&be->xdev->lane, "writing out the page cache");
	err = sync_blockdev(vbd->open.bdev);
	xpv_lane_step(&be->xdev->lane, step);
	if (err)
		return xpv_device_fail(be->xdev, err,
				       "cannot write out the page cache of %x:%x",
				       MAJOR(vbd->dev), MINOR(vbd->dev));
	invalidate_bdev(vbd->open.bdev);
	return 0;
}

/**
 * vbd_settle() - make the open disk ready for a guest
 * @be: the device
 *
 * What is cached of a disk is written out and forgotten first. A file's page
 * cache is kept right by its file system.
 *
 * Context: the lane; sleeps as long as the disk writes.
 * Return: 0, or an error, already reported.
 */
int vbd_settle(struct blkback *be)
{
	struct blkback_vbd *vbd = &be->vbd;
	struct blkback_traits traits;

	vbd->discard = true;
	if (xpv_store_flag(be->xdev, XPV_OWN, "discard-enable", &vbd->discard))
		vbd->discard = false;
	get_traits(vbd, &traits);
	vbd->cdrom = read_cdrom(be->xdev) || traits.cdrom;
	vbd->unit = 0;
	if (be->front.large_sectors && READ_ONCE(blkback_large_sectors))
		vbd->unit = ilog2(min(traits.block, 4096U) /
				  BLKIF_SECTOR_SIZE);
	return vbd->open.bdev ? write_out(be) : 0;
}

/**
 * vbd_has_new_size() - whether the guest has not been told the disk's size
 * @vbd: the disk, open
 */
bool vbd_has_new_size(const struct blkback_vbd *vbd)
{
	return vbd_sectors(vbd) != READ_ONCE(vbd->told);
}

static int put_size(struct xpv_device *xdev, struct xpv_txn *txn)
{
	const struct blkback *be = xdev->priv;

	xpv_txn_put(txn, "sectors", "%llu", be->vbd.told >> be->vbd.unit);
	return 0;
}

/**
 * vbd_size_changed() - tell the guest its disk's size, if that is new
 * @be: the device
 *
 * Context: the lane; sleeps.
 */
void vbd_size_changed(struct blkback *be)
{
	struct blkback_vbd *vbd = &be->vbd;
	u64 before = vbd->told;
	int err;

	if (be->xdev->state != XenbusStateConnected || !be->nr_rings ||
	    !vbd_has_new_size(vbd))
		return;
	WRITE_ONCE(vbd->told, vbd_sectors(vbd));
	err = xpv_store_refire(be->xdev, put_size);
	if (!err) {
		xpv_info(be->xdev, "the disk now has %llu sectors\n", vbd->told);
		return;
	}
	/* Whoever compares next has it tried again. */
	WRITE_ONCE(vbd->told, before);
	xpv_err_ratelimited(be->xdev, "sectors: cannot be written (error %d)\n",
			    err);
}

/* Each run of a ring's worker asks, so this is short. */
static void disk_limits(const struct blkback_vbd *vbd,
			struct blkif_limits *limits)
{
	struct block_device *bdev = vbd->open.bdev;

	limits->block = bdev_logical_block_size(bdev) / BLKIF_SECTOR_SIZE;
	limits->readonly = !vbd->writable || bdev_read_only(bdev);
	limits->discard = vbd->discard && !limits->readonly &&
			  bdev_max_discard_sectors(bdev) &&
			  bdev_discard_granularity(bdev);
	limits->secure = limits->discard && bdev_max_secure_erase_sectors(bdev);
}

static void image_limits(const struct blkback_vbd *vbd,
			 struct blkif_limits *limits)
{
	struct blkback_traits traits;

	get_traits(vbd, &traits);
	limits->block = traits.block / BLKIF_SECTOR_SIZE;
	limits->readonly = traits.readonly;
	limits->discard = traits.discard_unit;
	limits->secure = traits.erases;
}

/**
 * vbd_limits() - what a device can be asked for at this moment
 * @be: the device, its disk open
 * @limits: filled
 *
 * Context: any.
 */
void vbd_limits(const struct blkback *be, struct blkif_limits *limits)
{
	const struct blkback_vbd *vbd = &be->vbd;

	limits->capacity = vbd_sectors(vbd);
	limits->max_indirect = be->caps.indirect;
	limits->unit = vbd->unit;
	if (vbd->image.file)
		image_limits(vbd, limits);
	else
		disk_limits(vbd, limits);
}

static unsigned int vbd_info(const struct blkback_vbd *vbd,
			     const struct blkback_traits *traits)
{
	unsigned int info = 0;

	if (vbd->cdrom)
		info |= BLKIF_INFO_CDROM;
	if (traits->removable)
		info |= BLKIF_INFO_REMOVABLE;
	if (traits->readonly)
		info |= BLKIF_INFO_READONLY;
	return info;
}

/**
 * vbd_describe() - put the disk's keys into the store
 * @xdev: the device
 * @txn: the transaction that says Connected
 *
 * "sectors" counts 512 bytes, whatever the disk's block is, and so do the
 * requests; but see the large_sectors parameter. "sector-size" is the logical
 * block, to which requests must be aligned: 512 for nearly every disk,
 * 4096-byte physical blocks or not, and some frontends know no other. A disk
 * that can do no less than 4096 has to say so; claiming 512 would promise
 * requests that it cannot carry out.
 *
 * Context: the lane.
 * Return: 0.
 */
int vbd_describe(struct xpv_device *xdev, struct xpv_txn *txn)
{
	struct blkback *be = xdev->priv;
	struct blkback_vbd *vbd = &be->vbd;
	struct blkback_traits traits;

	get_traits(vbd, &traits);
	WRITE_ONCE(vbd->told, vbd_sectors(vbd));
	put_size(xdev, txn);
	xpv_txn_put(txn, "info", "%u", vbd_info(vbd, &traits));
	xpv_txn_put(txn, "sector-size", "%u", traits.block);
	xpv_txn_put(txn, "physical-sector-size", "%u", traits.physical);
	/* Both are carried out in any case; without a cache neither is needed. */
	xpv_txn_put(txn, "feature-flush-cache", "%d", traits.cache);
	xpv_txn_put(txn, "feature-barrier", "%d", traits.cache);
	xpv_txn_put(txn, "feature-discard", "%d", !!traits.discard_unit);
	if (!traits.discard_unit)
		return 0;
	xpv_txn_put(txn, "discard-granularity", "%u", traits.discard_unit);
	xpv_txn_put(txn, "discard-alignment", "%u", traits.discard_offset);
	xpv_txn_put(txn, "discard-secure", "%d", traits.erases);
	return 0;
}

/**
 * vbd_close() - close the disk, if it is open
 * @vbd: the disk
 *
 * When it returns the disk can be detached by its owner. What others in this
 * domain have cached of it meanwhile may be older than what the guest wrote,
 * and is forgotten.
 *
 * Context: the lane; sleeps.
 */
void vbd_close(struct blkback_vbd *vbd)
{
	WRITE_ONCE(vbd->known, false);
	WRITE_ONCE(vbd->dev, 0);
	image_close(&vbd->image);
	if (vbd->open.bdev)
		invalidate_bdev(vbd->open.bdev);
	compat_bdev_close(&vbd->open);
}
