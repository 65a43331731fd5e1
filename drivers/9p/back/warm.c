// SPDX-License-Identifier: GPL-2.0
/*
 * Reads of what is in memory: the file system copies them straight into the ring. No
 * page is looked up twice, nor held.
 *
 * It is asked not to wait (IOCB_NOWAIT), since the ring's other answers do meanwhile:
 * its @in_lock is held from before the reading until the answer is put. What cannot be
 * had so is read by pages.c, and what of it was copied already is not shown. All that
 * comes there is what the guest asked for and may read.
 */
#include <linux/fs.h>
#include <linux/fsnotify.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <linux/shmem_fs.h>
#include <linux/slab.h>
#include <linux/uio.h>

#include "p9back.h"

/* tmpfs does not always know how to be asked not to wait, but has to for swap alone. */
static bool is_in_memory(const struct file *file)
{
	const struct inode *inode = file_inode(file);

	return inode->i_sb->s_magic == TMPFS_MAGIC &&
	       !READ_ONCE(SHMEM_I((struct inode *)inode)->swapped);
}

/* A time of access that is new may be noted while it is read, which may wait. */
static bool keeps_times(const struct file *file)
{
	return file->f_path.mnt->mnt_flags & (MNT_NOATIME | MNT_RELATIME);
}

static bool suits(const struct file *file)
{
	if (!p9b_place_suits(file) || !file->f_op->read_iter)
		return false;
	return is_in_memory(file) ||
	       (file->f_mode & FMODE_NOWAIT && keeps_times(file));
}

/* Whether the ring has room now, and nobody is putting anything into it. */
static bool begin(struct p9back_ring *ring, u32 len)
{
	int room;

	if (!mutex_trylock(&ring->in_lock))
		return false;
	room = xpv_bytes_room(&ring->bytes.in);
	/* Impossible indices are for p9b_ring_answer() to find. */
	if (room >= 0 && room >= len)
		return true;
	mutex_unlock(&ring->in_lock);
	return false;
}

static ssize_t read_to(struct file *file, loff_t pos, u32 count,
		       const struct bio_vec *vec, unsigned int nr)
{
	struct iov_iter to;
	struct kiocb kiocb;

	iov_iter_bvec(&to, ITER_DEST, vec, nr, count);
	init_sync_kiocb(&kiocb, file);
	/* Nor begin to read what is not there, which may wait for the disk, too. */
	kiocb.ki_flags |= IOCB_NOWAIT | IOCB_NOIO;
	kiocb.ki_pos = pos;
	return file->f_op->read_iter(&kiocb, &to);
}

static struct bio_vec *get_vec(struct p9back_request *req, unsigned int nr)
{
	if (nr <= ARRAY_SIZE(req->pages.few))
		return req->pages.few;
	return kvmalloc_array(nr, sizeof(struct bio_vec), GFP_KERNEL);
}

/*
 * Return: how much was read, and the ring's @in_lock is held; a negative errno if that
 * is not all there is.
 */
static ssize_t read_to_ring(struct p9back_ring *ring, struct file *file,
			    loff_t pos, u32 count, struct bio_vec *vec)
{
	unsigned int nr;
	ssize_t done;

	if (!begin(ring, P9W_READ_HEAD + count))
		return -EAGAIN;
	nr = xpv_bytes_pages(&ring->bytes.in, P9W_READ_HEAD, count, vec,
			     XPV_BYTES_VECS(count));
	done = read_to(file, pos, count, vec, nr);
	if (done >= 0 && done < count &&
	    pos + done < i_size_read(file_inode(file)))
		done = -EAGAIN;
	if (done < 0)
		mutex_unlock(&ring->in_lock);
	return done;
}

/**
 * p9b_warm_read() - read from a file into the ring, if that can be done at once
 * @req: the request; its answer has nothing but a head
 * @file: the file
 * @pos: where
 * @count: how much, at most the msize
 *
 * What was read stands beside the answer, and in its place in the ring. Nobody
 * else puts an answer there until p9b_warm_end(), after p9b_ring_answer().
 *
 * Context: process; waits for nothing but memory.
 * Return: how much was read; or -EINVAL if it is to be read another way.
 */
ssize_t p9b_warm_read(struct p9back_request *req, struct file *file,
		      loff_t pos, u32 count)
{
	struct p9back_ring *ring = req->ring;
	struct bio_vec *vec;
	ssize_t done;

	if (!suits(file) || rw_verify_area(READ, file, &pos, count))
		return -EINVAL;
	vec = get_vec(req, XPV_BYTES_VECS(count));
	if (!vec)
		return -EINVAL;
	/* So that this need not be done when nobody may wait. */
	file_accessed(file);
	done = read_to_ring(ring, file, pos, count, vec);
	if (vec != req->pages.few)
		kvfree(vec);
	if (done < 0)
		return -EINVAL;
	WRITE_ONCE(ring->warm, ring->warm + 1);
	fsnotify_access(file);
	req->out.beside = done;
	req->warm = true;
	return done;
}

/**
 * p9b_warm_end() - let others put answers
 * @req: a request that was answered, or will not be; nothing happens if it was not
 *	read by p9b_warm_read()
 */
void p9b_warm_end(struct p9back_request *req)
{
	if (!req->warm)
		return;
	req->warm = false;
	mutex_unlock(&req->ring->in_lock);
}
