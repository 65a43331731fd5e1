// SPDX-License-Identifier: GPL-2.0
/*
 * Fids: the client's names for files.
 *
 * The session's table holds a reference of each, and so does every request that
 * uses one: a fid that is clunked stays until those are done.
 */
#include <linux/dcache.h>
#include <linux/err.h>
#include <linux/file.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>

#include "p9back.h"

/*
 * A file keeps all folders above it in memory, which may be as many as a guest
 * cares to make: so a deep one counts for more fids than one.
 */
#define DEPTH_PER_FID	16
#define DEPTH_MAX	1000000	/* deep enough to be counted */

static int weigh(const struct p9back_export *export,
		 const struct dentry *dentry)
{
	int depth = 0;

	rcu_read_lock();
	while (dentry != export->root.dentry && !IS_ROOT(dentry) &&
	       depth < DEPTH_MAX) {
		dentry = READ_ONCE(dentry->d_parent);
		depth++;
	}
	rcu_read_unlock();
	return 1 + depth / DEPTH_PER_FID;
}

/**
 * p9b_fid_new() - make a fid that has no number yet
 * @session: the session
 * @path: the file; a reference is taken
 * @cred: who uses it; a reference is taken
 * @uid: who that is in the guest
 *
 * Context: process; sleeps.
 * Return: the fid, with one reference, or an ERR_PTR: -ENFILE if the session
 * has as many as it may.
 */
struct p9back_fid *p9b_fid_new(struct p9back_session *session,
			       const struct path *path,
			       const struct cred *cred, u32 uid)
{
	int weight = weigh(&session->be->export, path->dentry);
	struct p9back_counted *counted;
	struct p9back_fid *fid;
	int err = -ENFILE;

	if (atomic_add_return(weight, &session->nr_fids) >
	    session->be->export.limits.fids)
		goto err_uncount;
	counted = p9b_quota_hold(session->be, d_inode(path->dentry));
	err = PTR_ERR_OR_ZERO(counted);
	if (err)
		goto err_uncount;
	err = -ENOMEM;
	fid = kzalloc(sizeof(*fid), GFP_KERNEL_ACCOUNT);
	if (!fid)
		goto err_put;
	refcount_set(&fid->ref, 1);
	fid->session = session;
	fid->path = *path;
	path_get(&fid->path);
	fid->cred = get_cred(cred);
	fid->uid = uid;
	fid->weight = weight;
	fid->counted = counted;
	mutex_init(&fid->lock);
	return fid;

err_put:
	p9b_quota_put(session->be, counted);
err_uncount:
	atomic_sub(weight, &session->nr_fids);
	return ERR_PTR(err);
}

/**
 * p9b_fid_get() - find a fid by its number
 * @session: the session
 * @id: the number; untrusted
 *
 * Return: the fid, for p9b_fid_put(), or NULL.
 */
struct p9back_fid *p9b_fid_get(struct p9back_session *session, u32 id)
{
	struct p9back_fid *fid;

	rcu_read_lock();
	fid = xa_load(&session->fids, id);
	if (fid && !refcount_inc_not_zero(&fid->ref))
		fid = NULL;
	rcu_read_unlock();
	return fid;
}

static void close_file(struct file *file)
{
	if (file->f_op->flush)
		file->f_op->flush(file, NULL);
	/* At once: what is closed is free, its locks too, when it is told so. */
	__fput_sync(file);
}

static void free_fid(struct p9back_fid *fid)
{
	struct p9back_session *session = fid->session;

	if (fid->file) {
		p9b_locks_drop(fid);
		close_file(fid->file);
	}
	p9b_xattr_free(session, fid->xattr);
	if (fid->file || fid->xattr)
		p9b_fid_uncount_open(session);
	p9b_quota_put(session->be, fid->counted);
	path_put(&fid->path);
	put_cred(fid->cred);
	atomic_sub(fid->weight, &session->nr_fids);
	kfree_rcu(fid, rcu);
}

/**
 * p9b_fid_put() - let a fid go
 * @fid: the fid, or NULL
 *
 * Context: process, in a thread of the kernel; may sleep.
 */
void p9b_fid_put(struct p9back_fid *fid)
{
	if (fid && refcount_dec_and_test(&fid->ref))
		free_fid(fid);
}

/**
 * p9b_fid_add() - give a fid its number
 * @fid: the fid; on success the table takes over the caller's reference
 * @id: the number; untrusted
 *
 * Return: 0; -EBADF if there is such a fid, or the number is none; -ENOMEM.
 */
int p9b_fid_add(struct p9back_fid *fid, u32 id)
{
	int err;

	if (id == P9W_NOFID)
		return -EBADF;
	err = xa_insert(&fid->session->fids, id, fid, GFP_KERNEL_ACCOUNT);
	return err == -EBUSY ? -EBADF : err;
}

/**
 * p9b_fid_replace() - have a number stand for another file from now on
 * @fid: the fid; on success the table takes over the caller's reference
 * @id: the number
 * @old: the fid that has it
 *
 * Return: 0; -EBADF if @old no longer has it; -ENOMEM.
 */
int p9b_fid_replace(struct p9back_fid *fid, u32 id, struct p9back_fid *old)
{
	void *was = xa_cmpxchg(&fid->session->fids, id, old, fid,
			       GFP_KERNEL_ACCOUNT);

	if (xa_is_err(was))
		return xa_err(was);
	if (was != old)
		return -EBADF;
	p9b_fid_put(old);
	return 0;
}

/**
 * p9b_fid_replace_open() - have a number stand for an open file from now on
 * @fid: the fid, as for p9b_fid_replace()
 * @id: the number
 * @old: the fid that has it
 * @file: the file; on success the fid takes over the caller's reference, and
 *	what was counted for it
 *
 * Return: as p9b_fid_replace().
 */
int p9b_fid_replace_open(struct p9back_fid *fid, u32 id,
			 struct p9back_fid *old, struct file *file)
{
	int err;

	fid->file = file;
	err = p9b_fid_replace(fid, id, old);
	if (err)
		fid->file = NULL;
	return err;
}

/**
 * p9b_fid_remove() - take a fid's number away
 * @session: the session
 * @id: the number
 *
 * Return: the fid, with the table's reference, or NULL.
 */
struct p9back_fid *p9b_fid_remove(struct p9back_session *session, u32 id)
{
	return xa_erase(&session->fids, id);
}

/**
 * p9b_fid_remove_all() - let all fids of a session go
 * @session: the session, which no request uses any more
 *
 * What was written as attributes and never clunked is not set.
 *
 * Context: process, in a thread of the kernel; sleeps.
 */
void p9b_fid_remove_all(struct p9back_session *session)
{
	struct p9back_fid *fid;
	unsigned long id;

	xa_for_each(&session->fids, id, fid) {
		xa_erase(&session->fids, id);
		p9b_fid_put(fid);
		cond_resched();
	}
}

/**
 * p9b_fid_count_open() - count one more fid that is open
 * @session: the session
 *
 * Return: 0, or -EMFILE if there are as many as there may be.
 */
int p9b_fid_count_open(struct p9back_session *session)
{
	if (atomic_inc_return(&session->nr_open) <=
	    session->be->export.limits.open)
		return 0;
	atomic_dec(&session->nr_open);
	return -EMFILE;
}

/**
 * p9b_fid_uncount_open() - count one less
 * @session: the session
 */
void p9b_fid_uncount_open(struct p9back_session *session)
{
	atomic_dec(&session->nr_open);
}

/**
 * p9b_fid_is_folder() - whether names can be looked up in a fid
 * @fid: the fid
 */
bool p9b_fid_is_folder(const struct p9back_fid *fid)
{
	return d_can_lookup(fid->path.dentry);
}

/**
 * p9b_op_clunk() - Tclunk
 * @req: the request
 *
 * The fid is gone whatever comes of it.
 *
 * Return: 0 or a negative errno.
 */
int p9b_op_clunk(struct p9back_request *req)
{
	struct p9back_fid *fid = p9b_fid_remove(req->session, req->req.fid);
	int err;

	if (!fid)
		return -EBADF;
	err = p9b_xattr_clunk(fid);
	p9b_fid_put(fid);
	return err;
}
