/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Block layer differences: opening a device, a disk's limits, its operations.
 *
 * A driver that uses these helpers reads like one for the newest kernel:
 * modes are BLK_OPEN_*, limits are a struct queue_limits with BLK_FEAT_*
 * features beside it, and disk operations take the disk.
 */
#ifndef COMPAT_BLOCK_H
#define COMPAT_BLOCK_H

#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include <linux/build_bug.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/mutex.h>

#include <compat/compat.h>

#ifndef HAVE_BLK_MODE_T
/* How a block device is opened, once a part of fmode_t. */
typedef unsigned int __bitwise blk_mode_t;

#define BLK_OPEN_READ		((__force blk_mode_t)(1 << 0))
#define BLK_OPEN_WRITE		((__force blk_mode_t)(1 << 1))
#define BLK_OPEN_EXCL		((__force blk_mode_t)(1 << 2))
#define BLK_OPEN_NDELAY		((__force blk_mode_t)(1 << 3))
#define BLK_OPEN_WRITE_IOCTL	((__force blk_mode_t)(1 << 4))

static inline fmode_t compat_fmode(blk_mode_t mode)
{
	fmode_t fmode = 0;

	if (mode & BLK_OPEN_READ)
		fmode |= FMODE_READ;
	if (mode & BLK_OPEN_WRITE)
		fmode |= FMODE_WRITE;
	if (mode & BLK_OPEN_EXCL)
		fmode |= FMODE_EXCL;
	if (mode & BLK_OPEN_NDELAY)
		fmode |= FMODE_NDELAY;
	if (mode & BLK_OPEN_WRITE_IOCTL)
		fmode |= FMODE_WRITE_IOCTL;
	return fmode;
}

static inline blk_mode_t compat_blk_mode(fmode_t fmode)
{
	blk_mode_t mode = 0;

	if (fmode & FMODE_READ)
		mode |= BLK_OPEN_READ;
	if (fmode & FMODE_WRITE)
		mode |= BLK_OPEN_WRITE;
	if (fmode & FMODE_EXCL)
		mode |= BLK_OPEN_EXCL;
	if (fmode & FMODE_NDELAY)
		mode |= BLK_OPEN_NDELAY;
	if (fmode & FMODE_WRITE_IOCTL)
		mode |= BLK_OPEN_WRITE_IOCTL;
	return mode;
}
#endif /* !HAVE_BLK_MODE_T */

/**
 * struct compat_bdev - a block device held open
 * @bdev: the device, or NULL when nothing is open
 * @file: private: what holds it open
 * @mode: private: the mode to close it with
 */
struct compat_bdev {
	struct block_device *bdev;
#ifdef HAVE_BDEV_FILE_OPEN
	struct file *file;
#else
	fmode_t mode;
#endif
};

#ifdef HAVE_BDEV_FILE_OPEN
static inline int compat_bdev_opened(struct compat_bdev *dev, struct file *file)
{
	if (IS_ERR(file))
		return PTR_ERR(file);
	dev->file = file;
	dev->bdev = file_bdev(file);
	return 0;
}
#else
static inline fmode_t compat_bdev_fmode(blk_mode_t mode, const void *holder)
{
	return compat_fmode(mode) | (holder ? FMODE_EXCL : 0);
}

static inline int compat_bdev_opened(struct compat_bdev *dev,
				     struct block_device *bdev, fmode_t mode)
{
	if (IS_ERR(bdev))
		return PTR_ERR(bdev);
	dev->mode = mode;
	dev->bdev = bdev;
	return 0;
}
#endif

/**
 * compat_bdev_open_by_dev() - open a block device by its number
 * @dev: told of the open device; not touched on error
 * @devt: the device's number
 * @mode: BLK_OPEN_READ, BLK_OPEN_WRITE and the rest of them, or-ed
 * @holder: who holds it exclusively: any address of the caller's own, or NULL
 *	to share the device
 *
 * Context: may sleep, and for as long as the device takes to come up.
 * Return: 0, or a negative error: -EBUSY when another holder has the device,
 * -ENXIO when there is none, -EROFS when it cannot be written.
 */
static inline int compat_bdev_open_by_dev(struct compat_bdev *dev, dev_t devt,
					  blk_mode_t mode, void *holder)
{
#ifdef HAVE_BDEV_FILE_OPEN
	return compat_bdev_opened(dev, bdev_file_open_by_dev(devt, mode,
							     holder, NULL));
#else
	fmode_t fmode = compat_bdev_fmode(mode, holder);

	return compat_bdev_opened(dev, blkdev_get_by_dev(devt, fmode, holder),
				  fmode);
#endif
}

/**
 * compat_bdev_open_by_path() - open a block device by its file name
 * @dev: told of the open device; not touched on error
 * @path: the device node, as the current process sees it
 * @mode: as in compat_bdev_open_by_dev()
 * @holder: as in compat_bdev_open_by_dev()
 *
 * Context: may sleep, and for as long as the device takes to come up.
 * Return: as compat_bdev_open_by_dev(), or an error of the path's lookup.
 */
static inline int compat_bdev_open_by_path(struct compat_bdev *dev,
					   const char *path, blk_mode_t mode,
					   void *holder)
{
#ifdef HAVE_BDEV_FILE_OPEN
	return compat_bdev_opened(dev, bdev_file_open_by_path(path, mode,
							      holder, NULL));
#else
	fmode_t fmode = compat_bdev_fmode(mode, holder);

	return compat_bdev_opened(dev, blkdev_get_by_path(path, fmode, holder),
				  fmode);
#endif
}

/**
 * compat_bdev_close() - close what compat_bdev_open_by_dev() opened
 * @dev: the open device; nothing is done when it is not open
 *
 * On return the device is closed, not only about to be: whoever owns it may
 * want to detach it at once.
 *
 * Context: may sleep.
 */
static inline void compat_bdev_close(struct compat_bdev *dev)
{
	if (!dev->bdev)
		return;
#ifdef HAVE_BDEV_FILE_OPEN
	__fput_sync(dev->file);
	dev->file = NULL;
#else
	blkdev_put(dev->bdev, dev->mode);
#endif
	dev->bdev = NULL;
}

#ifndef HAVE_QUEUE_LIMITS_FEATURES
/* What a queue can do, once a mixture of calls and flags. */
typedef unsigned int __bitwise blk_features_t;

#define BLK_FEAT_WRITE_CACHE	((__force blk_features_t)(1u << 0))
#define BLK_FEAT_FUA		((__force blk_features_t)(1u << 1))
#define BLK_FEAT_ROTATIONAL	((__force blk_features_t)(1u << 2))
#define BLK_FEAT_STABLE_WRITES	((__force blk_features_t)(1u << 5))
#endif

/* The features that drivers may pass to the helpers below. */
#define COMPAT_BLK_FEATURES	(BLK_FEAT_WRITE_CACHE | BLK_FEAT_FUA | \
				 BLK_FEAT_ROTATIONAL | BLK_FEAT_STABLE_WRITES)

#ifndef HAVE_QUEUE_LIMITS_FEATURES
static inline void compat_queue_flag(struct request_queue *q, unsigned int flag,
				     bool on)
{
	if (on)
		blk_queue_flag_set(flag, q);
	else
		blk_queue_flag_clear(flag, q);
}

static inline bool compat_changed(unsigned long value, unsigned long now)
{
	return value && value != now;
}

/*
 * Bring @q to @lim through the setters of old. In a new queue's limits zero is
 * "the default", which @q has; in an update all of them are set. A setter may
 * undo what the user chose in sysfs, so only changes are passed on.
 */
static inline void compat_limits_apply(struct request_queue *q,
				       const struct queue_limits *lim,
				       blk_features_t features)
{
	const struct queue_limits *cur = &q->limits;

	if (compat_changed(lim->logical_block_size, cur->logical_block_size))
		blk_queue_logical_block_size(q, lim->logical_block_size);
	if (compat_changed(lim->physical_block_size, cur->physical_block_size))
		blk_queue_physical_block_size(q, lim->physical_block_size);
	if (compat_changed(lim->io_min, cur->io_min))
		blk_queue_io_min(q, lim->io_min);
	if (compat_changed(lim->io_opt, cur->io_opt))
		blk_queue_io_opt(q, lim->io_opt);
	if (compat_changed(lim->max_hw_sectors, cur->max_hw_sectors))
		blk_queue_max_hw_sectors(q, lim->max_hw_sectors);
	if (compat_changed(lim->chunk_sectors, cur->chunk_sectors))
		blk_queue_chunk_sectors(q, lim->chunk_sectors);
	if (compat_changed(lim->virt_boundary_mask, cur->virt_boundary_mask))
		blk_queue_virt_boundary(q, lim->virt_boundary_mask);
	if (compat_changed(lim->seg_boundary_mask, cur->seg_boundary_mask))
		blk_queue_segment_boundary(q, lim->seg_boundary_mask);
	if (compat_changed(lim->max_segments, cur->max_segments))
		blk_queue_max_segments(q, lim->max_segments);
	if (compat_changed(lim->max_segment_size, cur->max_segment_size))
		blk_queue_max_segment_size(q, lim->max_segment_size);
	if (compat_changed(lim->dma_alignment, cur->dma_alignment))
		blk_queue_dma_alignment(q, lim->dma_alignment);
	if (compat_changed(lim->max_discard_segments,
			   cur->max_discard_segments))
		blk_queue_max_discard_segments(q, lim->max_discard_segments);

	/* Here zero is a value: the operation is not there. */
	if (lim->max_hw_discard_sectors != cur->max_hw_discard_sectors)
		blk_queue_max_discard_sectors(q, lim->max_hw_discard_sectors);
	blk_queue_max_secure_erase_sectors(q, lim->max_secure_erase_sectors);
	blk_queue_max_write_zeroes_sectors(q, lim->max_write_zeroes_sectors);
	q->limits.discard_granularity = lim->discard_granularity;
	q->limits.discard_alignment = lim->discard_alignment;

	blk_queue_write_cache(q, !!(features & BLK_FEAT_WRITE_CACHE),
			      !!(features & BLK_FEAT_FUA));
	compat_queue_flag(q, QUEUE_FLAG_NONROT,
			  !(features & BLK_FEAT_ROTATIONAL));
	compat_queue_flag(q, QUEUE_FLAG_STABLE_WRITES,
			  !!(features & BLK_FEAT_STABLE_WRITES));
}

static inline struct gendisk *
compat_new_disk_limits(struct gendisk *disk, const struct queue_limits *lim,
		       blk_features_t features)
{
	if (!IS_ERR(disk))
		compat_limits_apply(disk->queue, lim, features);
	return disk;
}
#else
static inline struct queue_limits *
compat_limits_features(struct queue_limits *lim, blk_features_t features)
{
	lim->features &= ~COMPAT_BLK_FEATURES;
	lim->features |= features & COMPAT_BLK_FEATURES;
	return lim;
}
#endif /* HAVE_QUEUE_LIMITS_FEATURES */

/**
 * compat_blk_mq_alloc_disk() - make a disk with its queue and limits
 * @set: the tag set of the disk's queue (struct blk_mq_tag_set)
 * @lim: the limits (struct queue_limits); a zero field means the default
 * @feat: COMPAT_BLK_FEATURES that the disk has, or-ed. No BLK_FEAT_ROTATIONAL
 *	means that it is not
 * @data: the queue's queuedata
 *
 * A macro, since each caller's queues are a lock class of their own.
 *
 * Context: may sleep.
 * Return: the disk (struct gendisk), for put_disk(), or an ERR_PTR().
 */
#ifdef HAVE_QUEUE_LIMITS_FEATURES
#define compat_blk_mq_alloc_disk(set, lim, feat, data)			\
	blk_mq_alloc_disk(set, compat_limits_features(lim, feat), data)
#else
#define compat_blk_mq_alloc_disk(set, lim, feat, data)			\
	compat_new_disk_limits(blk_mq_alloc_disk(set, data), lim, feat)
#endif

/**
 * compat_limits_start_update() - begin to change the limits of a disk in use
 * @q: the disk's queue
 *
 * Change what is returned, then call compat_limits_commit_update() or
 * compat_limits_cancel_update(). Between the two no one else can change the
 * limits, and sysfs waits: be short.
 *
 * Context: may sleep. A lock of @q is held on return.
 * Return: a copy of the limits in force.
 */
static inline struct queue_limits
compat_limits_start_update(struct request_queue *q)
{
#ifdef HAVE_QUEUE_LIMITS_FEATURES
	return queue_limits_start_update(q);
#else
	mutex_lock(&q->sysfs_lock);
	return q->limits;
#endif
}

/**
 * compat_limits_commit_update() - put changed limits in force
 * @q: the disk's queue
 * @lim: what compat_limits_start_update() returned, changed
 * @feat: COMPAT_BLK_FEATURES that the disk now has, or-ed
 *
 * No request sees the change half done: the queue is drained first.
 *
 * Context: may sleep, until all requests in flight have ended: never call it
 * while requests wait for the caller.
 * Return: 0, or -EINVAL when the limits contradict each other; older kernels
 * do not check, and correct some.
 */
static inline int compat_limits_commit_update(struct request_queue *q,
					      struct queue_limits *lim,
					      blk_features_t feat)
{
	int err = 0;

	blk_mq_freeze_queue(q);
#ifdef HAVE_QUEUE_LIMITS_FEATURES
	err = queue_limits_commit_update(q, compat_limits_features(lim, feat));
#else
	compat_limits_apply(q, lim, feat);
	mutex_unlock(&q->sysfs_lock);
#endif
	blk_mq_unfreeze_queue(q);
	return err;
}

/**
 * compat_limits_cancel_update() - leave the limits as they were
 * @q: the queue that compat_limits_start_update() was called on
 */
static inline void compat_limits_cancel_update(struct request_queue *q)
{
#ifdef HAVE_QUEUE_LIMITS_FEATURES
	queue_limits_cancel_update(q);
#else
	mutex_unlock(&q->sysfs_lock);
#endif
}

/**
 * compat_limits_start_live() - begin to change limits without draining
 * @q: the disk's queue
 *
 * As compat_limits_start_update(), for a driver whose requests may be waiting
 * for the caller, and that copes with requests made for either limits. Where
 * sysfs drains the queue under the lock that guards the limits, that lock is
 * not taken: a change by a user at the same moment may be lost.
 *
 * Context: may sleep. A lock of @q may be held on return.
 * Return: a copy of the limits in force.
 */
static inline struct queue_limits
compat_limits_start_live(struct request_queue *q)
{
#ifdef HAVE_QUEUE_LIMITS_FEATURES
	return queue_limits_start_update(q);
#else
	return q->limits;
#endif
}

/**
 * compat_limits_try_live() - as compat_limits_start_live(), without waiting
 * @q: the disk's queue
 * @lim: filled with a copy of the limits in force
 *
 * Newer kernels' sysfs holds the lock that guards the limits while it drains
 * the queue: who lets the requests go on must not wait for it.
 *
 * Context: process. A lock of @q may be held on success.
 * Return: false if somebody is changing the limits.
 */
static inline bool compat_limits_try_live(struct request_queue *q,
					  struct queue_limits *lim)
{
#ifdef HAVE_QUEUE_LIMITS_FEATURES
	if (!mutex_trylock(&q->limits_lock))
		return false;
#endif
	*lim = q->limits;
	return true;
}

/**
 * compat_limits_commit_live() - put changed limits in force at once
 * @q: the disk's queue
 * @lim: what compat_limits_start_live() or compat_limits_try_live() said,
 *	changed
 * @feat: COMPAT_BLK_FEATURES that the disk now has, or-ed
 *
 * Context: may sleep, but does not wait for requests.
 * Return: as compat_limits_commit_update().
 */
static inline int compat_limits_commit_live(struct request_queue *q,
					    struct queue_limits *lim,
					    blk_features_t feat)
{
#ifdef HAVE_QUEUE_LIMITS_FEATURES
	return queue_limits_commit_update(q, compat_limits_features(lim, feat));
#else
	compat_limits_apply(q, lim, feat);
	return 0;
#endif
}

/**
 * COMPAT_DISK_OPS() - make functions fit for struct block_device_operations
 * @_open: int _open(struct gendisk *disk, blk_mode_t mode)
 * @_release: void _release(struct gendisk *disk)
 *
 * Stands at file level after both functions. The operations then say
 * .open = COMPAT_DISK_OPEN(_open), .release = COMPAT_DISK_RELEASE(_release).
 */
#ifdef HAVE_DISK_OPS_GENDISK
#define COMPAT_DISK_OPS(_open, _release)	\
	static_assert(true)
#define COMPAT_DISK_OPEN(fn)	fn
#define COMPAT_DISK_RELEASE(fn)	fn
#else
#define COMPAT_DISK_OPS(_open, _release)				\
static int _open##_compat(struct block_device *bdev, fmode_t mode)	\
{									\
	return _open(bdev->bd_disk, compat_blk_mode(mode));		\
}									\
static void _release##_compat(struct gendisk *disk, fmode_t mode)	\
{									\
	_release(disk);							\
}									\
static_assert(true)
#define COMPAT_DISK_OPEN(fn)	fn##_compat
#define COMPAT_DISK_RELEASE(fn)	fn##_compat
#endif

/**
 * COMPAT_DISK_IOCTL() - make a function fit for the ioctl operation
 * @_ioctl: int _ioctl(struct block_device *bdev, blk_mode_t mode,
 *	unsigned int cmd, unsigned long arg)
 *
 * Stands at file level after the function. The operations then say
 * .ioctl = COMPAT_DISK_IOCTL_FN(_ioctl).
 */
#ifdef HAVE_BLK_MODE_T
#define COMPAT_DISK_IOCTL(_ioctl)	\
	static_assert(true)
#define COMPAT_DISK_IOCTL_FN(fn)	fn
#else
#define COMPAT_DISK_IOCTL(_ioctl)					\
static int _ioctl##_compat(struct block_device *bdev, fmode_t mode,	\
			   unsigned int cmd, unsigned long arg)		\
{									\
	return _ioctl(bdev, compat_blk_mode(mode), cmd, arg);		\
}									\
static_assert(true)
#define COMPAT_DISK_IOCTL_FN(fn)	fn##_compat
#endif

#ifndef HAVE_BLK_MQ_F_SHOULD_MERGE
/* Newer kernels merge without being told. */
#define BLK_MQ_F_SHOULD_MERGE	0
#endif

#endif /* COMPAT_BLOCK_H */
