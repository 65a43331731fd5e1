// SPDX-License-Identifier: GPL-2.0
/*
 * Locks of ranges: Tlock, Tgetlock.
 *
 * The guest's kernel settles locks between its own processes before it asks; we
 * settle them between guests, and with processes here, as POSIX locks. Nobody
 * waits here: a client that wants to asks again.
 *
 * The owner of a lock is a process of the guest, which the client gives a
 * number. To the kernel an owner is an address that nobody else uses, so each
 * has an entry of its own in memory, for as long as some fid has locked for it.
 * Closing a file ends all locks that were taken by it.
 *
 * The kernel has no limit of locks, and each range takes memory, and time of all
 * who lock in the file. So there is one here.
 */
#include <linux/err.h>
#include <linux/limits.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "p9back.h"

/* Owners that a session may have, and that may lock by one fid. */
#define LOCKERS_MAX	4096
#define FID_LOCKERS_MAX	64
/*
 * Locks that a file may have for more to be taken, and those of a session
 * together, where those of a file count for each fid that locks in it.
 */
#define FILE_LOCKS_MAX	1024
#define LOCKS_MAX	65536
/* The longest name of a client that is repeated to it. */
#define CLIENT_MAX	255

/**
 * struct locker - an owner of locks
 * @uses: fids that have locked for it; under the lock of the session's table
 */
struct locker {
	unsigned int uses;
};

static bool fid_has_locker(const struct p9back_fid *fid, u32 id)
{
	unsigned int i;

	for (i = 0; i < fid->nr_lockers; i++)
		if (fid->lockers[i] == id)
			return true;
	return false;
}

/* Use the owner if there is one. */
static struct locker *use_locker(struct p9back_session *session, u32 id)
{
	struct locker *locker;

	xa_lock(&session->lockers);
	locker = xa_load(&session->lockers, id);
	if (locker)
		locker->uses++;
	xa_unlock(&session->lockers);
	return locker;
}

static struct locker *make_locker(struct p9back_session *session, u32 id)
{
	struct locker *locker;
	int err;

	if (atomic_inc_return(&session->nr_lockers) > LOCKERS_MAX)
		goto err_uncount;
	locker = kmalloc(sizeof(*locker), GFP_KERNEL_ACCOUNT);
	if (!locker)
		goto err_uncount;
	locker->uses = 1;
	err = xa_insert(&session->lockers, id, locker, GFP_KERNEL_ACCOUNT);
	if (!err)
		return locker;
	kfree(locker);
	/* Somebody else made it just now. */
	if (err == -EBUSY) {
		atomic_dec(&session->nr_lockers);
		return use_locker(session, id);
	}

err_uncount:
	atomic_dec(&session->nr_lockers);
	return NULL;
}

static void unuse_locker(struct p9back_session *session, u32 id)
{
	struct locker *locker;

	xa_lock(&session->lockers);
	locker = xa_load(&session->lockers, id);
	if (locker && !--locker->uses)
		__xa_erase(&session->lockers, id);
	else
		locker = NULL;
	xa_unlock(&session->lockers);
	if (!locker)
		return;
	kfree(locker);
	atomic_dec(&session->nr_lockers);
}

/* The fid's own note of whom it has locked for, under its lock. */
static struct locker *add_locker(struct p9back_fid *fid, u32 id)
{
	struct p9back_session *session = fid->session;
	struct locker *locker;

	if (fid_has_locker(fid, id))
		return xa_load(&session->lockers, id);
	if (!fid->lockers)
		fid->lockers = kmalloc_array(FID_LOCKERS_MAX, sizeof(u32),
					     GFP_KERNEL_ACCOUNT);
	if (!fid->lockers || fid->nr_lockers == FID_LOCKERS_MAX)
		return NULL;
	locker = use_locker(session, id) ?: make_locker(session, id);
	if (locker)
		fid->lockers[fid->nr_lockers++] = id;
	return locker;
}

static unsigned char kernel_type(u8 type)
{
	switch (type) {
	case P9W_LOCK_READ:
		return F_RDLCK;
	case P9W_LOCK_WRITE:
		return F_WRLCK;
	default:
		return F_UNLCK;
	}
}

static int set_range(const struct p9w_req *want, struct file_lock *lock)
{
	u64 end = want->offset + want->length - 1;

	if ((loff_t)want->offset < 0)
		return -EINVAL;
	lock->fl_start = want->offset;
	lock->fl_end = OFFSET_MAX;
	if (!want->length)
		return 0;
	if (end < want->offset || (loff_t)end < 0)
		return -EINVAL;
	lock->fl_end = end;
	return 0;
}

static int apply(struct p9back_request *req, struct file *file,
		 struct locker *locker)
{
	struct file_lock *lock = locks_alloc_lock();
	int err;

	if (!lock)
		return -ENOLCK;
	compat_lock_set(lock, file, locker, kernel_type(req->req.lock),
			req->ring->be->xdev->otherend_id);
	err = set_range(&req->req, lock);
	if (!err)
		err = vfs_lock_file(file, F_SETLK, lock, NULL);
	locks_free_lock(lock);
	return err;
}

static unsigned int count_locks(const struct file *file)
{
	struct file_lock_context *ctx;
	const struct list_head *pos;
	unsigned int nr = 0;

	/* Pairs with the kernel's making of it. */
	ctx = smp_load_acquire(&file_inode(file)->i_flctx);
	if (!ctx)
		return 0;
	spin_lock(&ctx->flc_lock);
	list_for_each(pos, &ctx->flc_posix)
		nr++;
	spin_unlock(&ctx->flc_lock);
	return nr;
}

/* Ending a part of a lock makes two of it; ending all never fails. */
static bool is_too_many(const struct p9back_fid *fid, const struct file *file,
			const struct p9w_req *want)
{
	int times = 1;

	if (want->lock == P9W_LOCK_NONE) {
		if (!want->offset && !want->length)
			return false;
		times = 2;
	}
	if (atomic_read(&fid->session->nr_locks) >= times * LOCKS_MAX)
		return true;
	return count_locks(file) >= times * FILE_LOCKS_MAX;
}

static void note_locks(struct p9back_fid *fid, unsigned int nr)
{
	atomic_add(nr - fid->nr_locks, &fid->session->nr_locks);
	fid->nr_locks = nr;
}

static bool may_lock(const struct file *file, u8 type)
{
	switch (type) {
	case P9W_LOCK_READ:
		return file->f_mode & FMODE_READ;
	case P9W_LOCK_WRITE:
		return file->f_mode & FMODE_WRITE;
	default:
		return true;
	}
}

static int lock_file(struct p9back_request *req, struct file *file)
{
	struct p9back_fid *fid = req->fid;
	struct locker *locker;
	int err = -ENOLCK;

	mutex_lock(&fid->lock);
	if (is_too_many(fid, file, &req->req))
		goto unlock;
	locker = add_locker(fid, req->req.count);
	if (!locker)
		goto unlock;
	err = apply(req, file, locker);
	note_locks(fid, count_locks(file));
unlock:
	mutex_unlock(&fid->lock);
	return err;
}

/**
 * p9b_op_lock() - Tlock
 * @req: the request
 *
 * Return: 0 or a negative errno; that the range is locked is no error.
 */
int p9b_op_lock(struct p9back_request *req)
{
	struct file *file = p9b_fid_file(req->fid);
	int err;

	if (!file || !may_lock(file, req->req.lock))
		return -EBADF;
	err = lock_file(req, file);
	if (err && err != -EAGAIN && err != -EACCES)
		return err;
	p9w_put8(&req->out, err ? P9W_LOCK_BLOCKED : P9W_LOCK_SUCCESS);
	return 0;
}

static void put_lock(struct p9back_request *req, const struct file_lock *lock)
{
	unsigned char type = compat_lock_type(lock);
	u64 length = 0;

	if (type == F_UNLCK) {
		p9w_put8(&req->out, P9W_LOCK_NONE);
		p9w_put64(&req->out, req->req.offset);
		p9w_put64(&req->out, req->req.length);
		p9w_put32(&req->out, req->req.count);
	} else {
		if (lock->fl_end != OFFSET_MAX)
			length = lock->fl_end - lock->fl_start + 1;
		p9w_put8(&req->out, type == F_RDLCK ? P9W_LOCK_READ :
						      P9W_LOCK_WRITE);
		p9w_put64(&req->out, lock->fl_start);
		p9w_put64(&req->out, length);
		p9w_put32(&req->out, compat_lock_pid(lock));
	}
	p9w_put_str(&req->out, req->req.name.s, req->req.name.len);
}

static int test_lock(struct p9back_request *req, struct file *file,
		     struct file_lock *lock)
{
	void *owner = xa_load(&req->session->lockers, req->req.count);
	int err;

	compat_lock_set(lock, file, owner ?: lock, kernel_type(req->req.lock),
			req->ring->be->xdev->otherend_id);
	err = set_range(&req->req, lock);
	return err ?: vfs_test_lock(file, lock);
}

/**
 * p9b_op_getlock() - Tgetlock
 * @req: the request
 *
 * Return: 0 or a negative errno.
 */
int p9b_op_getlock(struct p9back_request *req)
{
	struct file *file = p9b_fid_file(req->fid);
	struct file_lock *lock;
	int err;

	if (!file)
		return -EBADF;
	if (req->req.lock == P9W_LOCK_NONE || req->req.name.len > CLIENT_MAX)
		return -EINVAL;
	lock = locks_alloc_lock();
	if (!lock)
		return -ENOLCK;
	err = test_lock(req, file, lock);
	if (!err)
		put_lock(req, lock);
	locks_free_lock(lock);
	return err;
}

/* This cannot fail: the lock of a whole file needs no memory to be ended. */
static void drop(struct file *file, struct locker *locker)
{
	struct file_lock lock;

	if (!locker)
		return;
	locks_init_lock(&lock);
	compat_lock_set(&lock, file, locker, F_UNLCK, 0);
	lock.fl_start = 0;
	lock.fl_end = OFFSET_MAX;
	vfs_lock_file(file, F_SETLK, &lock, NULL);
}

/**
 * p9b_locks_drop() - end all locks that were taken by a fid
 * @fid: an open fid that nobody else uses any more
 *
 * Context: process; sleeps.
 */
void p9b_locks_drop(struct p9back_fid *fid)
{
	struct p9back_session *session = fid->session;
	unsigned int i;

	for (i = 0; i < fid->nr_lockers; i++) {
		drop(fid->file, xa_load(&session->lockers, fid->lockers[i]));
		unuse_locker(session, fid->lockers[i]);
	}
	note_locks(fid, 0);
	kfree(fid->lockers);
}
