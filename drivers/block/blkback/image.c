// SPDX-License-Identifier: GPL-2.0
/*
 * A file that is served as a disk, without a loop device in between.
 *
 * Its path comes from our own directory in the store, which the toolstack
 * writes and no guest can. It counts once the hotplug script has said that it
 * is done and has named no physical device.
 *
 * Requests go past the page cache where the file system allows that for single
 * sectors, and do not wait in the ring's worker: what would have to, and all of
 * a file that goes through the page cache, is done in the device's queue.
 */
#include <linux/dcache.h>
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/falloc.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/namei.h>
#include <linux/path.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/stat.h>
#include <linux/string.h>
#include <linux/uio.h>

#include "blkback.h"

/* Return: a copy of a key's text, NULL if it is absent or empty. */
static char *own_text(struct blkback *be, const char *key)
{
	char *text = xpv_store_text(be->xdev, XPV_OWN, key);

	if (IS_ERR(text))
		return NULL;
	if (*text)
		return text;
	kfree(text);
	return NULL;
}

static bool own_key_is(struct blkback *be, const char *key, const char *value)
{
	char *text = own_text(be, key);
	bool same = text && !strcmp(text, value);

	kfree(text);
	return same;
}

static bool own_key_exists(struct blkback *be, const char *key)
{
	char *text = own_text(be, key);
	bool exists = text;

	kfree(text);
	return exists;
}

/**
 * image_is_named() - whether the toolstack wants a file to be served
 * @be: the device, for which no physical device was named a moment ago
 *
 * A script that has both names a physical device before it says that it is
 * done, so that is looked for once more.
 *
 * Context: the lane; sleeps.
 */
bool image_is_named(struct blkback *be)
{
	return own_key_is(be, "hotplug-status", "connected") &&
	       own_key_exists(be, "physical-device-path") &&
	       !own_key_exists(be, "physical-device");
}

/**
 * image_is_other() - whether another file is named than the one that is open
 * @be: the device, its file open
 *
 * Context: the lane; sleeps.
 */
bool image_is_other(struct blkback *be)
{
	return !own_key_is(be, "physical-device-path", be->vbd.image.path);
}

/* Whether single sectors can go past the page cache. */
static bool can_be_direct(struct file *file)
{
	struct block_device *bdev = file_inode(file)->i_sb->s_bdev;
	struct kstat stat;

	if (!(file->f_mode & FMODE_CAN_ODIRECT))
		return false;
	if (!vfs_getattr(&file->f_path, &stat, STATX_DIOALIGN,
			 AT_STATX_SYNC_AS_STAT) &&
	    stat.result_mask & STATX_DIOALIGN)
		return stat.dio_offset_align &&
		       stat.dio_offset_align <= BLKIF_SECTOR_SIZE &&
		       stat.dio_mem_align <= BLKIF_SECTOR_SIZE;
	/* It does not say: then the disk below decides. */
	return bdev && bdev_logical_block_size(bdev) <= BLKIF_SECTOR_SIZE;
}

static int refuse(struct blkback *be, int err, const char *path,
		  const char *why)
{
	return xpv_device_fail(be->xdev, err, "physical-device-path: %s %s",
			       path, why);
}

/* Before it is opened, which does things to some that are no files. */
static int check_path(struct blkback *be, const char *name)
{
	struct path path;
	bool regular;
	int err;

	if (*name != '/')
		return refuse(be, -EINVAL, name,
			      "does not begin at the root");
	err = kern_path(name, LOOKUP_FOLLOW, &path);
	if (err)
		return refuse(be, err, name, "cannot be found");
	regular = d_is_reg(path.dentry);
	path_put(&path);
	if (!regular)
		return refuse(be, -EINVAL, name,
			      "is no regular file, and no physical-device is named");
	return 0;
}

static int check_file(struct blkback *be, struct file *file, const char *name)
{
	if (!S_ISREG(file_inode(file)->i_mode))
		return refuse(be, -EINVAL, name, "is no regular file any more");
	if (!file->f_op->read_iter || !file->f_op->write_iter)
		return refuse(be, -EOPNOTSUPP, name,
			      "is in a file system that cannot serve it");
	if (IS_SWAPFILE(file_inode(file)))
		return refuse(be, -ETXTBSY, name, "is swapped to");
	return 0;
}

static int open_file(struct blkback *be, const char *name, bool writable)
{
	struct blkback_image *image = &be->vbd.image;
	struct file *file;
	int err;

	err = check_path(be, name);
	if (err)
		return err;
	file = filp_open(name, O_LARGEFILE | O_NONBLOCK |
			 (writable ? O_RDWR : O_RDONLY), 0);
	if (IS_ERR(file))
		return refuse(be, PTR_ERR(file), name, writable ?
			      "cannot be opened for writing" :
			      "cannot be opened");
	err = check_file(be, file, name);
	if (err) {
		__fput_sync(file);
		return err;
	}
	image->file = file;
	image->direct = can_be_direct(file);
	image->nowait = image->direct && file->f_mode & FMODE_NOWAIT;
	return 0;
}

/**
 * image_open() - open the file that is named, if it is not yet
 * @be: the device, image_is_named()
 * @writable: for writing
 *
 * Context: the lane; sleeps.
 * Return: 0 or an error, already reported.
 */
int image_open(struct blkback *be, bool writable)
{
	struct blkback_vbd *vbd = &be->vbd;
	char *path = own_text(be, "physical-device-path");
	int err;

	if (!path)
		return -EAGAIN;
	if (vbd->image.file && !strcmp(path, vbd->image.path) &&
	    vbd->writable == writable) {
		kfree(path);
		return 0;
	}
	vbd_close(vbd);
	err = open_file(be, path, writable);
	if (err) {
		kfree(path);
		return err == -EAGAIN ? -EIO : err;
	}
	vbd->image.path = path;
	WRITE_ONCE(vbd->writable, writable);
	WRITE_ONCE(vbd->known, true);
	return 0;
}

/**
 * image_close() - close the file, if it is open
 * @image: the file
 *
 * When it returns its file system can be unmounted.
 *
 * Context: the lane; sleeps.
 */
void image_close(struct blkback_image *image)
{
	if (image->file)
		__fput_sync(image->file);
	kfree(image->path);
	memset(image, 0, sizeof(*image));
}

/**
 * image_sectors() - the file's size; what is less than a sector does not count
 * @image: the open file
 *
 * Context: any.
 */
u64 image_sectors(const struct blkback_image *image)
{
	return i_size_read(file_inode(image->file)) / BLKIF_SECTOR_SIZE;
}

/**
 * image_traits() - what the file is like
 * @image: the open file
 * @traits: filled
 *
 * It always has to be flushed: what is written past the page cache may still be
 * in that of the disk below, and where it is may be known to the journal only.
 *
 * Context: any.
 */
void image_traits(const struct blkback_image *image,
		  struct blkback_traits *traits)
{
	unsigned int block = i_blocksize(file_inode(image->file));

	*traits = (struct blkback_traits) {
		.block = BLKIF_SECTOR_SIZE,
		.physical = clamp(block, 512U, 4096U),
		.cache = true,
		.discard_unit = image->file->f_op->fallocate ? block : 0,
		.readonly = !(image->file->f_mode & FMODE_WRITE),
	};
}

static struct blkback_image *image_of(struct blkback_request *req)
{
	return &req->ring->be->vbd.image;
}

static bool writes(const struct blkback_request *req)
{
	return req->op != BLKIF_READ;
}

static long start_io(struct blkback_request *req, int flags,
		     void (*complete)(struct kiocb *iocb, long done))
{
	struct file *file = image_of(req)->file;
	struct iov_iter iter;

	req->iocb = (struct kiocb) {
		.ki_filp = file,
		.ki_pos = req->sector * BLKIF_SECTOR_SIZE,
		.ki_flags = flags | (image_of(req)->direct ? IOCB_DIRECT : 0),
		.ki_complete = complete,
	};
	iov_iter_bvec(&iter, writes(req) ? ITER_SOURCE : ITER_DEST, req->vecs,
		      req->data.nr, req->nr_sectors * BLKIF_SECTOR_SIZE);
	return writes(req) ? file->f_op->write_iter(&req->iocb, &iter) :
			     file->f_op->read_iter(&req->iocb, &iter);
}

/* Wait for as much as it takes. */
static long wait_for_io(struct blkback_request *req)
{
	long done;

	if (!req->data.nr)
		return 0;
	if (!writes(req))
		return start_io(req, 0, NULL);
	file_start_write(image_of(req)->file);
	done = start_io(req, 0, NULL);
	file_end_write(image_of(req)->file);
	return done;
}

static int flush(struct blkback_request *req)
{
	return vfs_fsync(image_of(req)->file, 1);
}

/* In the device's queue. */
static void image_work(struct work_struct *work)
{
	struct blkback_request *req =
		container_of(work, struct blkback_request, work);
	bool barrier = req->op == BLKIF_BARRIER;
	unsigned int noio = memalloc_noio_save();
	long done = 0;
	int err = 0;

	if (barrier || req->op == BLKIF_FLUSH)
		err = flush(req);
	if (!err)
		done = wait_for_io(req);
	if (!err && done != (long)req->nr_sectors * BLKIF_SECTOR_SIZE)
		err = done < 0 ? done : -EIO;
	if (!err && barrier && req->data.nr)
		err = flush(req);
	request_finish(req, err);
	memalloc_noio_restore(noio);
}

static void submit_to_queue(struct blkback_request *req)
{
	INIT_WORK(&req->work, image_work);
	queue_work(req->ring->be->wq, &req->work);
}

/* Context: any, hard interrupts included. */
static void io_completed(struct kiocb *iocb, long done)
{
	struct blkback_request *req =
		container_of(iocb, struct blkback_request, iocb);

	if (writes(req))
		kiocb_end_write(iocb);
	/* Less than all is no error here, but where the rest waits. */
	if (done == (long)req->nr_sectors * BLKIF_SECTOR_SIZE)
		request_finish(req, 0);
	else
		submit_to_queue(req);
}

/* What can be carried out in the worker, since it will not wait. */
static void submit_now(struct blkback_request *req)
{
	long done;

	if (writes(req) &&
	    !sb_start_write_trylock(file_inode(image_of(req)->file)->i_sb)) {
		submit_to_queue(req);
		return;
	}
	if (writes(req))
		__sb_writers_release(file_inode(image_of(req)->file)->i_sb,
				     SB_FREEZE_WRITE);
	done = start_io(req, IOCB_NOWAIT, io_completed);
	if (done != -EIOCBQUEUED)
		io_completed(&req->iocb, done);
}

/**
 * image_submit() - carry out a read, a write, a barrier or a flush
 * @req: the request, its pages mapped
 * @segs: which part of each page, in private memory
 *
 * Context: the ring's worker.
 */
void image_submit(struct blkback_request *req, const struct blkif_seg *segs)
{
	unsigned int i;

	for (i = 0; i < req->data.nr; i++) {
		req->vecs[i].bv_page = req->data.pages[i];
		req->vecs[i].bv_offset = segs[i].first * BLKIF_SECTOR_SIZE;
		req->vecs[i].bv_len = (segs[i].last - segs[i].first + 1) *
				      BLKIF_SECTOR_SIZE;
	}
	if (image_of(req)->nowait &&
	    (req->op == BLKIF_READ || req->op == BLKIF_WRITE))
		submit_now(req);
	else
		submit_to_queue(req);
}

/**
 * image_discard() - carry out a discard: a hole is left, which reads as zeroes
 * @req: the request
 *
 * Context: the ring's discard worker; sleeps.
 * Return: 0 or a negative errno.
 */
int image_discard(struct blkback_request *req)
{
	return vfs_fallocate(image_of(req)->file,
			     FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			     req->sector * BLKIF_SECTOR_SIZE,
			     req->nr_sectors * BLKIF_SECTOR_SIZE);
}
