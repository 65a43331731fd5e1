// SPDX-License-Identifier: GPL-2.0
/*
 * Making files: Tmkdir, Tmknod, Tsymlink, Tlink, and what Tlcreate shares with
 * them.
 *
 * Files are made under the user's credentials and the group that the client
 * named. The guest has applied its umask already; the thread that works for it
 * has one too, which the kernel applies again, so what that took away is put
 * back.
 */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/mount.h>
#include <linux/namei.h>
#include <linux/types.h>
#include <linux/kdev_t.h>
#include <linux/stat.h>

#include "p9back.h"

/**
 * p9b_make_begin() - lock a folder, and find the name for a new file in it
 * @req: a request whose first fid is the folder, and first name the file's
 *
 * Context: process; sleeps. Until p9b_make_end(), which is to be called if this
 * succeeded, the folder is locked.
 * Return: the name, which may be that of a file already, or an ERR_PTR.
 */
struct dentry *p9b_make_begin(struct p9back_request *req)
{
	const struct path *folder = &req->fid->path;
	struct inode *dir = d_inode(folder->dentry);
	struct dentry *dentry;
	int err;

	if (!p9b_fid_is_folder(req->fid))
		return ERR_PTR(-ENOTDIR);
	err = mnt_want_write(folder->mnt);
	if (err)
		return ERR_PTR(err);
	inode_lock_nested(dir, I_MUTEX_PARENT);
	dentry = p9b_lookup_locked(folder, &req->req.name);
	if (!IS_ERR(dentry))
		return dentry;
	inode_unlock(dir);
	mnt_drop_write(folder->mnt);
	return dentry;
}

/**
 * p9b_make_end() - unlock what p9b_make_begin() locked
 * @req: the request
 * @dentry: what that returned; its reference is dropped
 * @err: how it went
 *
 * Return: @err.
 */
int p9b_make_end(struct p9back_request *req, struct dentry *dentry, int err)
{
	const struct path *folder = &req->fid->path;

	dput(dentry);
	inode_unlock(d_inode(folder->dentry));
	mnt_drop_write(folder->mnt);
	return err;
}

/**
 * p9b_make_mode() - the permissions that a file may have
 * @export: where it is
 * @mode: what the guest wants it to have, and its type
 *
 * A file that runs as its owner would do so for any user here.
 */
umode_t p9b_make_mode(const struct p9back_export *export, u32 mode)
{
	if (export->setuid)
		return mode;
	mode &= ~S_ISUID;
	return S_ISDIR(mode) ? mode : mode & ~S_ISGID;
}

/* Whether the folder says itself what permissions new files have. */
static bool has_default_acl(const struct path *folder)
{
	return IS_POSIXACL(d_inode(folder->dentry)) &&
	       compat_has_default_acl(folder);
}

static int undo_umask(const struct path *folder, struct dentry *dentry,
		      umode_t mode)
{
	struct inode *inode = d_inode(dentry);
	struct iattr attr = {
		.ia_valid = ATTR_MODE,
		.ia_mode = (inode->i_mode & ~0777) | (mode & 0777),
	};
	int err;

	if (!(mode & ~inode->i_mode & 0777) || has_default_acl(folder))
		return 0;
	inode_lock(inode);
	err = notify_change(mnt_idmap(folder->mnt), dentry, &attr, NULL);
	inode_unlock(inode);
	return err;
}

/* A file in the first fid's folder. */
static struct path path_of(const struct p9back_request *req,
			   struct dentry *dentry)
{
	return (struct path) {
		.mnt = req->fid->path.mnt,
		.dentry = dentry,
	};
}

static int keep_mapped(struct p9back_request *req, struct dentry *dentry,
		       umode_t mode)
{
	const struct path path = path_of(req, dentry);
	struct p9back_mapped mapped = {
		.has_mode = true,
		.has_uid = true,
		.has_gid = true,
		.has_rdev = S_ISCHR(mode) || S_ISBLK(mode),
		.mode = mode,
		.uid = req->fid->uid,
		.gid = req->req.gid,
		.major = req->req.major,
		.minor = req->req.minor,
	};

	return p9b_mapped_write(&path, &mapped);
}

/**
 * p9b_make_settle() - give a new file the permissions that it shall have
 * @req: the request
 * @dentry: the file, in the first fid's folder, which is locked
 * @mode: its type and permissions
 *
 * Context: process; sleeps.
 * Return: 0 or a negative errno.
 */
int p9b_make_settle(struct p9back_request *req, struct dentry *dentry,
		    umode_t mode)
{
	if (req->ring->be->export.model == P9BACK_MAPPED)
		return keep_mapped(req, dentry, mode);
	return undo_umask(&req->fid->path, dentry, mode);
}

/**
 * p9b_make_real() - what a new file really is
 * @export: where it is
 * @mode: what the guest wants it to be
 */
umode_t p9b_make_real(const struct p9back_export *export, umode_t mode)
{
	if (export->model != P9BACK_MAPPED)
		return p9b_make_mode(export, mode);
	return S_ISDIR(mode) ? S_IFDIR | 0700 : S_IFREG | 0600;
}

/* How each kind of file is made; the request has the rest. */
typedef int (*make_fn)(struct p9back_request *req, struct inode *dir,
		       struct dentry *dentry, umode_t mode);

static int make_folder(struct p9back_request *req, struct inode *dir,
		       struct dentry *dentry, umode_t mode)
{
	return vfs_mkdir(mnt_idmap(req->fid->path.mnt), dir, dentry, mode);
}

static int make_file(struct p9back_request *req, struct inode *dir,
		     struct dentry *dentry, umode_t mode)
{
	return vfs_create(mnt_idmap(req->fid->path.mnt), dir, dentry, mode,
			  true);
}

static int make_node(struct p9back_request *req, struct inode *dir,
		     struct dentry *dentry, umode_t mode)
{
	dev_t dev = 0;

	if (S_ISREG(mode))
		return make_file(req, dir, dentry, mode);
	if (S_ISCHR(mode) || S_ISBLK(mode))
		dev = MKDEV(req->req.major, req->req.minor);
	return vfs_mknod(mnt_idmap(req->fid->path.mnt), dir, dentry, mode, dev);
}

static int make_link(struct p9back_request *req, struct inode *dir,
		     struct dentry *dentry, umode_t mode)
{
	if (!S_ISREG(mode))
		return vfs_symlink(mnt_idmap(req->fid->path.mnt), dir, dentry,
				   req->req.name2.s);
	return make_file(req, dir, dentry, mode);
}

/*
 * A file system may make the file by another dentry than the one it was given,
 * which then is of no file.
 */
static int put_made(struct p9back_request *req, struct dentry *dentry,
		    umode_t mode)
{
	const struct p9back_export *export = &req->ring->be->export;
	const struct path path = path_of(req, dentry);
	struct p9w_qid qid;
	int err = 0;

	if (d_is_negative(dentry) || d_unhashed(dentry))
		return -EIO;
	if (!S_ISLNK(mode) || export->model == P9BACK_MAPPED)
		err = p9b_make_settle(req, dentry, mode);
	if (!err)
		err = p9b_qid(export, &path, &qid);
	if (!err)
		p9w_put_qid(&req->out, &qid);
	return err;
}

static int make_counted(struct p9back_request *req, struct dentry *dentry,
			umode_t mode, make_fn make)
{
	int err = p9b_quota_add_file(req->ring->be);

	if (err)
		return err;
	err = make(req, d_inode(req->fid->path.dentry), dentry, mode);
	if (err)
		p9b_quota_drop_file(req->ring->be);
	return err;
}

/*
 * A link of a folder that has one owner for all is a file that has its target.
 * Nothing is locked any more: a write protects itself from the file system being
 * frozen, and who is protected must not ask for that again.
 */
static int write_target(struct p9back_request *req, struct dentry *dentry)
{
	const struct path path = path_of(req, dentry);
	const struct p9w_str *target = &req->req.name2;
	struct p9back_growth growth;
	struct file *file;
	loff_t pos = 0;
	ssize_t done;

	file = dentry_open(&path, O_WRONLY | O_LARGEFILE, current_cred());
	if (IS_ERR(file))
		return PTR_ERR(file);
	done = p9b_quota_grow(req->ring->be, file_inode(file), target->len,
			      false, &growth);
	if (!done) {
		done = kernel_write(file, target->s, target->len, &pos);
		p9b_quota_grown(req->ring->be, &growth);
	}
	__fput_sync(file);
	if (done < 0)
		return done;
	return done == target->len ? 0 : -EIO;
}

static int make_as(struct p9back_request *req, umode_t mode, make_fn make)
{
	const struct p9back_export *export = &req->ring->be->export;
	bool is_file = S_ISLNK(mode) && export->model == P9BACK_MAPPED;
	umode_t real = S_ISLNK(mode) && !is_file ?
		       mode : p9b_make_real(export, mode);
	struct dentry *dentry = p9b_make_begin(req);
	int err = -EEXIST;

	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	if (d_is_negative(dentry))
		err = make_counted(req, dentry, real, make);
	if (!err)
		err = put_made(req, dentry, mode);
	dget(dentry);
	err = p9b_make_end(req, dentry, err);
	if (!err && is_file)
		err = write_target(req, dentry);
	dput(dentry);
	return err;
}

/* Make a file that belongs to the group the client named. */
static int make(struct p9back_request *req, umode_t mode, make_fn how)
{
	const struct cred *old, *cred;
	int err;

	cred = p9b_user_as_group(&req->ring->be->export, req->fid->cred,
				 req->req.gid);
	if (IS_ERR(cred))
		return PTR_ERR(cred);
	old = override_creds(cred);
	err = make_as(req, mode, how);
	revert_creds(old);
	put_cred(cred);
	return err;
}

/**
 * p9b_op_mkdir() - Tmkdir
 * @req: the request
 *
 * Return: 0 or a negative errno.
 */
int p9b_op_mkdir(struct p9back_request *req)
{
	umode_t mode = (req->req.mode & S_IALLUGO) | S_IFDIR;

	return make(req, mode, make_folder);
}

static int check_node(const struct p9back_request *req, umode_t mode)
{
	const struct p9back_export *export = &req->ring->be->export;

	switch (mode & S_IFMT) {
	case S_IFREG:
	case S_IFIFO:
	case S_IFSOCK:
		return 0;
	case S_IFCHR:
	case S_IFBLK:
		if (req->req.major >> (32 - MINORBITS) ||
		    req->req.minor >> MINORBITS)
			return -EINVAL;
		/* In a folder that has one owner for all it is a mere file. */
		return export->devices || export->model == P9BACK_MAPPED ?
		       0 : -EPERM;
	default:
		return -EINVAL;
	}
}

/**
 * p9b_op_mknod() - Tmknod
 * @req: the request
 *
 * Return: 0 or a negative errno.
 */
int p9b_op_mknod(struct p9back_request *req)
{
	umode_t mode = req->req.mode & (S_IFMT | S_IALLUGO);
	int err;

	if (!(mode & S_IFMT))
		mode |= S_IFREG;
	err = check_node(req, mode);
	return err ?: make(req, mode, make_node);
}

/**
 * p9b_op_symlink() - Tsymlink
 * @req: the request
 *
 * Where it points to is for those who follow it: no request does.
 *
 * Return: 0 or a negative errno.
 */
int p9b_op_symlink(struct p9back_request *req)
{
	return make(req, S_IFLNK | 0777, make_link);
}

/**
 * p9b_op_link() - Tlink
 * @req: the request; its second fid is the file
 *
 * Return: 0 or a negative errno.
 */
int p9b_op_link(struct p9back_request *req)
{
	const struct path *folder = &req->fid->path;
	struct dentry *dentry = p9b_make_begin(req);
	int err = -EEXIST;

	if (IS_ERR(dentry))
		return PTR_ERR(dentry);
	if (d_is_negative(dentry))
		err = vfs_link(req->fid2->path.dentry, mnt_idmap(folder->mnt),
			       d_inode(folder->dentry), dentry, NULL);
	return p9b_make_end(req, dentry, err);
}
