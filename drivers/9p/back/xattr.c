// SPDX-License-Identifier: GPL-2.0
/*
 * Extended attributes: Txattrwalk, Txattrcreate, and what is read and written by
 * the fids that those make.
 *
 * A guest has the attributes of users, and no others: those of security and
 * trusted ones mean something to dom0's kernel.
 */
#include <linux/err.h>
#include <linux/limits.h>
#include <linux/mm.h>
#include <linux/mount.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/xattr.h>

#include "p9back.h"

static bool may_use(const struct p9back_export *export, const char *name)
{
	if (!strstarts(name, XATTR_USER_PREFIX))
		return false;
	return export->model != P9BACK_MAPPED || !p9b_mapped_is_ours(name);
}

/* Values of attributes that a session may hold, in bytes. */
#define BYTES_MAX	(8 << 20)

/**
 * p9b_xattr_free() - free an attribute
 * @session: whose it is
 * @xattr: it, or NULL
 */
void p9b_xattr_free(struct p9back_session *session, struct p9back_xattr *xattr)
{
	if (!xattr)
		return;
	atomic_sub(xattr->room, &session->xattr_bytes);
	kvfree(xattr->value);
	kfree(xattr->name);
	kfree(xattr);
}

static struct p9back_xattr *xattr_new(struct p9back_session *session,
				      const char *name, u32 size)
{
	struct p9back_xattr *xattr = kzalloc(sizeof(*xattr),
					     GFP_KERNEL_ACCOUNT);

	if (!xattr)
		return NULL;
	xattr->size = size;
	xattr->room = size;
	if (atomic_add_return(size, &session->xattr_bytes) > BYTES_MAX)
		goto err_free;
	xattr->name = kstrdup(name, GFP_KERNEL_ACCOUNT);
	xattr->value = kvzalloc(size ?: 1, GFP_KERNEL_ACCOUNT);
	if (xattr->name && xattr->value)
		return xattr;

err_free:
	p9b_xattr_free(session, xattr);
	return NULL;
}

/* Drop the names that are not for the guest. */
static u32 filter_list(const struct p9back_export *export, char *list, u32 size)
{
	u32 from, to = 0, len;

	for (from = 0; from < size; from += len) {
		len = strnlen(list + from, size - from - 1) + 1;
		if (!may_use(export, list + from))
			continue;
		memmove(list + to, list + from, len);
		to += len;
	}
	return to;
}

static ssize_t get_list(const struct p9back_export *export,
			const struct path *path, struct p9back_xattr *xattr)
{
	ssize_t size = vfs_listxattr(path->dentry, xattr->value, xattr->size);

	if (size <= 0)
		return size;
	return filter_list(export, xattr->value, size);
}

static ssize_t get_value(const struct p9back_export *export,
			 const struct path *path, struct p9back_xattr *xattr)
{
	if (!may_use(export, xattr->name))
		return -ENODATA;
	return vfs_getxattr(mnt_idmap(path->mnt), path->dentry, xattr->name,
			    xattr->value, xattr->size);
}

/* How large the value is, or may be. */
static ssize_t ask_size(const struct p9back_export *export,
			const struct path *path, const char *name)
{
	ssize_t size;

	if (!*name)
		size = vfs_listxattr(path->dentry, NULL, 0);
	else if (may_use(export, name))
		size = vfs_getxattr(mnt_idmap(path->mnt), path->dentry, name,
				    NULL, 0);
	else
		size = -ENODATA;
	return size > XATTR_SIZE_MAX ? -E2BIG : size;
}

static struct p9back_xattr *read_xattr(struct p9back_request *req)
{
	const struct p9back_export *export = &req->ring->be->export;
	const struct path *path = &req->fid->path;
	const char *name = req->req.name.s;
	ssize_t size = ask_size(export, path, name);
	struct p9back_xattr *xattr;

	if (size < 0)
		return ERR_PTR(size);
	xattr = xattr_new(req->session, name, size);
	if (!xattr)
		return ERR_PTR(-ENOMEM);
	if (size)
		size = *name ? get_value(export, path, xattr) :
			       get_list(export, path, xattr);
	if (size < 0) {
		p9b_xattr_free(req->session, xattr);
		return ERR_PTR(size);
	}
	xattr->size = size;
	return xattr;
}

static int add_reader(struct p9back_request *req, struct p9back_xattr *xattr)
{
	struct p9back_fid *fid;
	int err;

	fid = p9b_fid_new(req->session, &req->fid->path, req->fid->cred,
			  req->fid->uid);
	if (IS_ERR(fid))
		return PTR_ERR(fid);
	fid->xattr = xattr;
	err = p9b_fid_add(fid, req->req.fid2);
	if (!err)
		return 0;
	fid->xattr = NULL;
	p9b_fid_put(fid);
	return err;
}

static int xattrwalk(struct p9back_request *req)
{
	struct p9back_xattr *xattr;
	u32 size;
	int err;

	xattr = read_xattr(req);
	if (IS_ERR(xattr))
		return PTR_ERR(xattr);
	size = xattr->size;
	err = add_reader(req, xattr);
	if (err)
		p9b_xattr_free(req->session, xattr);
	else
		p9w_put64(&req->out, size);
	return err;
}

/**
 * p9b_op_xattrwalk() - Txattrwalk
 * @req: the request
 *
 * Return: 0 or a negative errno.
 */
int p9b_op_xattrwalk(struct p9back_request *req)
{
	int err;

	if (req->req.name.len > XATTR_NAME_MAX)
		return -ERANGE;
	err = p9b_fid_count_open(req->session);
	if (err)
		return err;
	err = xattrwalk(req);
	if (err)
		p9b_fid_uncount_open(req->session);
	return err;
}

static int check_create(const struct p9back_request *req)
{
	if (!req->req.name.len || req->req.name.len > XATTR_NAME_MAX)
		return -ERANGE;
	if (req->req.length > XATTR_SIZE_MAX)
		return -E2BIG;
	if (req->req.flags & ~(XATTR_CREATE | XATTR_REPLACE))
		return -EINVAL;
	if (req->ring->be->export.readonly)
		return -EROFS;
	return may_use(&req->ring->be->export, req->req.name.s) ?
	       0 : -EOPNOTSUPP;
}

/* The fid is about the attribute from here on. */
static int set_writer(struct p9back_fid *fid, struct p9back_xattr *xattr)
{
	int err = 0;

	mutex_lock(&fid->lock);
	if (fid->file || fid->xattr)
		err = -EBADF;
	else
		/* Pairs with those who look for it without the lock. */
		smp_store_release(&fid->xattr, xattr);
	mutex_unlock(&fid->lock);
	return err;
}

/**
 * p9b_op_xattrcreate() - Txattrcreate
 * @req: the request
 *
 * Return: 0 or a negative errno.
 */
int p9b_op_xattrcreate(struct p9back_request *req)
{
	struct p9back_xattr *xattr;
	int err;

	err = check_create(req);
	if (!err)
		err = p9b_fid_count_open(req->session);
	if (err)
		return err;
	xattr = xattr_new(req->session, req->req.name.s, req->req.length);
	err = -ENOMEM;
	if (!xattr)
		goto err_uncount;
	xattr->flags = req->req.flags;
	xattr->write = true;
	err = set_writer(req->fid, xattr);
	if (!err)
		return 0;

	p9b_xattr_free(req->session, xattr);
err_uncount:
	p9b_fid_uncount_open(req->session);
	return err;
}

/**
 * p9b_xattr_read() - Tread of an attribute
 * @req: the request
 * @xattr: the attribute
 *
 * Return: 0 or a negative errno.
 */
int p9b_xattr_read(struct p9back_request *req, struct p9back_xattr *xattr)
{
	u64 at = min_t(u64, req->req.offset, xattr->size);
	u32 count = min(req->req.count, req->session->msize - P9W_READ_HEAD);
	u8 *to;
	int err;

	if (xattr->write)
		return -EBADF;
	count = min_t(u64, count, xattr->size - at);
	err = p9b_request_room(req, P9W_READ_HEAD + count);
	if (err)
		return err;
	p9w_put32(&req->out, count);
	to = p9w_skip(&req->out, count);
	if (to)
		memcpy(to, xattr->value + at, count);
	return 0;
}

/**
 * p9b_xattr_write() - Twrite of an attribute
 * @req: the request
 * @xattr: the attribute
 *
 * Return: 0 or a negative errno.
 */
int p9b_xattr_write(struct p9back_request *req, struct p9back_xattr *xattr)
{
	if (!xattr->write)
		return -EBADF;
	if (req->req.offset > xattr->size ||
	    req->req.count > xattr->size - req->req.offset)
		return -ENOSPC;
	mutex_lock(&req->fid->lock);
	memcpy(xattr->value + req->req.offset, req->req.data, req->req.count);
	mutex_unlock(&req->fid->lock);
	p9w_put32(&req->out, req->req.count);
	return 0;
}

static int set_xattr(const struct path *path, const struct p9back_xattr *xattr)
{
	int err = mnt_want_write(path->mnt);

	if (err)
		return err;
	if (xattr->size)
		err = vfs_setxattr(mnt_idmap(path->mnt), path->dentry,
				   xattr->name, xattr->value, xattr->size,
				   xattr->flags);
	else
		err = vfs_removexattr(mnt_idmap(path->mnt), path->dentry,
				      xattr->name);
	mnt_drop_write(path->mnt);
	return err;
}

/**
 * p9b_xattr_clunk() - set the attribute that a fid has been written
 * @fid: the fid, whose number is gone
 *
 * One of no bytes is removed, as clients mean it. Requests that write its value
 * may still be under way, and a file system may read it more than once.
 *
 * Context: process; sleeps.
 * Return: 0 or a negative errno.
 */
int p9b_xattr_clunk(struct p9back_fid *fid)
{
	const struct p9back_xattr *xattr = p9b_fid_xattr(fid);
	const struct cred *old;
	int err;

	if (!xattr || !xattr->write)
		return 0;
	if (!p9b_export_has(&fid->session->be->export, fid->path.dentry))
		return -ESTALE;
	old = override_creds(fid->cred);
	mutex_lock(&fid->lock);
	err = set_xattr(&fid->path, xattr);
	mutex_unlock(&fid->lock);
	revert_creds(old);
	return err;
}
