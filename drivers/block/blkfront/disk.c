// SPDX-License-Identifier: GPL-2.0
/*
 * The disk that users see: its number, its limits, who has it open, how it
 * comes and goes.
 *
 * Made, changed and taken away in the device's lane. Showing it to users reads
 * its partition table from the backend, which may have gone by then: that is
 * a work of its own, so that the lane can go on.
 */
#include <linux/cdrom.h>
#include <linux/hdreg.h>
#include <linux/log2.h>
#include <linux/major.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sizes.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <xen/page.h>
#include "blkfront.h"

/* How long a disk that goes waits for what is still out. */
#define GIVE_UP_AFTER	(3 * HZ)

/* When to look again whether a disk is in use that somebody just holds. */
#define LOOK_AGAIN_AFTER	(HZ / 10)

/* Protects the list of devices that have numbers. */
static DEFINE_MUTEX(numbers_lock);
static LIST_HEAD(numbers);

static bool overlap(const struct blkfront_vdev *a,
		    const struct blkfront_vdev *b)
{
	return a->minor < b->minor + b->minors &&
	       b->minor < a->minor + a->minors;
}

/* Take the device's numbers; an extended and a plain disk may clash. */
static int numbers_reserve(struct blkfront *bf)
{
	struct blkfront *other;

	mutex_lock(&numbers_lock);
	list_for_each_entry(other, &numbers, link)
		if (overlap(&bf->vdev, &other->vdev))
			goto taken;
	list_add(&bf->link, &numbers);
	mutex_unlock(&numbers_lock);
	return 0;

taken:
	mutex_unlock(&numbers_lock);
	return xpv_device_fail(bf->dev, -EBUSY, "%s: %s has its minor numbers",
			       bf->vdev.name, other->vdev.name);
}

static void numbers_release(struct blkfront *bf)
{
	mutex_lock(&numbers_lock);
	list_del_init(&bf->link);
	mutex_unlock(&numbers_lock);
}

static int disk_open(struct gendisk *disk, blk_mode_t mode)
{
	struct blkfront *bf = disk->private_data;

	return bf->going ? -ENXIO : 0;
}

static void disk_release(struct gendisk *disk)
{
	struct blkfront *bf = disk->private_data;

	if (READ_ONCE(bf->leave) && !disk_openers(disk))
		xpv_device_kick(bf->dev);
}

COMPAT_DISK_OPS(disk_open, disk_release);

/* What fdisk used to ask: any geometry that has as many sectors. */
static int disk_getgeo(struct block_device *bdev, struct hd_geometry *geo)
{
	sector_t cylinders = get_capacity(bdev->bd_disk);

	geo->heads = 255;
	geo->sectors = 63;
	sector_div(cylinders, geo->heads * geo->sectors);
	geo->cylinders = min_t(sector_t, cylinders, U16_MAX);
	return 0;
}

/* As much of a CD drive as lets a guest mount what is in it. */
static int disk_ioctl(struct block_device *bdev, blk_mode_t mode,
		      unsigned int cmd, unsigned long arg)
{
	struct blkfront *bf = bdev->bd_disk->private_data;

	switch (cmd) {
	case CDROMMULTISESSION:
		if (clear_user((void __user *)arg,
			       sizeof(struct cdrom_multisession)))
			return -EFAULT;
		return 0;
	case CDROM_GET_CAPABILITY:
		return bf->keys.info & VDISK_CDROM ? 0 : -EINVAL;
	default:
		return -ENOTTY;
	}
}

COMPAT_DISK_IOCTL(disk_ioctl);

/* The disk's last user is gone, possibly long after the device. */
static void disk_free(struct gendisk *disk)
{
	blkfront_put(disk->private_data);
}

static const struct block_device_operations disk_ops = {
	.owner = THIS_MODULE,
	.open = COMPAT_DISK_OPEN(disk_open),
	.release = COMPAT_DISK_RELEASE(disk_release),
	.getgeo = disk_getgeo,
	.ioctl = COMPAT_DISK_IOCTL_FN(disk_ioctl),
	.compat_ioctl = blkdev_compat_ptr_ioctl,
	.free_disk = disk_free,
};

static unsigned int physical_size(const struct blkfront *bf)
{
	unsigned int size = bf->keys.physical_sector_size;

	if (size < bf->sector_size || size > SZ_1M || !is_power_of_2(size))
		return bf->sector_size;
	return size;
}

static void discard_limits(const struct blkfront *bf, struct queue_limits *lim)
{
	unsigned int unit = bf->keys.discard_granularity;
	unsigned int offset = bf->keys.discard_alignment;

	lim->max_hw_discard_sectors = 0;
	lim->max_secure_erase_sectors = 0;
	lim->discard_granularity = 0;
	lim->discard_alignment = 0;
	if (!test_bit(BLKFRONT_CAN_DISCARD, &bf->can))
		return;
	if (unit < bf->sector_size || !IS_ALIGNED(unit, SECTOR_SIZE))
		unit = physical_size(bf);
	lim->max_hw_discard_sectors = UINT_MAX >> SECTOR_SHIFT;
	if (test_bit(BLKFRONT_CAN_SECURE, &bf->can))
		lim->max_secure_erase_sectors = UINT_MAX >> SECTOR_SHIFT;
	lim->discard_granularity = unit;
	lim->discard_alignment = offset < unit ? offset : 0;
}

/*
 * Never FUA: a barrier orders a write but does not promise that it is on the
 * disk, so the block layer flushes after it.
 */
static blk_features_t disk_limits(struct blkfront *bf,
				  struct queue_limits *lim)
{
	unsigned int segs = bf->rings[0].max_segs;

	lim->logical_block_size = bf->sector_size;
	lim->physical_block_size = physical_size(bf);
	lim->max_segments = segs;
	lim->max_hw_sectors = segs * (XEN_PAGE_SIZE >> SECTOR_SHIFT);
	lim->max_segment_size = XEN_PAGE_SIZE;
	lim->seg_boundary_mask = XEN_PAGE_SIZE - 1;
	/* Lent pages carry whole blocks: never after "anywhere", see is_copied(). */
	lim->dma_alignment = (bf->rings[0].bounce ? SECTOR_SIZE :
			      bf->sector_size) - 1;
	discard_limits(bf, lim);

	if (test_bit(BLKFRONT_CAN_FLUSH, &bf->can) ||
	    test_bit(BLKFRONT_CAN_BARRIER, &bf->can))
		return BLK_FEAT_WRITE_CACHE;
	return 0;
}

/*
 * Without draining the queue: requests may be waiting for this very
 * connection. What was made for the old limits is split when it is put.
 */
static void limits_commit(struct blkfront *bf, struct queue_limits *lim)
{
	blk_features_t feat = disk_limits(bf, lim);
	int err = compat_limits_commit_live(bf->disk->queue, lim, feat);

	if (err)
		xpv_warn(bf->dev, "%s: cannot set limits: error %d\n",
			 bf->vdev.name, err);
}

static void limits_work(struct work_struct *work)
{
	struct blkfront *bf = container_of(work, struct blkfront, limits);
	struct queue_limits lim = compat_limits_start_live(bf->disk->queue);

	limits_commit(bf, &lim);
}

/*
 * A user who changes limits just now may be waiting for requests that wait for
 * this very connection. Then it is done when that user is through.
 */
static void limits_apply(struct blkfront *bf)
{
	struct queue_limits lim;

	if (compat_limits_try_live(bf->disk->queue, &lim))
		limits_commit(bf, &lim);
	else
		queue_work(blkfront_slow_queue, &bf->limits);
}

static void add_work(struct work_struct *work)
{
	struct blkfront *bf = container_of(work, struct blkfront, add);
	int err;

	err = device_add_disk(xpv_device_parent(bf->dev), bf->disk,
			      blkfront_disk_groups);
	if (err)
		xpv_device_fail(bf->dev, err, "cannot add disk %s",
				bf->vdev.name);
	bf->added = !err;
	atomic_set_release(&bf->adding, 0);
	xpv_device_kick(bf->dev);
}

static void look_again_work(struct work_struct *work)
{
	xpv_device_kick(container_of(to_delayed_work(work), struct blkfront,
				     look_again)->dev);
}

static void give_up_work(struct work_struct *work)
{
	struct blkfront *bf = container_of(to_delayed_work(work),
					   struct blkfront, give_up);

	xpv_warn(bf->dev, "%s: backend does not answer, what was asked fails\n",
		 bf->vdev.name);
	blkfront_fail_all(bf);
}

/**
 * blkfront_disk_init() - set up the parts that last as long as the device
 * @bf: the device
 */
void blkfront_disk_init(struct blkfront *bf)
{
	INIT_LIST_HEAD(&bf->link);
	INIT_WORK(&bf->add, add_work);
	INIT_WORK(&bf->limits, limits_work);
	INIT_DELAYED_WORK(&bf->look_again, look_again_work);
	INIT_DELAYED_WORK(&bf->give_up, give_up_work);
}

/*
 * No scheduler unless the user wants one: the backend's domain has one for the
 * real disk.
 */
static int tags_alloc(struct blkfront *bf)
{
	bf->nr_queues = bf->nr_rings;
	bf->nr_poll_queues = bf->nr_polled;
	memset(&bf->tags, 0, sizeof(bf->tags));
	bf->tags.ops = &blkfront_mq_ops;
	bf->tags.nr_hw_queues = bf->nr_queues;
	bf->tags.nr_maps = bf->nr_poll_queues ? HCTX_MAX_TYPES : 1;
	bf->tags.queue_depth = bf->rings[0].ring.nr;
	bf->tags.numa_node = NUMA_NO_NODE;
	bf->tags.cmd_size = sizeof(struct blkfront_cmd);
	bf->tags.flags = BLK_MQ_F_SHOULD_MERGE | BLK_MQ_F_NO_SCHED_BY_DEFAULT;
	bf->tags.driver_data = bf;
	return blk_mq_alloc_tag_set(&bf->tags);
}

static void disk_describe(struct blkfront *bf, struct gendisk *disk)
{
	disk->major = XENVBD_MAJOR;
	disk->first_minor = bf->vdev.minor;
	disk->minors = bf->vdev.minors;
	strscpy(disk->disk_name, bf->vdev.name, DISK_NAME_LEN);
	disk->fops = &disk_ops;
	disk->private_data = bf;
	if (bf->keys.info & VDISK_REMOVABLE)
		disk->flags |= GENHD_FL_REMOVABLE;
	set_disk_ro(disk, bf->keys.info & VDISK_READONLY);
	set_capacity(disk, bf->keys.sectors);
}

/**
 * blkfront_disk_create() - make the disk
 * @bf: a device without one, its backend's keys read and its rings prepared
 *
 * Return: 0 or a negative errno.
 */
int blkfront_disk_create(struct blkfront *bf)
{
	struct queue_limits lim = {};
	struct gendisk *disk;
	blk_features_t feat;
	int err;

	err = numbers_reserve(bf);
	if (err)
		return err;
	err = xpv_fault(bf->dev, "tags") ? -ENOMEM : tags_alloc(bf);
	if (err)
		goto err_numbers;
	bf->sector_size = bf->keys.sector_size;
	blkfront_serial_read(bf, bf->serial);
	feat = disk_limits(bf, &lim);
	disk = xpv_fault(bf->dev, "a disk") ? ERR_PTR(-ENOMEM) :
	       compat_blk_mq_alloc_disk(&bf->tags, &lim, feat, bf);
	if (IS_ERR(disk)) {
		err = PTR_ERR(disk);
		goto err_tags;
	}
	disk_describe(bf, disk);
	blkfront_get(bf);
	bf->disk = disk;
	return 0;

err_tags:
	blk_mq_free_tag_set(&bf->tags);
err_numbers:
	numbers_release(bf);
	return err;
}

/**
 * blkfront_disk_update() - bring the disk in line with a new backend
 * @bf: a device with a disk, its backend's keys read and its rings prepared
 *
 * Return: 0; -EINVAL if the new disk cannot take the old one's place.
 */
int blkfront_disk_update(struct blkfront *bf)
{
	char serial[BLKFRONT_SERIAL_LEN];

	if (bf->keys.sector_size > bf->sector_size)
		return xpv_device_fail(bf->dev, -EINVAL,
				       "%s/sector-size went from %u to %u under a disk in use",
				       bf->dev->otherend, bf->sector_size,
				       bf->keys.sector_size);
	blkfront_serial_read(bf, serial);
	if (serial[0] && bf->serial[0] && strcmp(serial, bf->serial))
		return xpv_device_fail(bf->dev, -EINVAL,
				       "%s/serial went from %s to %s under a disk in use",
				       bf->dev->otherend, bf->serial, serial);
	limits_apply(bf);
	set_disk_ro(bf->disk, bf->keys.info & VDISK_READONLY);
	set_capacity_and_notify(bf->disk, bf->keys.sectors);
	return 0;
}

/**
 * blkfront_disk_show() - let users see the disk, unless they do already
 * @bf: a device whose rings are started
 */
void blkfront_disk_show(struct blkfront *bf)
{
	if (atomic_read_acquire(&bf->adding) || bf->added)
		return;
	atomic_set(&bf->adding, 1);
	queue_work(blkfront_slow_queue, &bf->add);
}

/**
 * blkfront_disk_half_made() - whether the disk never came to be seen
 * @bf: the device
 *
 * Its first connection ended before, or it could not be added.
 */
bool blkfront_disk_half_made(struct blkfront *bf)
{
	return bf->disk && !atomic_read_acquire(&bf->adding) && !bf->added;
}

/**
 * blkfront_disk_busy() - whether somebody uses the disk
 * @bf: the device
 *
 * If nobody does, nobody can begin to either. If somebody does, the lane is
 * kicked when the last one has closed.
 *
 * The disk's open_mutex is not waited for: whoever has it may be waiting for
 * the backend.
 */
bool blkfront_disk_busy(struct blkfront *bf)
{
	bool busy = true;

	if (!bf->disk || blkfront_disk_half_made(bf))
		return false;
	if (atomic_read_acquire(&bf->adding))
		return true;
	WRITE_ONCE(bf->leave, true);
	if (mutex_trylock(&bf->disk->open_mutex)) {
		busy = disk_openers(bf->disk);
		bf->going = !busy;
		mutex_unlock(&bf->disk->open_mutex);
	} else {
		queue_delayed_work(xpv_prompt_queue, &bf->look_again,
				   LOOK_AGAIN_AFTER);
	}
	return busy;
}

/* Users keep what they have open, but nothing they ask of it succeeds. */
static void disk_take_back(struct blkfront *bf)
{
	if (bf->aborted)
		blk_mark_disk_dead(bf->disk);
	queue_delayed_work(xpv_prompt_queue, &bf->give_up, GIVE_UP_AFTER);
	del_gendisk(bf->disk);
	cancel_delayed_work_sync(&bf->give_up);
}

/**
 * blkfront_disk_destroy() - take the disk away
 * @bf: the device; nothing happens if it has none
 *
 * Writes what is dirty, and waits for what is out, for a few seconds if the
 * backend is there and not at all if blkfront_fail_all() was called.
 */
void blkfront_disk_destroy(struct blkfront *bf)
{
	if (!bf->disk)
		return;
	cancel_delayed_work_sync(&bf->look_again);
	if (cancel_work_sync(&bf->add))
		atomic_set(&bf->adding, 0);
	if (bf->added)
		disk_take_back(bf);
	cancel_work_sync(&bf->limits);
	put_disk(bf->disk);
	blk_mq_free_tag_set(&bf->tags);
	numbers_release(bf);
	if (!bf->added)
		blkfront_put(bf);	/* no ->free_disk for such a disk */
	bf->disk = NULL;
	bf->added = false;
	bf->going = false;
	bf->leave = false;
}
