// SPDX-License-Identifier: GPL-2.0
/*
 * Open files: Tlopen, Tlcreate, Tread, Twrite, Tfsync.
 *
 * Only files and folders are ever opened: what a pipe, a socket or a device
 * node of a folder stands for is the guest's own affair, which sees the node and
 * not what dom0 has behind it. The flags that are passed on are those that
 * change what a write means; the rest are dealt with by the guest's kernel.
 */
#include <linux/capability.h>
#include <linux/cred.h>
#include <linux/err.h>
#include <linux/fcntl.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/fsnotify.h>
#include <linux/limits.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/stat.h>
#include <linux/uio.h>

#include "p9back.h"

static int open_flags(u32 flags)
{
	int out = O_LARGEFILE;

	switch (flags & P9W_O_ACCMODE) {
	case P9W_O_WRONLY:
		out |= O_WRONLY;
		break;
	case P9W_O_RDWR:
		out |= O_RDWR;
		break;
	}
	if (flags & P9W_O_APPEND)
		out |= O_APPEND;
	if (flags & P9W_O_DSYNC)
		out |= O_DSYNC;
	if (flags & P9W_O_SYNC)
		out |= O_SYNC;
	return out;
}

static bool wants_write(u32 flags)
{
	return (flags & P9W_O_ACCMODE) != P9W_O_RDONLY || flags & P9W_O_TRUNC;
}

static int check_type(const struct inode *inode, u32 flags)
{
	if ((flags & P9W_O_ACCMODE) == P9W_O_ACCMODE)
		return -EINVAL;
	if (S_ISDIR(inode->i_mode))
		return wants_write(flags) ? -EISDIR : 0;
	if (S_ISLNK(inode->i_mode))
		return -ELOOP;
	if (flags & P9W_O_DIRECTORY)
		return -ENOTDIR;
	return S_ISREG(inode->i_mode) ? 0 : -ENXIO;
}

/* What the kernel checks when a process opens a file by its name. */
static int check_access(const struct path *path, u32 flags)
{
	struct inode *inode = d_inode(path->dentry);
	int mask = MAY_OPEN;

	if ((flags & P9W_O_ACCMODE) != P9W_O_WRONLY)
		mask |= MAY_READ;
	if (wants_write(flags))
		mask |= MAY_WRITE;
	if (IS_APPEND(inode) && mask & MAY_WRITE &&
	    (!(flags & P9W_O_APPEND) || flags & P9W_O_TRUNC))
		return -EPERM;
	return inode_permission(mnt_idmap(path->mnt), inode, mask);
}

static struct file *open_path(const struct path *path, u32 flags,
			      const struct cred *cred)
{
	struct file *file = dentry_open(path, open_flags(flags), cred);

	if (IS_ERR(file) || S_ISDIR(file_inode(file)->i_mode))
		return file;
	/* File systems that are only ever read know no writing. */
	if ((!(file->f_mode & FMODE_READ) || file->f_op->read_iter) &&
	    (!(file->f_mode & FMODE_WRITE) || file->f_op->write_iter))
		return file;
	__fput_sync(file);
	return ERR_PTR(-EOPNOTSUPP);
}

static int truncate(struct p9back *be, const struct path *path)
{
	struct p9back_growth growth;
	int err;

	err = p9b_quota_grow(be, d_inode(path->dentry), 0, false, &growth);
	if (err)
		return err;
	err = vfs_truncate(path, 0);
	p9b_quota_grown(be, &growth);
	return err;
}

static struct file *open_existing(struct p9back *be, const struct path *path,
				  u32 flags, const struct cred *cred)
{
	struct file *file;
	int err;

	err = check_type(d_inode(path->dentry), flags);
	if (!err)
		err = check_access(path, flags);
	if (err)
		return ERR_PTR(err);
	file = open_path(path, flags, cred);
	if (IS_ERR(file) || !(flags & P9W_O_TRUNC))
		return file;
	err = truncate(be, path);
	if (!err)
		return file;
	__fput_sync(file);
	return ERR_PTR(err);
}

/* The largest piece to read or write at once. */
static u32 io_unit(const struct p9back_request *req)
{
	return req->session->msize - P9W_IO_HEAD;
}

static int put_open(struct p9back_request *req, const struct path *path)
{
	struct p9w_qid qid;
	int err = p9b_qid(&req->ring->be->export, path, &qid);

	if (err)
		return err;
	p9w_put_qid(&req->out, &qid);
	p9w_put32(&req->out, io_unit(req));
	return 0;
}

/* The fid is the open file from here on, if it is not open yet. */
static int set_open(struct p9back_fid *fid, struct file *file)
{
	int err = 0;

	mutex_lock(&fid->lock);
	if (fid->file || fid->xattr)
		err = -EBADF;
	else
		/* Pairs with those who use the file without the lock. */
		smp_store_release(&fid->file, file);
	mutex_unlock(&fid->lock);
	return err;
}

/**
 * p9b_op_lopen() - Tlopen
 * @req: the request
 *
 * Return: 0 or a negative errno.
 */
int p9b_op_lopen(struct p9back_request *req)
{
	struct p9back_fid *fid = req->fid;
	struct file *file;
	int err;

	err = p9b_fid_count_open(req->session);
	if (err)
		return err;
	file = open_existing(req->ring->be, &fid->path, req->req.flags,
			     fid->cred);
	err = PTR_ERR_OR_ZERO(file);
	if (err)
		goto err_uncount;
	err = put_open(req, &fid->path);
	if (!err)
		err = set_open(fid, file);
	if (!err)
		return 0;

	__fput_sync(file);
err_uncount:
	p9b_fid_uncount_open(req->session);
	return err;
}

/* A file that was not there a moment ago can be opened whatever its mode is. */
static int create(struct p9back_request *req, struct dentry *dentry)
{
	const struct p9back_export *export = &req->ring->be->export;
	umode_t mode = (req->req.mode & S_IALLUGO) | S_IFREG;
	struct path *folder = &req->fid->path;
	int err;

	err = p9b_quota_add_file(req->ring->be);
	if (err)
		return err;
	err = vfs_create(mnt_idmap(folder->mnt), d_inode(folder->dentry),
			 dentry, p9b_make_real(export, mode), true);
	if (err)
		p9b_quota_drop_file(req->ring->be);
	if (!err && (d_is_negative(dentry) || d_unhashed(dentry)))
		err = -EIO;
	return err ?: p9b_make_settle(req, dentry, mode);
}

/*
 * Make the file, or find that it is there.
 *
 * Return: 1 if it was made, 0 if it was there, or a negative errno.
 */
static int create_or_find(struct p9back_request *req, struct path *path)
{
	struct dentry *dentry = p9b_make_begin(req);
	int err = 0;

	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	if (d_is_positive(dentry))
		err = req->req.flags & P9W_O_EXCL ? -EEXIST : 0;
	else
		err = create(req, dentry) ?: 1;
	if (err >= 0) {
		path->mnt = req->fid->path.mnt;
		path->dentry = dentry;
		path_get(path);
	}
	return p9b_make_end(req, dentry, err);
}

static struct file *open_created(struct p9back_request *req,
				 struct path *path)
{
	u32 flags = req->req.flags;
	struct file *file;
	int made;

	made = create_or_find(req, path);
	if (made < 0)
		return ERR_PTR(made);
	if (made)
		file = open_path(path, flags, req->fid->cred);
	else
		file = open_existing(req->ring->be, path, flags,
				     req->fid->cred);
	if (IS_ERR(file))
		path_put(path);
	return file;
}

/* The fid stood for the folder; now it stands for the open file. */
static int replace_by_open(struct p9back_request *req, const struct path *path,
			   struct file *file)
{
	struct p9back_fid *fid;
	int err;

	fid = p9b_fid_new(req->session, path, req->fid->cred, req->fid->uid);
	if (IS_ERR(fid))
		return PTR_ERR(fid);
	err = p9b_fid_replace_open(fid, req->req.fid, req->fid, file);
	if (err)
		p9b_fid_put(fid);
	return err;
}

static int lcreate(struct p9back_request *req)
{
	struct path path;
	struct file *file;
	int err;

	file = open_created(req, &path);
	if (IS_ERR(file))
		return PTR_ERR(file);
	err = put_open(req, &path);
	if (!err)
		err = replace_by_open(req, &path, file);
	if (err)
		__fput_sync(file);
	path_put(&path);
	return err;
}

/**
 * p9b_op_lcreate() - Tlcreate
 * @req: the request
 *
 * Return: 0 or a negative errno.
 */
int p9b_op_lcreate(struct p9back_request *req)
{
	const struct cred *old, *cred;
	int err;

	if ((req->req.flags & P9W_O_ACCMODE) == P9W_O_ACCMODE)
		return -EINVAL;
	if (p9b_fid_file(req->fid))
		return -EBADF;
	err = p9b_fid_count_open(req->session);
	if (err)
		return err;
	cred = p9b_user_as_group(&req->ring->be->export, req->fid->cred,
				 req->req.gid);
	err = PTR_ERR_OR_ZERO(cred);
	if (err)
		goto err_uncount;
	old = override_creds(cred);
	err = lcreate(req);
	revert_creds(old);
	put_cred(cred);
	if (!err)
		return 0;

err_uncount:
	p9b_fid_uncount_open(req->session);
	return err;
}

/* Return: the open file that a read or write is of, or an ERR_PTR. */
static struct file *file_of(const struct p9back_request *req, fmode_t mode)
{
	struct file *file = p9b_fid_file(req->fid);

	if (!file || !(file->f_mode & mode))
		return ERR_PTR(-EBADF);
	if (!S_ISREG(file_inode(file)->i_mode))
		return ERR_PTR(-EISDIR);
	if ((loff_t)req->req.offset < 0 ||
	    req->req.offset > (u64)LLONG_MAX - req->req.count)
		return ERR_PTR(-EINVAL);
	return file;
}

static int read_bytes(struct p9back_request *req, struct file *file, u32 count)
{
	loff_t pos = req->req.offset;
	ssize_t done;
	u8 *to;
	int err;

	err = p9b_request_room(req, P9W_READ_HEAD + count);
	if (err)
		return err;
	p9w_put32(&req->out, 0);
	to = p9w_skip(&req->out, count);
	done = to ? kernel_read(file, to, count, &pos) : -ENOBUFS;
	if (done < 0)
		return done;
	p9w_poke32(&req->out, P9W_HEAD, done);
	req->out.pos = P9W_READ_HEAD + done;
	return 0;
}

/* Return: as an operation; -EINVAL if it is to be tried another way. */
static int read_pages(struct p9back_request *req, struct file *file, u32 count)
{
	ssize_t done = p9b_pages_read(req, file, req->req.offset, count);

	/* No room for so many pages, or one that went while it was looked for. */
	if (done == -ENOMEM || done == -EAGAIN || done == -ESHUTDOWN ||
	    (!done && req->req.offset < i_size_read(file_inode(file))))
		return -EINVAL;
	if (done < 0)
		return done;
	p9w_put32(&req->out, done);
	return 0;
}

/* As read_pages(), which is the other way. */
static int read_warm(struct p9back_request *req, struct file *file, u32 count)
{
	ssize_t done = p9b_warm_read(req, file, req->req.offset, count);

	if (done < 0)
		return done;
	p9w_put32(&req->out, done);
	return 0;
}

/**
 * p9b_op_read() - Tread
 * @req: the request
 *
 * Return: 0 or a negative errno.
 */
int p9b_op_read(struct p9back_request *req)
{
	struct p9back_xattr *xattr = p9b_fid_xattr(req->fid);
	struct file *file;
	int err = -EINVAL;
	u32 count;

	if (xattr)
		return p9b_xattr_read(req, xattr);
	file = file_of(req, FMODE_READ);
	if (IS_ERR(file))
		return PTR_ERR(file);
	count = min(req->req.count, req->session->msize - P9W_READ_HEAD);
	if (P9W_READ_HEAD + count > req->out.room) {
		err = read_warm(req, file, count);
		if (err == -EINVAL)
			err = read_pages(req, file, count);
	}
	/* Little is rather copied twice, and not all files can be had so. */
	return err == -EINVAL ? read_bytes(req, file, count) : err;
}

/* As kernel_write(), from the ring. */
static ssize_t write_in_place(const struct p9back_request *req,
			      struct file *file, loff_t pos)
{
	struct iov_iter from;
	struct kiocb kiocb;
	ssize_t done;

	done = rw_verify_area(WRITE, file, &pos, req->req.count);
	if (done)
		return done;
	p9b_place_iter(req, &from);
	init_sync_kiocb(&kiocb, file);
	kiocb.ki_pos = pos;
	file_start_write(file);
	done = file->f_op->write_iter(&kiocb, &from);
	file_end_write(file);
	if (done > 0)
		fsnotify_modify(file);
	return done;
}

static ssize_t write_data(struct p9back_request *req, struct file *file)
{
	loff_t pos = req->req.offset;

	if (req->placed)
		return write_in_place(req, file, pos);
	return kernel_write(file, req->req.data, req->req.count, &pos);
}

/*
 * A file that runs as its owner, made so by somebody here, is not to be given
 * other contents and remain so: the kernel sees to that when who writes has no
 * right to such files.
 */
static ssize_t write(struct p9back_request *req, struct file *file)
{
	const struct p9back_export *export = &req->ring->be->export;
	umode_t bits = file_inode(file)->i_mode & (S_ISUID | S_ISGID);
	const struct cred *old;
	struct cred *cred;
	ssize_t done;

	if (likely(!bits || export->setuid))
		return write_data(req, file);
	cred = prepare_creds();
	if (!cred)
		return -ENOMEM;
	cap_lower(cred->cap_effective, CAP_FSETID);
	old = override_creds(cred);
	done = write_data(req, file);
	revert_creds(old);
	put_cred(cred);
	return done;
}

static ssize_t write_counted(struct p9back_request *req, struct file *file)
{
	struct p9back *be = req->ring->be;
	bool append = file->f_flags & O_APPEND;
	u64 from = append ? 0 : req->req.offset;
	struct p9back_growth growth;
	ssize_t done;
	int err;

	err = p9b_quota_grow(be, file_inode(file), from + req->req.count,
			     append, &growth);
	if (err)
		return err;
	done = write(req, file);
	p9b_quota_grown(be, &growth);
	return done;
}

/**
 * p9b_op_write() - Twrite
 * @req: the request
 *
 * Return: 0 or a negative errno.
 */
int p9b_op_write(struct p9back_request *req)
{
	struct p9back_xattr *xattr = p9b_fid_xattr(req->fid);
	struct file *file;
	ssize_t done;

	if (xattr)
		return p9b_place_prepare(req, NULL) ?:
		       p9b_xattr_write(req, xattr);
	file = file_of(req, FMODE_WRITE);
	if (IS_ERR(file))
		return PTR_ERR(file);
	done = p9b_place_prepare(req, file) ?: write_counted(req, file);
	if (done < 0)
		return done;
	p9w_put32(&req->out, done);
	return 0;
}

/**
 * p9b_op_fsync() - Tfsync
 * @req: the request
 *
 * Return: 0 or a negative errno.
 */
int p9b_op_fsync(struct p9back_request *req)
{
	struct file *file = p9b_fid_file(req->fid);

	return file ? vfs_fsync(file, req->req.count & 1) : -EBADF;
}
